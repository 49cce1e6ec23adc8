/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include "policy/audit.h"
#include "postfix/answer.h"
#include "server/decision_log.h"
#include "server/log.h"

static void say(struct mw_buf *out, char answer)
{
	mw_packet_end(out, mw_packet_begin(out, answer));
}

/* Postfix takes "%%" for "%". */
static void say_reply(struct mw_buf *out, const char *reply)
{
	size_t begin = mw_packet_begin(out, MW_PACKET_REPLY);

	for (; *reply != '\0'; reply++) {
		if (*reply == '%')
			mw_buf_add_char(out, '%');
		mw_buf_add_char(out, *reply);
	}
	mw_buf_add_char(out, '\0');
	mw_packet_end(out, begin);
}

static void add_field(struct mw_buf *out, struct mw_str name, struct mw_str value)
{
	size_t begin = mw_packet_begin(out, MW_PACKET_ADD_FIELD);

	mw_packet_add_string(out, name);
	mw_packet_add_string(out, value);
	mw_packet_end(out, begin);
}

/* Where the policy enforces nothing, what cannot be judged goes on. */
static void give_up(const struct mw_message *message, bool harmless, const char *why, struct mw_buf *out)
{
	char memory[64];
	struct mw_buf client = MW_BUF_OVER(memory);

	mw_ip_print(&message->facts.endpoints.remote_ip, &client);
	mw_log_fault("milter: message queue_id=%.*s of client=%s %s: %s", MW_STR_ARG(message->facts.queue_id),
		     client.used > 0 ? memory : "unknown", harmless ? "passed unseen, as every rule is in audit mode" : "deferred",
		     why);
	say(out, harmless ? MW_PACKET_CONTINUE : MW_PACKET_TEMPFAIL);
}

/* Whether an enforced connector knows partners by their certificates. */
static bool needs_certificate(const struct mw_policy *policy, const struct mw_facts *facts)
{
	const struct mw_connector *connector = mw_choose_connector(policy, &facts->endpoints);

	return connector != NULL && connector->partner_certificates.count > 0 &&
	       mw_enforcement_mode(&connector->enforcement, facts->today) == MW_MODE_ENFORCE;
}

/* What the policy question of this message left. NULL, or why the message cannot be judged. */
static const char *take_over(const struct mw_policy *policy, struct mw_handover *handover, struct mw_facts *facts,
			     double now, struct mw_handed_over *left)
{
	switch (mw_handover_take(handover, facts, now, left)) {
	case MW_HANDOVER_NONE:
		if (needs_certificate(policy, facts))
			return "its connector has partner_certificates, and no question was asked about it in "
			       "smtpd_end_of_data_restrictions";
		return NULL;
	case MW_HANDOVER_OTHER_LOGIN:
		return "its question in smtpd_end_of_data_restrictions named another login than its macros";
	case MW_HANDOVER_TAKEN:
		break;
	}
	if (left->stopped)
		return "its question in smtpd_end_of_data_restrictions was refused";
	facts->tls.certificate_fingerprint = mw_str(left->fingerprint);
	facts->tls.certificate_verified = left->certificate_verified;
	return NULL;
}

static void say_verdict(const struct mw_message *message, const struct mw_verdict *verdict, struct mw_buf *out)
{
	if (!mw_verdict_stops(verdict)) {
		if (!mw_str_empty(verdict->add_sender))
			add_field(out, MW_STR("Sender"), verdict->add_sender);
		say(out, MW_PACKET_CONTINUE);
	} else if (verdict->outcome != MW_UNDECIDED && mw_answer_reply_is_safe(mw_str(verdict->reply))) {
		say_reply(out, verdict->reply);
	} else {
		give_up(message, false, "it could not be decided", out);
	}
}

void mw_judge(struct mw_worlds *worlds, struct mw_handover *handover, struct mw_message *message, double now,
	      struct mw_buf *out)
{
	const struct mw_world *world = worlds->current;
	struct mw_handed_over left;
	struct mw_verdict verdict;
	const char *why = message->fault;

	message->facts.today = worlds->today;
	if (why == NULL)
		why = take_over(world->policy, handover, &message->facts, now, &left);
	if (why != NULL) {
		give_up(message, mw_policy_audits(world->policy, worlds->today), why, out);
		return;
	}
	mw_world_decide(world, &message->facts, &verdict);
	mw_decision_log(world->policy, &message->facts, &verdict);
	say_verdict(message, &verdict, out);
}

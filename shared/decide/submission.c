/* SPDX-License-Identifier: MIT */
#include "decide/submission.h"

#include "decide/check.h"
#include "decide/trace_write.h"
#include "mail/address.h"

/* Which checks a stage allows: DESIGN.md, "Which checks a stage allows". A stage is a bit. */
#define AT(stage) (1u << (stage))
#define SESSION_KNOWN ~(AT(MW_STAGE_CONNECT) | AT(MW_STAGE_HELO) | AT(MW_STAGE_EHLO))
#define WHOLE (AT(MW_STAGE_DATA) | AT(MW_STAGE_END_OF_MESSAGE))
#define RECIPIENT_NAMED (AT(MW_STAGE_RCPT) | WHOLE)
#define MESSAGE (AT(MW_STAGE_MAIL) | RECIPIENT_NAMED)

static const struct {
	bool (*check)(struct mw_session *session);
	unsigned stages;
	bool needs_recipient;
	enum mw_check id;
} checks[] = {
	{ mw_check_transaction, WHOLE, false, MW_CHECK_TRANSACTION },
	{ mw_check_connector, ~0u, false, MW_CHECK_RULE },
	{ mw_check_tls, SESSION_KNOWN, false, MW_CHECK_TLS },
	{ mw_check_mechanism, SESSION_KNOWN, false, MW_CHECK_MECHANISM },
	{ mw_check_login, SESSION_KNOWN, false, MW_CHECK_LOGIN },
	{ mw_check_submit, SESSION_KNOWN, false, MW_CHECK_SUBMIT },
	{ mw_check_sender, MESSAGE, false, MW_CHECK_SENDER },
	{ mw_check_recipient, RECIPIENT_NAMED | AT(MW_STAGE_VRFY), true, MW_CHECK_RECIPIENT },
	{ mw_check_etrn, AT(MW_STAGE_ETRN), false, MW_CHECK_RECIPIENT },
	{ mw_check_restriction, RECIPIENT_NAMED, true, MW_CHECK_RESTRICTION },
	{ mw_check_recipients, WHOLE, false, MW_CHECK_RECIPIENTS },
	{ mw_check_size, MESSAGE, false, MW_CHECK_SIZE },
	{ mw_check_header, AT(MW_STAGE_HEADER), false, MW_CHECK_HEADER },
};

static const struct mw_word context_words[] = {
	{ "relay", MW_CONTEXT_RELAY },
	{ "sender", MW_CONTEXT_SENDER },
};
const struct mw_table mw_contexts = MW_TABLE(context_words);

/* An unknown stage is judged as RCPT. */
static unsigned stage_bit(enum mw_stage stage)
{
	return (unsigned)stage < MW_STAGE_UNKNOWN ? AT(stage) : AT(MW_STAGE_RCPT);
}

bool mw_submission_is_sender_question(const struct mw_facts *facts)
{
	return facts->context == MW_CONTEXT_SENDER && (facts->stage == MW_STAGE_MAIL || facts->stage == MW_STAGE_RCPT ||
						       facts->stage == MW_STAGE_VRFY);
}

/* The sender question ends after the sender check; the rest belongs to the relay question. Where a connector's headers
   are not looked at, nothing of the session is either. */
static bool is_asked(enum mw_check check, const struct mw_session *session)
{
	const struct mw_facts *facts = session->facts;

	if (facts->stage == MW_STAGE_HEADER && session->connector != NULL &&
	    session->connector->header_from == MW_HEADER_FROM_OFF)
		return check == MW_CHECK_HEADER;
	return check <= MW_CHECK_SENDER || !mw_submission_is_sender_question(facts);
}

/* A message to several: each recipient was judged at its RCPT, and none is named now. */
static bool has_several_recipients(unsigned stage, const struct mw_facts *facts)
{
	return (stage & WHOLE) != 0 && mw_str_empty(facts->recipient) && facts->recipient_count != 1;
}

static bool skip(struct mw_session *session, enum mw_check check)
{
	mw_trace_write(&session->verdict->trace, &(struct mw_step){ .check = check, .outcome = MW_SKIPPED,
								    .note = MW_NOTE_NOT_AT_THIS_STAGE });
	return true;
}

/* A reason that only Dovecot answers has no SMTP reply; an empty reply would be a permit. */
static const char *reply_of(enum mw_reason reason, const struct mw_session *session)
{
	enum mw_reply_style style = session->policy->replies;
	enum mw_stage stage = session->facts->stage;
	const char *reply = mw_reason_reply_at(reason, style, stage);

	return reply[0] != '\0' ? reply : mw_reason_reply_at(MW_REASON_UNKNOWN_LOGIN, style, stage);
}

static void finish(struct mw_session *session)
{
	struct mw_verdict *verdict = session->verdict;

	verdict->accept_any_recipient = verdict->outcome == MW_PERMIT &&
					(session->permissions & MW_ACCEPT_ANY_RECIPIENT) != 0;
	if (verdict->outcome != MW_PERMIT)
		verdict->add_sender = MW_STR_EMPTY;
	if (verdict->outcome == MW_REFUSE || verdict->outcome == MW_DEFER)
		verdict->reply = reply_of(verdict->reason, session);
}

void mw_submission_decide(const struct mw_policy *policy, const struct mw_directory_view *directory,
			  const struct mw_facts *facts, struct mw_verdict *verdict_r)
{
	struct mw_address recipient;
	struct mw_session session = { .policy = policy, .directory = directory, .facts = facts, .verdict = verdict_r,
				      .recipient = &recipient };
	unsigned stage = stage_bit(facts->stage);
	bool several = has_several_recipients(stage, facts);
	bool goes_on = true;

	/* A mechanism without a name is a login that is not known, never an anonymous session. */
	session.logged_in = !mw_str_empty(facts->login) || !mw_str_empty(facts->mechanism) ||
			    !mw_str_empty(facts->master);
	mw_verdict_begin(verdict_r);
	verdict_r->decision = MW_DECISION_SUBMISSION;
	for (size_t i = 0; goes_on && i < sizeof(checks) / sizeof(checks[0]); i++) {
		if ((checks[i].stages & stage) == 0 || !is_asked(checks[i].id, &session))
			continue;
		goes_on = checks[i].needs_recipient && several ? skip(&session, checks[i].id) : checks[i].check(&session);
	}
	mw_check_suspension(&session);
	finish(&session);
}

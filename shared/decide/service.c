/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/identity.h"
#include "decide/trace_write.h"

static bool is_sending(enum mw_protocol protocol)
{
	return protocol == MW_PROTOCOL_SMTP || protocol == MW_PROTOCOL_SUBMISSION;
}

/* A Sieve script can redirect and answer mail, so a ManageSieve login counts as one that can send. */
static bool lets_send(enum mw_protocol protocol)
{
	return is_sending(protocol) || protocol == MW_PROTOCOL_SIEVE;
}

static bool is_switched_on(enum mw_protocol protocol, const struct mw_principal *user)
{
	switch (protocol) {
	case MW_PROTOCOL_IMAP:
		return user->imap;
	case MW_PROTOCOL_POP3:
		return user->pop3;
	case MW_PROTOCOL_SIEVE:
		return user->sieve;
	case MW_PROTOCOL_SUBMISSION:
	case MW_PROTOCOL_SMTP:
		return user->smtp;
	}
	return false;
}

struct mw_str mw_service_name(enum mw_protocol protocol)
{
	return mw_str(mw_table_word(mw_protocols, is_sending(protocol) ? MW_PROTOCOL_SMTP : protocol));
}

static enum mw_reason suspension(enum mw_protocol protocol, const struct mw_principal *user)
{
	if (user->suspended_login)
		return MW_REASON_LOGIN_SUSPENDED;
	return user->suspended_sending && lets_send(protocol) ? MW_REASON_SENDING_SUSPENDED : MW_REASON_PERMITTED;
}

/* Writes the step of a suspended user or master user; PERMITTED: neither is suspended. */
static enum mw_reason find_suspended(enum mw_protocol protocol, const struct mw_principal *user,
				     const struct mw_principal *master, struct mw_step *step)
{
	enum mw_reason reason = suspension(protocol, user);

	if (reason == MW_REASON_PERMITTED && master != NULL) {
		reason = suspension(protocol, master);
		user = master;
	}
	if (reason != MW_REASON_PERMITTED) {
		step->note = reason == MW_REASON_LOGIN_SUSPENDED ? MW_NOTE_SUSPENDED_LOGIN : MW_NOTE_SUSPENDED_SENDING;
		step->other = user->name;
	}
	return reason;
}

bool mw_service_permits(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_principal *user,
			const struct mw_principal *master, struct mw_verdict *verdict)
{
	enum mw_protocol protocol = facts->endpoints.protocol;
	struct mw_step step = { .check = MW_CHECK_SERVICE, .value = mw_service_name(protocol), .other = user->name };
	enum mw_reason reason;

	step.note = MW_NOTE_SERVICE_ON;
	reason = find_suspended(protocol, user, master, &step);
	if (reason != MW_REASON_PERMITTED) {
		verdict->mode = MW_MODE_ENFORCE;
	} else if (!is_switched_on(protocol, user)) {
		step.note = MW_NOTE_SERVICE_OFF;
		reason = protocol == MW_PROTOCOL_SMTP ? MW_REASON_SMTP_DISABLED : MW_REASON_SERVICE_DISABLED;
	} else if (!mw_str_empty(facts->master)) {
		step.note = MW_NOTE_MASTER_OK;
		step.value = facts->master;
		if (is_sending(protocol) && !policy->master_users_submit) {
			step.note = MW_NOTE_MASTER_REFUSED;
			reason = MW_REASON_MASTER_REFUSED;
		}
	}
	step.outcome = reason == MW_REASON_PERMITTED ? MW_PASSED : MW_FAILED;
	mw_trace_write(&verdict->trace, &step);
	if (reason != MW_REASON_PERMITTED)
		mw_verdict_refuse(policy, verdict, reason);
	return reason == MW_REASON_PERMITTED;
}

/* A refusal that the audit lets pass does not stop the command. */
static void skip_failed(struct mw_verdict *verdict)
{
	for (unsigned i = 0; i < verdict->trace.count; i++)
		if (verdict->trace.steps[i].outcome == MW_FAILED)
			verdict->trace.steps[i].outcome = MW_SKIPPED;
}

void mw_suspension_by_name(const struct mw_policy *policy, const struct mw_directory_view *directory,
			   const struct mw_facts *facts, struct mw_verdict *verdict)
{
	struct mw_principal user, master = { .id = 0 };
	enum mw_lookup found = mw_identity_suspended(policy, directory, facts->login, &user);
	struct mw_step step = { .check = MW_CHECK_SERVICE, .outcome = MW_FAILED,
				.value = mw_service_name(facts->endpoints.protocol) };
	enum mw_reason reason;

	if (found != MW_LOOKUP_UNAVAILABLE && !mw_str_empty(facts->master) &&
	    mw_identity_suspended(policy, directory, facts->master, &master) == MW_LOOKUP_UNAVAILABLE)
		found = MW_LOOKUP_UNAVAILABLE;
	if (found == MW_LOOKUP_UNAVAILABLE) {
		if (verdict->outcome != MW_UNDECIDED)
			mw_verdict_unavailable(verdict, MW_CHECK_LOGIN);
		verdict->mode = MW_MODE_ENFORCE;
		return;
	}
	reason = find_suspended(facts->endpoints.protocol, &user, &master, &step);
	if (reason == MW_REASON_PERMITTED)
		return;
	skip_failed(verdict);
	mw_trace_write(&verdict->trace, &step);
	verdict->mode = MW_MODE_ENFORCE;
	mw_verdict_refuse(policy, verdict, reason);
}

void mw_suspension_holds(const struct mw_policy *policy, const struct mw_directory_view *directory,
			 const struct mw_facts *facts, const struct mw_login *login, struct mw_verdict *verdict)
{
	const struct mw_principal *user = &login->user, *master = mw_login_master(login);
	struct mw_step step;

	if ((verdict->outcome != MW_REFUSE && verdict->outcome != MW_DEFER) || verdict->mode != MW_MODE_AUDIT)
		return;
	if (login->found != MW_LOOKUP_FOUND) {
		mw_suspension_by_name(policy, directory, facts, verdict);
		return;
	}
	if (find_suspended(facts->endpoints.protocol, user, master, &step) == MW_REASON_PERMITTED)
		return;
	skip_failed(verdict);
	mw_service_permits(policy, facts, user, master, verdict);
}

/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/trace_write.h"

static bool is_sending(enum mw_protocol protocol)
{
	return protocol == MW_PROTOCOL_SMTP || protocol == MW_PROTOCOL_SUBMISSION;
}

static bool is_switched_on(enum mw_protocol protocol, const struct mw_principal *user)
{
	if (user->suspended_login)
		return false;
	switch (protocol) {
	case MW_PROTOCOL_IMAP:
		return user->imap;
	case MW_PROTOCOL_POP3:
		return user->pop3;
	case MW_PROTOCOL_SIEVE:
		return user->sieve;
	case MW_PROTOCOL_SUBMISSION:
	case MW_PROTOCOL_SMTP:
		return user->smtp && !user->suspended_sending;
	}
	return false;
}

static struct mw_str service_name(enum mw_protocol protocol)
{
	return mw_str(mw_table_word(mw_protocols, is_sending(protocol) ? MW_PROTOCOL_SMTP : protocol));
}

bool mw_service_permits(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_principal *user,
			struct mw_verdict *verdict)
{
	enum mw_protocol protocol = facts->endpoints.protocol;
	struct mw_step step = { .check = MW_CHECK_SERVICE, .value = service_name(protocol), .other = user->name };
	enum mw_reason reason = MW_REASON_PERMITTED;

	step.note = MW_NOTE_SERVICE_ON;
	if (!is_switched_on(protocol, user)) {
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

/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/trace_write.h"

/* The user's own limit comes before the connector's, be it lower or higher. */
static bool check_limit(struct mw_session *session, enum mw_check check, uint64_t seen, uint64_t of_user,
			uint64_t of_connector, enum mw_reason reason)
{
	bool own = session->logged_in && of_user != MW_NOT_SET;
	uint64_t limit = own ? of_user : of_connector;
	bool over = limit != MW_UNLIMITED && seen > limit;
	struct mw_step step = { .check = check, .number = seen, .limit = limit };

	step.outcome = over ? MW_FAILED : MW_PASSED;
	step.note = !over ? MW_NOTE_WITHIN_LIMIT : own ? MW_NOTE_OVER_USER_LIMIT : MW_NOTE_OVER_LIMIT;
	if (over && own)
		step.other = session->user.name;
	mw_trace_write(&session->verdict->trace, &step);
	if (over)
		mw_verdict_refuse(session->policy, session->verdict, reason);
	return !over;
}

bool mw_check_recipients(struct mw_session *session)
{
	return check_limit(session, MW_CHECK_RECIPIENTS, session->facts->recipient_count,
			   session->user.max_recipients, session->connector->max_recipients_per_message,
			   MW_REASON_TOO_MANY_RECIPIENTS);
}

bool mw_check_size(struct mw_session *session)
{
	struct mw_step step = { .check = MW_CHECK_SIZE, .note = MW_NOTE_LIMIT_BYPASSED };

	if ((session->permissions & MW_BYPASS_MESSAGE_SIZE_LIMIT) == 0 && session->facts->size != 0)
		return check_limit(session, MW_CHECK_SIZE, session->facts->size,
				   session->user.max_message_size, session->connector->max_message_size,
				   MW_REASON_TOO_BIG);
	if ((session->permissions & MW_BYPASS_MESSAGE_SIZE_LIMIT) == 0) {
		step.outcome = MW_SKIPPED;
		step.note = MW_NOTE_NOT_AT_THIS_STAGE;
	}
	mw_trace_write(&session->verdict->trace, &step);
	return true;
}

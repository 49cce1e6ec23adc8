/* SPDX-License-Identifier: MIT */
#include "decisions/recorded.h"

#include "base/units.h"
#include "decide/account.h"
#include "decide/login.h"
#include "decide/submission.h"

#define BEGINNING "mailwicket: "

/* The processes that write decision lines. */
static bool is_ours(struct mw_str program)
{
	return mw_str_equal(program, MW_STR("mailwicketd")) || mw_str_equal(program, MW_STR("auth")) ||
	       mw_str_ends_with(program, MW_STR("-login"));
}

/* The fields of a decision line and its time. False: it is none, or too early. */
static bool read_line(struct mw_why_clock *clock, struct mw_str line, int64_t since, struct mw_str *fields_r,
		      int64_t *time_r)
{
	struct mw_why_line read;

	*time_r = 0;
	/* As mailwicketd writes to standard error. */
	if (mw_str_starts_with(line, MW_STR(BEGINNING "v=1 "))) {
		*fields_r = mw_str_tail(line, strlen(BEGINNING));
		return true;
	}
	if (!mw_why_line_read(clock, line, &read) || !is_ours(read.program) ||
	    !mw_str_starts_with(read.message, MW_STR(BEGINNING "v=1 ")))
		return false;
	*fields_r = mw_str_tail(read.message, strlen(BEGINNING));
	*time_r = read.time;
	return read.time >= since;
}

bool mw_recorded_read(struct mw_why_clock *clock, struct mw_str line, int64_t since, int64_t today,
		      struct mw_recorded *recorded_r)
{
	struct mw_facts *facts = &recorded_r->logged.facts;
	struct mw_str fields;

	/* Most lines of a mail log are somebody else's. */
	if (!mw_str_has(line, BEGINNING "v=1 ") ||
	    !read_line(clock, line, since, &fields, &recorded_r->time))
		return false;
	recorded_r->state = mw_facts_from_log(fields, &recorded_r->line, &recorded_r->logged);
	if (recorded_r->state != MW_LOGGED_WHOLE)
		return true;
	facts->today = recorded_r->time != 0 ? mw_day_of(recorded_r->time) : today;
	/* The line of a sender question that stopped is all there is of its command: the relay question never came. */
	if (mw_submission_is_sender_question(facts))
		facts->context = MW_CONTEXT_RELAY;
	return true;
}

void mw_recorded_decide(const struct mw_policy *policy, const struct mw_directory_view *directory,
			const struct mw_logged *logged, struct mw_verdict *verdict_r)
{
	switch (logged->decision) {
	case MW_DECISION_LOGIN:
		mw_login_decide(policy, &logged->facts, verdict_r);
		return;
	case MW_DECISION_ACCOUNT:
		mw_account_decide(policy, directory, &logged->facts, verdict_r);
		return;
	case MW_DECISION_SUBMISSION:
		mw_submission_decide(policy, directory, &logged->facts, verdict_r);
		return;
	}
}

/* SPDX-License-Identifier: MIT */
#include "decision_log.h"

#include "decide/submission.h"
#include "log.h"
#include "report/logline.h"

static void write_line(const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	enum mw_log_level level = MW_LOG_INFO;
	struct mw_buf line;

	if (verdict->outcome == MW_UNDECIDED || verdict->outcome == MW_DEFER)
		level = MW_LOG_WARNING;
	if (!mw_log_decision_begin(level, &line))
		return;
	mw_logline_write(facts, verdict, &line);
	mw_log_decision_end(&line);
}

/* Not logged: a sender question that permits. The relay question follows, and its line tells everything. */
static bool is_told_later(const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	return mw_submission_is_sender_question(facts) && !mw_verdict_stops(verdict);
}

void mw_decision_log(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	if ((verdict->outcome != MW_PERMIT || policy->log.all_decisions) && !is_told_later(facts, verdict))
		write_line(facts, verdict);
}

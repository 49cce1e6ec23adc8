/* SPDX-License-Identifier: MIT */
#include "decision_log.h"

#include "server/log.h"
#include "report/logline.h"

/* A function of its own: the compiler clears its memory, which a decision that is not logged should not pay for. */
__attribute__((noinline)) static void write_line(const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	char memory[MW_LOGLINE_MAX];
	struct mw_buf line = MW_BUF_OVER(memory);
	enum mw_log_level level = MW_LOG_INFO;

	if (verdict->outcome == MW_UNDECIDED || verdict->outcome == MW_DEFER)
		level = MW_LOG_WARNING;
	mw_logline_write(facts, verdict, &line);
	mw_log_decision(level, mw_buf_str(&line));
}

void mw_decision_log(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	if (verdict->outcome != MW_PERMIT || policy->log.all_decisions)
		write_line(facts, verdict);
}

/* SPDX-License-Identifier: MIT */
#include "decision_log.h"

#include "log.h"
#include "report/logline.h"

void mw_decision_log(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	char memory[MW_LOGLINE_MAX];
	struct mw_buf line = MW_BUF_OVER(memory);
	enum mw_log_level level = MW_LOG_INFO;

	if (verdict->outcome == MW_PERMIT && !policy->log.all_decisions)
		return;
	if (verdict->outcome == MW_UNDECIDED || verdict->outcome == MW_DEFER)
		level = MW_LOG_WARNING;
	mw_logline_write(facts, verdict, &line);
	mw_log_decision(level, mw_buf_str(&line));
}

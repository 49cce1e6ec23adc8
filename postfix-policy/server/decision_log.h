/* Which decisions are logged, and in what form: mailwicket-log(5). */
#ifndef MW_POSTFIX_DECISION_LOG_H
#define MW_POSTFIX_DECISION_LOG_H

#include "decide/verdict.h"

/* Adds the line to those that are not written yet: it goes out with the next mw_log_flush() or mw_log_flush_paced(). */
void mw_decision_log(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_verdict *verdict);

#endif

/* Which decisions are logged, and in what form: mailwicket-log(5). */
#ifndef MW_POSTFIX_DECISION_LOG_H
#define MW_POSTFIX_DECISION_LOG_H

#include "decide/verdict.h"

/* The line is written by the batch, before the answer is sent or soon after. */
void mw_decision_log(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_verdict *verdict);

#endif

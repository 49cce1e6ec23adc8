/* The submission decision: DESIGN.md's ordered table of checks, the first refusal wins. Pure: no clock, no I/O, no
   allocation. Called by mailwicketd, `mailwicket explain`, `replay` and the cases in tests/policy-cases. */
#ifndef MW_DECIDE_SUBMISSION_H
#define MW_DECIDE_SUBMISSION_H

#include "decide/directory_view.h"
#include "decide/verdict.h"

void mw_submission_decide(const struct mw_policy *policy, const struct mw_directory_view *directory,
			  const struct mw_facts *facts, struct mw_verdict *verdict_r);

#endif

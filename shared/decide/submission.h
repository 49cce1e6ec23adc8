/* The submission decision: DESIGN.md's ordered table of checks, the first refusal wins. Pure: no clock, no I/O, no
   allocation. Called by mailwicketd, `mailwicket explain`, `replay` and the cases in tests/policy-cases. */
#ifndef MW_DECIDE_SUBMISSION_H
#define MW_DECIDE_SUBMISSION_H

#include "decide/directory_view.h"
#include "decide/verdict.h"

/* Whether Postfix asks in smtpd_sender_restrictions (context sender at RCPT, or at VRFY and MAIL): then the sender and what
   comes before it are judged and nothing else, so that a client reads "Sender address rejected". The relay question, which
   Postfix asks next, judges all of it again: none of the two relies on the other. */
bool mw_submission_is_sender_question(const struct mw_facts *facts);

void mw_submission_decide(const struct mw_policy *policy, const struct mw_directory_view *directory,
			  const struct mw_facts *facts, struct mw_verdict *verdict_r);

#endif

/* A decision into Dovecot's log, as mailwicket-log(5) has it, and as an event (mailwicket_decision) for its statistics. */
#ifndef MW_DOVECOT_DECISION_LOG_H
#define MW_DOVECOT_DECISION_LOG_H

#include "decide/verdict.h"

struct event;

/* The event that every line of the module goes through. Made when first asked for: a login process that logs nothing
   has nothing to announce to Dovecot's statistics. */
struct event *mw_decision_event(void);
void mw_decision_event_free(void);
/* Refusals always, permits where the policy says `log { decisions = all }`. exposed: a password crossed the wire in clear. */
void mw_decision_log(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_verdict *verdict,
		     bool exposed);
/* Days since 1970-01-01, by the clock of Dovecot's loop. */
int64_t mw_decision_today(void);

#endif

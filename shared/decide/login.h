/* Before authentication: may this mechanism run on this connection? Pure. Called by the login plugin and `explain`. */
#ifndef MW_DECIDE_LOGIN_H
#define MW_DECIDE_LOGIN_H

#include "decide/verdict.h"

/* Uses endpoints, tls, mechanism and today of the facts. Reason: permitted or login-without-tls. */
void mw_login_decide(const struct mw_policy *policy, const struct mw_facts *facts, struct mw_verdict *verdict_r);

/* The mechanisms to offer: a bit, 1 << enum mw_mechanism_class, for each class that mw_login_decide() would not
   stop; in audit mode all. Uses the same facts, but for the mechanism. */
unsigned mw_login_offer(const struct mw_policy *policy, const struct mw_facts *facts);

#endif

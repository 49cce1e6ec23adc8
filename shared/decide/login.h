/* Before authentication: may this mechanism run on this connection? Pure. Called by the login plugin and `explain`. */
#ifndef MW_DECIDE_LOGIN_H
#define MW_DECIDE_LOGIN_H

#include "decide/verdict.h"

/* Uses endpoints, tls, mechanism and today of the facts. Reason: permitted or login-without-tls. */
void mw_login_decide(const struct mw_policy *policy, const struct mw_facts *facts, struct mw_verdict *verdict_r);

/* What may be offered under a rule, given the session's TLS: the classes that mw_login_decide() would let pass. */
struct mw_login_offer {
	const struct mw_login_rule *rule;
	bool tls_satisfied;
	bool basic; /* basic and bearer: the password or token shows */
	bool challenge; /* integrated, challenge and external */
};
void mw_login_offer(const struct mw_policy *policy, const struct mw_facts *facts, struct mw_login_offer *offer_r);

#endif

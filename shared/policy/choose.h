/* Which rule applies to a connection: the narrowest remote range, then the narrowest binding, then (login) a rule that
   names the protocol. Ties are refused when the file is read, so the answer is unique. Pure. */
#ifndef MW_POLICY_CHOOSE_H
#define MW_POLICY_CHOOSE_H

#include "policy/model.h"

struct mw_endpoints {
	enum mw_protocol protocol;
	struct mw_ip local_ip;   /* family UNKNOWN: not known */
	uint16_t local_port;     /* 0: not known */
	struct mw_ip remote_ip;
	uint16_t remote_port;
};

/* Never NULL: the built-in rule matches everything. Rules with `local` never match an unknown port, rules with `remote`
   no unknown client address. */
const struct mw_login_rule *mw_choose_login_rule(const struct mw_policy *policy, const struct mw_endpoints *endpoints);

/* NULL: no enabled connector matches. An unknown client address is in no range but "every address" (0.0.0.0/0 with
   ::/0): its connector is the only enabled one of the listener, if that takes every client. */
const struct mw_connector *mw_choose_connector(const struct mw_policy *policy, const struct mw_endpoints *endpoints);

/* For Dovecot's auth process, to which Postfix tells no port: the enabled connectors that could be meant. First
   those that list `sasl_service` and hold the client; if no connector lists it, those without sasl_services that hold
   the client. A known local_port counts too. Writes at most `most` into out and returns how many. */
size_t mw_choose_connectors_for_sasl(const struct mw_policy *policy, const struct mw_endpoints *endpoints,
				     struct mw_str sasl_service, const struct mw_connector **out, size_t most);

/* The accepted domain that holds a canonical domain: the exact name, then the one that has it in its local_names, then
   the longest wildcard; or NULL. */
const struct mw_accepted_domain *mw_choose_accepted_domain(const struct mw_policy *policy, struct mw_str domain);

/* The accepted domain that a local name (canonical; an address literal too) stands for, or NULL. */
const struct mw_accepted_domain *mw_choose_local_name(const struct mw_policy *policy, struct mw_str name);

/* The domain that completes a login without one: that which default_domain stands for. Empty: nothing is completed. */
struct mw_str mw_choose_login_domain(const struct mw_policy *policy);

#endif

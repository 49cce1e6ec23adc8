/* From a decision that would be refused to what could be written about it. Nothing is proposed that gives more than one right:
   an address to one user, a login name to one user, or one client address to a connector of its own; and nothing for
   what nobody here can have. */
#ifndef MW_CLI_AUDIT_PROPOSE_H
#define MW_CLI_AUDIT_PROPOSE_H

#include "decisions/audit/change.h"

#define MW_AUDIT_CANDIDATES 2

struct mw_audit_candidate {
	struct mw_audit_change change;
	bool fixes; /* the decision, taken again with it, is permitted */
};

/* What the candidates' texts stand in. */
struct mw_audit_proposal {
	size_t count;
	struct mw_audit_candidate candidates[MW_AUDIT_CANDIDATES];
	struct mw_address sender, base, named; /* canonical */
	char login[MW_LOGIN_MAX + 1], completed[MW_LOGIN_MAX + 1], name[MW_LOGIN_MAX + 1];
	struct mw_principal owner;
	enum mw_held held; /* how the owner has the sender's address */
};

/* Whether it is a machine of one's own network that did not log in: a printer, a scanner, a program. */
bool mw_audit_is_device(const struct mw_logged *logged);

/* `verdict`: the refusal. The candidates point into *proposal_r, the directory and the policy. */
void mw_audit_propose(struct mw_audit_world *world, const struct mw_logged *logged, const struct mw_verdict *verdict,
		      struct mw_audit_proposal *proposal_r);

#endif

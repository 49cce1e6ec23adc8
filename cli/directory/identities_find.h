/* Every address that a user may use as envelope sender or in From, by the decision that the servers take. */
#ifndef MW_CLI_DIRECTORY_IDENTITIES_FIND_H
#define MW_CLI_DIRECTORY_IDENTITIES_FIND_H

#include "base/arena.h"
#include "decide/identity.h"
#include "directory/directory.h"

struct mw_own_identity {
	struct mw_str address; /* or "*@domain", "prefix-*@domain" */
	bool pattern;
	bool primary;          /* the user's own name */
	enum mw_right right;   /* OWN, SEND_AS or SEND_ON_BEHALF */
	int64_t until;         /* the last day, days since 1970-01-01; 0: it has no end */
	struct mw_str on;      /* what the grant is on: a name, an address, "*@domain", "prefix-*@domain"; empty: none */
	struct mw_str trustee; /* whom it is for: the user, or a group of the user's; empty: none */
};

struct mw_own_identities {
	struct mw_own_identity *items; /* in the arena: the primary address, own ones, send-as, on behalf, then patterns; each
					  by address */
	size_t count;
};

/* MW_LOOKUP_UNAVAILABLE: the directory cannot be read, or memory is out; else FOUND. `user` as mw_identity_named() has it. */
enum mw_lookup mw_own_identities_find(const struct mw_policy *policy, struct mw_directory *directory,
				      const struct mw_principal *user, int64_t today, struct mw_arena *arena,
				      struct mw_own_identities *identities_r);

#endif

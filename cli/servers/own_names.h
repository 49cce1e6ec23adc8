/* What Postfix takes for its own host (trivial-rewrite, resolve_local(3)): the names of mydestination, and address literals
   of inet_interfaces and proxy_interfaces. */
#ifndef MW_CLI_OWN_NAMES_H
#define MW_CLI_OWN_NAMES_H

#include "servers/check/postfix.h"

#define MW_OWN_NAMES_MOST 4096

struct mw_own_name {
	const char *setting; /* that has it */
	struct mw_str canonical;
};

/* What was not looked at. */
struct mw_own_unseen {
	const char *setting;
	struct mw_str what;
	const char *why;
};

struct mw_own_names {
	struct mw_own_name items[MW_OWN_NAMES_MOST]; /* each once; those of mydestination first, in its order */
	size_t count;
	struct mw_own_unseen unseen[MW_OWN_NAMES_MOST];
	size_t unseen_count;
};

/* By the values of a trivial-rewrite process; with the addresses that this machine has now. In the site's arena; NULL: out
   of memory. */
const struct mw_own_names *mw_own_names_of(const struct mw_postfix_endpoint *rewriter);

#endif

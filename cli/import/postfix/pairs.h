/* Pairs of a login and a sender by which two servers are compared: those that the tables permit, each login as itself,
   others crossed, and what nobody wrote down: strangers, extensions, capitals, subdomains. */
#ifndef MW_CLI_IMPORT_PAIRS_H
#define MW_CLI_IMPORT_PAIRS_H

#include "servers/init/sender_rules.h"

#define MW_PAIRS_MOST 10000

struct mw_pair {
	struct mw_str login, sender;
};

struct mw_pairs {
	struct mw_pair *items; /* each once */
	size_t count;
};

/* At most MW_PAIRS_MOST, spread evenly over all there are; the same rules give the same pairs. In the arena of init;
   none where memory is out. */
struct mw_pairs mw_pairs_of(const struct mw_sender_rules *senders);

#endif

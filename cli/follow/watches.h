/* The watches of all sources of a policy. */
#ifndef MW_CLI_FOLLOW_WATCHES_H
#define MW_CLI_FOLLOW_WATCHES_H

#include <poll.h>

#include "follow/plan.h"

struct mw_watches;

/* Opens what can be opened; what cannot is said, and tried again later. The policy outlives it. NULL: out of memory. */
struct mw_watches *mw_watches_new(const struct mw_policy *policy);
void mw_watches_free(struct mw_watches *watches); /* NULL is allowed */
/* How many sources there are. */
size_t mw_watches_count(const struct mw_watches *watches);
/* Fills one row a source for poll(2); fd is -1 where there is no descriptor. */
void mw_watches_poll(const struct mw_watches *watches, struct pollfd *rows_r);
/* When mw_watches_ask() is to be called at the latest, in milliseconds of the monotonic clock. */
int64_t mw_watches_due(const struct mw_watches *watches);
/* Asks those whose row is ready or whose time has come, and tells the plan what may have changed. True: something may. */
bool mw_watches_ask(struct mw_watches *watches, const struct pollfd *rows, struct mw_plan *plan, int64_t now);

#endif

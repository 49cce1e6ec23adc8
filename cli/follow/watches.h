/* The watches of all sources of a policy. */
#ifndef MW_CLI_FOLLOW_WATCHES_H
#define MW_CLI_FOLLOW_WATCHES_H

#include <poll.h>

#include "policy/model.h"

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
/* Asks those whose row is ready or whose time has come. True: a source may have changed. */
bool mw_watches_ask(struct mw_watches *watches, const struct pollfd *rows, int64_t now);
/* The shortest interval and full_every of the sources, in milliseconds. */
int64_t mw_watches_interval(const struct mw_watches *watches);
int64_t mw_watches_full_every(const struct mw_watches *watches);

#endif

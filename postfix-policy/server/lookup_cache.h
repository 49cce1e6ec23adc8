/* Answers of the directory that are asked for again: Postfix asks about the same login and sender several times a
   message, and a snapshot never changes. Exact (keys are compared whole), of fixed size, emptied when the directory
   changes. */
#ifndef MW_POSTFIX_LOOKUP_CACHE_H
#define MW_POSTFIX_LOOKUP_CACHE_H

#include "decide/directory_view.h"

struct mw_lookup_cache;

/* NULL when memory is out. */
struct mw_lookup_cache *mw_lookup_cache_new(void);
void mw_lookup_cache_free(struct mw_lookup_cache *cache);

/* Another directory, or another state of it: nothing that was kept holds any more. */
void mw_lookup_cache_reset(struct mw_lookup_cache *cache, const struct mw_directory_view *below);

/* Allocates nothing. What is unavailable is never kept. */
const struct mw_directory_view *mw_lookup_cache_view(const struct mw_lookup_cache *cache);

#endif

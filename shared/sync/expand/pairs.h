/* Many (owner, id) pairs, to become one sorted list of distinct ids an owner. */
#ifndef MW_SYNC_PAIRS_H
#define MW_SYNC_PAIRS_H

#include "base/arena.h"
#include "decide/directory_view.h"

struct mw_pairs {
	uint64_t *items; /* owner in the upper half */
	size_t count, size;
	size_t next;     /* of mw_pairs_take() */
	bool failed;     /* out of memory */
};

void mw_pairs_add(struct mw_pairs *pairs, uint32_t owner, uint32_t id);
void mw_pairs_sort(struct mw_pairs *pairs);
/* The ids of an owner, copied into the arena; after mw_pairs_sort(), for owners in rising order. */
struct mw_ids mw_pairs_take(struct mw_pairs *pairs, uint32_t owner, struct mw_arena *arena);
void mw_pairs_deinit(struct mw_pairs *pairs);

#endif

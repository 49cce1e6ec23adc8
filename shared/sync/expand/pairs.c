/* SPDX-License-Identifier: MIT */
#include "sync/expand/pairs.h"

#include <stdlib.h>

void mw_pairs_add(struct mw_pairs *pairs, uint32_t owner, uint32_t id)
{
	if (pairs->count == pairs->size) {
		size_t more = pairs->size == 0 ? 256 : pairs->size * 2;
		uint64_t *larger = reallocarray(pairs->items, more, sizeof(*larger));

		if (larger == NULL) {
			pairs->failed = true;
			return;
		}
		pairs->items = larger;
		pairs->size = more;
	}
	pairs->items[pairs->count++] = (uint64_t)owner << 32 | id;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

void mw_pairs_sort(struct mw_pairs *pairs)
{
	size_t i, kept = 0;

	if (pairs->count > 0)
		qsort(pairs->items, pairs->count, sizeof(pairs->items[0]), compare);
	for (i = 0; i < pairs->count; i++) {
		if (i == 0 || pairs->items[i] != pairs->items[i - 1])
			pairs->items[kept++] = pairs->items[i];
	}
	pairs->count = kept;
	pairs->next = 0;
}

struct mw_ids mw_pairs_take(struct mw_pairs *pairs, uint32_t owner, struct mw_arena *arena)
{
	struct mw_ids ids = { NULL, 0 };
	uint32_t *copy;
	size_t start, i;

	while (pairs->next < pairs->count && pairs->items[pairs->next] >> 32 < owner)
		pairs->next++;
	start = pairs->next;
	while (pairs->next < pairs->count && pairs->items[pairs->next] >> 32 == owner)
		pairs->next++;
	if (pairs->next == start)
		return ids;
	copy = MW_ARENA_ARRAY(arena, uint32_t, pairs->next - start);
	if (copy == NULL)
		return ids;
	for (i = start; i < pairs->next; i++)
		copy[i - start] = (uint32_t)pairs->items[i];
	ids.items = copy;
	ids.count = pairs->next - start;
	return ids;
}

void mw_pairs_deinit(struct mw_pairs *pairs)
{
	free(pairs->items);
	memset(pairs, 0, sizeof(*pairs));
}

/* SPDX-License-Identifier: MIT */
#include "decisions/replay_rows.h"

#include <stdlib.h>
#include <xxhash.h>

#include "base/arena.h"

#define PLACES 262144 /* a power of two, more than twice the rows */
#define TEXT_MAX ((size_t)64 << 20)

static const struct mw_word change_words[] = {
	{ "unchanged", MW_REPLAY_UNCHANGED },
	{ "newly-refused", MW_REPLAY_REFUSED },
	{ "newly-audited", MW_REPLAY_AUDITED },
	{ "newly-permitted", MW_REPLAY_PERMITTED },
	{ "other-reason", MW_REPLAY_REASON },
};
const struct mw_table mw_replay_changes = MW_TABLE(change_words);

struct mw_replay_rows {
	struct mw_arena *texts;
	uint64_t seed;
	size_t count, size;
	struct mw_replay_row *items;
	uint32_t places[PLACES]; /* index + 1 into items; 0: free */
};

static bool stops(struct mw_replay_result result)
{
	return result.verdict != MW_LOGGED_PERMIT && result.verdict != MW_LOGGED_WOULD_REFUSE;
}

enum mw_replay_change mw_replay_compare(struct mw_replay_result before, struct mw_replay_result after)
{
	if (stops(after) && !stops(before))
		return MW_REPLAY_REFUSED;
	if (!stops(after) && stops(before))
		return MW_REPLAY_PERMITTED;
	if (after.verdict == MW_LOGGED_PERMIT && before.verdict == MW_LOGGED_WOULD_REFUSE)
		return MW_REPLAY_PERMITTED;
	if (after.verdict == MW_LOGGED_WOULD_REFUSE && before.verdict == MW_LOGGED_PERMIT)
		return MW_REPLAY_AUDITED;
	return before.verdict == after.verdict && before.reason == after.reason ? MW_REPLAY_UNCHANGED : MW_REPLAY_REASON;
}

struct mw_replay_rows *mw_replay_rows_new(uint64_t seed)
{
	struct mw_replay_rows *rows = calloc(1, sizeof(*rows));

	if (rows == NULL)
		return NULL;
	rows->seed = seed;
	rows->texts = mw_arena_new(TEXT_MAX);
	if (rows->texts != NULL)
		return rows;
	free(rows);
	return NULL;
}

void mw_replay_rows_free(struct mw_replay_rows *rows)
{
	if (rows == NULL)
		return;
	mw_arena_free(rows->texts);
	free(rows->items);
	free(rows);
}

static uint64_t hash(const struct mw_replay_rows *rows, const struct mw_replay_row *row)
{
	const uint64_t words[] = {
		(uint64_t)row->change | (uint64_t)row->decision << 8 | (uint64_t)row->protocol << 16 |
			(uint64_t)row->before.verdict << 24 | (uint64_t)row->before.reason << 32 |
			(uint64_t)row->after.verdict << 40 | (uint64_t)row->after.reason << 48 |
			(uint64_t)row->client.family << 56,
		(uint64_t)(uintptr_t)row->connector,
		(uint64_t)(uintptr_t)row->login_rule,
	};
	uint64_t result = XXH3_64bits_withSeed(words, sizeof(words), rows->seed);

	result = XXH3_64bits_withSeed(row->client.bytes, sizeof(row->client.bytes), result);
	result = XXH3_64bits_withSeed(row->login.ptr, row->login.len, result);
	return XXH3_64bits_withSeed(row->sender.ptr, row->sender.len, result);
}

static bool alike(const struct mw_replay_row *a, const struct mw_replay_row *b)
{
	return a->change == b->change && a->decision == b->decision && a->protocol == b->protocol &&
	       a->before.verdict == b->before.verdict && a->before.reason == b->before.reason &&
	       a->after.verdict == b->after.verdict && a->after.reason == b->after.reason &&
	       a->connector == b->connector && a->login_rule == b->login_rule && mw_ip_equal(&a->client, &b->client) &&
	       mw_str_equal(a->login, b->login) && mw_str_equal(a->sender, b->sender);
}

/* Returns the new row, NULL: there is no room. */
static struct mw_replay_row *new_row(struct mw_replay_rows *rows, const struct mw_replay_row *row)
{
	struct mw_replay_row *items = rows->items, *added;

	if (rows->count == MW_REPLAY_ROWS_MAX || mw_arena_failed(rows->texts))
		return NULL;
	if (rows->count == rows->size) {
		size_t size = rows->size == 0 ? 1024 : rows->size * 2;

		items = realloc(rows->items, size * sizeof(*items));
		if (items == NULL)
			return NULL;
		rows->items = items;
		rows->size = size;
	}
	added = &items[rows->count];
	*added = *row;
	added->count = 0;
	added->login = mw_arena_copy(rows->texts, row->login);
	added->sender = mw_arena_copy(rows->texts, row->sender);
	if (mw_arena_failed(rows->texts))
		return NULL;
	rows->count++;
	return added;
}

bool mw_replay_rows_add(struct mw_replay_rows *rows, const struct mw_replay_row *row)
{
	size_t at = (size_t)hash(rows, row) % PLACES;
	struct mw_replay_row *found;

	while (rows->places[at] != 0 && !alike(&rows->items[rows->places[at] - 1], row))
		at = (at + 1) % PLACES;
	if (rows->places[at] != 0) {
		found = &rows->items[rows->places[at] - 1];
	} else {
		found = new_row(rows, row);
		if (found == NULL)
			return false;
		rows->places[at] = (uint32_t)rows->count;
	}
	found->count++;
	return true;
}

static int compare_text(struct mw_str a, struct mw_str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Ties in an order that is the same every time. */
static int compare(const void *left, const void *right)
{
	const struct mw_replay_row *a = left, *b = right;
	int order = (a->count < b->count) - (a->count > b->count);

	if (order == 0)
		order = (int)a->change - (int)b->change;
	if (order == 0)
		order = compare_text(a->login, b->login);
	if (order == 0)
		order = memcmp(a->client.bytes, b->client.bytes, sizeof(a->client.bytes));
	if (order == 0)
		order = (int)a->protocol - (int)b->protocol;
	if (order == 0)
		order = (int)a->decision - (int)b->decision;
	if (order == 0)
		order = compare_text(a->sender, b->sender);
	if (order == 0)
		order = (int)a->before.reason - (int)b->before.reason;
	return order != 0 ? order : (int)a->after.reason - (int)b->after.reason;
}

const struct mw_replay_row *mw_replay_rows_sorted(struct mw_replay_rows *rows, size_t *count_r)
{
	if (rows->count > 0)
		qsort(rows->items, rows->count, sizeof(*rows->items), compare);
	*count_r = rows->count;
	return rows->items;
}

/* SPDX-License-Identifier: MIT */
#include "sync/merge/lost.h"

#include <stdlib.h>

void mw_lost_add(struct mw_lost *lost, const struct mw_record *record, struct mw_str now)
{
	if (lost->count == lost->size) {
		size_t size = 2 * lost->size + 16;
		struct mw_lost_name *larger = reallocarray(lost->items, size, sizeof(*larger));

		lost->failed = lost->failed || larger == NULL;
		if (larger == NULL)
			return;
		lost->items = larger;
		lost->size = size;
	}
	lost->items[lost->count++] = (struct mw_lost_name){ record->principal.name, now, record->origin };
}

static int compare_memory(const void *left, const void *right)
{
	uintptr_t a = (uintptr_t)((const struct mw_lost_name *)left)->before.ptr,
		  b = (uintptr_t)((const struct mw_lost_name *)right)->before.ptr;

	return (a > b) - (a < b);
}

static int compare_origin(const void *left, const void *right)
{
	return mw_origin_compare(((const struct mw_lost_name *)left)->origin, ((const struct mw_lost_name *)right)->origin);
}

static void sort(struct mw_lost *lost, int compare(const void *, const void *))
{
	qsort(lost->items, lost->count, sizeof(lost->items[0]), compare);
}

static const struct mw_lost_name *find_memory(const struct mw_lost *lost, struct mw_str text)
{
	const struct mw_lost_name key = { .before = text };

	return bsearch(&key, lost->items, lost->count, sizeof(key), compare_memory);
}

/* Gives `text` the name that it means. False: it means nobody. */
static bool rename_one(const struct mw_lost_name *one, struct mw_str *text)
{
	if (one != NULL)
		*text = one->now;
	return one == NULL || !mw_str_empty(one->now);
}

static void apply_list(const struct mw_lost *lost, struct mw_records *records, struct mw_strs *list)
{
	struct mw_str *items = NULL;
	size_t count = 0, i = 0;

	while (i < list->count && find_memory(lost, list->items[i]) == NULL)
		i++;
	if (i == list->count)
		return;
	items = MW_ARENA_ARRAY(records->arena, struct mw_str, list->count);
	records->failed = records->failed || items == NULL;
	for (i = 0; items != NULL && i < list->count; i++) {
		items[count] = list->items[i];
		count += rename_one(find_memory(lost, list->items[i]), &items[count]);
	}
	*list = (struct mw_strs){ items, count };
}

static void apply_to_lists(const struct mw_lost *lost, struct mw_records *records, size_t first)
{
	for (size_t i = first; i < records->count; i++) {
		struct mw_record *record = &records->items[i];

		apply_list(lost, records, &record->members);
		apply_list(lost, records, &record->senders_list);
		apply_list(lost, records, &record->senders_denied);
		apply_list(lost, records, &record->bound);
	}
}

/* A grant's end that is the memory of a name. */
static void apply_to_grants(const struct mw_lost *lost, struct mw_records *records, size_t first)
{
	size_t count = first;

	for (size_t i = first; i < records->grant_count; i++) {
		struct mw_grant_record grant = records->grants[i];
		bool stays = rename_one(find_memory(lost, grant.trustee), &grant.trustee);

		if (stays && !grant.domain)
			stays = rename_one(find_memory(lost, grant.identity), &grant.identity);
		if (stays)
			records->grants[count++] = grant;
	}
	records->grant_count = count;
}

/* What the entry of a record says in a grant of itself, as text. */
static void apply_to_own_grants(const struct mw_lost *lost, struct mw_records *records, size_t first)
{
	size_t count = first;

	for (size_t i = first; i < records->grant_count; i++) {
		struct mw_grant_record grant = records->grants[i];
		const struct mw_lost_name key = { .origin = grant.origin };
		const struct mw_lost_name *one = bsearch(&key, lost->items, lost->count, sizeof(key), compare_origin);
		bool stays = one == NULL || !mw_str_equal(grant.trustee, one->before) || rename_one(one, &grant.trustee);

		if (stays && one != NULL && !grant.domain && mw_str_equal(grant.identity, one->before))
			stays = rename_one(one, &grant.identity);
		if (stays)
			records->grants[count++] = grant;
	}
	records->grant_count = count;
}

void mw_lost_apply(struct mw_lost *lost, struct mw_records *records, size_t first_item, size_t first_grant)
{
	records->failed = records->failed || lost->failed;
	if (lost->count == 0)
		return;
	sort(lost, compare_memory);
	apply_to_lists(lost, records, first_item);
	apply_to_grants(lost, records, first_grant);
	sort(lost, compare_origin);
	apply_to_own_grants(lost, records, first_grant);
}

void mw_lost_deinit(struct mw_lost *lost)
{
	free(lost->items);
	*lost = (struct mw_lost){ 0 };
}

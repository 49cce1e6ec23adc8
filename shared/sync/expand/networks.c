/* SPDX-License-Identifier: MIT */
#include <search.h>
#include <stdlib.h>

#include "sync/expand/expand.h"

/* Networks that principals have in common. */
struct set {
	struct mw_networks networks;
	uint32_t number;
};

struct sets {
	struct mw_expansion *expansion;
	struct set **of;  /* [id - 1]; NULL: from anywhere */
	void *tree;       /* of tsearch() */
	struct set **all; /* distinct */
	size_t count;
	struct mw_range *scratch; /* the ranges of the one that is looked at */
	size_t used, room;
	bool failed;
};

static int compare_ranges(const void *left, const void *right)
{
	const struct mw_range *a = left, *b = right;
	int order = a->first.family < b->first.family ? -1 : a->first.family > b->first.family;

	if (order == 0)
		order = memcmp(a->first.bytes, b->first.bytes, sizeof(a->first.bytes));
	/* Of two that begin together the wider one comes first. */
	return order != 0 ? order : memcmp(b->last.bytes, a->last.bytes, sizeof(a->last.bytes));
}

static int compare_sets(const void *left, const void *right)
{
	const struct set *a = left, *b = right;
	int order = 0;

	for (size_t i = 0; order == 0 && i < MW_SERVICE_COUNT; i++) {
		struct mw_ranges x = a->networks.of[i], y = b->networks.of[i];

		order = x.count < y.count ? -1 : x.count > y.count;
		for (size_t j = 0; order == 0 && j < x.count; j++)
			order = compare_ranges(&x.items[j], &y.items[j]);
	}
	return order;
}

static int compare_places(const void *left, const void *right)
{
	return compare_sets(*(struct set *const *)left, *(struct set *const *)right);
}

/* What a record says of a service: the key of the service before the one of all. */
static struct mw_ranges said_of(const struct mw_record *record, size_t service)
{
	if (record->networks == NULL)
		return (struct mw_ranges){ .count = 0 };
	return record->networks->of[service].count > 0 ? record->networks->of[service] : record->networks->all;
}

/* Adds to the scratch. */
static void add(struct sets *sets, struct mw_ranges ranges)
{
	if (ranges.count > sets->room - sets->used) {
		size_t room = 2 * (sets->room + ranges.count);
		struct mw_range *larger = reallocarray(sets->scratch, room, sizeof(*larger));

		sets->failed = sets->failed || larger == NULL;
		if (larger == NULL)
			return;
		sets->scratch = larger;
		sets->room = room;
	}
	if (ranges.count > 0)
		memcpy(sets->scratch + sets->used, ranges.items, ranges.count * sizeof(ranges.items[0]));
	sets->used += ranges.count;
}

/* Sorts what was added from here on, and drops what lies in another one. */
static void tidy(struct sets *sets, size_t from)
{
	struct mw_range *ranges = sets->scratch + from;
	size_t count = sets->used - from, kept = 0;

	if (count > 1)
		qsort(ranges, count, sizeof(ranges[0]), compare_ranges);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || !mw_range_contains(&ranges[kept - 1], &ranges[i].last))
			ranges[kept++] = ranges[i];
	sets->used = from + kept;
}

/* The networks of one service: the record's own; of a user without any, those of all its groups together;
   without these, those of the groups that it is bound by. */
static size_t add_service(struct sets *sets, const struct mw_record *record, size_t service)
{
	struct mw_ids groups = record->principal.groups;
	size_t from = sets->used, own;

	add(sets, said_of(record, service));
	own = sets->used;
	for (size_t i = 0; own == from && i < groups.count; i++)
		add(sets, said_of(sets->expansion->by_id[groups.items[i] - 1], service));
	if (sets->used == from && record->principal.kind == MW_USER) {
		for (size_t i = 0; i < record->bound_ids.count; i++)
			add(sets, said_of(sets->expansion->by_id[record->bound_ids.items[i] - 1], service));
	}
	tidy(sets, from);
	return sets->used - from;
}

/* A copy that lasts, among all that are distinct. */
static struct set *keep(struct sets *sets, const struct set *set)
{
	struct mw_arena *arena = sets->expansion->arena;
	struct mw_range *ranges = MW_ARENA_ARRAY(arena, struct mw_range, sets->used);
	struct set *copy = MW_ARENA_NEW(arena, struct set);

	if (ranges == NULL || copy == NULL || tsearch(copy, &sets->tree, compare_sets) == NULL) {
		sets->failed = true;
		return NULL;
	}
	memcpy(ranges, sets->scratch, sets->used * sizeof(ranges[0]));
	for (size_t i = 0; i < MW_SERVICE_COUNT; i++) {
		copy->networks.of[i] = (struct mw_ranges){ ranges, set->networks.of[i].count };
		ranges += set->networks.of[i].count;
	}
	sets->all[sets->count++] = copy;
	return copy;
}

static bool has_networks(const struct sets *sets, const struct mw_record *record)
{
	struct mw_ids groups = record->principal.groups;
	bool has = record->networks != NULL || (record->principal.kind == MW_USER && record->bound_ids.count > 0);

	for (size_t i = 0; i < groups.count && !has; i++)
		has = sets->expansion->by_id[groups.items[i] - 1]->networks != NULL;
	return has;
}

/* The set of a principal, of those that are there or a new one; NULL: from anywhere. */
static struct set *find_set(struct sets *sets, const struct mw_record *record)
{
	struct set set = { .number = 0 };
	const struct mw_range *next;
	struct set **found;

	if (!has_networks(sets, record))
		return NULL;
	sets->used = 0;
	for (size_t i = 0; i < MW_SERVICE_COUNT; i++)
		set.networks.of[i].count = add_service(sets, record, i);
	if (sets->failed || sets->used == 0)
		return NULL;
	next = sets->scratch;
	for (size_t i = 0; i < MW_SERVICE_COUNT; i++) {
		set.networks.of[i].items = next;
		next += set.networks.of[i].count;
	}
	found = tfind(&set, &sets->tree, compare_sets);
	return found != NULL ? *found : keep(sets, &set);
}

/* Numbers are in the order of the sets, so that the order of the sources does not matter. */
static void number_sets(struct sets *sets)
{
	struct mw_content *content = sets->expansion->content;
	struct mw_networks *networks = MW_ARENA_ARRAY(sets->expansion->arena, struct mw_networks, sets->count + 1);

	if (networks == NULL) {
		sets->failed = true;
		return;
	}
	if (sets->count > 0)
		qsort(sets->all, sets->count, sizeof(sets->all[0]), compare_places);
	for (size_t i = 0; i < sets->count; i++) {
		networks[i] = sets->all[i]->networks;
		sets->all[i]->number = (uint32_t)i + 1;
	}
	content->networks = networks;
	content->network_count = sets->count;
	for (size_t i = 0; i < sets->expansion->count; i++)
		if (sets->of[i] != NULL)
			sets->expansion->by_id[i]->principal.networks = sets->of[i]->number;
}

static void leave(void *set)
{
	(void)set;
}

bool mw_expand_networks(struct mw_expansion *expansion)
{
	struct sets sets = { .expansion = expansion };
	bool any = false;

	for (size_t i = 0; i < expansion->count && !any; i++)
		any = expansion->by_id[i]->networks != NULL;
	if (!any)
		return true;
	sets.of = calloc(expansion->count, sizeof(*sets.of));
	sets.all = calloc(expansion->count, sizeof(*sets.all));
	sets.failed = sets.of == NULL || sets.all == NULL;
	for (size_t i = 0; i < expansion->count && !sets.failed; i++)
		sets.of[i] = find_set(&sets, expansion->by_id[i]);
	if (!sets.failed)
		number_sets(&sets);
	tdestroy(sets.tree, leave);
	free(sets.of);
	free(sets.all);
	free(sets.scratch);
	return !sets.failed;
}

/* SPDX-License-Identifier: MIT */
/* Records of one name in one source. */
#include <stddef.h>
#include <stdlib.h>

#include "sync/expand/pairs.h"
#include "sync/merge/merge.h"
#include "sync/merge/names.h"
#include "sync/record/key.h"
#include "sync/record/key_networks.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

struct join {
	struct mw_records *records;
	enum mw_join how;
	struct mw_text_out *out; /* in which values are compared */
	struct mw_pairs pairs;   /* the first record of a name, and each later one */
	bool *gone;              /* [record] */
	size_t alike;            /* records that say the same as the first */
	struct mw_origin where;  /* of the first of these */
};

static bool is_list_of_names(const struct mw_record_key *key)
{
	return mw_record_key_is_list(key) && key->read_item != NULL;
}

/* What all keys but lists of names say, as a digest. */
static void digest_of(struct join *join, const struct mw_record *record, char digest_r[MW_TEXT_DIGEST_SIZE])
{
	digest_r[0] = '\0';
	if (!mw_text_out_begin(join->out, -1)) {
		join->records->failed = true;
		return;
	}
	for (size_t i = 0; i < mw_record_key_count; i++) {
		if (!is_list_of_names(&mw_record_keys[i]))
			mw_record_keys[i].write(join->out, &mw_record_keys[i], record);
	}
	mw_text_out_end(join->out, digest_r);
}

static bool same_names(struct mw_arena *arena, struct mw_strs a, struct mw_strs b)
{
	return a.count == b.count && mw_merge_without(arena, a, b).count == 0 && mw_merge_without(arena, b, a).count == 0;
}

static bool is_alike(struct join *join, struct mw_record *a, struct mw_record *b)
{
	char digest[MW_TEXT_DIGEST_SIZE], other[MW_TEXT_DIGEST_SIZE];

	if (a->principal.kind != b->principal.kind || (a->bad == NULL) != (b->bad == NULL) ||
	    (a->bad != NULL && strcmp(a->bad, b->bad) != 0))
		return false;
	for (size_t i = 0; i < mw_record_key_count; i++) {
		const struct mw_record_key *key = &mw_record_keys[i];

		if (is_list_of_names(key) && !same_names(join->records->arena, *(struct mw_strs *)mw_record_key_field(key, a),
							 *(struct mw_strs *)mw_record_key_field(key, b)))
			return false;
	}
	digest_of(join, a, digest);
	digest_of(join, b, other);
	return strcmp(digest, other) == 0;
}

/* All that one list of the record and of the others has, each once. */
static struct mw_strs all_of(struct join *join, const struct mw_record *record, struct mw_ids others, size_t list)
{
	const struct mw_record *items = join->records->items;
	struct mw_strs all = *(const struct mw_strs *)((const char *)record + list), each = { NULL, 0 };
	size_t count = all.count;
	struct mw_str *names;

	for (size_t i = 0; i < others.count; i++)
		count += ((const struct mw_strs *)((const char *)&items[others.items[i]] + list))->count;
	names = MW_ARENA_ARRAY(join->records->arena, struct mw_str, count + 1);
	if (names == NULL) {
		join->records->failed = true;
		return each;
	}
	if (all.count > 0)
		memcpy(names, all.items, all.count * sizeof(names[0]));
	for (size_t i = 0, used = all.count; i < others.count; i++) {
		struct mw_strs more = *(const struct mw_strs *)((const char *)&items[others.items[i]] + list);

		if (more.count > 0)
			memcpy(names + used, more.items, more.count * sizeof(names[0]));
		used += more.count;
	}
	mw_merge_union(join->records->arena, &each, (struct mw_strs){ names, count });
	return each;
}

static bool same_key(const struct mw_record *a, const struct mw_record *b)
{
	if (a->source_key == NULL || b->source_key == NULL)
		return a->source_key == b->source_key;
	return strcmp(a->source_key, b->source_key) == 0;
}

/* One that is bad: it has the rights that all of them have, and claims and binds whom any of them does. A user with any
   of their login names can do no more than that. */
static void join_records(struct join *join, struct mw_record *record, struct mw_ids others)
{
	struct mw_arena *arena = join->records->arena;
	struct mw_strs addresses = all_of(join, record, others, offsetof(struct mw_record, addresses));
	struct mw_strs receives = all_of(join, record, others, offsetof(struct mw_record, receives));
	struct mw_strs logins = all_of(join, record, others, offsetof(struct mw_record, logins));
	struct mw_strs members = all_of(join, record, others, offsetof(struct mw_record, members));
	struct mw_strs bound = all_of(join, record, others, offsetof(struct mw_record, bound));

	for (size_t i = 0; i < others.count; i++) {
		const struct mw_record *other = &join->records->items[others.items[i]];

		if (!same_key(record, other))
			record->source_key = NULL;
		mw_merge_stricter(arena, record, other);
		mw_networks_both(arena, record, other);
		/* What is a group too binds as one. */
		if (other->principal.kind == MW_GROUP)
			record->principal.kind = MW_GROUP;
	}
	mw_merge_union(arena, &receives, addresses);
	mw_merge_union(arena, &bound, members);
	record->receives = mw_merge_without(arena, receives, record->addresses);
	record->bound = mw_merge_without(arena, bound, record->members);
	record->logins = logins;
}

static void look_at(struct join *join, struct mw_record *record, struct mw_ids others)
{
	struct mw_records *records = join->records;
	uint32_t *differing = MW_ARENA_ARRAY(records->arena, uint32_t, others.count);
	const char *why;
	size_t count = 0;

	records->failed = records->failed || differing == NULL;
	for (size_t i = 0; differing != NULL && i < others.count; i++) {
		struct mw_record *other = &records->items[others.items[i]];

		join->gone[others.items[i]] = true;
		if (!is_alike(join, record, other))
			differing[count++] = others.items[i];
		else if (join->alike++ == 0)
			join->where = other->origin;
	}
	if (count == 0)
		return;
	why = mw_arena_textf(records->arena, "\"%.*s\" stands there twice (%s:%u)", SHOW(record->principal.name),
			     mw_origin_file(records, record->origin), record->origin.line);
	for (size_t i = 0; i < count; i++)
		mw_errors_add(records->reports, MW_WARNING, mw_origin_file(records, records->items[differing[i]].origin),
			      records->items[differing[i]].origin.line, 0, NULL, "%s", why);
	join_records(join, record, (struct mw_ids){ differing, count });
	record->disputed = true;
	if (record->bad == NULL)
		record->bad = why;
}

/* The first record of this name with the same key, among those of several keys: its place in `keyed`. */
static uint32_t *first_with_key(struct join *join, struct mw_names *keyed, const struct mw_record *record,
				bool *added_r)
{
	const char *key = record->source_key == NULL ? "" : record->source_key;
	const char *both =
		mw_arena_textf(join->records->arena, "%s %.*s", key, MW_STR_ARG(record->principal.name));

	*added_r = false;
	return both == NULL ? NULL : mw_names_add(keyed, mw_str(both), added_r);
}

static void add_pair(struct join *join, struct mw_names *keyed, uint32_t first, uint32_t number)
{
	struct mw_records *records = join->records;
	bool added = false;

	if (join->how == MW_JOIN_BY_KEY && !same_key(&records->items[first], &records->items[number])) {
		uint32_t *value = first_with_key(join, keyed, &records->items[number], &added);

		if (value != NULL && added)
			*value = number;
		else if (value != NULL)
			first = *value;
		records->twins += added;
	}
	if (!added)
		mw_pairs_add(&join->pairs, first, number);
}

static bool find_pairs(struct join *join, size_t first)
{
	struct mw_records *records = join->records;
	struct mw_names names = { 0 }, keyed = { 0 };

	for (size_t i = first; i < records->count && !names.failed; i++) {
		bool added;
		uint32_t *value;

		if (mw_str_empty(records->items[i].principal.name))
			continue;
		value = mw_names_add(&names, records->items[i].principal.name, &added);
		if (value != NULL && added)
			*value = (uint32_t)i;
		else if (value != NULL)
			add_pair(join, &keyed, *value, (uint32_t)i);
	}
	records->failed = records->failed || join->pairs.failed;
	mw_names_deinit(&names, &records->failed);
	mw_names_deinit(&keyed, &records->failed);
	return !records->failed && join->pairs.count > 0;
}

static void join_all(struct join *join, size_t first)
{
	struct mw_records *records = join->records;

	mw_pairs_sort(&join->pairs);
	while (join->pairs.next < join->pairs.count) {
		uint32_t owner = (uint32_t)(join->pairs.items[join->pairs.next] >> 32);

		look_at(join, &records->items[owner], mw_pairs_take(&join->pairs, owner, records->arena));
	}
	if (join->alike > 0)
		mw_errors_add(records->reports, MW_WARNING, mw_origin_file(records, join->where), join->where.line, 0, NULL,
			      "%zu users or groups stand there twice and say the same: that counts once", join->alike);
	mw_records_drop(records, first, join->gone + first);
}

void mw_records_join(struct mw_records *records, size_t first, enum mw_join how)
{
	struct join join = { .records = records, .how = how };

	if (find_pairs(&join, first)) {
		join.gone = calloc(records->count, sizeof(bool));
		join.out = malloc(sizeof(*join.out));
		if (join.gone != NULL && join.out != NULL)
			join_all(&join, first);
		else
			records->failed = true;
	}
	mw_pairs_deinit(&join.pairs);
	free(join.gone);
	free(join.out);
}

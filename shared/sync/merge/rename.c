/* SPDX-License-Identifier: MIT */
#include "sync/merge/rename.h"

#include <stdlib.h>

#include "base/clock.h"

/* Keys of names that stayed, of which more than half are other ones: they are of another kind. Of a few names it is so
   where no key is there any more, as in another server with the same names. */
#define OTHER_LEAST 10

unsigned mw_kind_before(const struct mw_record *old)
{
	return old->held_kind != 0 ? old->held_kind : 1u << old->principal.kind;
}

static struct mw_record *items(const struct mw_renames *renames)
{
	return renames->slice->records->items + renames->slice->first_item;
}

void mw_renames_begin(struct mw_renames *renames, const struct mw_slice *slice)
{
	size_t count = slice->records->count - slice->first_item;

	renames->slice = slice;
	for (size_t i = 0; i < count && !renames->keys.failed; i++) {
		const struct mw_record *record = &items(renames)[i];
		uint32_t *value;
		bool added;

		if (record->source_key == NULL)
			continue;
		value = mw_names_add(&renames->keys, mw_str(record->source_key), &added);
		if (value != NULL)
			*value = added ? (uint32_t)i + 1 : 0;
	}
	if (renames->keys.count > 0)
		renames->renamed = calloc(count, sizeof(*renames->renamed));
	renames->failed = renames->keys.failed || (renames->keys.count > 0 && renames->renamed == NULL);
}

void mw_renames_end(struct mw_renames *renames, bool *failed_io)
{
	*failed_io = *failed_io || renames->failed;
	mw_names_deinit(&renames->keys, failed_io);
	free(renames->renamed);
	*renames = (struct mw_renames){ 0 };
}

/* Who has the key now. Somebody of another kind is somebody else. */
static struct mw_record *find_holder(const struct mw_renames *renames, const struct mw_record *old)
{
	const uint32_t *value =
		old->source_key == NULL ? NULL : mw_names_find(&renames->keys, mw_str(old->source_key));
	struct mw_record *record = value == NULL || *value == 0 ? NULL : &items(renames)[*value - 1];

	return record == NULL || 1u << record->principal.kind != mw_kind_before(old) ? NULL : record;
}

static struct mw_record *find(const struct mw_renames *renames, const struct mw_record *old)
{
	struct mw_record *record = find_holder(renames, old);

	return record == NULL || mw_str_equal(record->principal.name, old->principal.name) ? NULL : record;
}

void mw_renames_look(struct mw_renames *renames, const struct mw_record *old, const struct mw_record *now)
{
	const struct mw_record *record = find(renames, old);

	renames->records++;
	if (record != NULL) {
		renames->found++;
		renames->held += old->held_kind != 0;
		renames->renamed[record - items(renames)] = true;
	}
	if (now == NULL || now->source_key == NULL || old->source_key == NULL)
		return;
	renames->same++;
	renames->other += strcmp(now->source_key, old->source_key) != 0;
}

void mw_renames_judge(struct mw_renames *renames, uint64_t max_shrink, bool accepted)
{
	const struct mw_share share = { renames->records, renames->found };

	renames->other_kind = (renames->other >= OTHER_LEAST && renames->other * 2 > renames->same) ||
			      (renames->other > 1 && renames->other == renames->same && renames->found == 0);
	if (renames->other_kind)
		return;
	renames->many = (renames->held > 0 || mw_share_shrinks(&share, max_shrink)) && !accepted;
	renames->counts = !renames->many;
}

void mw_renames_tell(const struct mw_renames *renames, const char *path)
{
	struct mw_errors *reports = renames->slice->records->reports;

	if (renames->other_kind)
		mw_errors_add(reports, MW_WARNING, path, 0, 0, NULL,
			      "%llu of %llu names have another source_key than before: names alone count now",
			      (unsigned long long)renames->other, (unsigned long long)renames->same);
	if (renames->many)
		mw_errors_add(reports, MW_WARNING, path, 0, 0, NULL,
			      "%llu of %llu users and groups have another name now, by their source_key: those are new ones until "
			      "the old names may go", (unsigned long long)renames->found, (unsigned long long)renames->records);
}

struct mw_record *mw_renames_find(const struct mw_renames *renames, const struct mw_record *old)
{
	return renames->counts ? find(renames, old) : NULL;
}

struct mw_record *mw_renames_holder(const struct mw_renames *renames, const struct mw_record *old)
{
	return renames->counts ? find_holder(renames, old) : NULL;
}

bool mw_renames_is_same(const struct mw_renames *renames, const struct mw_record *old, const struct mw_record *now)
{
	if (!renames->counts)
		return true;
	if (now->source_key != NULL && old->source_key != NULL)
		return strcmp(now->source_key, old->source_key) == 0;
	/* Several of other keys, joined. */
	if (now->disputed && old->source_key != NULL)
		return false;
	return !renames->renamed[now - items(renames)];
}

/* Each name once. */
static void add(struct mw_record *record, struct mw_former former)
{
	if (!mw_formers_has(record->formers, former.name))
		record->formers->items[record->formers->count++] = former;
}

static void add_all(struct mw_record *record, const struct mw_formers *formers)
{
	for (size_t i = 0; formers != NULL && i < formers->count; i++)
		add(record, formers->items[i]);
}

static size_t count_of(const struct mw_formers *formers)
{
	return formers == NULL ? 0 : formers->count;
}

bool mw_renames_give_formers(const struct mw_renames *renames, const struct mw_record *old, struct mw_record *record,
			     const struct mw_names *addresses)
{
	struct mw_arena *arena = renames->slice->records->arena;
	const struct mw_formers *before = record->formers;
	struct mw_former former = { .until = mw_clock_date(), .state = MW_FORMER_CARRIED };
	bool renamed = mw_renames_find(renames, old) == record;
	size_t most = count_of(before) + count_of(old->formers) + (renamed ? 1 + old->addresses.count : 0);

	if (most == 0)
		return true;
	record->formers = MW_ARENA_NEW(arena, struct mw_formers);
	if (record->formers == NULL)
		return false;
	*record->formers = (struct mw_formers){ MW_ARENA_ARRAY(arena, struct mw_former, most), 0 };
	if (record->formers->items == NULL)
		return false;
	add_all(record, before);
	/* What is known of the name that it had goes before: an earlier source may have had it. */
	add_all(record, old->formers);
	if (renamed) {
		former.name = old->principal.name;
		add(record, former);
	}
	for (size_t i = 0; renamed && i < old->addresses.count; i++) {
		former.name = old->addresses.items[i];
		if (mw_names_find(addresses, former.name) == NULL)
			add(record, former);
	}
	return true;
}

/* SPDX-License-Identifier: MIT */
#include "sync/merge/keep_version.h"

#include "sync/merge/merge.h"

void mw_keep_drop_taken(struct mw_arena *arena, struct mw_strs *list, const struct mw_names *taken)
{
	struct mw_str *items = MW_ARENA_ARRAY(arena, struct mw_str, list->count + 1);
	size_t count = 0;

	for (size_t i = 0; items != NULL && i < list->count; i++) {
		if (mw_names_find(taken, list->items[i]) == NULL)
			items[count++] = list->items[i];
	}
	*list = (struct mw_strs){ items, count };
}

/* From where it may log in is what it says now, where a key could be read to its end; else what the copy says. A key
   that is not there may be the one that could not be read. */
static void keep_networks(struct mw_record *record, struct mw_record_networks *now)
{
	const struct mw_record_networks *old = record->networks;

	if (now == NULL)
		return;
	record->networks = now;
	for (size_t i = 0; i <= MW_SERVICE_COUNT; i++) {
		struct mw_ranges *list = i == 0 ? &now->all : &now->of[i - 1];
		struct mw_ranges before = { NULL, 0 };

		if (old != NULL)
			before = i == 0 ? old->all : old->of[i - 1];
		if (before.count > 0 && (list->count == 0 || (now->unread & 1u << i) != 0))
			*list = before;
	}
}

/* It was of the other kind, or blocked: it is blocked, with what nobody else has now of what it had. What is said to be
   a user and was a group binds as the group did. */
static void keep_names(struct mw_arena *arena, const struct mw_names *taken, struct mw_record *record,
		       const struct mw_record *old)
{
	struct mw_strs addresses = old->addresses, receives = old->receives;

	mw_keep_drop_taken(arena, &addresses, taken);
	mw_keep_drop_taken(arena, &receives, taken);
	mw_merge_append(arena, &record->receives, addresses);
	mw_merge_append(arena, &record->receives, receives);
	mw_merge_senders(arena, record, old);
	if (old->principal.kind == MW_GROUP) {
		struct mw_record_networks *now = record->networks;

		record->principal.kind = MW_GROUP;
		mw_merge_union(arena, &record->bound, old->members);
		mw_merge_union(arena, &record->bound, old->bound);
		record->networks = old->networks;
		keep_networks(record, now);
	}
}

/* What both have, and one of them for receiving only, delivers and gives no right. */
static void keep_receives(struct mw_arena *arena, struct mw_record *record, const struct mw_record *old,
			  const struct mw_record *bad)
{
	struct mw_strs now = bad->addresses, more = mw_merge_both(arena, old->addresses, bad->receives);

	mw_merge_union(arena, &now, bad->receives);
	record->receives = mw_merge_both(arena, old->receives, now);
	mw_merge_union(arena, &record->receives, more);
}

void mw_keep_version(const struct mw_slice *slice, const struct mw_names *taken, struct mw_record *record,
		     const struct mw_record *old)
{
	struct mw_arena *arena = slice->records->arena;
	const struct mw_record bad = *record;

	if (old->principal.kind != bad.principal.kind || old->bad != NULL) {
		keep_names(arena, taken, record, old);
		return;
	}
	*record = *old;
	record->principal.name = bad.principal.name;
	record->formers = bad.formers;
	if (bad.source_key != NULL)
		record->source_key = bad.source_key;
	record->origin = bad.origin;
	record->owner = bad.owner;
	record->complete = bad.complete;
	record->disputed = bad.disputed;
	record->held = false;
	record->held_kind = 0;
	record->unconfirmed = bad.unconfirmed;
	record->bad = NULL;
	if (bad.principal.kind == MW_GROUP) {
		mw_merge_union(arena, &record->bound, old->members);
		mw_merge_union(arena, &record->bound, bad.members);
		mw_merge_union(arena, &record->bound, bad.bound);
	}
	mw_merge_stricter(arena, record, &bad);
	keep_receives(arena, record, old, &bad);
	keep_networks(record, bad.networks);
}

/* SPDX-License-Identifier: MIT */
#include "sync/merge.h"

void mw_merge_senders_as_list(struct mw_arena *arena, const struct mw_record *record, struct mw_strs *list_r)
{
	struct mw_str *items;

	*list_r = record->senders_list;
	if (record->principal.senders != MW_SENDERS_MEMBERS)
		return;
	items = MW_ARENA_ARRAY(arena, struct mw_str, 1);
	if (items == NULL || record->principal.kind == MW_USER) {
		*list_r = (struct mw_strs){ NULL, 0 };
		return;
	}
	items[0] = record->principal.name;
	*list_r = (struct mw_strs){ items, 1 };
}

bool mw_merge_has(struct mw_strs list, struct mw_str text)
{
	for (size_t i = 0; i < list.count; i++) {
		if (mw_str_equal(list.items[i], text))
			return true;
	}
	return false;
}

/* What both lists have, by name: who is in the one through a group and in the other by name is left out. */
struct mw_strs mw_merge_both(struct mw_arena *arena, struct mw_strs a, struct mw_strs b)
{
	struct mw_str *items = MW_ARENA_ARRAY(arena, struct mw_str, a.count + 1);
	size_t count = 0;

	for (size_t i = 0; items != NULL && i < a.count; i++) {
		if (mw_merge_has(b, a.items[i]))
			items[count++] = a.items[i];
	}
	return (struct mw_strs){ items, count };
}

void mw_merge_append(struct mw_arena *arena, struct mw_strs *list, struct mw_strs more)
{
	struct mw_str *items = MW_ARENA_ARRAY(arena, struct mw_str, list->count + more.count + 1);

	if (items == NULL)
		return;
	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(items[0]));
	if (more.count > 0)
		memcpy(items + list->count, more.items, more.count * sizeof(items[0]));
	*list = (struct mw_strs){ items, list->count + more.count };
}

void mw_merge_senders(struct mw_arena *arena, struct mw_record *record, const struct mw_record *other)
{
	enum mw_senders a = record->principal.senders, b = other->principal.senders;
	struct mw_strs list, second;

	mw_merge_append(arena, &record->senders_denied, other->senders_denied);
	mw_merge_senders_as_list(arena, record, &list);
	mw_merge_senders_as_list(arena, other, &second);
	if (a <= MW_SENDERS_AUTHENTICATED && b <= MW_SENDERS_AUTHENTICATED) {
		record->principal.senders = a > b ? a : b;
		return;
	}
	if (a <= MW_SENDERS_AUTHENTICATED)
		list = second;
	else if (b > MW_SENDERS_AUTHENTICATED)
		list = mw_merge_both(arena, list, second);
	record->principal.senders = MW_SENDERS_LIST;
	record->senders_list = list;
}

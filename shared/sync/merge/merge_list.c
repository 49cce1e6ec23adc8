/* SPDX-License-Identifier: MIT */
#include "sync/merge/merge.h"

#include "sync/merge/names.h"

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

/* The items of `a` that are in `b`, or those that are not. */
static struct mw_strs choose(struct mw_arena *arena, struct mw_strs a, struct mw_strs b, bool in_both)
{
	struct mw_names names = { 0 };
	struct mw_strs chosen = { NULL, 0 };
	struct mw_str *items = NULL;
	size_t count = 0;
	bool added, failed = false;

	for (size_t i = 0; i < b.count; i++)
		mw_names_add(&names, b.items[i], &added);
	for (size_t i = 0; i < a.count; i++)
		count += (mw_names_find(&names, a.items[i]) != NULL) == in_both;
	if (!names.failed && count == a.count)
		chosen = a;
	else if (!names.failed && count > 0)
		items = MW_ARENA_ARRAY(arena, struct mw_str, count);
	if (items != NULL) {
		chosen.items = items;
		for (size_t i = 0; i < a.count; i++) {
			if ((mw_names_find(&names, a.items[i]) != NULL) == in_both)
				items[chosen.count++] = a.items[i];
		}
	}
	mw_names_deinit(&names, &failed);
	if (failed)
		mw_arena_fail(arena);
	return chosen;
}

/* What both lists have, by name: who is in the one through a group and in the other by name is left out. */
struct mw_strs mw_merge_both(struct mw_arena *arena, struct mw_strs a, struct mw_strs b)
{
	return a.items == b.items && a.count == b.count ? a : choose(arena, a, b, true);
}

struct mw_strs mw_merge_without(struct mw_arena *arena, struct mw_strs list, struct mw_strs without)
{
	return choose(arena, list, without, false);
}

void mw_merge_union(struct mw_arena *arena, struct mw_strs *list, struct mw_strs more)
{
	struct mw_names names = { 0 };
	struct mw_str *items;
	size_t count = 0;
	bool added, failed = false;

	if (more.count == 0)
		return;
	items = MW_ARENA_ARRAY(arena, struct mw_str, list->count + more.count);
	for (size_t i = 0; items != NULL && i < list->count + more.count; i++) {
		items[count] = i < list->count ? list->items[i] : more.items[i - list->count];
		mw_names_add(&names, items[count], &added);
		count += added;
	}
	mw_names_deinit(&names, &failed);
	if (failed)
		mw_arena_fail(arena);
	if (items != NULL && !failed)
		*list = (struct mw_strs){ items, count };
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

/* A limit that is not said leaves the other one. */
static void take_less(uint64_t *limit, uint64_t other)
{
	if (*limit == MW_NOT_SET || (other != MW_NOT_SET && other < *limit))
		*limit = other;
}

void mw_merge_stricter(struct mw_arena *arena, struct mw_record *record, const struct mw_record *other)
{
	struct mw_principal *principal = &record->principal;

	principal->imap = principal->imap && other->principal.imap;
	principal->pop3 = principal->pop3 && other->principal.pop3;
	principal->sieve = principal->sieve && other->principal.sieve;
	principal->smtp = principal->smtp && other->principal.smtp;
	principal->relay = principal->relay && other->principal.relay;
	take_less(&principal->message_rate_limit, other->principal.message_rate_limit);
	take_less(&principal->recipient_rate_limit, other->principal.recipient_rate_limit);
	take_less(&principal->max_message_size, other->principal.max_message_size);
	take_less(&principal->max_recipients, other->principal.max_recipients);
	record->addresses = mw_merge_both(arena, record->addresses, other->addresses);
	record->receives = mw_merge_both(arena, record->receives, other->receives);
	record->logins = mw_merge_both(arena, record->logins, other->logins);
	record->members = mw_merge_both(arena, record->members, other->members);
	mw_merge_senders(arena, record, other);
}

void mw_merge_senders(struct mw_arena *arena, struct mw_record *record, const struct mw_record *other)
{
	enum mw_senders a = record->principal.senders, b = other->principal.senders;
	struct mw_strs list, second;

	mw_merge_union(arena, &record->senders_denied, other->senders_denied);
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

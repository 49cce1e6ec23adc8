/* SPDX-License-Identifier: MIT */
#include "directory/list_left.h"

#include <stddef.h>

#include "decide/identity.h"
#include "directory/groups.h"
#include "directory/right.h"
#include "mail/network.h"

/* A record after the change. */
struct looking {
	struct mw_editing *editing;
	const struct mw_directory_view *view;
	const struct mw_records *records;
	const struct mw_record *record;
	struct mw_principal principal;
};

static void tell(const struct looking *looking, const struct mw_values_taken *taken, struct mw_str who,
		 const char *what, const struct mw_record *by)
{
	mw_edit_note(looking->editing, "%.*s still is in %s= of %.*s: %s %.*s at %s", MW_STR_ARG(who), taken->key->word,
		     MW_STR_ARG(looking->record->principal.name), what, MW_STR_ARG(by->principal.name),
		     mw_edit_place(looking->editing, looking->records, by->origin));
}

/* By its own name, or as a member of a group. */
static bool tell_listed(const struct looking *looking, const struct mw_values_taken *taken)
{
	const struct mw_directory_view *view = looking->view;
	const struct mw_strs *list = (const void *)((const char *)looking->record + taken->key->at);
	struct mw_principal member, item;
	bool told = false;

	if (mw_right_find(view, taken->item, &member, NULL) != MW_LOOKUP_FOUND)
		return false;
	member.groups = mw_groups_of(view, looking->records, looking->editing->arena, &member);
	for (size_t i = 0; i < list->count; i++) {
		const struct mw_record *by;

		if (view->by_address(view->context, list->items[i], &item, NULL) != MW_LOOKUP_FOUND ||
		    !mw_identity_in(&member, (struct mw_ids){ &item.id, 1 }))
			continue;
		by = mw_records_find(looking->records, item.name);
		told = true;
		if (item.id == member.id || by == NULL)
			tell(looking, taken, member.name, "named by", looking->record);
		else
			tell(looking, taken, member.name, "as a member of", by);
	}
	return told;
}

/* By its own name, which needs no login=: then it is told only. */
static bool tell_login(const struct looking *looking, const struct mw_values_taken *taken)
{
	struct mw_principal user;

	if (mw_identity_login(looking->editing->policy, looking->view, taken->item, &user) != MW_LOOKUP_FOUND ||
	    user.id != looking->principal.id)
		return false;
	mw_edit_note(looking->editing, "%.*s still is a login name of %.*s, at %s", MW_STR_ARG(taken->item),
		     MW_STR_ARG(user.name), mw_edit_place(looking->editing, looking->records, looking->record->origin));
	return !mw_str_equal(taken->item, user.name);
}

static bool tell_address(const struct looking *looking, const struct mw_values_taken *taken)
{
	bool receive = taken->key->at == offsetof(struct mw_record, receives);
	struct mw_principal owner;
	enum mw_held held;

	if (looking->view->by_address(looking->view->context, taken->item, &owner, &held) != MW_LOOKUP_FOUND ||
	    owner.id != looking->principal.id || (!receive && held == MW_HELD_RECEIVE))
		return false;
	mw_edit_note(looking->editing, "%.*s still is an address of %.*s, at %s", MW_STR_ARG(taken->item),
		     MW_STR_ARG(owner.name), mw_edit_place(looking->editing, looking->records, looking->record->origin));
	return true;
}

static bool tell_range(const struct looking *looking, const struct mw_values_taken *taken,
		       const struct mw_ranges *ranges)
{
	const char *why;
	struct mw_range gone;
	bool told = false;

	if (!mw_range_parse(taken->item, &gone, &why))
		return false;
	for (size_t i = 0; i < ranges->count; i++) {
		char memory[128];
		struct mw_buf shown = MW_BUF_OVER(memory);

		if (!mw_range_overlaps(&ranges->items[i], &gone))
			continue;
		told = true;
		mw_range_print(&ranges->items[i], &shown);
		mw_edit_note(looking->editing, "%s= of %.*s still has %.*s, or a part of it: %s at %s", taken->key->word,
			     MW_STR_ARG(looking->record->principal.name), MW_STR_ARG(taken->item), memory,
			     mw_edit_place(looking->editing, looking->records, looking->record->origin));
	}
	return told;
}

static bool tell_one(const struct looking *looking, const struct mw_values_taken *taken)
{
	if (taken->key->read_item == NULL)
		return looking->record->networks != NULL &&
		       tell_range(looking, taken,
				  (const void *)((const char *)looking->record->networks + taken->key->at));
	if (mw_values_name_people(taken->key))
		return tell_listed(looking, taken);
	if (taken->key->at == offsetof(struct mw_record, logins))
		return tell_login(looking, taken);
	return tell_address(looking, taken);
}

bool mw_list_tell_left(struct mw_editing *editing, struct mw_str name, const struct mw_values_taken *taken)
{
	struct looking looking = { .editing = editing };
	bool left = false;

	if (taken == NULL || editing->after == NULL)
		return false;
	looking.view = mw_memory_directory_view(editing->after);
	looking.records = mw_memory_directory_records(editing->after);
	looking.record = mw_records_find(looking.records, name);
	if (looking.record == NULL ||
	    looking.view->by_address(looking.view->context, name, &looking.principal, NULL) != MW_LOOKUP_FOUND)
		return false;
	for (; taken != NULL; taken = taken->next)
		left = tell_one(&looking, taken) || left;
	return left;
}

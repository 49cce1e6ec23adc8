/* SPDX-License-Identifier: MIT */
#include "sync/merge/contest.h"

#include <stdlib.h>

#include "sync/merge/lost.h"
#include "sync/merge/merge.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

void mw_contest_add(struct mw_contest *contest, struct mw_str address)
{
	bool added;

	mw_names_add(&contest->addresses, address, &added);
}

static void add_login(struct mw_contest *contest, struct mw_names *logins, struct mw_str login, uint32_t number)
{
	bool added;
	uint32_t *value = mw_names_add(logins, login, &added);

	if (value != NULL && added)
		*value = number;
	else if (value != NULL && *value != number)
		mw_names_add(&contest->logins, login, &added);
}

bool mw_contest_find_logins(struct mw_contest *contest, const struct mw_slice *slice)
{
	const struct mw_records *records = slice->records;
	struct mw_names logins = { 0 };
	bool failed = false;

	for (size_t i = slice->first_item; i < records->count; i++) {
		const struct mw_record *record = &records->items[i];

		if (record->principal.kind != MW_USER)
			continue;
		add_login(contest, &logins, record->principal.name, (uint32_t)i);
		for (size_t k = 0; k < record->logins.count; k++)
			add_login(contest, &logins, mw_merge_whole_login(records, record->logins.items[k]), (uint32_t)i);
	}
	mw_names_deinit(&logins, &failed);
	return !failed;
}

static bool has_login(const struct mw_records *records, const struct mw_record *record, struct mw_str login)
{
	bool found = mw_str_equal(record->principal.name, login);

	for (size_t i = 0; i < record->logins.count && !found; i++)
		found = mw_str_equal(mw_merge_whole_login(records, record->logins.items[i]), login);
	return found;
}

/* One of the copy has it. What was claimed twice before stands there twice. */
static void set_owner(uint32_t *value, uint32_t owner)
{
	if (*value != owner)
		*value = *value == 0 ? owner : MW_CONTEST_OPEN;
}

/* 1: others claim it, and the record does not. */
static size_t compare_address(struct mw_contest *contest, const struct mw_record *now, uint32_t owner,
			      struct mw_str address)
{
	uint32_t *value = mw_names_find(&contest->addresses, address);
	bool claims = value != NULL && now != NULL && mw_record_has_address(now, address);

	if (value != NULL)
		set_owner(value, claims ? owner : MW_CONTEST_OPEN);
	return value != NULL && !claims;
}

static void compare_login(struct mw_contest *contest, const struct mw_records *records, const struct mw_record *now,
			  uint32_t owner, struct mw_str login)
{
	uint32_t *value = mw_names_find(&contest->logins, login);

	if (value != NULL)
		set_owner(value, now != NULL && has_login(records, now, login) ? owner : MW_CONTEST_OPEN);
}

size_t mw_contest_compare(struct mw_contest *contest, const struct mw_slice *slice, const struct mw_record *old,
			  const struct mw_record *now)
{
	const struct mw_records *records = slice->records;
	uint32_t owner = now == NULL ? 0 : (uint32_t)(now - records->items - slice->first_item) + 1;
	size_t taken;

	if (contest->addresses.count + contest->logins.count == 0 || old->held)
		return 0;
	if (old->bad != NULL || (now != NULL && now->principal.kind != old->principal.kind))
		now = NULL;
	taken = compare_address(contest, now, owner, old->principal.name);
	for (size_t i = 0; i < old->addresses.count; i++)
		taken += compare_address(contest, now, owner, old->addresses.items[i]);
	for (size_t i = 0; i < old->receives.count; i++)
		taken += compare_address(contest, now, owner, old->receives.items[i]);
	if (old->principal.kind == MW_USER && !old->no_login)
		compare_login(contest, records, now, owner, old->principal.name);
	for (size_t i = 0; i < old->logins.count && contest->logins.count > 0; i++)
		compare_login(contest, records, now, owner, mw_merge_whole_login(records, old->logins.items[i]));
	/* What is blocked vanished before. */
	return old->bad != NULL ? 0 : taken;
}

/* Whose it is, if not this one's; NULL: it may have it. */
static const struct mw_record *other_owner(const struct mw_names *contested, const struct mw_slice *slice,
					   const struct mw_record *record, struct mw_str text)
{
	const uint32_t *owner = mw_names_find(contested, text);
	const struct mw_record *other;

	if (owner == NULL || *owner == 0 || *owner == MW_CONTEST_OPEN)
		return NULL;
	other = &slice->records->items[slice->first_item + *owner - 1];
	return other == record ? NULL : other;
}

static void tell(const struct mw_records *records, const struct mw_record *record, const char *what, struct mw_str text,
		 const struct mw_record *other)
{
	mw_errors_add(records->reports, MW_WARNING, mw_origin_file(records, record->origin), record->origin.line, 0, NULL,
		      "%s \"%.*s\" of %.*s is left out: %.*s had it before (%s:%u)", what, SHOW(text),
		      SHOW(record->principal.name), SHOW(other->principal.name), mw_origin_file(records, other->origin),
		      other->origin.line);
}

/* Leaves in the list what is no other's. */
static void settle_list(const struct mw_names *contested, const struct mw_slice *slice, const struct mw_record *record,
			struct mw_strs *list, bool logins)
{
	struct mw_records *records = slice->records;
	struct mw_str *items = NULL;
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct mw_str text = logins ? mw_merge_whole_login(records, list->items[i]) : list->items[i];
		const struct mw_record *other = other_owner(contested, slice, record, text);

		if (other != NULL)
			tell(records, record, logins ? "login" : "address", list->items[i], other);
		if (other != NULL && items == NULL) {
			items = MW_ARENA_ARRAY(records->arena, struct mw_str, list->count);
			records->failed = records->failed || items == NULL;
			if (items == NULL)
				return;
			memcpy(items, list->items, i * sizeof(items[0]));
			count = i;
		} else if (other == NULL && items != NULL) {
			items[count++] = list->items[i];
		}
	}
	if (items != NULL)
		*list = (struct mw_strs){ items, count };
}

/* False: it is left out. */
static bool settle_record(struct mw_contest *contest, const struct mw_slice *slice, struct mw_record *record)
{
	const struct mw_record *other = other_owner(&contest->addresses, slice, record, record->principal.name);

	if (other != NULL) {
		tell(slice->records, record, "all", record->principal.name, other);
		return false;
	}
	settle_list(&contest->addresses, slice, record, &record->addresses, false);
	settle_list(&contest->addresses, slice, record, &record->receives, false);
	if (record->principal.kind != MW_USER || contest->logins.count == 0)
		return true;
	settle_list(&contest->logins, slice, record, &record->logins, true);
	other = other_owner(&contest->logins, slice, record, record->principal.name);
	if (other != NULL)
		tell(slice->records, record, "login", record->principal.name, other);
	record->no_login = record->no_login || other != NULL;
	return true;
}

void mw_contest_note(const struct mw_contest *contest, const struct mw_slice *slice, struct mw_names *names)
{
	const struct mw_records *records = slice->records;
	bool added;

	for (size_t i = slice->first_item; i < records->count && contest->addresses.count > 0; i++) {
		if (other_owner(&contest->addresses, slice, &records->items[i], records->items[i].principal.name) != NULL)
			mw_names_add(names, records->items[i].principal.name, &added);
	}
}

bool mw_contest_settle(struct mw_contest *contest, const struct mw_slice *slice)
{
	struct mw_records *records = slice->records;
	struct mw_lost lost = { 0 };
	bool *gone;

	if (contest->addresses.count + contest->logins.count == 0)
		return true;
	gone = calloc(records->count + 1, sizeof(*gone));
	if (gone == NULL)
		return false;
	for (size_t i = slice->first_item; i < records->count; i++)
		gone[i] = !records->items[i].held && !settle_record(contest, slice, &records->items[i]);
	for (size_t i = slice->first_item; i < records->count; i++) {
		if (gone[i])
			mw_lost_add(&lost, &records->items[i], MW_STR_EMPTY);
	}
	mw_lost_apply(&lost, records, slice->first_item, slice->first_grant);
	mw_lost_deinit(&lost);
	mw_records_drop(records, slice->first_item, gone + slice->first_item);
	free(gone);
	return !records->failed;
}

void mw_contest_deinit(struct mw_contest *contest, bool *failed_io)
{
	mw_names_deinit(&contest->addresses, failed_io);
	mw_names_deinit(&contest->logins, failed_io);
}

/* SPDX-License-Identifier: MIT */
#include "sync/merge/parts.h"

#include "sync/merge/lost.h"
#include "sync/merge/names.h"

static void leave_out(const struct mw_records *records, struct mw_errors *reports, struct mw_origin origin,
		      const char *what)
{
	mw_errors_add(reports, MW_WARNING, mw_origin_file(records, origin), origin.line, 0, NULL,
		      "%s is left out: the source's parts do not have %ss", what, what);
}

static bool is_other(const struct mw_record *record, uint32_t parts)
{
	return (parts & (record->principal.kind == MW_USER ? MW_PART_USERS : MW_PART_GROUPS)) == 0;
}

static void note(struct mw_names *claimed, struct mw_str text, uint32_t number)
{
	bool added;
	uint32_t *value = mw_names_add(claimed, text, &added);

	if (value != NULL)
		*value = added || *value == number ? number : UINT32_MAX;
}

static void note_list(struct mw_names *claimed, struct mw_strs list, uint32_t number)
{
	for (size_t i = 0; i < list.count; i++)
		note(claimed, list.items[i], number);
}

/* Which names of records of other parts another record claims. */
static void find_disputed(struct mw_slice *slice, uint32_t parts)
{
	struct mw_records *records = slice->records;
	struct mw_names claimed = { 0 };
	struct mw_str *items = MW_ARENA_ARRAY(records->arena, struct mw_str, records->count - slice->first_item + 1);
	size_t count = 0;

	for (size_t i = slice->first_item; i < records->count; i++) {
		const struct mw_record *record = &records->items[i];

		note(&claimed, record->principal.name, (uint32_t)i);
		note_list(&claimed, record->addresses, (uint32_t)i);
		note_list(&claimed, record->receives, (uint32_t)i);
	}
	records->failed = records->failed || claimed.failed || items == NULL;
	for (size_t i = slice->first_item; i < records->count && !records->failed; i++) {
		struct mw_str name = records->items[i].principal.name;

		if (is_other(&records->items[i], parts) && !mw_str_empty(name) && *mw_names_find(&claimed, name) == UINT32_MAX)
			items[count++] = name;
	}
	slice->disputed = (struct mw_strs){ items, count };
	mw_names_deinit(&claimed, &records->failed);
}

static bool any_other(const struct mw_slice *slice, uint32_t parts)
{
	for (size_t i = slice->first_item; i < slice->records->count; i++) {
		if (is_other(&slice->records->items[i], parts))
			return true;
	}
	return false;
}

static void drop_items(struct mw_slice *slice, uint32_t parts, struct mw_errors *reports)
{
	struct mw_records *records = slice->records;
	struct mw_lost unnamed = { 0 };
	size_t count = slice->first_item;

	if (!any_other(slice, parts))
		return;
	find_disputed(slice, parts);
	for (size_t i = slice->first_item; i < records->count; i++) {
		const struct mw_record *record = &records->items[i];

		if (!is_other(record, parts)) {
			records->items[count++] = *record;
			continue;
		}
		leave_out(records, reports, record->origin, mw_record_kind(record));
		if (mw_str_empty(record->principal.name)) {
			mw_lost_add(&unnamed, record, MW_STR_EMPTY);
			records->unnamed_keyed--;
		}
	}
	records->count = count;
	mw_lost_apply(&unnamed, records, slice->first_item, slice->first_grant);
	records->failed = records->failed || unnamed.failed;
	mw_lost_deinit(&unnamed);
}

void mw_parts_drop_others(struct mw_slice *slice, uint32_t parts, struct mw_errors *reports)
{
	struct mw_records *records = slice->records;
	size_t count = slice->first_grant;

	drop_items(slice, parts, reports);
	for (size_t i = slice->first_grant; i < records->grant_count; i++) {
		if ((parts & MW_PART_GRANTS) != 0)
			records->grants[count++] = records->grants[i];
		else
			leave_out(records, reports, records->grants[i].origin, "grant");
	}
	records->grant_count = count;
}

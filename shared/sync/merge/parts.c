/* SPDX-License-Identifier: MIT */
#include "sync/merge/parts.h"

static void leave_out(const struct mw_records *records, struct mw_errors *reports, struct mw_origin origin,
		      const char *what)
{
	mw_errors_add(reports, MW_WARNING, mw_origin_file(records, origin), origin.line, 0, NULL,
		      "%s is left out: the source's parts do not have %ss", what, what);
}

static void drop_items(const struct mw_slice *slice, uint32_t parts, struct mw_errors *reports)
{
	struct mw_records *records = slice->records;
	size_t count = slice->first_item;

	for (size_t i = slice->first_item; i < records->count; i++) {
		bool user = records->items[i].principal.kind == MW_USER;

		if ((parts & (user ? MW_PART_USERS : MW_PART_GROUPS)) != 0)
			records->items[count++] = records->items[i];
		else
			leave_out(records, reports, records->items[i].origin, user ? "user" : "group");
	}
	records->count = count;
}

void mw_parts_drop_others(const struct mw_slice *slice, uint32_t parts, struct mw_errors *reports)
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

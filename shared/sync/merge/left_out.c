/* SPDX-License-Identifier: MIT */
#include "sync/merge/left_out.h"

#include "sync/merge/merge.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

/* Whether a name in this source means one that is left out, and not who has the name. */
static bool is_left_out(const struct mw_records *records, const struct mw_names *left_out, uint32_t owner,
			struct mw_str name)
{
	const uint32_t *number = mw_names_find(left_out, name);

	return number != NULL && records->items[*number].owner == owner;
}

/* Leaves in the list who is not left out. `bound`: who is, of a group; else NULL. False when memory is out. */
static bool apply_list(struct mw_records *records, const struct mw_names *left_out, uint32_t owner,
		       struct mw_strs *list, struct mw_strs *bound)
{
	struct mw_str *items, *out;
	size_t count = 0, out_count = 0, i = 0;

	while (i < list->count && !is_left_out(records, left_out, owner, list->items[i]))
		i++;
	if (i == list->count)
		return true;
	items = MW_ARENA_ARRAY(records->arena, struct mw_str, list->count);
	out = MW_ARENA_ARRAY(records->arena, struct mw_str, list->count);
	if (items == NULL || out == NULL)
		return false;
	for (i = 0; i < list->count; i++) {
		if (is_left_out(records, left_out, owner, list->items[i]))
			out[out_count++] = list->items[i];
		else
			items[count++] = list->items[i];
	}
	*list = (struct mw_strs){ items, count };
	return bound == NULL || mw_merge_union(records->arena, bound, (struct mw_strs){ out, out_count });
}

static void apply_to_grants(struct mw_records *records, const struct mw_names *left_out)
{
	size_t count = 0;

	for (size_t i = 0; i < records->grant_count; i++) {
		const struct mw_grant_record *grant = &records->grants[i];

		if (!is_left_out(records, left_out, grant->owner, grant->trustee))
			records->grants[count++] = *grant;
		else
			mw_errors_add(records->reports, MW_WARNING, mw_origin_file(records, grant->origin), grant->origin.line, 0,
				      NULL, "a grant on \"%.*s\" to \"%.*s\" is left out: another source has \"%.*s\"",
				      SHOW(grant->identity), SHOW(grant->trustee), SHOW(grant->trustee));
	}
	records->grant_count = count;
}

bool mw_left_out_apply(struct mw_records *records, const struct mw_names *left_out)
{
	if (left_out->count == 0)
		return true;
	for (size_t i = 0; i < records->count; i++) {
		struct mw_record *record = &records->items[i];

		if (!apply_list(records, left_out, record->owner, &record->members, &record->bound) ||
		    !apply_list(records, left_out, record->owner, &record->senders_list, NULL))
			return false;
	}
	apply_to_grants(records, left_out);
	return true;
}

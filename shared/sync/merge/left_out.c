/* SPDX-License-Identifier: MIT */
#include "sync/merge/left_out.h"

#include "mail/address.h"
#include "sync/merge/merge.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))
#define OWNED_MAX (MW_ADDRESS_MAX + 16)

static struct mw_str owned(uint32_t owner, struct mw_str name, char memory[OWNED_MAX])
{
	struct mw_buf out = mw_buf_over(memory, OWNED_MAX);

	mw_buf_printf(&out, "%u %.*s", owner, MW_STR_ARG(name));
	return mw_buf_str(&out);
}

void mw_left_out_add(struct mw_left_out *left_out, struct mw_records *records, const struct mw_record *record,
		     bool another)
{
	char memory[OWNED_MAX];
	bool added;
	uint32_t *value = mw_names_add(&left_out->names, record->principal.name, &added);

	if (value != NULL)
		*value = (added ? 0 : *value) | another;
	mw_names_add(&left_out->owned,
		     mw_arena_copy(records->arena, owned(record->owner, record->principal.name, memory)), &added);
}

static bool has(const struct mw_left_out *left_out, uint32_t owner, struct mw_str name, bool another)
{
	const uint32_t *value = mw_names_find(&left_out->names, name);
	char memory[OWNED_MAX];

	return value != NULL && (*value != 0 || !another) &&
		mw_names_find(&left_out->owned, owned(owner, name, memory)) != NULL;
}

/* Leaves in the list whom it means. `bound`: who is left out, of a group; else NULL. */
static void apply_list(struct mw_left_out *left_out, struct mw_records *records, uint32_t owner, struct mw_strs *list,
		       struct mw_strs *bound)
{
	struct mw_str *items, *out;
	size_t count = 0, out_count = 0, i = 0;

	while (i < list->count && !has(left_out, owner, list->items[i], true))
		i++;
	if (i == list->count)
		return;
	items = MW_ARENA_ARRAY(records->arena, struct mw_str, list->count);
	out = MW_ARENA_ARRAY(records->arena, struct mw_str, list->count);
	left_out->failed = left_out->failed || items == NULL || out == NULL;
	if (left_out->failed)
		return;
	for (i = 0; i < list->count; i++) {
		if (has(left_out, owner, list->items[i], true))
			out[out_count++] = list->items[i];
		else
			items[count++] = list->items[i];
	}
	*list = (struct mw_strs){ items, count };
	if (bound != NULL)
		mw_merge_union(records->arena, bound, (struct mw_strs){ out, out_count });
}

static void report(struct mw_records *records, const struct mw_grant_record *grant, struct mw_str name)
{
	mw_errors_add(records->reports, MW_WARNING, mw_origin_file(records, grant->origin), grant->origin.line, 0, NULL,
		      "a grant on \"%.*s\" to \"%.*s\" is left out: another source has \"%.*s\"", SHOW(grant->identity),
		      SHOW(grant->trustee), SHOW(name));
}

static void apply_to_grants(const struct mw_left_out *left_out, struct mw_records *records)
{
	size_t count = 0;

	for (size_t i = 0; i < records->grant_count; i++) {
		const struct mw_grant_record *grant = &records->grants[i];

		if (has(left_out, grant->owner, grant->trustee, true))
			report(records, grant, grant->trustee);
		else if (!grant->domain && has(left_out, grant->owner, grant->identity, false))
			report(records, grant, grant->identity);
		else
			records->grants[count++] = *grant;
	}
	records->grant_count = count;
}

void mw_left_out_apply(struct mw_left_out *left_out, struct mw_records *records)
{
	if (left_out->names.count == 0)
		return;
	for (size_t i = 0; i < records->count; i++) {
		struct mw_record *record = &records->items[i];

		apply_list(left_out, records, record->owner, &record->members, &record->bound);
		apply_list(left_out, records, record->owner, &record->senders_list, NULL);
	}
	apply_to_grants(left_out, records);
}

void mw_left_out_deinit(struct mw_left_out *left_out, bool *failed_io)
{
	*failed_io = *failed_io || left_out->failed;
	mw_names_deinit(&left_out->names, failed_io);
	mw_names_deinit(&left_out->owned, failed_io);
}

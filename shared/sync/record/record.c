/* SPDX-License-Identifier: MIT */
#include "sync/record/record.h"

#include <stdlib.h>

#include "base/clock.h"
#include "sync/merge/merge.h"

void mw_records_init(struct mw_records *records, struct mw_arena *arena, struct mw_errors *errors)
{
	memset(records, 0, sizeof(*records));
	records->arena = arena;
	records->errors = errors;
	records->today = mw_clock_today();
	records->errors_before = mw_errors_count(errors, MW_ERROR);
}

void mw_records_deinit(struct mw_records *records)
{
	free(records->sources);
	free(records->items);
	free(records->grants);
	free(records->values);
	memset(records, 0, sizeof(*records));
}

/* Room for one more; false when memory is out. */
static bool grow(void **items, size_t count, size_t *size, size_t item)
{
	size_t more = *size == 0 ? 256 : *size + *size / 2;
	void *larger;

	if (count < *size)
		return true;
	larger = reallocarray(*items, more, item);
	if (larger == NULL)
		return false;
	*items = larger;
	*size = more;
	return true;
}

uint32_t mw_records_add_source(struct mw_records *records, const char *name)
{
	const char **larger = reallocarray(records->sources, records->source_count + 1, sizeof(*larger));

	if (larger == NULL) {
		records->failed = true;
		return 0;
	}
	records->sources = larger;
	larger[records->source_count] = mw_arena_text(records->arena, mw_str(name));
	return (uint32_t)records->source_count++;
}

void mw_records_add(struct mw_records *records, const struct mw_record *record)
{
	void *items = records->items;

	if (!grow(&items, records->count, &records->size, sizeof(*record))) {
		records->failed = true;
		return;
	}
	records->items = items;
	records->items[records->count] = *record;
	records->items[records->count].owner = records->owner;
	records->items[records->count++].complete = records->complete;
}

void mw_records_add_grant(struct mw_records *records, const struct mw_grant_record *grant)
{
	void *grants = records->grants;

	if (!grow(&grants, records->grant_count, &records->grant_size, sizeof(*grant))) {
		records->failed = true;
		return;
	}
	records->grants = grants;
	records->grants[records->grant_count] = *grant;
	records->grants[records->grant_count++].owner = records->owner;
}

void mw_records_add_value(struct mw_records *records, const struct mw_value_record *value)
{
	void *values = records->values;

	if (!grow(&values, records->value_count, &records->value_size, sizeof(*value))) {
		records->failed = true;
		return;
	}
	records->values = values;
	records->values[records->value_count++] = *value;
}

const char *mw_record_kind(const struct mw_record *record)
{
	return record->principal.kind == MW_USER ? "user" : "group";
}

bool mw_record_has_address(const struct mw_record *record, struct mw_str address)
{
	return mw_str_equal(record->principal.name, address) || mw_merge_has(record->addresses, address) ||
	       mw_merge_has(record->receives, address);
}

bool mw_formers_has(const struct mw_formers *formers, struct mw_str name)
{
	for (size_t i = 0; formers != NULL && i < formers->count; i++) {
		if (mw_str_equal(formers->items[i].name, name))
			return true;
	}
	return false;
}

const struct mw_record *mw_records_find(const struct mw_records *records, struct mw_str name)
{
	for (size_t i = 0; i < records->count; i++) {
		if (mw_str_equal(records->items[i].principal.name, name))
			return &records->items[i];
	}
	return NULL;
}

void mw_records_drop(struct mw_records *records, size_t first, const bool *gone)
{
	size_t count = first;

	for (size_t i = first; i < records->count; i++) {
		if (!gone[i - first])
			records->items[count++] = records->items[i];
	}
	records->count = count;
}

bool mw_records_copy_items(const struct mw_records *records, struct mw_records *copy_r)
{
	copy_r->items = calloc(records->count + 1, sizeof(*copy_r->items));
	if (copy_r->items == NULL)
		return false;
	if (records->count > 0)
		memcpy(copy_r->items, records->items, records->count * sizeof(*copy_r->items));
	copy_r->count = copy_r->size = records->count;
	return true;
}

const char *mw_origin_file(const struct mw_records *records, struct mw_origin origin)
{
	return origin.source < records->source_count ? records->sources[origin.source] : "";
}

int mw_origin_compare(struct mw_origin a, struct mw_origin b)
{
	if (a.source != b.source)
		return a.source < b.source ? -1 : 1;
	return a.line < b.line ? -1 : a.line > b.line;
}

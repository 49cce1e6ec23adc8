/* SPDX-License-Identifier: MIT */
#include "sync/record/row.h"

#include <stdlib.h>
#include <unistr.h>

#include "base/table.h"
#include "directory/content.h"
#include "sync/text/field.h"

#define ERROR(reading, at, expected, ...) mw_reading_error((reading), (at), (expected), __VA_ARGS__)
#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

static const char *const name_needed[] = { "name", NULL };
static const char *const grant_needed[] = { "kind", "identity", "trustee", NULL };

/* The keys that a row must have and that are no settings. */
static const char *const *needed_of(enum mw_row kind)
{
	return kind == MW_ROW_GRANT ? grant_needed : name_needed;
}

bool mw_row_needs(enum mw_row kind, struct mw_str key)
{
	for (const char *const *needed = needed_of(kind); *needed != NULL; needed++) {
		if (mw_str_equal_nocase(mw_str(*needed), key))
			return true;
	}
	return false;
}

/* A grant's one key that is no word of it. */
static bool is_until(enum mw_row kind, struct mw_str key)
{
	return kind == MW_ROW_GRANT && mw_str_equal_nocase(key, MW_STR("until"));
}

bool mw_row_has(enum mw_row kind, struct mw_str key)
{
	return mw_row_needs(kind, key) || mw_record_key_find(kind, key) != NULL || is_until(kind, key);
}

void mw_row_print_keys(enum mw_row kind, struct mw_buf *out)
{
	struct mw_word words[64];
	size_t count = 0;

	for (const char *const *needed = needed_of(kind); *needed != NULL; needed++)
		words[count++] = (struct mw_word){ *needed, 0 };
	for (size_t i = 0; i < mw_record_key_count && count < sizeof(words) / sizeof(words[0]); i++) {
		if ((mw_record_keys[i].rows & 1u << kind) != 0)
			words[count++] = (struct mw_word){ mw_record_keys[i].word, 0 };
	}
	if (kind == MW_ROW_GRANT)
		words[count++] = (struct mw_word){ "until", 0 };
	mw_table_print((struct mw_table){ words, count }, out);
}

bool mw_row_is_text(struct mw_reading *reading, struct mw_str key, struct mw_str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (c < ' ' || c == 0x7f) {
			ERROR(reading, value, NULL, "%.*s: a control character (0x%02x)", SHOW(key), c);
			return false;
		}
	}
	if (u8_check((const uint8_t *)value.ptr, value.len) == NULL)
		return true;
	ERROR(reading, value, NULL, "%.*s: no valid UTF-8", SHOW(key));
	return false;
}

static bool is_text(struct mw_reading *reading, const struct mw_column *named)
{
	return mw_row_is_text(reading, named->key, named->value);
}

/* False: it is not there, or bad. */
static bool find_value(struct mw_reading *reading, const struct mw_column *values, size_t count, const char *key,
		       struct mw_str *value_r)
{
	for (size_t i = 0; i < count; i++) {
		if (!mw_str_equal_nocase(values[i].key, mw_str(key)))
			continue;
		*value_r = values[i].value;
		if (values[i].value.len > 0)
			return is_text(reading, &values[i]);
		break;
	}
	ERROR(reading, MW_STR_EMPTY, NULL, "the row has no %s", key);
	return false;
}

static bool read_name(struct mw_reading *reading, const struct mw_column *values, size_t count, struct mw_str *name_r)
{
	struct mw_str name;

	return find_value(reading, values, count, "name", &name) && mw_read_own_address(reading, name, name_r);
}

static void read_principal(struct mw_reading *reading, enum mw_row kind, const struct mw_column *values, size_t count)
{
	struct mw_record record;
	uint64_t seen = 0;
	bool named;

	mw_record_begin(reading, kind == MW_ROW_USER ? MW_USER : MW_GROUP, &record);
	named = read_name(reading, values, count, &record.principal.name);
	for (size_t i = 0; i < count; i++) {
		const struct mw_record_key *key = mw_record_key_find(kind, values[i].key);

		if (mw_row_needs(kind, values[i].key))
			continue;
		if (key != NULL && values[i].value.len == 0 && mw_record_key_is_list(key))
			continue;
		if (is_text(reading, &values[i]))
			mw_record_read(reading, &record, values[i].key, values[i].value, &seen);
	}
	mw_record_end(reading, &record, named);
}

static void read_grant(struct mw_reading *reading, const struct mw_column *values, size_t count)
{
	struct mw_str kind, identity, trustee, until = MW_STR_EMPTY;

	for (size_t i = 0; i < count; i++) {
		if (!is_until(MW_ROW_GRANT, values[i].key))
			continue;
		if (!is_text(reading, &values[i]))
			return;
		until = values[i].value;
	}
	if (find_value(reading, values, count, "kind", &kind) &&
	    find_value(reading, values, count, "identity", &identity) &&
	    find_value(reading, values, count, "trustee", &trustee))
		mw_grant_read(reading, kind, identity, trustee, until);
}

static void read_one(struct mw_reading *reading, struct mw_value_record *record, const struct mw_column *named)
{
	if (is_text(reading, named) && record->key->read_item(reading, named->value, &record->value))
		return;
	record->value = MW_STR_EMPTY;
}

/* A row of values without any is none: an outer join gives such. */
static void read_values(struct mw_reading *reading, enum mw_row kind, const struct mw_column *values, size_t count)
{
	struct mw_value_record record = { .origin = reading->origin };

	if (!read_name(reading, values, count, &record.name)) {
		reading->records->unnamed_rows |= 1u << kind;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		record.key = mw_record_key_find(kind, values[i].key);
		if (record.key == NULL || values[i].value.len == 0)
			continue;
		reading->bad = NULL;
		read_one(reading, &record, &values[i]);
		record.bad = reading->bad;
		mw_records_add_value(reading->records, &record);
	}
}

void mw_row_read(struct mw_reading *reading, enum mw_row kind, const struct mw_column *values, size_t count)
{
	reading->origin.line++;
	reading->line = NULL;
	reading->bad = NULL;
	switch (kind) {
	case MW_ROW_USER:
	case MW_ROW_GROUP: read_principal(reading, kind, values, count); break;
	case MW_ROW_GRANT: read_grant(reading, values, count); break;
	case MW_ROW_ADDRESS:
	case MW_ROW_MEMBER:
	case MW_ROW_LOGIN: read_values(reading, kind, values, count); break;
	case MW_ROW_COPY: break;
	}
}

/* --- values with rows of their own */

static int compare_values(const void *left, const void *right)
{
	const struct mw_value_record *a = left, *b = right;
	int order = mw_content_compare_text(a->name, b->name);

	if (order == 0)
		order = a->key < b->key ? -1 : a->key > b->key;
	return order != 0 ? order : mw_origin_compare(a->origin, b->origin);
}

static int compare_records(const void *left, const void *right)
{
	const struct mw_record *a = *(struct mw_record *const *)left, *b = *(struct mw_record *const *)right;
	int order = mw_content_compare_text(a->principal.name, b->principal.name);

	return order != 0 ? order : mw_origin_compare(a->origin, b->origin);
}

static void report_value(struct mw_records *records, const struct mw_value_record *value, const char *why)
{
	mw_errors_add(records->reports == NULL ? records->errors : records->reports,
		      records->reports == NULL ? MW_ERROR : MW_WARNING, mw_origin_file(records, value->origin),
		      value->origin.line, 0, NULL, "%s of \"%.*s\": %s", value->key->word, SHOW(value->name), why);
}

/* The record gets the values [from, to), which are of one key. */
static bool give(struct mw_records *records, struct mw_record *record, const struct mw_value_record *from,
		 const struct mw_value_record *to)
{
	enum mw_row kind = record->principal.kind == MW_USER ? MW_ROW_USER : MW_ROW_GROUP;
	struct mw_strs *list = mw_record_key_field(from->key, record);
	struct mw_str *items;
	size_t count = list->count;

	if ((from->key->rows & 1u << kind) == 0) {
		report_value(records, from, kind == MW_ROW_USER ? "that is a user" : "that is a group");
		return true;
	}
	items = MW_ARENA_ARRAY(records->arena, struct mw_str, count + (size_t)(to - from));
	if (items == NULL)
		return false;
	if (count > 0)
		memcpy(items, list->items, count * sizeof(items[0]));
	for (; from < to; from++) {
		if (from->bad == NULL)
			items[count++] = from->value;
		else if (record->bad == NULL)
			record->bad = from->bad;
	}
	*list = (struct mw_strs){ items, count };
	return true;
}

/* To the first of these records, and to all others of its name: nobody can tell which of them a row means, so that they
   are bad. */
static bool give_each(struct mw_records *records, struct mw_record *const *by_name, size_t count,
		      const struct mw_value_record *from, const struct mw_value_record *to)
{
	size_t same = 1;

	while (same < count && mw_str_equal(by_name[same]->principal.name, by_name[0]->principal.name))
		same++;
	for (size_t i = 0; i < same; i++) {
		if (!give(records, by_name[i], from, to))
			return false;
		if (same > 1 && by_name[i]->bad == NULL)
			by_name[i]->bad = mw_arena_textf(records->arena, "%s: a row may be of any of %zu records of this name",
							 from->key->word, same);
	}
	return true;
}

static bool give_all(struct mw_records *records, struct mw_record *const *by_name, size_t count)
{
	const struct mw_value_record *from = records->values, *end = from + records->value_count, *to;
	size_t i = 0;

	for (; from < end; from = to) {
		for (to = from + 1; to < end && to->key == from->key && mw_str_equal(to->name, from->name); to++)
			;
		while (i < count && mw_content_compare_text(by_name[i]->principal.name, from->name) < 0)
			i++;
		if (i == count || !mw_str_equal(by_name[i]->principal.name, from->name))
			report_value(records, from, "the source has no such user or group");
		else if (!give_each(records, by_name + i, count - i, from, to))
			return false;
	}
	return true;
}

bool mw_rows_end(struct mw_records *records)
{
	struct mw_record **by_name;
	size_t count = 0;
	bool done;

	if (records->value_count == 0)
		return true;
	by_name = calloc(records->count + 1, sizeof(*by_name));
	if (by_name == NULL)
		return false;
	for (size_t i = 0; i < records->count; i++) {
		if (records->items[i].owner == records->owner)
			by_name[count++] = &records->items[i];
	}
	qsort(by_name, count, sizeof(*by_name), compare_records);
	qsort(records->values, records->value_count, sizeof(records->values[0]), compare_values);
	done = give_all(records, by_name, count);
	free(by_name);
	free(records->values);
	records->values = NULL;
	records->value_count = records->value_size = 0;
	return done;
}

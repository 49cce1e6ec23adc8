/* SPDX-License-Identifier: MIT */
#include "sync/record/key_source.h"

#include "sync/merge/names.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))
#define RIGHT "letters, digits and any of - _ . : + / = @ { }, 128 octets at most"

static bool is_usual(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-_.:+/=@{}", c) != NULL);
}

bool mw_source_key_is_usual(struct mw_str value)
{
	for (size_t i = 0; i < value.len; i++)
		if (!is_usual(value.ptr[i]))
			return false;
	return true;
}

/* Nobody but the source knows what it means: octets are compared. */
void mw_source_key_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
			struct mw_str value)
{
	if (value.len <= MW_SOURCE_KEY_MAX && mw_source_key_is_usual(value))
		record->source_key = mw_arena_text(reading->records->arena, value);
	else
		mw_reading_error(reading, value, RIGHT, "%s: bad value \"%.*s\"", key->word, SHOW(value));
}

void mw_source_key_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record)
{
	if (record->source_key == NULL)
		return;
	mw_text_out_key(out, key->word);
	mw_text_out_add(out, mw_str(record->source_key));
}

static void share(struct mw_records *records, struct mw_record *first, struct mw_record *second)
{
	const char *why = mw_arena_textf(records->arena, "source_key \"%.*s\" belongs to %s %.*s already (%s:%u)",
					 SHOW(mw_str(second->source_key)), mw_record_kind(first), SHOW(first->principal.name),
					 mw_origin_file(records, first->origin), first->origin.line);

	mw_errors_add(records->reports == NULL ? records->errors : records->reports,
		      records->reports == NULL ? MW_ERROR : MW_WARNING, mw_origin_file(records, second->origin),
		      second->origin.line, 0, "a key for each user and group", "%s", why);
	if (first->bad == NULL)
		first->bad = why;
	if (second->bad == NULL)
		second->bad = why;
}

bool mw_source_keys_end(struct mw_records *records, size_t first)
{
	struct mw_names keys = { 0 };
	bool failed = false;

	for (size_t i = first; i < records->count && !keys.failed; i++) {
		struct mw_record *record = &records->items[i];
		uint32_t *value;
		bool added;

		if (record->source_key == NULL)
			continue;
		value = mw_names_add(&keys, mw_str(record->source_key), &added);
		if (added)
			*value = (uint32_t)i;
		else if (value != NULL)
			share(records, &records->items[*value], record);
	}
	mw_names_deinit(&keys, &failed);
	return !failed;
}

/* SPDX-License-Identifier: MIT */
#include "sync/record/key_copy.h"

#include "sync/text/field.h"

void mw_held_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		  struct mw_str value)
{
	(void)reading, (void)key;
	record->held_kind = 1u << (mw_str_equal(value, MW_STR("user")) ? MW_USER : MW_GROUP);
}

void mw_held_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record)
{
	if (record->held_kind == 0)
		return;
	mw_text_out_key(out, key->word);
	mw_text_out_add(out, record->held_kind == 1u << MW_USER ? MW_STR("user") : MW_STR("group"));
}

void mw_flag_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		  struct mw_str value)
{
	(void)reading;
	*(bool *)mw_record_key_field(key, record) = mw_str_equal(value, MW_STR("yes"));
}

void mw_flag_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record)
{
	if (!*(const bool *)((const char *)record + key->at))
		return;
	mw_text_out_key(out, key->word);
	mw_text_out_add(out, MW_STR("yes"));
}

void mw_blocked_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		     struct mw_str value)
{
	(void)key;
	record->bad = mw_text_unquoted(reading->records->arena, value);
}

void mw_blocked_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record)
{
	if (record->bad == NULL)
		return;
	mw_text_out_key(out, key->word);
	mw_text_out_add(out, MW_STR("\""));
	for (const char *why = record->bad; *why != '\0'; why++) {
		if (*why == '"' || *why == '\\')
			mw_text_out_add(out, MW_STR("\\"));
		mw_text_out_add(out, (unsigned char)*why < ' ' ? MW_STR(" ") : (struct mw_str){ why, 1 });
	}
	mw_text_out_add(out, MW_STR("\""));
}

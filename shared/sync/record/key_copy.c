/* SPDX-License-Identifier: MIT */
#include "sync/record/key_copy.h"

#include "base/table.h"
#include "sync/text/field.h"

static const struct mw_word former_words[] = {
	{ "carried", MW_FORMER_CARRIED }, { "passed", MW_FORMER_PASSED },
	{ "claimed", MW_FORMER_CLAIMED }, { "spent", MW_FORMER_SPENT },
	{ "claiming", MW_FORMER_CLAIMING },
};

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

void mw_unconfirmed_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
			 struct mw_str value)
{
	(void)reading, (void)key;
	record->unconfirmed = mw_str_equal(value, MW_STR("yes"));
}

void mw_unconfirmed_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record)
{
	if (!record->unconfirmed)
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

static bool read_former(struct mw_reading *reading, struct mw_str item, struct mw_former *former_r)
{
	struct mw_str state, until;
	uint64_t seconds;
	int value;

	if (!mw_str_split(&item, ':', &state) || !mw_str_split(&item, ':', &until) ||
	    !mw_table_find(MW_TABLE(former_words), state, &value) || !mw_parse_number(until, &seconds) ||
	    seconds > INT64_MAX) {
		mw_reading_error(reading, item, "STATE:SECONDS:NAME", "former: bad value \"%.*s\"",
				 MW_STR_ARG(mw_text_shown(item)));
		return false;
	}
	*former_r = (struct mw_former){ .state = (enum mw_former_state)value, .until = (int64_t)seconds };
	return mw_read_address(reading, item, &former_r->name);
}

void mw_formers_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		     struct mw_str value)
{
	size_t count = mw_text_list_count(value);
	struct mw_formers *formers = MW_ARENA_NEW(reading->records->arena, struct mw_formers);

	(void)key;
	if (formers == NULL)
		return;
	*formers = (struct mw_formers){ MW_ARENA_ARRAY(reading->records->arena, struct mw_former, count), 0 };
	for (size_t i = 0; formers->items != NULL && i < count; i++)
		formers->count += read_former(reading, mw_text_list_next(&value), &formers->items[formers->count]);
	record->formers = formers;
}

void mw_formers_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record)
{
	char memory[64];

	for (size_t i = 0; record->formers != NULL && i < record->formers->count; i++) {
		const struct mw_former *former = &record->formers->items[i];
		struct mw_buf head = MW_BUF_OVER(memory);

		mw_buf_printf(&head, "%s:%lld:", mw_table_word(MW_TABLE(former_words), (int)former->state),
			      (long long)former->until);
		if (i == 0)
			mw_text_out_key(out, key->word);
		else
			mw_text_out_add(out, MW_STR(","));
		mw_text_out_add(out, mw_buf_str(&head));
		mw_text_out_add(out, former->name);
	}
}

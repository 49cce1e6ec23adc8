/* SPDX-License-Identifier: MIT */
#include "report/logfield.h"

#include "base/units.h"

static const struct mw_word verdict_words[] = {
	{ "permit", MW_LOGGED_PERMIT },
	{ "would-refuse", MW_LOGGED_WOULD_REFUSE },
	{ "refuse", MW_LOGGED_REFUSE },
	{ "defer", MW_LOGGED_DEFER },
	{ "undecided", MW_LOGGED_UNDECIDED },
};
const struct mw_table mw_logged_verdicts = MW_TABLE(verdict_words);

enum mw_logged_verdict mw_logged_verdict_of(const struct mw_verdict *verdict)
{
	if (verdict->outcome != MW_PERMIT && !mw_verdict_stops(verdict))
		return MW_LOGGED_WOULD_REFUSE;
	switch (verdict->outcome) {
	case MW_PERMIT:
		return MW_LOGGED_PERMIT;
	case MW_REFUSE:
		return MW_LOGGED_REFUSE;
	case MW_DEFER:
		return MW_LOGGED_DEFER;
	case MW_UNDECIDED:
		break;
	}
	return MW_LOGGED_UNDECIDED;
}

/* --- the kinds */

struct mw_logfield_kind {
	struct mw_str (*write)(const struct mw_logfield *field, const void *place, struct mw_buf *memory);
	bool (*read)(const struct mw_logfield *field, struct mw_str value, void *place);
};

static struct mw_str write_text(const struct mw_logfield *field, const void *place, struct mw_buf *memory)
{
	(void)field, (void)memory;
	return *(const struct mw_str *)place;
}

static bool read_text(const struct mw_logfield *field, struct mw_str value, void *place)
{
	(void)field;
	*(struct mw_str *)place = value;
	return true;
}

static struct mw_str write_ip(const struct mw_logfield *field, const void *place, struct mw_buf *memory)
{
	const struct mw_ip *address = place;

	(void)field;
	if (address->family != MW_FAMILY_UNKNOWN)
		mw_ip_print(address, memory);
	return mw_buf_str(memory);
}

static bool read_ip(const struct mw_logfield *field, struct mw_str value, void *place)
{
	(void)field;
	return mw_ip_parse(value, place);
}

/* Of 16, 32 or 64 bits, as large as its place is; 0 is not known. */
static struct mw_str write_number(const struct mw_logfield *field, const void *place, struct mw_buf *memory)
{
	uint64_t number = field->size == sizeof(uint16_t) ? *(const uint16_t *)place :
			  field->size == sizeof(uint32_t) ? *(const uint32_t *)place : *(const uint64_t *)place;

	if (number != 0)
		mw_buf_add_number(memory, number);
	return mw_buf_str(memory);
}

static bool read_number(const struct mw_logfield *field, struct mw_str value, void *place)
{
	uint64_t number;

	if (!mw_parse_number(value, &number) || number > UINT64_MAX >> (64 - 8 * field->size))
		return false;
	if (field->size == sizeof(uint16_t))
		*(uint16_t *)place = (uint16_t)number;
	else if (field->size == sizeof(uint32_t))
		*(uint32_t *)place = (uint32_t)number;
	else
		*(uint64_t *)place = number;
	return true;
}

/* An enum, as the word of a table. */
static struct mw_str write_word(const struct mw_logfield *field, const void *place, struct mw_buf *memory)
{
	(void)memory;
	return mw_str(mw_table_word(*field->words, *(const int *)place));
}

static bool read_word(const struct mw_logfield *field, struct mw_str value, void *place)
{
	return mw_table_find(*field->words, value, place);
}

/* A flag: the first word of its table when it is set; left out when it is not. */
static struct mw_str write_flag(const struct mw_logfield *field, const void *place, struct mw_buf *memory)
{
	(void)memory;
	return *(const bool *)place ? mw_str(mw_table_word(*field->words, true)) : MW_STR_EMPTY;
}

static bool read_flag(const struct mw_logfield *field, struct mw_str value, void *place)
{
	int number;

	if (!mw_table_find(*field->words, value, &number))
		return false;
	*(bool *)place = number != 0;
	return true;
}

/* --- the table */

#define KIND(name) static const struct mw_logfield_kind name = { write_##name, read_##name }
KIND(text);
KIND(ip);
KIND(number);
KIND(word);
KIND(flag);

enum { VALUE = MW_LOGFIELD_VALUE_MAX, WORD = MW_LOGFIELD_WORD_MAX, FINGERPRINT = MW_LOGFIELD_FINGERPRINT_MAX };

enum {
	NOBODY = 0,
	LOGIN = 1 << MW_DECISION_LOGIN,
	ACCOUNT = 1 << MW_DECISION_ACCOUNT,
	SUBMISSION = 1 << MW_DECISION_SUBMISSION,
	EVERY = LOGIN | ACCOUNT | SUBMISSION,
};

const struct mw_logfield mw_logfields[MW_FIELD_COUNT] = {
#define MW_LOGFIELD(id, key, kind, place, words, most, decisions)                                              \
	[MW_FIELD_##id] = { { key, sizeof(key) - 1 }, &kind, offsetof(struct mw_logged, place),                \
			    sizeof(((struct mw_logged *)NULL)->place), words, most, decisions },
#include "report/logfield.def"
#undef MW_LOGFIELD
};

size_t mw_logfield_find(struct mw_str key, size_t first)
{
	for (size_t i = 0; i < MW_FIELD_COUNT; i++) {
		size_t at = (first + i) % MW_FIELD_COUNT;

		if (mw_str_equal(key, mw_logfields[at].key))
			return at;
	}
	return MW_FIELD_COUNT;
}

struct mw_str mw_logfield_write(const struct mw_logfield *field, const struct mw_logged *logged, struct mw_buf *memory)
{
	return field->kind->write(field, (const char *)logged + field->place, memory);
}

bool mw_logfield_read(const struct mw_logfield *field, struct mw_str value, struct mw_logged *logged_io)
{
	return field->kind->read(field, value, (char *)logged_io + field->place);
}

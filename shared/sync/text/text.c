/* SPDX-License-Identifier: MIT */
#include "sync/text/text.h"

#include <unistr.h>

#include "base/table.h"
#include "sync/text/field.h"

enum word { WORD_USER, WORD_GROUP, WORD_GRANT };

static const struct mw_word words[] = { { "user", WORD_USER }, { "group", WORD_GROUP }, { "grant", WORD_GRANT } };

#define ERROR(reader, at, expected, ...) mw_reading_error(&(reader)->reading, (at), (expected), __VA_ARGS__)
#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

static const char *table_text(struct mw_table table, struct mw_buf *buf)
{
	mw_table_print(table, buf);
	return buf->data;
}

/* Fields one by one; what is wrong with quotes is said here. */
static bool next_field(struct mw_text_reader *reader, struct mw_str *rest, struct mw_str *field)
{
	switch (mw_text_next(rest, field)) {
	case MW_TEXT_FIELD:
		return true;
	case MW_TEXT_OPEN_QUOTE:
		ERROR(reader, *field, NULL, "a quote is not closed");
		*rest = MW_STR_EMPTY;
		return false;
	case MW_TEXT_END:
		break;
	}
	return false;
}

static void read_setting(struct mw_text_reader *reader, struct mw_record *record, struct mw_str field,
			 uint64_t *seen)
{
	size_t equals = mw_str_find(field, '=');

	if (equals == field.len)
		ERROR(reader, field, "KEY=VALUE", "\"%.*s\" is no setting of a %s", SHOW(field),
		      mw_record_kind(record));
	else
		mw_record_read(&reader->reading, record, mw_str_head(field, equals), mw_str_tail(field, equals + 1), seen);
}

static void read_principal(struct mw_text_reader *reader, enum mw_principal_kind kind, struct mw_str word,
			   struct mw_str rest)
{
	struct mw_record record;
	struct mw_str field;
	uint64_t seen = 0;
	bool named;

	mw_record_begin(&reader->reading, kind, &record);
	if (!next_field(reader, &rest, &field)) {
		ERROR(reader, word, "an address", "a %s has no name", kind == MW_USER ? "user" : "group");
		mw_record_end(&reader->reading, &record, false);
		return;
	}
	named = mw_read_own_address(&reader->reading, field, &record.principal.name);
	while (next_field(reader, &rest, &field))
		read_setting(reader, &record, field, &seen);
	mw_record_end(&reader->reading, &record, named);
}

/* What stands behind a grant's three words; false with an error. */
static bool read_grant_key(struct mw_text_reader *reader, struct mw_str field, struct mw_str *until)
{
	size_t equals = mw_str_find(field, '=');
	struct mw_str key = mw_str_head(field, equals);

	if (equals == field.len) {
		ERROR(reader, field, "one grant a line", "\"%.*s\" is too much for a grant", SHOW(field));
	} else if (!mw_str_equal_nocase(key, MW_STR("until"))) {
		ERROR(reader, field, "until", "unknown key \"%.*s\" of a grant", SHOW(key));
	} else if (!mw_str_empty(*until)) {
		ERROR(reader, field, NULL, "until= stands here twice");
	} else if (equals + 1 == field.len) {
		ERROR(reader, field, "a value", "until= has no value");
	} else {
		*until = mw_str_tail(field, equals + 1);
		return true;
	}
	return false;
}

static void read_grant(struct mw_text_reader *reader, struct mw_str word, struct mw_str rest)
{
	struct mw_str kind, identity, trustee, field, until = MW_STR_EMPTY;
	bool good = true;

	if (!next_field(reader, &rest, &kind) || !next_field(reader, &rest, &identity) ||
	    !next_field(reader, &rest, &trustee)) {
		ERROR(reader, word, "grant send-as|send-on-behalf IDENTITY TRUSTEE", "the grant is not complete");
		return;
	}
	while (good && next_field(reader, &rest, &field))
		good = read_grant_key(reader, field, &until);
	if (good)
		mw_grant_read(&reader->reading, kind, identity, trustee, until);
}

/* Reports octets that no line may hold. */
static bool line_is_text(struct mw_text_reader *reader, struct mw_str line)
{
	const uint8_t *bad;
	size_t i;

	/* A record of a database may be larger, and so may what it leaves in a copy. */
	if (line.len > MW_TEXT_LINE_MAX && !reader->reading.records->copy) {
		ERROR(reader, line, NULL, "the line is longer than %zu octets", MW_TEXT_LINE_MAX);
		return false;
	}
	for (i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.ptr[i];

		if ((c < ' ' && c != '\t') || c == 0x7f) {
			ERROR(reader, mw_str_tail(line, i), NULL, "a control character (0x%02x)", c);
			return false;
		}
	}
	bad = u8_check((const uint8_t *)line.ptr, line.len);
	if (bad == NULL)
		return true;
	ERROR(reader, mw_str_tail(line, (size_t)((const char *)bad - line.ptr)), NULL, "no valid UTF-8");
	return false;
}

static void read_line(struct mw_text_reader *reader, struct mw_str line)
{
	struct mw_str rest = line, word;
	char memory[64];
	struct mw_buf buf = MW_BUF_OVER(memory);
	int value;

	reader->reading.line = line.ptr;
	reader->reading.bad = NULL;
	/* Of a bad record the name may be told all the same; a grant that is bad is none (mw_grant_read()). */
	if ((!line_is_text(reader, line) && reader->reading.records->reports == NULL) || !next_field(reader, &rest, &word)) {
		reader->reading.records->unnamed += reader->reading.bad != NULL;
		return;
	}
	if (!mw_table_find(MW_TABLE(words), word, &value)) {
		ERROR(reader, word, table_text(MW_TABLE(words), &buf), "unknown record \"%.*s\"", SHOW(word));
		reader->reading.records->unnamed++;
		return;
	}
	switch ((enum word)value) {
	case WORD_USER: read_principal(reader, MW_USER, word, rest); break;
	case WORD_GROUP: read_principal(reader, MW_GROUP, word, rest); break;
	case WORD_GRANT: read_grant(reader, word, rest); break;
	}
}

void mw_text_begin(struct mw_text_reader *reader, struct mw_records *records, const char *name, struct mw_str text,
		   struct mw_str default_domain)
{
	const struct mw_str mark = MW_STR("\xef\xbb\xbf");

	mw_reading_begin(&reader->reading, records, name, default_domain);
	reader->rest = mw_str_starts_with(text, mark) ? mw_str_tail(text, mark.len) : text;
}

bool mw_text_next_line(struct mw_text_reader *reader)
{
	struct mw_str line;

	if (!mw_str_split(&reader->rest, '\n', &line))
		return false;
	reader->reading.origin.line++;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	read_line(reader, line);
	return true;
}

void mw_text_read(struct mw_records *records, const char *name, struct mw_str text, struct mw_str default_domain)
{
	struct mw_text_reader reader;

	mw_text_begin(&reader, records, name, text, default_domain);
	while (mw_text_next_line(&reader))
		;
}

/* SPDX-License-Identifier: MIT */
#include "sync/text/edit.h"

#include "sync/text/field.h"
#include "sync/text/text.h"

unsigned mw_text_find_user(struct mw_str text, struct mw_str name, struct mw_str default_domain)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_records records;
	struct mw_text_reader reader;
	unsigned line = 0;

	if (arena != NULL && errors != NULL) {
		mw_records_init(&records, arena, errors);
		mw_text_begin(&reader, &records, "", text, default_domain);
		while (line == 0 && mw_text_next_line(&reader)) {
			const struct mw_record *last = records.count > 0 ? &records.items[records.count - 1] : NULL;

			if (last != NULL && last->principal.kind == MW_USER && mw_str_equal(last->principal.name, name))
				line = last->origin.line;
		}
		mw_records_deinit(&records);
	}
	mw_errors_free(errors);
	mw_arena_free(arena);
	return line;
}

/* Text with something put in at an octet of it. */
static struct mw_str insert(struct mw_arena *arena, struct mw_str text, size_t at, struct mw_str more)
{
	char *memory = mw_arena_alloc(arena, text.len + more.len + 1);

	if (memory == NULL)
		return MW_STR_EMPTY;
	memcpy(memory, text.ptr, at);
	memcpy(memory + at, more.ptr, more.len);
	memcpy(memory + at + more.len, text.ptr + at, text.len - at);
	return (struct mw_str){ memory, text.len + more.len };
}

/* A line by its number, without its end. */
static struct mw_str line_of(struct mw_str text, unsigned number)
{
	struct mw_str rest = text, line = MW_STR_EMPTY;

	while (number > 0 && mw_str_split(&rest, '\n', &line))
		number--;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool is_setting(struct mw_str field, struct mw_str key)
{
	return field.len > key.len && field.ptr[key.len] == '=' && mw_str_starts_with_nocase(field, key);
}

struct mw_str mw_text_with_value(struct mw_arena *arena, struct mw_str text, unsigned line, const char *key,
				 struct mw_str value)
{
	const struct mw_str mark = MW_STR("\xef\xbb\xbf");
	struct mw_str rest = line_of(text, line), field, last = MW_STR_EMPTY;
	bool found = false;

	if (mw_str_starts_with(rest, mark))
		rest = mw_str_tail(rest, mark.len);
	while (!found && mw_text_next(&rest, &field) == MW_TEXT_FIELD) {
		last = field;
		found = is_setting(field, mw_str(key));
	}
	if (mw_str_empty(last))
		return MW_STR_EMPTY;
	return insert(arena, text, (size_t)(last.ptr + last.len - text.ptr),
		      mw_str(found ? mw_arena_textf(arena, ",%.*s", MW_STR_ARG(value))
				   : mw_arena_textf(arena, " %s=%.*s", key, MW_STR_ARG(value))));
}

struct mw_str mw_text_with_line(struct mw_arena *arena, struct mw_str text, struct mw_str line)
{
	size_t before = mw_str_find_last(text, '\n');
	bool ended = text.len == 0 || text.ptr[text.len - 1] == '\n';
	const char *end = before < text.len && before > 0 && text.ptr[before - 1] == '\r' ? "\r\n" : "\n";

	return insert(arena, text, text.len,
		      mw_str(mw_arena_textf(arena, "%s%.*s%s", ended ? "" : end, MW_STR_ARG(line), end)));
}

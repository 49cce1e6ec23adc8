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

struct mw_str mw_text_replaced(struct mw_arena *arena, struct mw_str text, struct mw_str part, struct mw_str more)
{
	size_t at = (size_t)(part.ptr - text.ptr), rest = text.len - at - part.len;
	char *memory = mw_arena_alloc(arena, at + more.len + rest + 1);

	if (memory == NULL)
		return MW_STR_EMPTY;
	memcpy(memory, text.ptr, at);
	memcpy(memory + at, more.ptr, more.len);
	memcpy(memory + at + more.len, part.ptr + part.len, rest);
	return (struct mw_str){ memory, at + more.len + rest };
}

/* Text with something put in at an octet of it. */
static struct mw_str insert(struct mw_arena *arena, struct mw_str text, size_t at, struct mw_str more)
{
	return text.len == 0 ? mw_arena_copy(arena, more)
			     : mw_text_replaced(arena, text, (struct mw_str){ text.ptr + at, 0 }, more);
}

struct mw_str mw_text_line(struct mw_str text, unsigned number)
{
	struct mw_str rest = text, line = MW_STR_EMPTY;

	while (number > 0 && mw_str_split(&rest, '\n', &line))
		number--;
	if (number > 0)
		return MW_STR_EMPTY;
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* A line where its fields begin. */
static struct mw_str fields_of(struct mw_str text, unsigned line)
{
	const struct mw_str mark = MW_STR("\xef\xbb\xbf");
	struct mw_str fields = mw_text_line(text, line);

	return mw_str_starts_with(fields, mark) ? mw_str_tail(fields, mark.len) : fields;
}

static bool is_setting(struct mw_str field, struct mw_str key)
{
	return field.len > key.len && field.ptr[key.len] == '=' && mw_str_starts_with_nocase(field, key);
}

/* The setting of this key, the field before it, and, where there is no such setting, the last field. */
struct found { struct mw_str setting, before, last; };

static struct found find_setting(struct mw_str text, unsigned line, const char *key)
{
	struct mw_str rest = fields_of(text, line), field;
	struct found found = { .last = MW_STR_EMPTY };

	while (mw_str_empty(found.setting) && mw_text_next(&rest, &field) == MW_TEXT_FIELD) {
		if (is_setting(field, mw_str(key)))
			found.setting = field;
		found.before = found.last;
		found.last = field;
	}
	return found;
}

struct mw_str mw_text_value(struct mw_str text, unsigned line, const char *key)
{
	struct found found = find_setting(text, line, key);

	return mw_str_empty(found.setting) ? MW_STR_EMPTY : mw_str_tail(found.setting, strlen(key) + 1);
}

static size_t end_of(struct mw_str text, struct mw_str field)
{
	return (size_t)(field.ptr + field.len - text.ptr);
}

static struct mw_str with_setting_behind(struct mw_arena *arena, struct mw_str text, struct mw_str field,
					 const char *key, struct mw_str value)
{
	return insert(arena, text, end_of(text, field), mw_str(mw_arena_textf(arena, " %s=%.*s", key, MW_STR_ARG(value))));
}

struct mw_str mw_text_with_value(struct mw_arena *arena, struct mw_str text, unsigned line, const char *key,
				 struct mw_str value)
{
	struct found found = find_setting(text, line, key);

	if (mw_str_empty(found.last))
		return MW_STR_EMPTY;
	if (mw_str_empty(found.setting))
		return with_setting_behind(arena, text, found.last, key, value);
	return insert(arena, text, end_of(text, found.setting), mw_str(mw_arena_textf(arena, ",%.*s", MW_STR_ARG(value))));
}

struct mw_str mw_text_with_setting(struct mw_arena *arena, struct mw_str text, unsigned line, const char *key,
				   struct mw_str value)
{
	struct found found = find_setting(text, line, key);
	const char *behind;

	if (mw_str_empty(found.last))
		return MW_STR_EMPTY;
	if (mw_str_empty(found.setting))
		return mw_str_empty(value) ? text : with_setting_behind(arena, text, found.last, key, value);
	if (!mw_str_empty(value))
		return mw_text_replaced(arena, text, mw_str_tail(found.setting, strlen(key) + 1), value);
	behind = found.before.ptr + found.before.len;
	return mw_text_replaced(arena, text,
				(struct mw_str){ behind, (size_t)(found.setting.ptr + found.setting.len - behind) }, MW_STR_EMPTY);
}

struct mw_str mw_text_without_item(struct mw_arena *arena, struct mw_str text, struct mw_str item)
{
	/* With the comma before it, or, of the first, behind it. */
	if (item.ptr[-1] == ',')
		item.ptr--;
	item.len++;
	return mw_text_replaced(arena, text, item, MW_STR_EMPTY);
}

struct mw_str mw_text_without_line(struct mw_arena *arena, struct mw_str text, unsigned number)
{
	struct mw_str line = fields_of(text, number);
	size_t after = end_of(text, line);

	if (after < text.len && text.ptr[after] == '\r')
		after++;
	if (after < text.len && text.ptr[after] == '\n')
		after++;
	line.len = after - (size_t)(line.ptr - text.ptr);
	return mw_text_replaced(arena, text, line, MW_STR_EMPTY);
}

struct mw_str mw_text_without_lines(struct mw_arena *arena, struct mw_str text, const bool *gone)
{
	const struct mw_str mark = MW_STR("\xef\xbb\xbf");
	char *memory = mw_arena_alloc(arena, text.len + 1);
	size_t used = 0;

	if (memory == NULL)
		return MW_STR_EMPTY;
	for (unsigned line = 1; text.len > 0; line++) {
		size_t end = mw_str_find(text, '\n'), len = end < text.len ? end + 1 : text.len;
		size_t kept = !gone[line] ? len : line == 1 && mw_str_starts_with(text, mark) ? mark.len : 0;

		memcpy(memory + used, text.ptr, kept);
		used += kept;
		text = mw_str_tail(text, len);
	}
	return (struct mw_str){ memory, used };
}

struct mw_str mw_text_with_line(struct mw_arena *arena, struct mw_str text, struct mw_str line)
{
	size_t before = mw_str_find_last(text, '\n');
	bool ended = text.len == 0 || text.ptr[text.len - 1] == '\n';
	const char *end = before < text.len && before > 0 && text.ptr[before - 1] == '\r' ? "\r\n" : "\n";

	return insert(arena, text, text.len,
		      mw_str(mw_arena_textf(arena, "%s%.*s%s", ended ? "" : end, MW_STR_ARG(line), end)));
}

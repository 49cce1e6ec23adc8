/* SPDX-License-Identifier: MIT */
#include "sync/text/field.h"

#define SHOWN_MAX 200

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The length up to the first such separator outside quotes. */
static size_t find_end(struct mw_str s, bool at_blank, bool *open_quote_r)
{
	bool quoted = false;
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (quoted && s.ptr[i] == '\\' && i + 1 < s.len)
			i++;
		else if (s.ptr[i] == '"')
			quoted = !quoted;
		else if (!quoted && (at_blank ? is_blank(s.ptr[i]) : s.ptr[i] == ','))
			break;
	}
	*open_quote_r = quoted;
	return i;
}

enum mw_text_field mw_text_next(struct mw_str *rest_io, struct mw_str *field_r)
{
	bool open_quote;
	size_t start = 0, len;

	while (start < rest_io->len && is_blank(rest_io->ptr[start]))
		start++;
	*rest_io = mw_str_tail(*rest_io, start);
	if (rest_io->len == 0 || rest_io->ptr[0] == '#')
		return MW_TEXT_END;
	len = find_end(*rest_io, true, &open_quote);
	*field_r = mw_str_head(*rest_io, len);
	*rest_io = mw_str_tail(*rest_io, len);
	return open_quote ? MW_TEXT_OPEN_QUOTE : MW_TEXT_FIELD;
}

size_t mw_text_list_count(struct mw_str list)
{
	size_t count = 1, len;
	bool open_quote;

	while ((len = find_end(list, false, &open_quote)) < list.len) {
		list = mw_str_tail(list, len + 1);
		count++;
	}
	return count;
}

struct mw_str mw_text_list_next(struct mw_str *rest_io)
{
	bool open_quote;
	size_t len = find_end(*rest_io, false, &open_quote);
	struct mw_str item = mw_str_head(*rest_io, len);

	*rest_io = mw_str_tail(*rest_io, len < rest_io->len ? len + 1 : len);
	return item;
}

struct mw_str mw_text_shown(struct mw_str value)
{
	if (value.len <= SHOWN_MAX)
		return value;
	value.len = SHOWN_MAX;
	while (value.len > 0 && ((unsigned char)value.ptr[value.len] & 0xc0) == 0x80)
		value.len--;
	return value;
}

const char *mw_text_unquoted(struct mw_arena *arena, struct mw_str value)
{
	char *text = mw_arena_alloc(arena, value.len + 1);
	size_t used = 0;

	for (size_t i = 1; text != NULL && i + 1 < value.len; i++) {
		if (value.ptr[i] == '\\')
			i++;
		text[used++] = value.ptr[i];
	}
	return text != NULL ? text : "";
}

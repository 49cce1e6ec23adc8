/* SPDX-License-Identifier: MIT */
#include "logs/plain.h"

#include <stdbool.h>
#include <string.h>

#define ESCAPE '\x1b'

/* How long the sequence at `at` is, which begins with ESC; one that does not end is ESC alone. */
static size_t sequence(struct mw_str text, size_t at)
{
	char kind = at + 1 < text.len ? text.ptr[at + 1] : '\0';
	size_t end = at + 2;

	if (kind == '[') {
		while (end < text.len && text.ptr[end] >= 0x20 && text.ptr[end] < 0x40)
			end++;
		return end < text.len ? end + 1 - at : 1;
	}
	if (kind == ']') {
		while (end < text.len && text.ptr[end] != '\a' && text.ptr[end] != ESCAPE)
			end++;
		return end == text.len ? 1 : text.ptr[end] == '\a' ? end + 1 - at : end + 2 <= text.len ? end + 2 - at : 1;
	}
	return kind == '(' && end < text.len ? 3 : 1;
}

static bool is_plain(const char *text, size_t len)
{
	return memchr(text, ESCAPE, len) == NULL && memchr(text, '\t', len) == NULL && memchr(text, '\xc2', len) == NULL;
}

struct mw_str mw_log_plain(char *text, size_t len)
{
	struct mw_str whole = { text, len };
	size_t used = 0, at = 0;

	if (len == 0 || is_plain(text, len))
		return whole;
	while (at < len) {
		if (text[at] == ESCAPE) {
			at += sequence(whole, at);
			continue;
		}
		if (text[at] == '\xc2' && at + 1 < len && text[at + 1] == '\xa0')
			text[++at] = ' ';
		text[used++] = text[at] == '\t' ? ' ' : text[at];
		at++;
	}
	return (struct mw_str){ text, used };
}

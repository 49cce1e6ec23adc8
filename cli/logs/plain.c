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

static struct mw_str leave_out_sequences(char *text, size_t len)
{
	struct mw_str whole = { text, len };
	size_t used = 0;

	for (size_t at = 0; at < len;)
		if (text[at] == ESCAPE)
			at += sequence(whole, at);
		else
			text[used++] = text[at++];
	return mw_str_head(whole, used);
}

/* How long the tab or no-break space at `at` is; 0: none stands there. */
static size_t wide(struct mw_str text, size_t at)
{
	struct mw_str rest = mw_str_tail(text, at);

	return mw_str_starts_with(rest, MW_STR("\t")) ? 1 : mw_str_starts_with(rest, MW_STR("\xc2\xa0")) ? 2 : 0;
}

/* Where the message begins: behind the first colon that ends a word. Before it stands nothing that a client chose. */
static size_t head_length(struct mw_str text)
{
	for (size_t at = 0; at + 1 < text.len; at++)
		if (text.ptr[at] == ':' && (text.ptr[at + 1] == ' ' || wide(text, at + 1) > 0))
			return at + 1 + (text.ptr[at + 1] == ' ' ? 1 : wide(text, at + 1));
	return 0;
}

struct mw_str mw_log_plain(char *text, size_t len)
{
	struct mw_str plain = { text, len };
	size_t used = 0, head;

	if (len == 0 || is_plain(text, len))
		return plain;
	plain = leave_out_sequences(text, len);
	if (mw_str_starts_with(plain, MW_STR("{")))
		return plain;
	head = mw_str_has(plain, " ") ? head_length(plain) : plain.len;
	for (size_t at = 0; at < plain.len;) {
		size_t blank = at < head ? wide(plain, at) : 0;

		text[used++] = blank > 0 ? ' ' : text[at];
		at += blank > 0 ? blank : 1;
	}
	return mw_str_head(plain, used);
}

/* SPDX-License-Identifier: MIT */
#include "base/shell.h"

#include "base/text.h"

/* What every shell takes for itself, wherever it stands in a word. */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("@._+-:/,", c) != NULL);
}

static bool all_plain(struct mw_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!is_plain(text.ptr[i]))
			return false;
	}
	return text.len > 0;
}

/* Bytes at the beginning of a text that may stand between single quotes. */
static size_t quotable(struct mw_str text)
{
	return mw_text_harmless_head(text, '\'', '\0');
}

/* The escapes of the bytes before the next one that may be shown; returns how many bytes. */
static size_t escape(struct mw_buf *out, struct mw_str text)
{
	size_t count = 0;

	mw_buf_add_text(out, "$'");
	do {
		mw_buf_printf(out, "\\%03o", (unsigned)(unsigned char)text.ptr[count]);
		count++;
	} while (count < text.len && mw_text_harmless(mw_str_tail(text, count)) == 0);
	mw_buf_add_char(out, '\'');
	return count;
}

static void quote(struct mw_buf *out, struct mw_str text)
{
	if (mw_str_empty(text))
		mw_buf_add_text(out, "''");
	while (text.len > 0) {
		size_t len = quotable(text);

		if (len > 0) {
			mw_buf_add_char(out, '\'');
			mw_buf_add(out, mw_str_head(text, len));
			mw_buf_add_char(out, '\'');
		} else if (text.ptr[0] == '\'') {
			mw_buf_add_text(out, "\\'");
			len = 1;
		} else {
			len = escape(out, text);
		}
		text = mw_str_tail(text, len);
	}
}

void mw_shell_word(struct mw_buf *out, struct mw_str text)
{
	size_t before = out->used;
	bool truncated = out->truncated;

	out->truncated = false;
	if (all_plain(text))
		mw_buf_add(out, text);
	else
		quote(out, text);
	if (out->truncated) {
		out->used = before;
		out->data[before] = '\0';
	}
	out->truncated |= truncated;
}

void mw_shell_operand(struct mw_buf *out, struct mw_str text)
{
	if (!mw_str_empty(text) && text.ptr[0] == '-')
		mw_buf_add_text(out, "-- ");
	mw_shell_word(out, text);
}

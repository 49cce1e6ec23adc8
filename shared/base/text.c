/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <unistr.h>

static size_t decode(struct mw_str text, ucs4_t *character_r)
{
	int len = u8_mbtoucr(character_r, (const uint8_t *)text.ptr, text.len);

	return len > 0 ? (size_t)len : 0;
}

size_t mw_text_character(struct mw_str text)
{
	ucs4_t character;

	return decode(text, &character);
}

uint32_t mw_text_code(struct mw_str text)
{
	ucs4_t character;

	return decode(text, &character) > 0 ? character : 0;
}

static bool misleads(ucs4_t c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0x200e || c == 0x200f ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x61c || c == 0xfeff;
}

size_t mw_text_harmless_other(struct mw_str text)
{
	ucs4_t character;
	size_t len = decode(text, &character);

	return len == 0 || misleads(character) ? 0 : len;
}

size_t mw_text_harmless_head(struct mw_str text, char stop, char other)
{
	size_t at = 0, len;

	for (; at < text.len && text.ptr[at] != stop && text.ptr[at] != other; at += len) {
		len = mw_text_harmless((struct mw_str){ text.ptr + at, text.len - at });
		if (len == 0)
			break;
	}
	return at;
}

static bool continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

struct mw_str mw_text_cut(struct mw_str text, size_t most)
{
	size_t len = most;

	if (text.len <= most)
		return text;
	/* A character has at most four bytes; invalid bytes may be cut anywhere. */
	while (len > 0 && most - len < 3 && continues(text.ptr[len]))
		len--;
	return mw_str_head(text, continues(text.ptr[len]) ? most : len);
}

void mw_text_escape_byte(struct mw_buf *out, char byte)
{
	static const char digits[] = "0123456789abcdef";

	mw_buf_add(out, MW_STR("\\x"));
	mw_buf_add_char(out, digits[(unsigned char)byte >> 4]);
	mw_buf_add_char(out, digits[(unsigned char)byte & 15]);
}

void mw_text_show(struct mw_buf *out, struct mw_str text)
{
	while (text.len > 0) {
		size_t len = mw_text_harmless_head(text, '\0', '\0');

		mw_buf_add(out, mw_str_head(text, len));
		if (len < text.len)
			mw_text_escape_byte(out, text.ptr[len]);
		text = mw_str_tail(text, len + 1);
	}
}

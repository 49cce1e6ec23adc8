/* SPDX-License-Identifier: MIT */
#include "base/str.h"

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool mw_octets_equal_nocase(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		/* Most texts are equal without folding. */
		if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
			return false;
	}
	return true;
}

bool mw_str_starts_with(struct mw_str s, struct mw_str prefix)
{
	return prefix.len <= s.len && mw_str_equal(mw_str_head(s, prefix.len), prefix);
}

bool mw_str_ends_with(struct mw_str s, struct mw_str suffix)
{
	return suffix.len <= s.len && mw_str_equal(mw_str_tail(s, s.len - suffix.len), suffix);
}

struct mw_str mw_str_trim(struct mw_str s)
{
	while (s.len > 0 && is_blank(s.ptr[0]))
		s = mw_str_tail(s, 1);
	while (s.len > 0 && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

size_t mw_str_find(struct mw_str s, char c)
{
	const char *found = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);

	return found == NULL ? s.len : (size_t)(found - s.ptr);
}

size_t mw_str_find_last(struct mw_str s, char c)
{
	const char *found = s.len == 0 ? NULL : memrchr(s.ptr, c, s.len);

	return found == NULL ? s.len : (size_t)(found - s.ptr);
}

bool mw_str_split(struct mw_str *rest_io, char separator, struct mw_str *field_r)
{
	size_t at;

	if (rest_io->len == 0)
		return false;
	at = mw_str_find(*rest_io, separator);
	*field_r = mw_str_head(*rest_io, at);
	*rest_io = mw_str_tail(*rest_io, at + 1);
	return true;
}

size_t mw_str_find_text(struct mw_str s, const char *words)
{
	const char *at = s.len > 0 ? memmem(s.ptr, s.len, words, strlen(words)) : NULL;

	return at != NULL ? (size_t)(at - s.ptr) : s.len;
}

size_t mw_str_find_last_text(struct mw_str s, const char *words)
{
	size_t len = strlen(words);

	for (size_t at = s.len >= len ? s.len - len + 1 : 0; at-- > 0;)
		if (memcmp(s.ptr + at, words, len) == 0)
			return at;
	return s.len;
}

bool mw_str_has(struct mw_str s, const char *words)
{
	return mw_str_find_text(s, words) < s.len;
}

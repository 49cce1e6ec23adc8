/* A slice of bytes with its length. Never assumes a NUL; owns nothing: it lives as long as what it points into. */
#ifndef MW_BASE_STR_H
#define MW_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct mw_str {
	const char *ptr; /* may be NULL when len is 0 */
	size_t len;
};

#define MW_STR(literal) ((struct mw_str){ (literal), sizeof(literal) - 1 })
#define MW_STR_EMPTY ((struct mw_str){ "", 0 })
/* For printf-like functions: "%.*s", MW_STR_ARG(s) */
#define MW_STR_ARG(s) (int)(s).len, ((s).ptr == NULL ? "" : (s).ptr)

/* The slice over a C string; NULL gives the empty slice. */
static inline struct mw_str mw_str(const char *text)
{
	return text == NULL ? MW_STR_EMPTY : (struct mw_str){ text, strlen(text) };
}

static inline bool mw_str_empty(struct mw_str s) { return s.len == 0; }

static inline bool mw_str_equal(struct mw_str a, struct mw_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Orders octet by octet, a prefix first: below 0, 0 or above 0. */
static inline int mw_str_compare(struct mw_str a, struct mw_str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Private: mw_str_equal_nocase() for texts of the same length. */
bool mw_octets_equal_nocase(const char *a, const char *b, size_t len);

/* ASCII letters compare without regard to case; other bytes as they are. No locale. */
static inline bool mw_str_equal_nocase(struct mw_str a, struct mw_str b)
{
	return a.len == b.len && mw_octets_equal_nocase(a.ptr, b.ptr, a.len);
}

bool mw_str_starts_with(struct mw_str s, struct mw_str prefix);

static inline bool mw_str_starts_with_nocase(struct mw_str s, struct mw_str prefix)
{
	return s.len >= prefix.len && mw_octets_equal_nocase(s.ptr, prefix.ptr, prefix.len);
}

bool mw_str_ends_with(struct mw_str s, struct mw_str suffix);
/* Where the text first / last has these octets (at least one); s.len: nowhere. */
size_t mw_str_find_text(struct mw_str s, const char *words);
size_t mw_str_find_last_text(struct mw_str s, const char *words);
/* Whether it has them. */
bool mw_str_has(struct mw_str s, const char *words);
/* The text without blanks and tabs at both ends. */
struct mw_str mw_str_trim(struct mw_str s);
/* The first n bytes, or all if there are less / all but the first n bytes. */
static inline struct mw_str mw_str_head(struct mw_str s, size_t n)
{
	if (n < s.len)
		s.len = n;
	return s;
}

static inline struct mw_str mw_str_tail(struct mw_str s, size_t n)
{
	if (n > s.len)
		n = s.len;
	if (n > 0) {
		s.ptr += n;
		s.len -= n;
	}
	return s;
}

/* The index of the first / last such byte; s.len: there is none. */
size_t mw_str_find(struct mw_str s, char c);
size_t mw_str_find_last(struct mw_str s, char c);
/* Cuts the next field off *rest_io at `separator` into *field_r. False when nothing is left.
   "a,,b" gives "a", "", "b"; "" gives nothing. */
bool mw_str_split(struct mw_str *rest_io, char separator, struct mw_str *field_r);

#endif

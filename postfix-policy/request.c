/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static const struct mw_str names[] = {
#define MW_ATTRIBUTE(id, name, since) { name, sizeof(name) - 1 },
#include "attributes.def"
#undef MW_ATTRIBUTE
};

_Static_assert(MW_ATTRIBUTE_COUNT <= 64, "mw_request.seen has a bit for each attribute");

const char *mw_attribute_name(enum mw_attribute attribute)
{
	return names[attribute].ptr;
}

void mw_request_init(struct mw_request *request)
{
	request->line = 0;
	request->looked = 0;
	request->attributes = 0;
	request->next = 0;
	request->seen = 0;
}

bool mw_request_has(const struct mw_request *request, enum mw_attribute attribute)
{
	return (request->seen & (UINT64_C(1) << attribute)) != 0;
}

struct mw_str mw_request_value(const struct mw_request *request, const char *bytes, enum mw_attribute attribute)
{
	if (!mw_request_has(request, attribute))
		return MW_STR_EMPTY;
	return (struct mw_str){ bytes + request->values[attribute].offset, request->values[attribute].len };
}

/* memcmp() as a call costs more than the comparing, here where every name has at least four octets. */
static inline bool same_octets(const char *a, const char *b, size_t len)
{
	uint64_t x, y, difference = 0;
	uint32_t p, q;

	if (len < 8) {
		memcpy(&p, a, 4);
		memcpy(&q, b, 4);
		difference = p ^ q;
		memcpy(&p, a + len - 4, 4);
		memcpy(&q, b + len - 4, 4);
		return (difference | (p ^ q)) == 0;
	}
	for (size_t i = 0; i + 8 < len; i += 8) {
		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		difference |= x ^ y;
	}
	memcpy(&x, a + len - 8, 8);
	memcpy(&y, b + len - 8, 8);
	return (difference | (x ^ y)) == 0;
}

#define MW_ATTRIBUTE(id, name, since) _Static_assert(sizeof(name) > 4, "same_octets() reads four");
#include "attributes.def"
#undef MW_ATTRIBUTE

static bool is_named(unsigned row, struct mw_str name)
{
	return names[row].len == name.len && same_octets(names[row].ptr, name.ptr, name.len);
}

/* The next row's name, which it usually is, or what stands before the "=". False: there is none. */
static bool cut_name(const struct mw_request *request, struct mw_str line, struct mw_str *name_r, unsigned *row_r)
{
	const char *equals;

	*row_r = request->next;
	if (request->next < MW_ATTRIBUTE_COUNT) {
		struct mw_str likely = { line.ptr, names[request->next].len };

		if (line.len > likely.len && line.ptr[likely.len] == '=' && is_named(request->next, likely)) {
			*name_r = likely;
			return true;
		}
	}
	equals = memchr(line.ptr, '=', line.len);
	if (equals == NULL)
		return false;
	*name_r = mw_str_head(line, (size_t)(equals - line.ptr));
	for (*row_r = 0; *row_r < MW_ATTRIBUTE_COUNT; ++*row_r) {
		if (is_named(*row_r, *name_r))
			break;
	}
	return true;
}

static bool is_name(struct mw_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~')
			return false;
	}
	return name.len > 0;
}

static const char *store(struct mw_request *request, struct mw_str name, unsigned row, size_t value_len)
{
	if (row == MW_ATTRIBUTE_COUNT)
		return is_name(name) ? NULL : "an attribute's name is empty or not printable";
	if (mw_request_has(request, (enum mw_attribute)row))
		return "an attribute came twice";
	request->seen |= UINT64_C(1) << row;
	request->values[row].offset = (uint32_t)(request->line + name.len + 1);
	request->values[row].len = (uint32_t)value_len;
	request->next = (uint16_t)(row + 1);
	return NULL;
}

/* NULL, or what is wrong with the line. */
static const char *read_line(struct mw_request *request, struct mw_str line)
{
	struct mw_str name;
	unsigned row;

	if (line.len > MW_REQUEST_LINE_MAX)
		return "a line is longer than 8 KiB";
	if (!cut_name(request, line, &name, &row))
		return "a line has no \"=\"";
	if (++request->attributes > MW_REQUEST_ATTRIBUTES_MAX)
		return "there are more than 128 attributes";
	return store(request, name, row, line.len - name.len - 1);
}

static const char *check_whole(const struct mw_request *request, const char *bytes)
{
	if (request->attributes == 0)
		return "the request is empty";
	if (!mw_str_equal(mw_request_value(request, bytes, MW_ATTRIBUTE_REQUEST), MW_STR("smtpd_access_policy")))
		return "it is not request=smtpd_access_policy";
	return NULL;
}

/* The line that is not whole yet: what no later byte can make good. */
static const char *check_rest(const struct mw_request *request, struct mw_str bytes)
{
	if (bytes.len - request->line > MW_REQUEST_LINE_MAX)
		return "a line is longer than 8 KiB";
	if (bytes.len >= MW_REQUEST_MAX)
		return "the request is longer than 64 KiB";
	return NULL;
}

static bool ends_a_line(char c)
{
	return c == '\n' || c == '\r' || c == '\0';
}

/* Lines are short, and a memchr() for each of the three octets costs more than the rest of the reading: all three are
   looked for at once, in as many octets as the processor takes. */
#ifdef __SSE2__
/* A bit for each of the sixteen octets that is below 14: the three, and others that no address or name has. */
static inline unsigned low_octets(const char *at)
{
	const __m128i most = _mm_set1_epi8(13);
	__m128i octets = _mm_loadu_si128((const __m128i *)(const void *)at);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(octets, most), octets));
}

static bool skip_ahead(struct mw_str bytes, size_t *at_io)
{
	for (; *at_io + 16 <= bytes.len; *at_io += 16) {
		for (unsigned low = low_octets(bytes.ptr + *at_io); low != 0; low &= low - 1) {
			size_t found = *at_io + (size_t)__builtin_ctz(low);

			if (ends_a_line(bytes.ptr[found])) {
				*at_io = found;
				return true;
			}
		}
	}
	return false;
}
#else
static bool skip_ahead(struct mw_str bytes, size_t *at_io)
{
	(void)bytes;
	(void)at_io;
	return false;
}
#endif

/* The first newline, carriage return or NUL from `at` on, or bytes.len. */
static size_t find_end(struct mw_str bytes, size_t at)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);

	if (skip_ahead(bytes, &at))
		return at;
	for (; at + 8 <= bytes.len; at += 8) {
		uint64_t word, below;

		memcpy(&word, bytes.ptr + at, 8);
		word = le64toh(word);
		/* A bit for an octet below 14; now and then one too many, never one too few. */
		for (below = (word - ones * 14) & ~word & high; below != 0; below &= below - 1) {
			size_t found = at + (size_t)__builtin_ctzll(below) / 8;

			if (ends_a_line(bytes.ptr[found]))
				return found;
		}
	}
	while (at < bytes.len && !ends_a_line(bytes.ptr[at]))
		at++;
	return at;
}

enum mw_request_progress mw_request_read(struct mw_request *request, struct mw_str bytes, size_t *used_r,
					 const char **why_r)
{
	const char *why = NULL;

	while (why == NULL && request->looked < bytes.len) {
		size_t end = find_end(bytes, request->looked);

		if (end == bytes.len) {
			why = check_rest(request, bytes);
			request->looked = (uint32_t)bytes.len;
			break;
		}
		if (bytes.ptr[end] != '\n') {
			why = "a line holds a NUL or a carriage return";
		} else if (end >= MW_REQUEST_MAX) {
			why = "the request is longer than 64 KiB";
		} else if (end == request->line) {
			*used_r = end + 1;
			why = check_whole(request, bytes.ptr);
			if (why == NULL)
				return MW_REQUEST_WHOLE;
		} else {
			why = read_line(request, (struct mw_str){ bytes.ptr + request->line, end - request->line });
			request->line = request->looked = (uint32_t)(end + 1);
		}
	}
	*why_r = why;
	return why == NULL ? MW_REQUEST_PARTIAL : MW_REQUEST_BAD;
}

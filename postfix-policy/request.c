/* SPDX-License-Identifier: MIT */
#include "request.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define NAME_MAX_LEN 27

/* A name with its "=", in one line of the processor's cache with its length. */
static const struct row {
	uint32_t len;
	char text[NAME_MAX_LEN + 1];
} rows[MW_ATTRIBUTE_COUNT + 1] = {
#define MW_ATTRIBUTE(id, name, since) { sizeof(name), name "=" },
#include "attributes.def"
#undef MW_ATTRIBUTE
	{ UINT32_MAX, "" }, /* longer than any line */
};

#define MW_ATTRIBUTE(id, name, since) \
	_Static_assert(sizeof(name) >= 5 && sizeof(name) <= NAME_MAX_LEN, "same_octets() reads four; a row has room");
#include "attributes.def"
#undef MW_ATTRIBUTE
_Static_assert(MW_ATTRIBUTE_COUNT <= 64, "mw_request.seen has a bit for each attribute");

struct mw_str mw_attribute_name(enum mw_attribute attribute)
{
	return (struct mw_str){ rows[attribute].text, rows[attribute].len - 1 };
}

void mw_request_init(struct mw_request *request)
{
	request->line = 0;
	request->looked = 0;
	request->attributes = 0;
	request->next = 0;
	request->seen = 0;
}

/* Two words that differ in no bit: memcmp() as a call costs more than the comparing. */
static inline uint64_t difference(const char *a, const char *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x ^ y;
}

static inline bool same_octets(const char *a, const char *b, size_t len)
{
	uint64_t differing;
	uint32_t x, y;

	if (len < 8) {
		memcpy(&x, a, 4);
		memcpy(&y, b, 4);
		differing = x ^ y;
		memcpy(&x, a + len - 4, 4);
		memcpy(&y, b + len - 4, 4);
		return (differing | (x ^ y)) == 0;
	}
	differing = difference(a, b) | difference(a + len - 8, b + len - 8);
	for (size_t i = 8; i + 8 < len; i += 8)
		differing |= difference(a + i, b + i);
	return differing == 0;
}

static bool begins_with(struct mw_str line, const struct row *row)
{
	return line.len >= row->len && same_octets(row->text, line.ptr, row->len);
}

static void store(struct mw_request *request, unsigned row, size_t len)
{
	request->seen |= UINT64_C(1) << row;
	request->values[row].offset = request->line + rows[row].len;
	request->values[row].len = (uint32_t)(len - rows[row].len);
	request->next = (uint16_t)(row + 1);
}

static bool is_name(struct mw_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~')
			return false;
	}
	return name.len > 0;
}

/* A line that is not the next row. NULL, or what is wrong with it. */
static const char *read_other_line(struct mw_request *request, struct mw_str line)
{
	size_t equals = mw_str_find(line, '=');
	unsigned row = 0;

	if (equals == line.len)
		return "a line has no \"=\"";
	while (row < MW_ATTRIBUTE_COUNT && (rows[row].len != equals + 1 || !begins_with(line, &rows[row])))
		row++;
	if (row == MW_ATTRIBUTE_COUNT)
		return is_name(mw_str_head(line, equals)) ? NULL : "an attribute's name is empty or not printable";
	if (mw_request_has(request, (enum mw_attribute)row))
		return "an attribute came twice";
	store(request, row, line.len);
	return NULL;
}

/* NULL, or what is wrong with the line. */
static inline const char *read_line(struct mw_request *request, struct mw_str line)
{
	if (line.len > MW_REQUEST_LINE_MAX)
		return "a line is longer than 8 KiB";
	if (++request->attributes > MW_REQUEST_ATTRIBUTES_MAX)
		return "there are more than 128 attributes";
	if (!begins_with(line, &rows[request->next]) || mw_request_has(request, (enum mw_attribute)request->next))
		return read_other_line(request, line);
	store(request, request->next, line.len);
	return NULL;
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

#define BLOCK 64 /* octets; a bit of a word for each */

/* Lines are short, and a memchr() for each of the three octets that end one costs more than the rest of the reading.
   A bit for each octet below 14: the three, and others that no address or name has. */
static uint64_t low_octets(const char *block)
{
	uint64_t low = 0;

#ifdef __SSE2__
	const __m128i most = _mm_set1_epi8(13);

	for (unsigned i = 0; i < BLOCK; i += 16) {
		__m128i octets = _mm_loadu_si128((const __m128i *)(const void *)(block + i));
		__m128i is_low = _mm_cmpeq_epi8(_mm_min_epu8(octets, most), octets);

		low |= (uint64_t)(unsigned)_mm_movemask_epi8(is_low) << i;
	}
#else
	for (unsigned i = 0; i < BLOCK; i++)
		low |= (uint64_t)((unsigned char)block[i] < 14) << i;
#endif
	return low;
}

static uint64_t low_octets_from(struct mw_str bytes, size_t at)
{
	char last[BLOCK];

	if (bytes.len - at >= BLOCK)
		return low_octets(bytes.ptr + at);
	memset(last, 0x7f, sizeof(last));
	memcpy(last, bytes.ptr + at, bytes.len - at);
	return low_octets(last);
}

struct scan {
	struct mw_str bytes;
	size_t next;  /* the block that comes next */
	uint64_t low; /* of the block before it, those that were not looked at */
};

/* The next newline, carriage return or NUL. False: there is none. */
static inline bool next_end(struct scan *scan, size_t *end_r)
{
	for (;;) {
		for (; scan->low != 0; scan->low &= scan->low - 1) {
			size_t at = scan->next - BLOCK + (size_t)__builtin_ctzll(scan->low);
			char c = scan->bytes.ptr[at];

			if (c == '\n' || c == '\r' || c == '\0') {
				scan->low &= scan->low - 1;
				*end_r = at;
				return true;
			}
		}
		if (scan->next >= scan->bytes.len)
			return false;
		scan->low = low_octets_from(scan->bytes, scan->next);
		scan->next += BLOCK;
	}
}

enum mw_request_progress mw_request_read(struct mw_request *request, struct mw_str bytes, size_t *used_r,
					 const char **why_r)
{
	struct scan scan = { bytes, request->looked, 0 };
	const char *why = NULL;
	size_t end;

	while (why == NULL && next_end(&scan, &end)) {
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
			request->line = (uint32_t)(end + 1);
		}
	}
	if (why == NULL)
		why = check_rest(request, bytes);
	request->looked = (uint32_t)bytes.len;
	*why_r = why;
	return why == NULL ? MW_REQUEST_PARTIAL : MW_REQUEST_BAD;
}

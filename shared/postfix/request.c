/* SPDX-License-Identifier: MIT */
#include "postfix/request.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define NAME_MAX_LEN 31 /* with the "=" */

static const struct row {
	char text[NAME_MAX_LEN + 1]; /* a name with its "=" */
	uint32_t len;
	uint32_t octets;             /* a bit for each of the text */
} rows[MW_ATTRIBUTE_COUNT + 1] = {
#define MW_ATTRIBUTE(id, name, since) { name "=", sizeof(name), UINT32_MAX >> (32 - sizeof(name)) },
#include "postfix/attributes.def"
#undef MW_ATTRIBUTE
	{ "", UINT32_MAX, UINT32_MAX }, /* no line: longer than any, and NUL */
};

#define MW_ATTRIBUTE(id, name, since) _Static_assert(sizeof(name) <= NAME_MAX_LEN, "a row has room for the name");
#include "postfix/attributes.def"
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

static bool begins_with(struct mw_str line, const struct row *row)
{
	return line.len >= row->len && memcmp(line.ptr, row->text, row->len) == 0;
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

#ifdef __SSE2__
static inline __m128i load_16(const char *octets)
{
	return _mm_loadu_si128((const __m128i *)(const void *)octets);
}

static inline uint64_t low_of_16(const char *octets)
{
	__m128i all = load_16(octets);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(all, _mm_set1_epi8(13)), all));
}
#endif

/* Lines are short, and a memchr() for each of the three octets that end one costs more than the rest of the reading.
   A bit for each octet below 14: the three, and others that no address or name has. */
static inline uint64_t low_octets(const char *block)
{
#ifdef __SSE2__
	return low_of_16(block) | low_of_16(block + 16) << 16 | low_of_16(block + 32) << 32 | low_of_16(block + 48) << 48;
#else
	uint64_t low = 0;

	for (unsigned i = 0; i < BLOCK; i++)
		low |= (uint64_t)((unsigned char)block[i] < 14) << i;
	return low;
#endif
}

/* Of less than a block. */
static uint64_t low_octets_of_rest(struct mw_str rest)
{
	char block[BLOCK];

	memset(block, 0x7f, sizeof(block));
	memcpy(block, rest.ptr, rest.len);
	return low_octets(block);
}

struct scan {
	struct mw_str bytes;
	size_t next;  /* the block that comes next */
	uint64_t low; /* of the block before it, those that were not looked at */
};

/* Goes on to the block that has one. False: none has. */
static inline bool has_low(struct scan *scan)
{
	while (scan->low == 0) {
		const char *block = scan->bytes.ptr + scan->next;

		if (scan->next >= scan->bytes.len)
			return false;
		scan->low = scan->bytes.len - scan->next >= BLOCK ? low_octets(block) :
				low_octets_of_rest((struct mw_str){ block, scan->bytes.len - scan->next });
		scan->next += BLOCK;
	}
	return true;
}

static inline size_t first_low(const struct scan *scan)
{
	return scan->next - BLOCK + (size_t)__builtin_ctzll(scan->low);
}

/* The next newline, carriage return or NUL. False: there is none. */
static inline bool next_end(struct scan *scan, size_t *end_r)
{
	while (has_low(scan)) {
		char c = scan->bytes.ptr[first_low(scan)];

		*end_r = first_low(scan);
		scan->low &= scan->low - 1;
		if (c == '\n' || c == '\r' || c == '\0')
			return true;
	}
	return false;
}

#ifdef __SSE2__
/* A bit for each of 32 octets that is the same in both. */
static inline uint32_t same_octets(const char *a, const char *b)
{
	int low = _mm_movemask_epi8(_mm_cmpeq_epi8(load_16(a), load_16(b)));
	int high = _mm_movemask_epi8(_mm_cmpeq_epi8(load_16(a + 16), load_16(b + 16)));

	return (uint32_t)low | (uint32_t)high << 16;
}

/* Takes the lines that are the next rows, as Postfix writes them, in half the time that read_line() needs. It leaves
   the first that is anything else: the empty line at the latest, or what is too near to the end to be compared so. */
static inline void read_expected(struct mw_request *request, struct scan *scan)
{
	const struct row *row = &rows[request->next];
	uint64_t seen = request->seen, bit = UINT64_C(1) << request->next;
	size_t next = request->next, line = request->line, end;

	if (request->attributes + MW_ATTRIBUTE_COUNT > MW_REQUEST_ATTRIBUTES_MAX)
		return;
	while (line + sizeof(row->text) <= scan->bytes.len && has_low(scan)) {
		end = first_low(scan);
		if (scan->bytes.ptr[end] != '\n' || end - line > MW_REQUEST_LINE_MAX || (seen & bit) != 0 ||
		    (~same_octets(scan->bytes.ptr + line, row->text) & row->octets) != 0)
			break;
		request->values[next].offset = (uint32_t)line + row->len;
		request->values[next].len = (uint32_t)(end - line) - row->len;
		seen |= bit;
		bit <<= 1;
		row++;
		next++;
		line = end + 1;
		scan->low &= scan->low - 1;
	}
	request->attributes = (uint16_t)(request->attributes + next - request->next);
	request->next = (uint16_t)next;
	request->line = (uint32_t)line;
	request->seen = seen;
}
#else
static void read_expected(struct mw_request *request, struct scan *scan)
{
	(void)request;
	(void)scan;
}
#endif

enum mw_request_progress mw_request_read(struct mw_request *request, struct mw_str bytes, size_t *used_r,
					 const char **why_r)
{
	struct scan scan = { bytes, request->looked, 0 };
	const char *why = NULL;
	size_t end;

	read_expected(request, &scan);
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
			request->line = why == NULL ? (uint32_t)(end + 1) : request->line;
		}
	}
	if (why == NULL)
		why = check_rest(request, bytes);
	request->looked = (uint32_t)bytes.len;
	*why_r = why;
	return why == NULL ? MW_REQUEST_PARTIAL : MW_REQUEST_BAD;
}

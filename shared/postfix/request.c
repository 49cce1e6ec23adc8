/* SPDX-License-Identifier: MIT */
#include "postfix/request.h"

#define NAME_MAX_LEN 31 /* with the "=" */

static const struct row {
	char text[NAME_MAX_LEN + 1]; /* a name with its "=" */
	uint32_t len;
} rows[MW_ATTRIBUTE_COUNT + 1] = {
#define MW_ATTRIBUTE(id, name, since) { name "=", sizeof(name) },
#include "postfix/attributes.def"
#undef MW_ATTRIBUTE
	{ "", UINT32_MAX }, /* no line: longer than any */
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

/* A line that is not the expected next attribute. NULL, or what is wrong with it. */
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

static const char too_long[] = "the request is longer than 64 KiB";

static const char *check_whole(const struct mw_request *request, const char *bytes)
{
	if (request->attributes == 0)
		return "the request is empty";
	if (!mw_str_equal(mw_request_value(request, bytes, MW_ATTRIBUTE_REQUEST), MW_STR("smtpd_access_policy")))
		return "it is not request=smtpd_access_policy";
	return NULL;
}

/* Checks the line that is not whole yet for errors that no later byte can mend. */
static const char *check_rest(const struct mw_request *request, struct mw_str bytes)
{
	if (bytes.len - request->line > MW_REQUEST_LINE_MAX)
		return "a line is longer than 8 KiB";
	if (bytes.len >= MW_REQUEST_MAX)
		return too_long;
	return NULL;
}

/* Searches from `at` on; the length of all bytes when there is none. */
static size_t find_from(struct mw_str bytes, size_t at, char octet)
{
	return at + mw_str_find(mw_str_tail(bytes, at), octet);
}

/* The first octet from `at` on that no request holds. */
static size_t find_bad(struct mw_str bytes, size_t at)
{
	size_t bad = find_from(bytes, at, '\0');

	return find_from(mw_str_head(bytes, bad), at, '\r');
}

/* NULL, or what is wrong with a line that is not empty. */
static const char *read_line(struct mw_request *request, struct mw_str line)
{
	const char *why;

	if (request->line + line.len >= MW_REQUEST_MAX)
		return too_long;
	if (line.len > MW_REQUEST_LINE_MAX)
		return "a line is longer than 8 KiB";
	if (++request->attributes > MW_REQUEST_ATTRIBUTES_MAX)
		return "there are more than 128 attributes";
	if (!begins_with(line, &rows[request->next]) || mw_request_has(request, (enum mw_attribute)request->next)) {
		why = read_other_line(request, line);
		if (why != NULL)
			return why;
	} else {
		store(request, request->next, line.len);
	}
	request->line += (uint32_t)line.len + 1;
	return NULL;
}

enum mw_request_progress mw_request_read(struct mw_request *request, struct mw_str bytes, size_t *used_r,
					 const char **why_r)
{
	size_t bad = find_bad(bytes, request->looked), end = find_from(bytes, request->looked, '\n');
	const char *why = NULL;

	while (why == NULL && end < bad && end > request->line) {
		why = read_line(request, (struct mw_str){ bytes.ptr + request->line, end - request->line });
		end = find_from(bytes, end + 1, '\n');
	}
	request->looked = (uint32_t)bytes.len;
	if (why == NULL && end < bad) {
		*used_r = end + 1;
		why = end < MW_REQUEST_MAX ? check_whole(request, bytes.ptr) : too_long;
		if (why == NULL)
			return MW_REQUEST_WHOLE;
	}
	if (why == NULL && bad < bytes.len)
		why = "a line holds a NUL or a carriage return";
	if (why == NULL)
		why = check_rest(request, bytes);
	*why_r = why;
	return why == NULL ? MW_REQUEST_PARTIAL : MW_REQUEST_BAD;
}

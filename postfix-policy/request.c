/* SPDX-License-Identifier: MIT */
#include "request.h"

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

static bool is_named(unsigned row, struct mw_str name)
{
	return names[row].len == name.len && memcmp(names[row].ptr, name.ptr, name.len) == 0;
}

static unsigned find_row(const struct mw_request *request, struct mw_str name)
{
	if (request->next < MW_ATTRIBUTE_COUNT && is_named(request->next, name))
		return request->next;
	for (unsigned row = 0; row < MW_ATTRIBUTE_COUNT; row++) {
		if (is_named(row, name))
			return row;
	}
	return MW_ATTRIBUTE_COUNT;
}

static bool is_name(struct mw_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~')
			return false;
	}
	return name.len > 0;
}

static const char *store(struct mw_request *request, struct mw_str name, size_t value_len)
{
	unsigned row = find_row(request, name);

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
	const char *equals = memchr(line.ptr, '=', line.len);

	if (line.len > MW_REQUEST_LINE_MAX)
		return "a line is longer than 8 KiB";
	if (memchr(line.ptr, '\0', line.len) != NULL || memchr(line.ptr, '\r', line.len) != NULL)
		return "a line holds a NUL or a carriage return";
	if (equals == NULL)
		return "a line has no \"=\"";
	if (++request->attributes > MW_REQUEST_ATTRIBUTES_MAX)
		return "there are more than 128 attributes";
	struct mw_str name = mw_str_head(line, (size_t)(equals - line.ptr));
	return store(request, name, line.len - name.len - 1);
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
static const char *check_rest(const struct mw_request *request, struct mw_str bytes, struct mw_str fresh)
{
	if (bytes.len - request->line > MW_REQUEST_LINE_MAX)
		return "a line is longer than 8 KiB";
	if (bytes.len >= MW_REQUEST_MAX)
		return "the request is longer than 64 KiB";
	if (fresh.len > 0 && (memchr(fresh.ptr, '\0', fresh.len) != NULL || memchr(fresh.ptr, '\r', fresh.len) != NULL))
		return "a line holds a NUL or a carriage return";
	return NULL;
}

enum mw_request_progress mw_request_read(struct mw_request *request, struct mw_str bytes, size_t *used_r,
					 const char **why_r)
{
	const char *why = NULL;

	while (why == NULL && request->looked < bytes.len) {
		const char *from = bytes.ptr + request->looked;
		const char *newline = memchr(from, '\n', bytes.len - request->looked);

		if (newline == NULL) {
			why = check_rest(request, bytes, mw_str_tail(bytes, request->looked));
			request->looked = (uint32_t)bytes.len;
			break;
		}
		size_t end = (size_t)(newline - bytes.ptr);

		if (end >= MW_REQUEST_MAX) {
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

/* SPDX-License-Identifier: MIT */
/* Invariant: however a stream is cut, the same requests come out of it, with the same values and the same end. */
#include <stdio.h>
#include <stdlib.h>

#include "postfix/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads the request at `bytes` with `step` more bytes each time. */
static enum mw_request_progress read_in_steps(struct mw_request *request, struct mw_str bytes, size_t step,
					      size_t *used_r)
{
	enum mw_request_progress progress = MW_REQUEST_PARTIAL;
	const char *why = NULL;
	size_t len = 0;

	mw_request_init(request);
	while (progress == MW_REQUEST_PARTIAL && len < bytes.len) {
		len = len + step < bytes.len ? len + step : bytes.len;
		/* A copy of its own size: a byte read beyond it is found. */
		char *copy = malloc(len);

		if (copy == NULL)
			abort();
		memcpy(copy, bytes.ptr, len);
		progress = mw_request_read(request, (struct mw_str){ copy, len }, used_r, &why);
		free(copy);
	}
	if (progress == MW_REQUEST_BAD && why == NULL)
		abort();
	if (progress == MW_REQUEST_WHOLE && *used_r > len)
		abort();
	return progress;
}

static void compare(const struct mw_request *a, const struct mw_request *b, const char *bytes)
{
	if (a->seen != b->seen || a->attributes != b->attributes)
		abort();
	for (unsigned i = 0; i < MW_ATTRIBUTE_COUNT; i++) {
		struct mw_str value = mw_request_value(a, bytes, (enum mw_attribute)i);

		if (!mw_str_equal(value, mw_request_value(b, bytes, (enum mw_attribute)i)))
			abort();
		if (value.len > MW_REQUEST_LINE_MAX || memchr(value.ptr, '\n', value.len) != NULL)
			abort();
	}
}

static void judge(const struct mw_request *request, const char *bytes)
{
	static struct mw_quoted quoted;
	struct mw_facts facts;
	const char *why = NULL;

	if (mw_facts_from_request(request, bytes, 20000, &quoted, &facts, &why) != (why == NULL))
		abort();
	if (why == NULL && mw_str_empty(facts.login) && !mw_str_empty(facts.mechanism))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_str rest = { (const char *)data, size };

	while (rest.len > 0) {
		struct mw_request whole, steps;
		size_t used = 0, used_in_steps = 0;
		enum mw_request_progress progress = read_in_steps(&whole, rest, rest.len, &used);

		/* Byte by byte costs the square of the length; a stride does for long ones. */
		if (read_in_steps(&steps, rest, rest.len > 2000 ? 977 : 1, &used_in_steps) != progress)
			abort();
		if (progress != MW_REQUEST_WHOLE)
			return 0;
		if (used != used_in_steps)
			abort();
		compare(&whole, &steps, rest.ptr);
		judge(&whole, rest.ptr);
		rest = mw_str_tail(rest, used);
	}
	return 0;
}

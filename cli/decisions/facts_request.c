/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "decisions/facts_options.h"
#include "ui/output.h"
#include "postfix/facts.h"
#include "postfix/request.h"

#define REQUEST_END "\n\n"

/* The line that the reading stopped at, without its newline, and its number. */
static struct mw_str line_at(struct mw_str text, size_t from, unsigned *number_r)
{
	struct mw_str line = mw_str_tail(text, from);

	*number_r = 1;
	for (size_t i = 0; i < from; i++)
		*number_r += text.ptr[i] == '\n';
	return mw_str_head(line, mw_str_find(line, '\n'));
}

/* What mailwicketd refuses to read. A line that is no attribute makes it no request at all. */
static int refuse(struct mw_given_facts *given, const struct mw_request *request, struct mw_str text, const char *why)
{
	struct mw_buf closed = MW_BUF_OVER(given->closed);
	unsigned number;
	struct mw_str line = line_at(text, request->line, &number);

	if (line.len > 0 && mw_str_find(line, '=') == line.len) {
		mw_complain("line %u of the request: expected name=value", number);
		return EX_NOINPUT;
	}
	if (line.len > 0)
		mw_buf_printf(&closed, "line %u of the request: ", number);
	mw_buf_add_text(&closed, why);
	return EX_OK;
}

int mw_given_facts_from_request(struct mw_given_facts *given, struct mw_str text)
{
	struct mw_facts asked;
	struct mw_request request;
	const char *why;
	size_t used;

	given->captured = true;
	mw_request_init(&request);
	if (mw_request_read(&request, text, &used, &why) != MW_REQUEST_WHOLE)
		return refuse(given, &request, text, why);
	if (!mw_facts_from_request(&request, text.ptr, given->facts.today, &given->quoted, &asked, &why)) {
		struct mw_buf closed = MW_BUF_OVER(given->closed);

		mw_buf_add_text(&closed, why);
		return EX_OK;
	}
	/* No attribute tells these. */
	asked.master = given->facts.master;
	asked.sasl_service = given->facts.sasl_service;
	given->facts = asked;
	return EX_OK;
}

/* False with one line printed. */
static bool read_file(const char *path, char *text, size_t *len_r)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t len;

	if (file == NULL) {
		mw_complain("%s: %s", path, strerror(errno));
		return false;
	}
	len = fread(text, 1, MW_REQUEST_MAX + 1, file);
	if (ferror(file) || len > MW_REQUEST_MAX) {
		mw_complain("%s: %s", path, len > MW_REQUEST_MAX ? "more than 65536 octets" : strerror(errno));
		len = 0;
	} else if (len == 0) {
		mw_complain("%s: no request in it", path);
	}
	if (file != stdin)
		fclose(file);
	*len_r = len;
	return len > 0;
}

int mw_given_facts_from_file(struct mw_given_facts *given, const char *path, char text[MW_REQUEST_TEXT_MAX])
{
	size_t len;

	if (!read_file(path, text, &len))
		return EX_NOINPUT;
	if (!mw_str_has((struct mw_str){ text, len }, REQUEST_END)) {
		const char *end = text[len - 1] == '\n' ? REQUEST_END + 1 : REQUEST_END;

		memcpy(text + len, end, strlen(end));
		len += strlen(end);
	}
	return mw_given_facts_from_request(given, (struct mw_str){ text, len });
}

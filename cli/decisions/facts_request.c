/* SPDX-License-Identifier: MIT */
#include <sysexits.h>

#include "decisions/facts_options.h"
#include "ui/output.h"
#include "postfix/facts.h"
#include "postfix/request.h"

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

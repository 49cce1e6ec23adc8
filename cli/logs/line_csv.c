/* SPDX-License-Identifier: MIT */
#include "logs/line_csv.h"

#include "base/buf.h"

/* The next field as it stands (RFC 4180: within quotes a quote stands twice), and the comma behind it. False: the row
   ends within it. */
static bool take_field(struct mw_str *row, struct mw_str *field_r)
{
	size_t end = 0;
	bool quoted = false;

	for (; end < row->len && (quoted || row->ptr[end] != ','); end++)
		if (row->ptr[end] == '"')
			quoted = !quoted;
	*field_r = mw_str_head(*row, end);
	*row = mw_str_tail(*row, end + 1);
	return !quoted;
}

static void decode(struct mw_str field, struct mw_buf *out)
{
	if (mw_str_starts_with(field, MW_STR("\"")) && mw_str_ends_with(field, MW_STR("\"")) && field.len > 1)
		field = (struct mw_str){ field.ptr + 1, field.len - 2 };
	for (size_t i = 0; i < field.len; i++) {
		mw_buf_add_char(out, field.ptr[i]);
		if (field.ptr[i] == '"' && i + 1 < field.len && field.ptr[i + 1] == '"')
			i++;
	}
}

bool mw_log_csv_read(struct mw_str text, struct mw_why_line *line_r, struct mw_str *written_r, struct mw_str *last_r)
{
	struct mw_buf out = mw_buf_over(line_r->decoded, sizeof(line_r->decoded));
	struct mw_str first = MW_STR_EMPTY, last = MW_STR_EMPTY;
	size_t fields = 0, begin;

	for (; !mw_str_empty(text); fields++) {
		if (!take_field(&text, &last))
			return false;
		if (fields == 0)
			first = last;
	}
	if (fields > 1) {
		decode(first, &out);
		mw_buf_add_char(&out, ' ');
	}
	begin = out.used;
	decode(last, &out);
	*written_r = mw_str(line_r->decoded);
	*last_r = mw_str_tail(*written_r, begin);
	return fields > 0;
}

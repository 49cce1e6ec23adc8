/* SPDX-License-Identifier: MIT */
#include "log_lines.h"

bool mw_log_lines_begin(struct mw_log_lines *lines, struct mw_buf *line_r)
{
	if (sizeof(lines->bytes) - lines->used < MW_LOG_LINE_MAX)
		return false;
	*line_r = mw_buf_over(lines->bytes + lines->used, MW_LOG_LINE_MAX);
	return true;
}

void mw_log_lines_end(struct mw_log_lines *lines, const struct mw_buf *line)
{
	/* Replaces the NUL. */
	line->data[line->used] = '\n';
	lines->used = (size_t)(line->data - lines->bytes) + line->used + 1;
}

void mw_log_lines_taken(struct mw_log_lines *lines, size_t octets)
{
	lines->used -= octets;
	if (lines->used > 0)
		memmove(lines->bytes, lines->bytes + octets, lines->used);
}

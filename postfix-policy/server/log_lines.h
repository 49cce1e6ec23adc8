/* The lines of the log that are not written yet, in order, each with its newline. What is waiting is taken from the front,
   by octets: a line that was begun is finished before the next one, however much of it a write took. */
#ifndef MW_POSTFIX_LOG_LINES_H
#define MW_POSTFIX_LOG_LINES_H

#include "base/buf.h"

#define MW_LOG_LINE_MAX 4000    /* with its newline; below PIPE_BUF, so that a pipe takes it whole or not at all */
#define MW_LOG_LINES_ROOM 65536 /* octets; the lines of a batch of questions have some 45,000 at the most */

/* All zero before. */
struct mw_log_lines {
	size_t used;
	char bytes[MW_LOG_LINES_ROOM];
};

/* A line that the caller writes into line_r; it counts only once mw_log_lines_end() was called for it, before any other
   function here. False: there is no room for one of MW_LOG_LINE_MAX. */
bool mw_log_lines_begin(struct mw_log_lines *lines, struct mw_buf *line_r);
void mw_log_lines_end(struct mw_log_lines *lines, const struct mw_buf *line);

static inline struct mw_str mw_log_lines_waiting(const struct mw_log_lines *lines)
{
	return (struct mw_str){ lines->bytes, lines->used };
}

/* So many octets of what is waiting were written. */
void mw_log_lines_taken(struct mw_log_lines *lines, size_t octets);

#endif

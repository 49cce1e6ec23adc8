/* The decision log's one line, and reading it back: mailwicket-log(5). No client can forge a field or a line. Pure. */
#ifndef MW_REPORT_LOGLINE_H
#define MW_REPORT_LOGLINE_H

#include "report/logfield.h"

/* Every field at its longest, every byte of it escaped. */
#define MW_LOGLINE_MAX 24576

/* "v=1 verdict=refuse reason=... ..." without the "mailwicket: " prefix and without a newline: the fields of logfield.def,
   those left out that are empty. Values are quoted and escaped where needed. All that a decision looks at is there, so
   that it can be taken again (cli/decisions/facts_log.h). */
void mw_logline_write(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out);
/* The same with " credential=exposed" at its end: the password crossed the wire in clear. The login is cut at 64 octets:
   it may be the password, typed into the wrong field. */
void mw_logline_write_exposed(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out);

/* One key=value onto a line, with a blank before it when the line is not empty. */
void mw_logline_field(struct mw_buf *out, const char *key, struct mw_str value);

/* Reads the next field of a line: key, and the value unescaped into `value` (reset first). False at the end or where
   the line is not well formed (*rest_io is then not empty). */
bool mw_logline_next(struct mw_str *rest_io, struct mw_str *key_r, struct mw_buf *value);

/* A line as it was read, unescaped. */
struct mw_logline {
	struct mw_str values[MW_FIELD_COUNT]; /* ptr NULL: the line does not have the field */
	bool repeated;                        /* a field stands there twice, as no line of ours has it; the last one counts */
	char memory[MW_LOGLINE_MAX];
};

static inline bool mw_logline_has(const struct mw_logline *line, enum mw_logfield_id field)
{
	return line->values[field].ptr != NULL;
}

/* `line` without the prefix. Fields that this version does not know are passed over. False: it is not well formed, or not
   of version 1. */
bool mw_logline_read(struct mw_str line, struct mw_logline *line_r);

#endif

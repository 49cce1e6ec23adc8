/* The decision log's one line, and reading it back: mailwicket-log(5). No client can forge a field or a line. Pure. */
#ifndef MW_REPORT_LOGLINE_H
#define MW_REPORT_LOGLINE_H

#include "base/buf.h"
#include "decide/verdict.h"

/* Every field at its longest, every byte of it escaped. */
#define MW_LOGLINE_MAX 12288

/* "v=1 verdict=refuse reason=... ..." without the "mailwicket: " prefix and without a newline. Empty fields are left
   out.
   verdict= permit | refuse | would-refuse (audit) | defer | undecided. Values are quoted and escaped where needed and
   cut at 254 bytes, words such as mechanism and cipher and the login of an exposed credential at 64; cut= names those
   that a decision looks at. All that a decision looks at is there, so that it can be taken again (cli/facts_log.h). */
void mw_logline_write(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out);
/* The same with " credential=exposed" at its end: the password crossed the wire in clear. */
void mw_logline_write_exposed(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out);

/* One key=value onto a line, with a blank before it when the line is not empty. */
void mw_logline_field(struct mw_buf *out, const char *key, struct mw_str value);

/* Reads the next field of a line: key, and the value unescaped into `value` (reset first). False at the end or where
   the line is not well formed (*rest_io is then not empty). */
bool mw_logline_next(struct mw_str *rest_io, struct mw_str *key_r, struct mw_buf *value);

#endif

/* A verdict in words. Pure. */
#ifndef MW_REPORT_PROSE_H
#define MW_REPORT_PROSE_H

#include "base/buf.h"
#include "decide/verdict.h"
#include "policy/model.h"

/* One sentence for a step, e.g. "no send-as grant on bob@example.org for alice@example.org". */
void mw_prose_step(const struct mw_step *step, struct mw_buf *out);
/* The hint of the decision log: the failed step's sentence; nothing when permitted. */
void mw_prose_hint(const struct mw_verdict *verdict, struct mw_buf *out);
/* What to do about a refusal, for the administrator: one or two sentences with the line to write; nothing when
   permitted. `policy` tells how the directory has to name an address (local names, default_domain); NULL: as it came. A
   trace without the step that failed (a line of a log) gives what is right for each that it could be. */
void mw_prose_fix(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_verdict *verdict,
		  struct mw_buf *out);

#endif

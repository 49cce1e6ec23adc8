/* A line of the decision log (mailwicket-log(5)) back to the facts it was decided on, so that the same decision can be
   taken again: the same facts, policy and directory give the same verdict. Pure. */
#ifndef MW_CLI_FACTS_LOG_H
#define MW_CLI_FACTS_LOG_H

#include "decide/verdict.h"
#include "report/logline.h"

/* What the line says was decided. */
enum mw_logged_verdict {
	MW_LOGGED_PERMIT,
	MW_LOGGED_WOULD_REFUSE, /* in audit mode: it passed */
	MW_LOGGED_REFUSE,
	MW_LOGGED_DEFER,
	MW_LOGGED_UNDECIDED
};
extern const struct mw_table mw_logged_verdicts; /* permit would-refuse refuse defer undecided */

struct mw_logged_decision {
	enum mw_decision decision;
	enum mw_logged_verdict verdict;
	enum mw_reason reason;
	struct mw_facts facts; /* without today, which the line's stamp tells; slices point into `values` */
	char values[MW_LOGLINE_MAX];
};

enum mw_logged_state {
	MW_LOGGED_WHOLE,
	MW_LOGGED_OLD,      /* of a version that did not log all facts: no decision= */
	MW_LOGGED_CUT,      /* a value that this decision looks at was too long for the line */
	MW_LOGGED_MALFORMED /* no decision line, or one that lost its end on the way */
};

/* `line` begins with "v=1 ". The decision is filled in for WHOLE alone. */
enum mw_logged_state mw_facts_from_log(struct mw_str line, struct mw_logged_decision *decision_r);

/* The word for a verdict in the log. */
enum mw_logged_verdict mw_logged_verdict_of(const struct mw_verdict *verdict);

#endif

/* A line of the decision log (mailwicket-log(5)) back to the facts it was decided on, so that the same decision can be
   taken again: the same facts, policy and directory give the same verdict. Pure. */
#ifndef MW_CLI_FACTS_LOG_H
#define MW_CLI_FACTS_LOG_H

#include "report/logline.h"

enum mw_logged_state {
	MW_LOGGED_WHOLE,
	MW_LOGGED_OLD,      /* of a version that did not log all facts: no decision= */
	MW_LOGGED_CUT,      /* a value that this decision looks at was too long for the line */
	MW_LOGGED_MALFORMED /* no decision line, or one that lost its end on the way */
};

/* `text` begins with "v=1 ". Its facts are filled in for WHOLE alone, without today, which the line's stamp tells; slices
   point into `line`. */
enum mw_logged_state mw_facts_from_log(struct mw_str text, struct mw_logline *line, struct mw_logged *logged_r);

#endif

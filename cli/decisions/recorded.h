/* Decisions that a log has recorded, to be taken again: what `replay` and `audit` read. */
#ifndef MW_CLI_RECORDED_H
#define MW_CLI_RECORDED_H

#include "decide/directory_view.h"
#include "decisions/facts_log.h"
#include "logs/line.h"

struct mw_recorded {
	enum mw_logged_state state;
	int64_t time; /* seconds since the epoch; 0: the line has no stamp */
	struct mw_logged logged; /* its facts with today, of a state WHOLE alone; slices point into `line` */
	struct mw_logline line;
};

/* Reads a line of a log. False: it is no decision line of Mailwicket's own processes (a client's words in other lines
   count for nothing), or one of before `since` (seconds since the epoch; 0: none is). `today` is for lines without a
   stamp, as mailwicketd writes to standard error. */
bool mw_recorded_read(struct mw_why_clock *clock, struct mw_str line, int64_t since, int64_t today,
		      struct mw_recorded *recorded_r);

/* Takes the decision again. */
void mw_recorded_decide(const struct mw_policy *policy, const struct mw_directory_view *directory,
			const struct mw_logged *logged, struct mw_verdict *verdict_r);

#endif

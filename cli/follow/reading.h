/* One sync, in a process of its own: the one that follows stays small, hears its signals, and outlives what a library of a
   source does wrong. */
#ifndef MW_CLI_FOLLOW_READING_H
#define MW_CLI_FOLLOW_READING_H

#include <sys/types.h>

#include "policy/model.h"
#include "sync/sync.h"

#define MW_READING_LINES 100 /* messages that are told one by one */

struct mw_reading {
	pid_t process; /* 0: none runs */
	int fd;        /* readable when there is something for mw_reading_take(); -1: none */
	size_t used, room;
	char *bytes;
};

/* What came of it. The lines are freed with mw_reading_result_free(). */
struct mw_reading_result {
	bool done;  /* the sources were read, and published where they differ */
	bool broke; /* the process ended otherwise: `lines` has one that says how */
	struct mw_sync_report report;
	size_t errors;       /* how many of the lines are errors; they come first */
	size_t count, more;  /* of the lines; messages beyond them */
	char **lines;
};

/* False with errno. */
bool mw_reading_start(struct mw_reading *reading, const struct mw_policy *policy);
/* Takes what there is, without waiting. True: it is over, and *result_r is filled. */
bool mw_reading_take(struct mw_reading *reading, struct mw_reading_result *result_r);
/* Ends it at once, if it runs. What it has not published yet is not published. */
void mw_reading_stop(struct mw_reading *reading);
void mw_reading_result_free(struct mw_reading_result *result);

#endif

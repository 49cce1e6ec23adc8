/* One sync, in a process of its own: the one that follows stays small, hears its signals, and outlives what a library of a
   source does wrong. */
#ifndef MW_CLI_FOLLOW_READING_H
#define MW_CLI_FOLLOW_READING_H

#include <sys/types.h>

#include "policy/model.h"
#include "sync/sync.h"

#define MW_SYNC_PROCESS_LINES 100 /* messages that are told one by one */

struct mw_sync_process {
	pid_t process; /* 0: none runs */
	int fd;        /* readable when there is something for mw_sync_process_take(); -1: none */
	size_t used, room;
	char *bytes;
	size_t sources; /* of the policy that it reads */
};

/* What came of it. The lines are freed with mw_sync_process_result_free(). */
struct mw_sync_process_result {
	bool done;  /* the sources were read, and published where they differ */
	bool broke; /* the process ended otherwise: `lines` has one that says how */
	struct mw_sync_report report;
	bool rested;         /* some source did */
	struct mw_source_turn *turns; /* [source]; NULL when it broke */
	size_t errors;       /* how many of the lines are errors; they come first */
	size_t count, more;  /* of the lines; messages beyond them */
	char **lines;
};

/* turns[source]: what each does. False with errno. */
bool mw_sync_process_start(struct mw_sync_process *reading, const struct mw_policy *policy,
			   const struct mw_source_turn *turns);
/* Takes what there is, without waiting. True: it is over, and *result_r is filled. */
bool mw_sync_process_take(struct mw_sync_process *reading, struct mw_sync_process_result *result_r);
/* Ends it at once, if it runs. What it has not published yet is not published. */
void mw_sync_process_stop(struct mw_sync_process *reading);
void mw_sync_process_result_free(struct mw_sync_process_result *result);

#endif

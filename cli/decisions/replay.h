/* Recorded decisions taken again. Private to `mailwicket replay`. */
#ifndef MW_CLI_REPLAY_H
#define MW_CLI_REPLAY_H

#include "command.h"
#include "decisions/recorded.h"
#include "decisions/replay_rows.h"

struct mw_replay {
	const struct mw_policy *policy;
	const struct mw_directory_view *directory;
	struct mw_replay_rows *rows;
	struct mw_why_clock clock;
	int64_t today;             /* for lines without a stamp */
	int64_t since;             /* seconds since the epoch: earlier lines are passed over; 0: none is */
	uint64_t changes[MW_REPLAY_CHANGES];
	uint64_t old, cut, malformed; /* decisions that cannot be taken again */
	uint64_t permitted;        /* that the log says were */
	uint64_t without_row;      /* changes for which there was no row any more */
	bool unavailable;          /* a decision needed the directory, and there is none */
	struct mw_recorded recorded; /* the decision that is looked at */
};

/* A line of a log: decides again what it records and counts the outcome. What is no decision line of Mailwicket's own
   processes is passed over: a client's words in other lines count for nothing. */
void mw_replay_line(struct mw_replay *replay, struct mw_str line);
/* Decisions found, decided again or not. */
uint64_t mw_replay_total(const struct mw_replay *replay);

/* What came out, to standard output; at most `limit` rows. False: out of memory. */
bool mw_replay_print(struct mw_replay *replay, bool json, size_t limit);

#endif

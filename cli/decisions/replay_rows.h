/* What replay counts: decisions that come out differently, those of one kind together. Bounded, however many names the
   clients in the log made up. */
#ifndef MW_CLI_REPLAY_ROWS_H
#define MW_CLI_REPLAY_ROWS_H

#include "decisions/facts_log.h"

#define MW_REPLAY_ROWS_MAX 100000

enum mw_replay_change {
	MW_REPLAY_UNCHANGED,
	MW_REPLAY_REFUSED,   /* passed, and would not any more */
	MW_REPLAY_AUDITED,   /* was permitted, and would be refused if the rule were not in audit mode */
	MW_REPLAY_PERMITTED, /* was refused, or would have been, and would pass */
	MW_REPLAY_REASON,    /* refused as before, for another reason */
	MW_REPLAY_CHANGES
};
extern const struct mw_table mw_replay_changes; /* unchanged newly-refused newly-audited newly-permitted other-reason */

struct mw_replay_result {
	enum mw_logged_verdict verdict;
	enum mw_reason reason;
};

/* What changed from one to the other. */
enum mw_replay_change mw_replay_compare(struct mw_replay_result before, struct mw_replay_result after);

struct mw_replay_row {
	enum mw_replay_change change;
	enum mw_decision decision;
	enum mw_protocol protocol;
	struct mw_replay_result before, after;
	const struct mw_connector *connector; /* the rule of `after`, as in struct mw_verdict */
	const struct mw_login_rule *login_rule;
	struct mw_ip client;
	struct mw_str login, sender; /* sender: empty where the reasons are not about it */
	uint64_t count;
};

struct mw_replay_rows;

/* seed: of the hash, not to be guessed. NULL when memory is out. */
struct mw_replay_rows *mw_replay_rows_new(uint64_t seed);
void mw_replay_rows_free(struct mw_replay_rows *rows); /* NULL is allowed */
/* Counts one more decision like this one (its count is not looked at; texts are copied). False: there is no room for
   another row; those that are there count on. */
bool mw_replay_rows_add(struct mw_replay_rows *rows, const struct mw_replay_row *row);
/* All rows, the largest count first, owned by `rows`; nothing may be added after it. */
const struct mw_replay_row *mw_replay_rows_sorted(struct mw_replay_rows *rows, size_t *count_r);

#endif

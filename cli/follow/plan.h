/* When each source is read by the process that follows them: all are at first, then each when it may have changed, each
   `full_every`, and after a failure with growing pauses. The others rest (sync/sync.h). */
#ifndef MW_CLI_FOLLOW_PLAN_H
#define MW_CLI_FOLLOW_PLAN_H

#include "policy/model.h"
#include "sync/sync.h"

#define MW_PLAN_NEVER INT64_MAX
#define MW_PLAN_FIRST_PAUSE 1000

struct mw_plan;

/* How often a source is asked, in milliseconds: its own `interval`, or its driver's. */
int64_t mw_plan_interval(const struct mw_source *source);

/* All times are milliseconds of the monotonic clock. NULL: out of memory. The policy outlives it. */
struct mw_plan *mw_plan_new(const struct mw_policy *policy, int64_t now);
void mw_plan_free(struct mw_plan *plan); /* NULL is allowed */

/* The source may have changed, and is to be read. */
void mw_plan_changed(struct mw_plan *plan, size_t source);
/* It may have changed, or does not answer any more: it is tried as what failed before is. */
void mw_plan_lost(struct mw_plan *plan, size_t source, int64_t now);
/* It could not be read; when it is tried again is settled by its pauses. */
bool mw_plan_is_failing(const struct mw_plan *plan, size_t source);
/* It was read last, and nothing is known to have changed since. */
bool mw_plan_is_read(const struct mw_plan *plan, size_t source);
/* When a reading is to begin for what did not change: something is due for `full_every`, or failed. */
int64_t mw_plan_due(const struct mw_plan *plan);

/* The shortest interval of all. */
int64_t mw_plan_interval_least(const struct mw_plan *plan);

/* A reading begins. Returns what each source does in it, good until the next call. */
const struct mw_source_turn *mw_plan_begin(struct mw_plan *plan, int64_t now);
/* It reads nothing but text that stands as it did, and what failed before: it may give way to another. */
bool mw_plan_only_retries(const struct mw_plan *plan);
/* It ended. `turns`: as it filled them, or NULL where it changed nothing; what it was to read is still to be read then. */
void mw_plan_end(struct mw_plan *plan, const struct mw_source_turn *turns, int64_t now);
/* It was ended so that another may begin: what failed before waits for its next pause. */
void mw_plan_gave_way(struct mw_plan *plan, int64_t now);

#endif

/* What `check` and `status` tell of the process that follows the sources, and of each source that is no text. */
#ifndef MW_CLI_FOLLOWING_H
#define MW_CLI_FOLLOWING_H

#include "base/arena.h"
#include "directory/follower.h"
#include "finding.h"
#include "sync/sync.h"

#define MW_FOLLOWING_GRACE 60        /* seconds that a `mailwicket sync` by cron may take longer than the one before */

/* A source that is no text: others change it, so that somebody has to follow it. */
struct mw_followed_source {
	const struct mw_source *source;
	struct mw_source_state state; /* as the last sync left it; all zero: it was never read */
};

struct mw_following_view {
	enum mw_following following;
	struct mw_follower_state follower;
	bool silent;       /* it holds its lock, and does nothing */
	int64_t now;
	bool other_policy; /* it follows with another policy than the file has */
	const struct mw_followed_source *sources;
	size_t count;
};

/* Looks at what the follower and the last sync left in the folder of the policy. The view lives in the arena, the policy
   outlives it. */
void mw_following_look(struct mw_following_view *view, const struct mw_policy *policy, int64_t now, struct mw_arena *arena);
/* Whether a process follows, with this policy, and does so. */
bool mw_following_is_well(const struct mw_following_view *view);

/* A thing that is wrong: `id` is check's name for it, `source` the one that it is about (NULL: the process), `fix` a
   command. The texts are in the arena. */
typedef void mw_following_fault(void *context, enum mw_finding_id id, const struct mw_source *source, const char *text,
				const char *fix);
void mw_following_judge(const struct mw_following_view *view, struct mw_arena *arena, mw_following_fault *fault, void *context);

/* "the sources are followed by process 12" and a line for each source, each behind `label` (of the first line) or blanks. */
void mw_following_print(const struct mw_following_view *view, const char *label, struct mw_buf *out);
/* Members "follower" and "each_source" of the open object. */
void mw_following_json(const struct mw_following_view *view, struct mw_json *json);
/* Members bad, blocked, held_users, held_groups, held_addresses, digest, several of the open object. */
void mw_source_state_json(const struct mw_source_state *state, struct mw_json *json);

#endif

/* What answers are made from. A world is a policy and a snapshot of the directory, one with the other, and never
   changes: a reload, or a new snapshot, puts another in its place. A question that waits goes on with its own, which is
   freed when the last one that used it is answered. */
#ifndef MW_POSTFIX_WORLD_H
#define MW_POSTFIX_WORLD_H

#include <sys/types.h>

#include "decide/submission.h"
#include "directory/watch.h"
#include "peer.h"
#include "report/daemon_status.h"

#define MW_PEERS_MAX 64

struct mw_world {
	unsigned uses; /* it serves, and each question that waits */
	struct mw_counted_policy *counted;
	const struct mw_policy *policy;
	struct mw_directory_hold *directory;
};

/* The one that serves, and what follows its files. */
struct mw_worlds {
	const char *path; /* of the policy file */
	char host_name[256];
	struct mw_world *current;
	struct mw_directory *directory;
	struct mw_directory_watch watch; /* what was last said about it */
	int64_t today;
	/* Seconds since the epoch, of the last tick; when Postfix last asked as in an audit that enforces nothing, and otherwise;
	   when that was last complained of. 0: never. */
	int64_t now, asked_in_audit, asked_otherwise, complained;
	int64_t policy_read; /* seconds since the epoch */
	bool reload_failed;  /* since then */
	uid_t peers[MW_PEERS_MAX];
	size_t peer_count, trusted_count; /* the first ones are root, this process's own user, postfix */
};

/* Reads the policy and logs every error and warning. False: nothing changed. */
bool mw_worlds_load(struct mw_worlds *worlds, const char *path);
/* Only reads it, and looks at the directory: for -t. An exit code: EX_DATAERR where the published directory is there and
   cannot be read. */
int mw_worlds_test(struct mw_worlds *worlds, const char *path);
/* The same as mw_worlds_load() where one already serves: while the file has an error the old policy goes on. */
bool mw_worlds_reload(struct mw_worlds *worlds);
/* Nothing may use a world any more. */
void mw_worlds_free(struct mw_worlds *worlds);

/* A few times a second: follows the directory's name, logs what changed; a new day ends audits. Each minute it complains of
   questions of an audit that enforces nothing (struct mw_facts, of_audit) while a rule is enforced. */
void mw_worlds_tick(struct mw_worlds *worlds);
/* A question was asked so, or not. */
void mw_worlds_asked(struct mw_worlds *worlds, bool of_audit);

/* What serves, but for the program's version. */
void mw_worlds_status(const struct mw_worlds *worlds, struct mw_daemon_status *status_r);

/* One more that uses it, and one less. */
struct mw_world *mw_world_hold(struct mw_world *world);
void mw_world_release(struct mw_world *world); /* NULL is allowed */

void mw_world_decide(const struct mw_world *world, const struct mw_facts *facts, struct mw_verdict *verdict_r);
/* Who is suspended by now counts for a world that is held, whatever serves meanwhile. */
void mw_worlds_look_again(struct mw_worlds *worlds, struct mw_world *world);

/* Whether it may ask: a process of this user over a unix socket, an address over TCP. Says in peer_io whether it is trusted
   with as many connections as there are. */
bool mw_worlds_serve(const struct mw_worlds *worlds, struct mw_peer *peer_io);

#endif

/* What answers are made from: the policy that serves and the published directory. Replaced whole or not at all. */
#ifndef MW_POSTFIX_STATE_H
#define MW_POSTFIX_STATE_H

#include <sys/types.h>

#include "decide/submission.h"
#include "directory/watch.h"
#include "lookup_cache.h"
#include "peer.h"

#define MW_STATE_PEERS_MAX 64

struct mw_state {
	const char *path; /* of the policy file */
	char host_name[256];
	struct mw_policy *policy;
	struct mw_directory *directory;
	struct mw_lookup_cache *cache; /* of this directory */
	struct mw_directory_watch watch; /* what was last said about it */
	int64_t today;
	uid_t peers[MW_STATE_PEERS_MAX];
	size_t peer_count, trusted_count; /* the first ones are root, this process's own user, postfix */
};

/* Reads the policy and logs every error and warning. False: nothing in the state changed. */
bool mw_state_load(struct mw_state *state, const char *path);
/* Only reads it: for -t. */
bool mw_state_test(struct mw_state *state, const char *path);
/* The same as mw_state_load() for what already serves: while the file has an error the old policy goes on. */
bool mw_state_reload(struct mw_state *state);
void mw_state_free(struct mw_state *state);

/* A few times a second: follows the directory's name, logs what changed; a new day ends audits. */
void mw_state_tick(struct mw_state *state);

void mw_state_decide(const struct mw_state *state, const struct mw_facts *facts, struct mw_verdict *verdict_r);

/* Whether it may ask: a process of this user over a unix socket, an address over TCP. Says in peer_io whether it is trusted
   with as many connections as there are. */
bool mw_state_serves(const struct mw_state *state, struct mw_peer *peer_io);

#endif

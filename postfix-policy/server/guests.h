/* Who holds how many connections: a user over unix sockets, an address over TCP. Private to pool.c and to what it serves. */
#ifndef MW_POSTFIX_GUESTS_H
#define MW_POSTFIX_GUESTS_H

#include "pooled.h"

#define MW_GUEST_BUCKETS 1024

/* The connections to close next, the longest idle first. One in the list may be used again, or closed, before its
   turn. */
struct mw_leavers {
	size_t count, next;
	double none_at; /* when a walk last found none */
	struct { struct mw_pooled *connection; double since; } items[64];
};

struct mw_guest {
	struct mw_guest *next;      /* in its bucket */
	struct mw_peer peer;
	size_t count;               /* of its connections; never 0 */
	size_t kept;                /* of what its connections began, what outlives a turn of the loop */
	struct mw_leavers *leavers; /* NULL: none of its connections had to be closed yet */
};

struct mw_guests {
	struct mw_guest *buckets[MW_GUEST_BUCKETS];
	uint64_t seed;              /* of the hash: a client chooses its address */
	size_t strangers;           /* connections of those that are not trusted */
	size_t kept;                /* of what they began, what outlives a turn of the loop */
	struct mw_leavers leavers[2]; /* of all untrusted peers; by `busy`, mw_guest_first_to_go() */
};

void mw_guests_init(struct mw_guests *guests);
/* Counts one more connection of a peer. NULL when memory is out. */
struct mw_guest *mw_guest_enter(struct mw_guests *guests, const struct mw_peer *peer);
/* Counts one less. The guest is freed with its last connection. */
void mw_guest_leave(struct mw_guests *guests, struct mw_guest *guest);
/* Whether one more thing that the guest began (a question, a message) may outlive a turn of the loop, where `most` may. An
   untrusted peer may have half of them, and all untrusted peers together three quarters, so that Postfix finds room. */
bool mw_guest_may_keep(const struct mw_guests *guests, const struct mw_guest *guest, size_t most);
void mw_guest_keeps(struct mw_guests *guests, struct mw_guest *guest);
void mw_guest_returns(struct mw_guests *guests, struct mw_guest *guest);
/* How many connections a peer has. */
size_t mw_guest_count(const struct mw_guests *guests, const struct mw_peer *peer);

/* The connection to close to make room: the longest idle one of this peer, or (NULL) of the untrusted peer that has
   the most. `busy`: it may be within a request, or not take its answer; the same for every call with the same peer.
   NULL where there is none. */
struct mw_pooled *mw_guest_first_to_go(struct mw_pool *all, const struct mw_peer *peer, bool busy);

#endif

/* Who holds how many connections: a user over unix sockets, an address over TCP. Private to connection.c. */
#ifndef MW_POSTFIX_GUESTS_H
#define MW_POSTFIX_GUESTS_H

#include "connection_parts.h"
#include "server/peer.h"

#define MW_GUEST_BUCKETS 1024

/* The connections that go next, the longest idle first. What is in it may be used again, or closed, meanwhile. */
struct mw_leavers {
	size_t count, next;
	double none_at; /* when it was last found that there are none */
	struct { struct mw_connection *connection; double since; } items[64];
};

struct mw_guest {
	struct mw_guest *next;      /* in its bucket */
	struct mw_peer peer;
	size_t count;               /* of its connections; never 0 */
	size_t kept;                /* questions that stay longer than a turn of the loop (question.h) */
	struct mw_leavers *leavers; /* NULL: none of it had to go yet */
};

struct mw_guests {
	struct mw_guest *buckets[MW_GUEST_BUCKETS];
	uint64_t seed;              /* addresses are chosen by whoever connects */
	size_t strangers;           /* connections of those that are not trusted */
	size_t kept;                /* of those, such questions */
	struct mw_leavers leavers[2]; /* of all of them: without those within a request, and with them */
};

void mw_guests_init(struct mw_guests *guests);
/* Counts one connection more of a peer. NULL when memory is out. */
struct mw_guest *mw_guest_enter(struct mw_guests *guests, const struct mw_peer *peer);
/* One less; the guest is freed with its last. */
void mw_guest_leave(struct mw_guests *guests, struct mw_guest *guest);
/* Whether a connection of the guest may keep a question: one who is not trusted has half of them, and all of those three
   quarters, so that Postfix's requests find room. */
bool mw_guest_may_keep_question(const struct mw_guests *guests, const struct mw_guest *guest);
void mw_guest_keeps_question(struct mw_guests *guests, struct mw_guest *guest);
void mw_guest_returns_question(struct mw_guests *guests, struct mw_guest *guest);
/* How many a peer has. */
size_t mw_guest_count(const struct mw_guests *guests, const struct mw_peer *peer);

/* The connection that goes to make room: of this peer, or (NULL) of the peer that has the most and is not trusted; of
   these the longest idle. `busy`: it may be within a request, or not take its answer. NULL where there is none. The same peer always comes with the same `busy`. */
struct mw_connection *mw_guest_first_to_go(struct mw_connections *all, const struct mw_peer *peer, bool busy);

#endif

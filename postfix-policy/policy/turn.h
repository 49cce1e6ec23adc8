/* What connections are made of, and one connection's turn of the loop. Private to connection.c and turn.c. */
#ifndef MW_POSTFIX_TURN_H
#define MW_POSTFIX_TURN_H

#include "connection.h"
#include "deadline.h"
#include "inbox.h"
#include "outbox.h"
#include "work.h"

struct mw_guest;
struct mw_guests;

struct mw_connection {
	struct mw_watch watch; /* first: a watch is its connection */
	struct mw_connections *all;
	struct mw_connection *next, *previous;
	struct mw_work *work; /* NULL: nothing begun, nothing pending */
	struct mw_deadlines deadlines;
	struct mw_guest *guest; /* whose it is */
	bool read;            /* what came is in the inbox */
	bool queued;          /* its answer is in the outbox */
};

struct mw_connections {
	struct mw_loop *loop;
	const struct mw_worlds *worlds;
	struct mw_works works;
	struct mw_inbox inbox;
	struct mw_outbox outbox;
	unsigned turns;        /* since the outbox was empty */
	struct mw_work *spare; /* what the next connection reads into; never NULL */
	struct mw_connection_chunk *chunks;
	struct mw_connection *idle;
	struct mw_connection live; /* head of the ring: the newest first */
	struct mw_guests *guests;
	size_t count, most;
	bool finishing;
	mw_loop_function *on_close;
	void *context;
};

enum mw_turn { MW_TURN_CLOSED, MW_TURN_NOTHING, MW_TURN_SOME };

/* Reads what came, or writes what is left of an answer. Small requests wait in the inbox for the turn's end. */
enum mw_turn mw_turn_take(struct mw_connection *connection);
/* The same without the inbox: what came is answered, or kept in the connection's work, at once. */
enum mw_turn mw_turn_take_now(struct mw_connection *connection);
/* For the loop: all have been read, their requests are judged; the answers wait for more, but not for ever. */
void mw_turn_end(void *connections);
/* Judges what is in the inbox and sends what is in the outbox; connections may close. */
void mw_turn_settle(void *connections);

/* connection.c's: */
/* Work more for what the connection keeps from now on. NULL: there is none, or none for its peer. */
struct mw_work *mw_connection_new_work(struct mw_connection *connection);
/* Gives the connection's work back, if it has any. */
void mw_connection_return_work(struct mw_connection *connection);
void mw_connection_close(struct mw_connection *connection);

#endif

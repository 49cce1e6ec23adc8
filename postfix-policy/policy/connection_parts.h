/* The structs of connections. Private to connection.c and guests.c. */
#ifndef MW_POSTFIX_CONNECTION_PARTS_H
#define MW_POSTFIX_CONNECTION_PARTS_H

#include "batch.h"
#include "deadline.h"

struct mw_connection {
	struct mw_watch watch; /* first: a watch is its connection */
	struct mw_connections *all;
	struct mw_connection *next, *previous;
	struct mw_question *question; /* NULL: nothing begun, nothing pending */
	struct mw_guest *guest;
	struct mw_deadlines deadlines;
};

struct mw_connections {
	struct mw_loop *loop;
	struct mw_questions questions;
	struct mw_batch batch;
	struct mw_connection_chunk *chunks;
	struct mw_connection *idle;
	struct mw_connection live; /* head of the ring of open connections */
	struct mw_guests *guests;
	size_t count, most;
	bool finishing;
	mw_loop_function *on_close;
	void *context;
};

#endif

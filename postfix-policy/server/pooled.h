/* A connection as pool.c and guests.c know it, and the pool that it is in. */
#ifndef MW_POSTFIX_POOLED_H
#define MW_POSTFIX_POOLED_H

#include <stddef.h>

#include "deadline.h"
#include "loop.h"
#include "peer.h"

struct mw_pool;
struct mw_guest;

/* The first member of a connection of any kind. Its descriptor is watch.fd; -1: it is closed. */
struct mw_pooled {
	struct mw_watch watch; /* first: a watch is its connection */
	struct mw_pool *pool;
	struct mw_pooled *next, *previous;
	struct mw_guest *guest;
	struct mw_deadlines deadlines;
};

/* What sets one kind of connections apart: policy questions, messages of a milter. */
struct mw_pool_kind {
	size_t size;           /* octets of a connection */
	double idle_seconds;   /* how long one may be idle */
	bool speaks_at_once;   /* a peer begins as soon as it is connected; else it may wait before its first octet */
	const char *slow_words; /* why one is closed that began something and does not go on with it */
	void (*ready)(struct mw_watch *watch);
	/* Takes what came, and goes on with what is pending. False: it is closed. */
	bool (*take)(struct mw_pooled *connection);
	/* Whether it may be closed to make room; `busy`: within a request too. */
	bool (*is_idle)(const struct mw_pooled *connection, bool busy);
	/* It is closed: gives back what it has. */
	void (*closed)(struct mw_pooled *connection);
};

struct mw_pool {
	struct mw_loop *loop;
	const struct mw_pool_kind *kind;
	void *owner;           /* of the kind's functions */
	void *chunks;
	struct mw_pooled *idle;
	struct mw_pooled live; /* head of the ring of open connections */
	struct mw_guests *guests;
	size_t count, most;
	mw_loop_function *on_close;
	void *context;
};

#endif

/* The open connections of one kind: their places, who has how many of them, and who makes room for whom. */
#ifndef MW_POSTFIX_POOL_H
#define MW_POSTFIX_POOL_H

#include "guests.h"
#include "listener.h"

/* At most `most` at once. `on_close` runs after each connection that ended. False when memory is out. */
bool mw_pool_init(struct mw_pool *pool, const struct mw_pool_kind *kind, void *owner, struct mw_loop *loop, size_t most,
		  mw_loop_function *on_close, void *context);
/* Closes all connections, silently. */
void mw_pool_deinit(struct mw_pool *pool);

/* For the listeners. A peer that is not trusted may have half of all connections: one more, and its longest idle
   one is closed. When all are taken, a new one takes the place of the longest idle connection of the untrusted peer
   that has the most. A connection that must not be served is closed. */
struct mw_acceptor mw_pool_acceptor(struct mw_pool *pool);

void mw_pool_close(struct mw_pooled *connection);
/* The same; `why` is logged, unless it is NULL. */
void mw_pool_refuse(struct mw_pooled *connection, const char *why);

/* For each open connection, which it may close, but no other one. */
void mw_pool_for_each(struct mw_pool *pool, void (*function)(struct mw_pooled *connection));
/* Closes the connections whose time is over: what the peer sent meanwhile is read first, by the kind's take(). */
void mw_pool_sweep(struct mw_pool *pool);

#endif

/* Policy connections: bytes in, one answer a request out, in order. Non-blocking; nothing is remembered from one
   request to the next. A peer that does not keep to the protocol or its times loses its own connection only. */
#ifndef MW_POSTFIX_CONNECTION_H
#define MW_POSTFIX_CONNECTION_H

#include "server/listener.h"

struct mw_connections;
struct mw_handover;
struct mw_waits;

/* At most `most` connections at once. Questions wait for what `waits` says; NULL: for nothing. They leave in `handover`, the
   caller's, what the milter has to know; NULL: there is none. `on_close` runs after each connection that ended. NULL when
   memory is out. */
struct mw_connections *mw_connections_new(struct mw_loop *loop, struct mw_worlds *worlds, const struct mw_waits *waits,
					  struct mw_handover *handover, size_t most, mw_loop_function *on_close, void *context);
/* Closes all connections. */
void mw_connections_free(struct mw_connections *connections);

size_t mw_connections_count(const struct mw_connections *connections);
/* How many questions wait. */
size_t mw_connections_waiting(const struct mw_connections *connections);

/* For the listeners: server/pool.h's. */
struct mw_acceptor mw_connections_acceptor(struct mw_connections *connections);

/* Once a second: closes the connections whose time is over. */
void mw_connections_sweep(struct mw_connections *connections);

/* Answers everything that was asked and closes; a connection with a request half read, a question that waits or an answer
   half written stays until that is done. */
void mw_connections_finish(struct mw_connections *connections);

#endif

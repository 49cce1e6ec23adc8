/* Connections of Postfix to mailwicketd as a milter. Non-blocking. A peer that does not keep to the protocol or its times
   loses its own connection only; Postfix then does what milter_default_action says. */
#ifndef MW_POSTFIX_MILTERS_H
#define MW_POSTFIX_MILTERS_H

#include "server/handover.h"
#include "server/listener.h"

struct mw_milters;

/* At most `most` at once. `on_close` runs after each connection that ended. NULL when memory is out. `handover` is the
   caller's. */
struct mw_milters *mw_milters_new(struct mw_loop *loop, struct mw_worlds *worlds, struct mw_handover *handover,
				  size_t most, mw_loop_function *on_close, void *context);
/* Closes all connections. NULL is allowed, as for all functions below but mw_milters_acceptor(). */
void mw_milters_free(struct mw_milters *milters);

size_t mw_milters_count(const struct mw_milters *milters);
struct mw_acceptor mw_milters_acceptor(struct mw_milters *milters);

/* Once a second: closes the connections whose time is over. */
void mw_milters_sweep(struct mw_milters *milters);
/* Answers what came, and closes; a connection on which a message's header is under way stays until it is answered. */
void mw_milters_finish(struct mw_milters *milters);

#endif

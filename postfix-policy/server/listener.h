/* The sockets that Postfix connects to: bound as the policy says, or passed by the service manager. */
#ifndef MW_POSTFIX_LISTENER_H
#define MW_POSTFIX_LISTENER_H

#include "loop.h"
#include "passed.h"
#include "world.h"

struct mw_listeners;

/* The functions that serve accepted connections. Copied. */
struct mw_acceptor {
	void *context;
	size_t (*count)(void *context); /* how many connections are open */
	bool (*is_full)(void *context);
	/* Whether one more can be taken, perhaps in place of another. */
	bool (*has_room)(void *context);
	/* Owns the descriptor, connected and non-blocking, from now on. False (and closed): no memory. */
	bool (*open)(void *context, int fd, const struct mw_peer *peer);
};

/* What is listened for: its names in a policy, and which of the sockets that are passed belong to it. */
struct mw_listened {
	const struct mw_strs *(*names)(const struct mw_policy *policy);
	bool is_milter;
};

/* Binds every name, or takes those of the `passed` sockets that belong to it where there are any. NULL with a line in the
   log and a status of sysexits.h: the path is no socket, another process serves there, there is no such group. A unix socket
   that nobody serves is taken over. Without a name and a socket there is nothing to accept from, and that is no error. */
struct mw_listeners *mw_listeners_new(struct mw_loop *loop, const struct mw_worlds *worlds,
				      const struct mw_acceptor *acceptor, const struct mw_listened *listened,
				      const struct mw_passed *passed, int *status_r);
/* Starts to accept. */
void mw_listeners_start(struct mw_listeners *listeners);
/* Accepts again after descriptors or memory were out: called when a connection ended, and once a second. */
void mw_listeners_resume(struct mw_listeners *listeners);
/* Accepts the connections in the queues, then closes and removes the sockets that this process made. */
void mw_listeners_close(struct mw_listeners *listeners); /* NULL is allowed */
void mw_listeners_free(struct mw_listeners *listeners);  /* NULL is allowed */

/* Whether these are the listeners that this policy names. */
bool mw_listeners_match(const struct mw_listeners *listeners, const struct mw_policy *policy);
/* Their names, for the log, behind what stands there. */
void mw_listeners_print(const struct mw_listeners *listeners, struct mw_buf *out);

#endif

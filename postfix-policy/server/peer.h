/* Who is at the other end of a policy connection. */
#ifndef MW_POSTFIX_PEER_H
#define MW_POSTFIX_PEER_H

#include <sys/socket.h>
#include <sys/types.h>

#include "mail/network.h"

#define MW_PEER_MAX 96

/* One who connects: a user of this host over a unix socket, else an address. */
struct mw_peer {
	bool is_user, trusted; /* trusted: root, postfix, mailwicketd's own user */
	uid_t user;            /* 0 for an address */
	pid_t process;
	struct mw_ip ip;       /* UNKNOWN for a user */
};

/* Who connected from `from`, as accept(2) gave it. `trusted` is left out. */
struct mw_peer mw_peer_of(int fd, const struct sockaddr_storage *from);

/* The user of a unix socket's peer; false for other sockets. */
bool mw_peer_user(int fd, uid_t *user_r, pid_t *process_r);
/* "process 123 of user 101", "127.0.0.1:4567" or "an unknown peer". */
void mw_peer_print(int fd, struct mw_buf *out);

/* Logs that the connection on `fd` is closed, and why. */
void mw_peer_complain(int fd, const char *why);

#endif

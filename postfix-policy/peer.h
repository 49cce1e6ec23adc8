/* Who is at the other end of a policy connection. */
#ifndef MW_POSTFIX_PEER_H
#define MW_POSTFIX_PEER_H

#include <sys/types.h>

#include "base/buf.h"

#define MW_PEER_MAX 96

/* The user of a unix socket's peer; false for other sockets. */
bool mw_peer_user(int fd, uid_t *user_r, pid_t *process_r);
/* "process 123 of user 101", "127.0.0.1:4567" or "an unknown peer". */
void mw_peer_print(int fd, struct mw_buf *out);

/* Logs that the connection on `fd` is closed, and why. */
void mw_peer_complain(int fd, const char *why);

#endif

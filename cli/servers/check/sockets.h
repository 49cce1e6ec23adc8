/* Sockets of this machine that listen, as the kernel tells them (/proc/net/tcp, proc(5)). */
#ifndef MW_CLI_CHECK_SOCKETS_H
#define MW_CLI_CHECK_SOCKETS_H

#include "base/arena.h"
#include "mail/network.h"

/* "haproxy (process 123) listens there"; NULL: nobody who would keep the Postfix of this queue from listening, which may have
   it from an earlier configuration. */
const char *mw_socket_holder(const struct mw_binding *binding, const char *queue_directory, struct mw_arena *arena);

#endif

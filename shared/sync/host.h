/* Names of hosts, looked up in processes of their own: a resolver whose name servers are silent keeps its caller for as long
   as /etc/resolv.conf says, and no library that connects by a name can be told to wait less. */
#ifndef MW_SYNC_HOST_H
#define MW_SYNC_HOST_H

#include <stdbool.h>

#include "base/buf.h"

/* With what Debian's resolver does by itself, a third name server answers within this time where two are silent. */
#define MW_HOST_SECONDS 15

/* Whether it is an address, which nobody has to look up. */
bool mw_host_is_numeric(const char *host);

/* Whether the host has an address, before a library looks it up once more. False with `why`: there is no such host, or
   nobody says so within MW_HOST_SECONDS. An empty name, and one that no process can be started for, are good: the library
   tells what is wrong then. */
bool mw_host_is_known(const char *host, struct mw_buf *why);

#endif

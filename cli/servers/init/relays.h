/* Whom Postfix lets relay who neither logs in nor is in mynetworks: no connector says so, and it has to be told. */
#ifndef MW_CLI_INIT_RELAYS_H
#define MW_CLI_INIT_RELAYS_H

#include "servers/check/postfix.h"
#include "servers/init/init.h"

/* Keeps as unread what permits in the list that decides about relaying, before it refuses: tables of clients, certificates,
   backup MX, this host's own addresses. `listener` has what mynetworks lets relay there. */
void mw_init_look_at_relays(struct mw_init *init, const struct mw_postfix_endpoint *endpoint,
			    const struct mw_init_listener *listener);

#endif

/* The status socket: tells root which policy and which snapshot serve (report/daemon_status.h). It stands beside the first
   unix socket of the policy (mw_service_status_path()), is this process's own and root's alone, and reads nothing. */
#ifndef MW_POSTFIX_STATUS_H
#define MW_POSTFIX_STATUS_H

#include "loop.h"
#include "world.h"

struct mw_status;

/* Serves from now on. NULL, with a line in the log where it cannot be made: mailwicketd serves Postfix without it. */
struct mw_status *mw_status_new(struct mw_loop *loop, const struct mw_worlds *worlds);
void mw_status_free(struct mw_status *status); /* removes the socket; NULL is allowed */

#endif

/* Whether Postfix or Dovecot asks Mailwicket: what must be undone before it is removed. */
#ifndef MW_CLI_SETUP_IN_USE_H
#define MW_CLI_SETUP_IN_USE_H

#include "command.h"
#include "servers/check/servers.h"

/* Prints each entry of Postfix's (every instance's) and Dovecot's files that names Mailwicket, a policy that cannot be read or
   not. EX_OK: there are some; 1: there is none; else one line was printed. */
int mw_setup_in_use(struct mw_cli *cli, const struct mw_servers *servers);

#endif

/* Who else has a port that a listener of Postfix takes or would take. */
#ifndef MW_CLI_CHECK_PORTS_H
#define MW_CLI_CHECK_PORTS_H

#include "servers/check/dovecot.h"
#include "servers/check/postfix.h"

/* "Dovecot's submission-login listens on port 587"; NULL: nobody. Another instance of Postfix, Dovecot, or a process that
   listens there now and is not this Postfix. dovecot: NULL where it cannot be asked. In the site's arena. */
const char *mw_port_holder(struct mw_postfix_site *site, const struct mw_binding *binding,
				 const struct mw_dovecot_site *dovecot);

#endif

/* Dovecot's auth service, started by a changed configuration where nobody sees it: what doveconf takes may still end in an
   auth process that does not start. */
#ifndef MW_CLI_SETUP_TRIAL_H
#define MW_CLI_SETUP_TRIAL_H

#include "servers/check/dovecot.h"
#include "servers/setup/guard.h"

/* config: the changed file; site: what doveconf makes of it. The servers of this machine, their sockets, ports and logs are not
   touched: it has folders of its own below the guard's, and namespaces of its own where there are such. False: it does not
   start, why_r says why (in the site's arena). Without root nothing is tried. */
bool mw_setup_trial(const struct mw_dovecot_site *site, const char *config, const struct mw_guard *guard,
		    const char **why_r);

#endif

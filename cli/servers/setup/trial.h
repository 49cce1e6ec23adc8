/* Dovecot's auth service, started by a changed configuration where nobody sees it: what doveconf takes may still end in an
   auth process that does not start. */
#ifndef MW_CLI_SETUP_TRIAL_H
#define MW_CLI_SETUP_TRIAL_H

#include "servers/check/dovecot.h"
#include "servers/setup/guard.h"

enum mw_trial {
	MW_TRIAL_STARTS,
	MW_TRIAL_FAILS,    /* why_r says why, in the site's arena */
	MW_TRIAL_SILENT,   /* it could not be started, or gives no answer in time, and says nothing of a fault; why_r as above */
	MW_TRIAL_NOT_TRIED /* without root, or where it would need namespaces and there are none */
};

/* config: the file, in a folder where another may be written beside it; site: what doveconf makes of it. The servers of this
   machine, their sockets, ports and logs are not touched: it has folders of its own below the guard's, and namespaces of its
   own where there are such. */
enum mw_trial mw_setup_trial(const struct mw_dovecot_site *site, const char *config, const struct mw_guard *guard,
			     const char **why_r);

#endif

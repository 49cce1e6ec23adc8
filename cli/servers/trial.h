/* Dovecot, started with a configuration where nobody sees it, for `check` with the one that is there and for `setup` with the
   changed one: what doveconf takes may still end in an auth service that does not start. */
#ifndef MW_CLI_TRIAL_H
#define MW_CLI_TRIAL_H

#include "servers/check/dovecot.h"
#include "servers/guard.h"

enum mw_trial {
	MW_TRIAL_STARTS,
	MW_TRIAL_FAILS,    /* why_r says why, in the site's arena */
	MW_TRIAL_SILENT,   /* it cannot be started, or gives no answer in time, and says nothing of a fault; why_r as above */
	MW_TRIAL_NOT_TRIED /* without root, or where it takes namespaces and root may have none (a container); why_r as above */
};

/* config: the file, in a folder where another may be written beside it; site: what doveconf makes of it. The servers of this
   machine, their sockets, ports and logs are not touched: it has folders of its own below the guard's, and namespaces of its
   own where there are such. */
enum mw_trial mw_dovecot_trial(const struct mw_dovecot_site *site, const char *config, const struct mw_guard *guard,
			     const char **why_r);

#endif

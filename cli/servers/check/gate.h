/* What has to be there before a server is changed: the published directory, readers that may read it, a mailwicketd that has
   what the files say, logins that the directory knows (known.h), a Dovecot that starts. */
#ifndef MW_CLI_CHECK_GATE_H
#define MW_CLI_CHECK_GATE_H

#include "servers/check/servers.h"
#include "sync/sync.h"

/* report: what a dry run of `sync` says; NULL: it was not asked for, and nothing is said of older snapshots. */
void mw_check_gate(const struct mw_policy *policy, const struct mw_servers *servers, const struct mw_sync_report *report,
		   struct mw_findings *findings);

/* Whether Dovecot starts with its configuration as it is, unless a finding says already why it does not. As root it is started
   for a moment, with folders of its own; nothing is left of it. `setup` tries what it changes itself. */
void mw_check_start(const struct mw_policy *policy, const struct mw_servers *servers, struct mw_findings *findings);

#endif

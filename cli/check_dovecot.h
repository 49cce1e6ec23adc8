/* `mailwicket check --dovecot`. */
#ifndef MW_CLI_CHECK_DOVECOT_H
#define MW_CLI_CHECK_DOVECOT_H

#include "dovecot_file.h"
#include "finding.h"
#include "show.h"

#define MW_DOVECOT_CONF "/etc/dovecot/dovecot.conf"

/* Dovecot's configuration as doveconf tells it. */
struct mw_dovecot_site {
	struct mw_arena *arena;
	const struct mw_policy *policy;
	struct mw_findings *findings;
	const char *file; /* that the findings name */
	const struct mw_dovecot_node *root;
	enum mw_dovecot_generation generation;
};

/* Adds what is wrong with Dovecot. config: NULL for Dovecot's own; named: what findings call it, NULL:
   the same; sasl_socket: where Postfix looks for the auth
   service, NULL: not at a socket. EX_OK; EX_UNAVAILABLE where there is no Dovecot or EX_CONFIG where doveconf cannot read its files, then one
   line was printed; EX_OSERR. */
int mw_check_dovecot(const struct mw_policy *policy, const char *config, const char *named, const char *sasl_socket,
		     struct mw_findings *findings);
/* Reads doveconf's answer; the same codes. */
int mw_dovecot_site_load(struct mw_dovecot_site *site, const struct mw_policy *policy, const char *config,
			 struct mw_arena *arena);
/* Whether Dovecot's processes read this policy: the usual file, or the one in their environment. */
bool mw_dovecot_is_told(const struct mw_dovecot_site *site);

#endif

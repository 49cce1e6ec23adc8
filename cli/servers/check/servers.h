/* Whether a policy can take effect on this machine's Postfix and Dovecot. */
#ifndef MW_CLI_CHECK_SERVERS_H
#define MW_CLI_CHECK_SERVERS_H

#include "finding.h"
#include "policy/model.h"

struct mw_servers {
	bool postfix, dovecot;
	const char *postfix_config; /* the folder of main.cf; NULL: Postfix's own */
	const char *dovecot_config; /* the file; NULL: Dovecot's own */
	bool socket_known;          /* where Postfix asks Dovecot, if it is not looked at itself: */
	const char *sasl_socket;    /* NULL: nowhere, or over TCP */
	const char *postfix_named, *dovecot_named; /* what findings call them instead, for staged copies; else NULL */
};

/* EX_OK and the findings; EX_UNAVAILABLE (a program is missing), EX_CONFIG (a server cannot read its own files) or
   EX_OSERR, then one line was printed. */
int mw_check_servers(const struct mw_policy *policy, const struct mw_servers *servers, struct mw_findings *findings);

/* What the policy's own listeners let others learn: notes. */
void mw_check_service(const struct mw_policy *policy, struct mw_findings *findings);

#endif

/* SPDX-License-Identifier: MIT */
#include "servers/check/servers.h"

#include <sysexits.h>

#include "servers/check/dovecot.h"
#include "servers/check/postfix.h"
#include "ui/output.h"

int mw_check_servers(const struct mw_policy *policy, const struct mw_servers *servers, struct mw_findings *findings)
{
	struct mw_sasl_sockets sockets = {
		.items = { { .path = MW_POSTFIX_QUEUE "/private/auth", .listener = "" } }, .count = 1,
	};
	struct mw_dovecot_site dovecot;
	bool both = servers->postfix && servers->dovecot &&
		    mw_dovecot_site_try(&dovecot, policy, servers->dovecot_config, servers->dovecot_named,
					mw_findings_arena(findings));
	int status = EX_OK;

	if (servers->socket_known) {
		sockets.items[0].path = servers->sasl_socket;
		sockets.count = servers->sasl_socket != NULL;
	}
	if (servers->postfix)
		status = mw_check_postfix(policy, servers->postfix_config, servers->postfix_named,
					  both ? &dovecot : NULL, findings, &sockets);
	if (status == EX_OK && servers->dovecot)
		status = mw_check_dovecot(policy, servers->dovecot_config, servers->dovecot_named, &sockets, findings);
	if (status == EX_OK && !mw_findings_complete(findings))
		status = EX_OSERR;
	if (status == EX_OSERR)
		mw_complain("out of memory");
	return status;
}

/* After the user is named, before the password is checked: Dovecot's auth process, every service. Pure.
   imap, pop3, sieve, submission: the login rule, then the user's switch. smtp: the connector's auth_mechanism
   (exactly one when the listener is known or sasl_services tell; else, of those that could be meant, the one that lets
   the login go furthest: mailwicketd, which knows the port, decides exactly), then smtp=. */
#ifndef MW_DECIDE_ACCOUNT_H
#define MW_DECIDE_ACCOUNT_H

#include "decide/directory_view.h"
#include "decide/verdict.h"

/* UNDECIDED with directory-unavailable or client-unknown: a temporary failure, never a wrong password. Reasons otherwise: permitted,
   no-connector, login-without-tls, mechanism-refused, basic-without-tls, unknown-login, service-disabled,
   smtp-disabled, network-refused, master-refused. Every refusal must look like a wrong password to the client. */
void mw_account_decide(const struct mw_policy *policy, const struct mw_directory_view *directory,
		       const struct mw_facts *facts, struct mw_verdict *verdict_r);

#endif

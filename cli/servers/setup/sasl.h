/* How Postfix asks Dovecot for SMTP AUTH: what works today stays. */
#ifndef MW_CLI_SETUP_SASL_H
#define MW_CLI_SETUP_SASL_H

#include "servers/check/dovecot.h"
#include "servers/check/postfix.h"

struct mw_setup_sasl {
	const struct mw_dovecot_site *dovecot; /* NULL: it cannot be asked on this machine */
	bool adds_listener; /* Dovecot is changed too: it can be told to listen where Postfix asks */
};

/* Whether Dovecot listens where a smtpd_sasl_path leads. Where Dovecot cannot be asked, what somebody wrote is taken to
   work. */
bool mw_setup_sasl_works(const struct mw_postfix_endpoint *endpoint, const struct mw_setup_sasl *sasl);
/* The smtpd_sasl_path for an smtpd whose own does not work. */
const char *mw_setup_sasl_path(const struct mw_postfix_endpoint *endpoint, const struct mw_setup_sasl *sasl);
/* Whether no passdb of Dovecot depends on the name of the service that Postfix gives: then it may become `name`. */
bool mw_setup_service_is_free(const struct mw_setup_sasl *sasl, struct mw_str before, struct mw_str name);

#endif

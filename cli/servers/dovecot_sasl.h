/* Where Dovecot's auth service listens for others: Postfix's SMTP AUTH. */
#ifndef MW_CLI_DOVECOT_SASL_H
#define MW_CLI_DOVECOT_SASL_H

#include "servers/check/dovecot.h"

/* What a client says first to the auth service, Dovecot's auth protocol 1.2; its process may be of any number. */
#define MW_DOVECOT_SASL_HELLO "VERSION\t1\t2\nCPID\t1\n"

/* The next unix_listener of service auth that is in use, behind `after` (NULL: the first). NULL: none. */
const struct mw_dovecot_node *mw_dovecot_sasl_next(const struct mw_dovecot_site *site,
						   const struct mw_dovecot_node *after);
/* Its path, absolute. Lives in the site's arena. */
struct mw_str mw_dovecot_sasl_path(const struct mw_dovecot_site *site, const struct mw_dovecot_node *listener);
/* The one at a path; NULL: none. */
const struct mw_dovecot_node *mw_dovecot_sasl_listener(const struct mw_dovecot_site *site, const char *path);
/* Whether Postfix may connect there; public_r (NULL is allowed): everybody may. */
bool mw_dovecot_sasl_may(const struct mw_dovecot_site *site, const struct mw_dovecot_node *listener, bool *public_r);
/* Whether it listens at a TCP port. */
bool mw_dovecot_sasl_has_port(const struct mw_dovecot_site *site, struct mw_str port);

#endif

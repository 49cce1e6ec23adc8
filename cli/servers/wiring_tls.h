/* A policy's tls_min_version in Postfix's and Dovecot's own settings, so that an older TLS is refused in the handshake and
   not once the password has crossed it. Never more than every session of a listener bears: a rule in audit mode refuses
   nothing, and where mail comes from strangers a higher minimum would turn their servers away. */
#ifndef MW_CLI_WIRING_TLS_H
#define MW_CLI_WIRING_TLS_H

#include "policy/model.h"

/* Whether this connector accepts mail of a session that is not authenticated. */
bool mw_wiring_admits_strangers(const struct mw_connector *connector);
/* The oldest TLS that a connector takes, MW_TLS_NONE in audit mode. */
enum mw_tls_version mw_wiring_version_of(const struct mw_connector *connector);
/* The lowest of all login rules that somebody can meet; MW_TLS_NONE: whatever Dovecot negotiates. */
enum mw_tls_version mw_wiring_login_version(const struct mw_policy *policy);

/* Postfix has two lists of protocols: one for where TLS is required, the wrapper mode among it. */
const char *mw_wiring_protocols_name(bool required);
bool mw_wiring_is_protocols(struct mw_str setting);
/* Whether such a list, in any of postconf(5)'s spellings (">=TLSv1.2", "!SSLv3, !TLSv1", "TLSv1.2 TLSv1.3", hex), admits
   nothing older. False for one that Postfix cannot read. */
bool mw_wiring_protocols_reach(struct mw_str list, enum mw_tls_version minimum);
/* The list with commas alone between its words: master.cf takes no blanks. */
void mw_wiring_protocols_compact(struct mw_str list, struct mw_buf *out);
/* ">=TLSv1.2", a literal. */
const char *mw_wiring_protocols_value(enum mw_tls_version minimum);

/* Dovecot's ssl_min_protocol; MW_TLS_NONE for ANY and for what is no version. */
enum mw_tls_version mw_wiring_dovecot_version(struct mw_str value);

#endif

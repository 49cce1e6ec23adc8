/* Distinguished names, compared as LDAP compares them. */
#ifndef MW_SYNC_LDAP_DN_H
#define MW_SYNC_LDAP_DN_H

#include "base/buf.h"

#define MW_LDAP_DN_MAX 4096 /* octets of one that is compared */

/* The one form of a DN that all its spellings have: types in lower case and without their other names (CN,
   commonName, 2.5.4.3), values without case and with single blanks, escapes undone, RDNs of several parts sorted
   (RFC 4514, RFC 4518; that an attribute may be compared with case is left aside). False: it is none, or too long. */
bool mw_ldap_dn_canonical(struct mw_str text, struct mw_buf *canonical);

/* Whether a value that may be a DN, an address or a uid is a DN. "a=b@example.org" is an address: a DN with an at sign has two
   RDNs or more. */
bool mw_ldap_is_dn(struct mw_str value);

/* Whether the entry is the base or below it; both canonical. */
bool mw_ldap_dn_is_below(struct mw_str canonical, struct mw_str base);

#endif

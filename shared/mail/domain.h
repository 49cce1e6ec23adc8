/* Mail domains in one form: lower-case A-labels (IDNA2008 non-transitional, RFC 5891; through libidn2). */
#ifndef MW_MAIL_DOMAIN_H
#define MW_MAIL_DOMAIN_H

#include "base/str.h"

#define MW_DOMAIN_MAX 254 /* octets of the A-label form, as for a whole address (RFC 5321 4.5.3.1, RFC 1035 2.3.4) */

/* The canonical form of a domain or address literal ("[192.0.2.1]", "[IPv6:2001:db8::1]"), NUL-terminated, in out
   (MW_DOMAIN_MAX + 1 bytes). False for what is no domain: empty, trailing dot, empty or too long label, a byte that
   no host name has (LDH and "_" for ASCII), an invalid A- or U-label, a literal that is no address. An IPv4 address
   without brackets is its literal; other names of digits and dots alone are none.
   ASCII domains take a path that allocates nothing. */
bool mw_domain_canonical(struct mw_str domain, char out[MW_DOMAIN_MAX + 1], size_t *len_r);

/* For a domain that mw_domain_canonical() refuses only because IDNA2008 does not allow a label (an emoji; mail
   comes from such domains), in valid UTF-8 without control characters: each allowed label in its canonical form, the
   others as their octets, case folded. It can be compared with canonical domains, and equals none. */
bool mw_domain_as_octets(struct mw_str domain, char out[MW_DOMAIN_MAX + 1], size_t *len_r);

/* The domain that Postfix's tables find for one with letters beyond ASCII: they compare by Unicode's case folding,
   by which straße.example is strasse.example. IDNA2008 keeps the two apart. Canonical; false: only ASCII letters, or
   no domain. */
bool mw_domain_case_folded(struct mw_str domain, char out[MW_DOMAIN_MAX + 1], size_t *len_r);
/* The same for the U-labels of a canonical domain. False where it has none. */
bool mw_domain_unicode_case_folded(struct mw_str canonical, char out[MW_DOMAIN_MAX + 1], size_t *len_r);

/* Whether a canonical domain is below a canonical parent: "a.b.d" and "b.d" are below "d", "d" is not. */
bool mw_domain_is_below(struct mw_str domain, struct mw_str parent);

#endif

/* The fast path for nearly all names: ASCII, unquoted, without an A-label. Private to shared/mail. */
#ifndef MW_MAIL_PLAIN_H
#define MW_MAIL_PLAIN_H

#include "base/str.h"

/* The canonical domain and a NUL into out, which has text.len + 1 bytes. False: not such a domain, or none at all. */
bool mw_plain_domain(struct mw_str text, char *out);

#endif

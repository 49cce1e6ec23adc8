/* Times in certificates. */
#ifndef MW_TLS_TIME_H
#define MW_TLS_TIME_H

#include <openssl/asn1.h>

#include "base/buf.h"

/* "Feb  1 00:00:00 2024 GMT"; nothing of a time that cannot be read. */
void mw_tls_add_time(struct mw_buf *out, const ASN1_TIME *time);

#endif

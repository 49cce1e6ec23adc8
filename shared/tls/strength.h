/* The strength of a TLS session where only the cipher's name is known (a captured request, a proxy's word, `explain`). */
#ifndef MW_TLS_STRENGTH_H
#define MW_TLS_STRENGTH_H

#include "base/str.h"

/* Symmetric strength in bits of a cipher by its OpenSSL or RFC name ("ECDHE-RSA-AES128-GCM-SHA256",
   "TLS_AES_256_GCM_SHA384"), as OpenSSL's SSL_CIPHER_get_bits() says (the first figure Postfix logs: the strength
   used, not the algorithm's key size). 0: OpenSSL does not know the name. Allocates; not for the question path. */
unsigned mw_tls_cipher_bits(struct mw_str name);

#endif

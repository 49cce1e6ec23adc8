/* SPDX-License-Identifier: MIT */
#include <openssl/ssl.h>

#include "tls/strength.h"

static bool cipher_has_name(const SSL_CIPHER *cipher, struct mw_str name)
{
	return mw_str_equal_nocase(mw_str(SSL_CIPHER_get_name(cipher)), name) ||
	       mw_str_equal_nocase(mw_str(SSL_CIPHER_standard_name(cipher)), name);
}

static unsigned bits_in(const STACK_OF(SSL_CIPHER) *ciphers, struct mw_str name)
{
	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);

		if (cipher_has_name(cipher, name))
			return (unsigned)SSL_CIPHER_get_bits(cipher, NULL);
	}
	return 0;
}

unsigned mw_tls_cipher_bits(struct mw_str name)
{
	unsigned bits = 0;
	SSL_CTX *context = SSL_CTX_new(TLS_method());

	if (context == NULL)
		return 0;
	/* Level 0 and eNULL: weak ciphers must be known too. */
	SSL_CTX_set_security_level(context, 0);
	if (SSL_CTX_set_cipher_list(context, "ALL:COMPLEMENTOFALL") == 1)
		bits = bits_in(SSL_CTX_get_ciphers(context), name);
	SSL_CTX_free(context);
	return bits;
}

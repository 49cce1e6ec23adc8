/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include "tls/strength.h"

static const struct {
	const char *name;
	unsigned bits;
} ciphers[] = {
	{ "TLS_AES_256_GCM_SHA384", 256 },
	{ "TLS_AES_128_GCM_SHA256", 128 },
	{ "TLS_CHACHA20_POLY1305_SHA256", 256 },
	{ "ECDHE-RSA-AES128-GCM-SHA256", 128 },
	{ "ecdhe-rsa-aes256-gcm-sha384", 256 },
	{ "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 128 },
	{ "NULL-SHA256", 0 },
	{ "no-such-cipher", 0 },
	{ "", 0 },
};

START_TEST(a_cipher_has_the_strength_openssl_gives_it)
{
	ck_assert_uint_eq(mw_tls_cipher_bits(mw_str(ciphers[_i].name)), ciphers[_i].bits);
}
END_TEST

MW_UNIT_TESTS("strength")
{
	MW_LOOP(tcase, a_cipher_has_the_strength_openssl_gives_it, ciphers);
}

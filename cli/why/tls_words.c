/* SPDX-License-Identifier: MIT */
#include "why/tls_words.h"

/* An "alert" is what the client says, all else this server. A client that finds the server too old says "alert protocol
   version", and one to which its ciphers are too weak "alert handshake failure": that is not told here. */
static const struct { const char *words; enum mw_why_kind kind; } table[] = {
	{ "alert unknown ca", MW_WHY_TLS_DISTRUST },
	{ "alert bad certificate", MW_WHY_TLS_DISTRUST },
	{ "alert certificate", MW_WHY_TLS_DISTRUST }, /* expired, revoked, unknown */
	{ "alert unsupported certificate", MW_WHY_TLS_DISTRUST },
	{ "unsupported protocol", MW_WHY_TLS_OLD },
	{ "no shared cipher", MW_WHY_TLS_OLD },
	{ "version too low", MW_WHY_TLS_OLD },
	{ "no suitable signature algorithm", MW_WHY_TLS_OLD },
	{ "wrong version number", MW_WHY_NO_TLS_HELLO },
	{ "unknown protocol", MW_WHY_NO_TLS_HELLO }, /* before OpenSSL 1.1 */
	{ "http request", MW_WHY_NO_TLS_HELLO },
	{ "https proxy request", MW_WHY_NO_TLS_HELLO },
	{ "unexpected eof while reading", MW_WHY_TLS_CUT },
};

enum mw_why_kind mw_why_tls_kind(struct mw_str words)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (mw_str_has(words, table[i].words))
			return table[i].kind;
	return MW_WHY_TLS_FAILED;
}

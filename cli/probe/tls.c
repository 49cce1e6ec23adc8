/* SPDX-License-Identifier: MIT */
#include "probe/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "mail/network.h"

static bool load_roots(SSL_CTX *context, const char *ca_file)
{
	return ca_file != NULL ? SSL_CTX_load_verify_file(context, ca_file) == 1
			       : SSL_CTX_set_default_verify_paths(context) == 1;
}

SSL_CTX *mw_probe_tls_new(const char *ca_file, struct mw_buf *why)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context != NULL) {
		/* Level 0: who is told "too old" should learn what came about instead of a handshake that failed. */
		SSL_CTX_set_security_level(context, 0);
		SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
		SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
		SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
		/* The deadline is looked at between records. */
		SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
		SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
		if (load_roots(context, ca_file))
			return context;
	}
	mw_buf_add_text(why, ERR_reason_error_string(ERR_peek_last_error()));
	SSL_CTX_free(context);
	return NULL;
}

static bool is_address(const char *name)
{
	struct mw_ip ip;

	return mw_ip_parse(mw_str(name), &ip);
}

bool mw_probe_tls_name(SSL *ssl, const char *name)
{
	return is_address(name) || SSL_set_tlsext_host_name(ssl, name) == 1;
}

static bool name_matches(X509 *certificate, const char *name)
{
	return is_address(name) ? X509_check_ip_asc(certificate, name, 0) == 1
				: X509_check_host(certificate, name, 0, 0, NULL) == 1;
}

static enum mw_chain chain_of(int error)
{
	switch (error) {
	case X509_V_OK:
		return MW_CHAIN_TRUSTED;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return MW_CHAIN_SELF_SIGNED;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return MW_CHAIN_NO_ISSUER;
	default:
		return MW_CHAIN_BROKEN;
	}
}

static void look_at_dates(X509 *certificate, struct mw_seen_certificate *seen)
{
	const ASN1_TIME *end = X509_get0_notAfter(certificate);
	int days, seconds;
	struct tm when;

	if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
		seen->too_early = true;
	if (ASN1_TIME_diff(&days, &seconds, NULL, end) != 1 || ASN1_TIME_to_tm(end, &when) != 1)
		return;
	if (days == 0 && seconds < 0)
		days = -1;
	if (seen->ends[0] != '\0' && days >= seen->days_left)
		return;
	seen->days_left = days;
	strftime(seen->ends, sizeof(seen->ends), "%Y-%m-%d", &when);
}

/* Dates are looked at apart, so that an old certificate of an unknown issuer is told to be both. */
static void look_at_chain(SSL *ssl, X509 *certificate, struct mw_seen_certificate *seen)
{
	X509_STORE_CTX *check = X509_STORE_CTX_new();
	X509_STORE *roots = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
	STACK_OF(X509) *chain;

	seen->chain = MW_CHAIN_BROKEN;
	seen->chain_error = "out of memory";
	if (check != NULL && X509_STORE_CTX_init(check, roots, certificate, SSL_get_peer_cert_chain(ssl)) == 1) {
		X509_STORE_CTX_set_default(check, "ssl_server");
		X509_STORE_CTX_set_flags(check, X509_V_FLAG_NO_CHECK_TIME);
		X509_verify_cert(check);
		seen->chain = chain_of(X509_STORE_CTX_get_error(check));
		seen->chain_error = X509_verify_cert_error_string(X509_STORE_CTX_get_error(check));
		chain = X509_STORE_CTX_get0_chain(check);
		for (int i = 1; seen->chain == MW_CHAIN_TRUSTED && i < sk_X509_num(chain); i++)
			look_at_dates(sk_X509_value(chain, i), seen);
	}
	X509_STORE_CTX_free(check);
}

static void print_name(const X509_NAME *name, char *out, size_t size)
{
	BIO *memory = BIO_new(BIO_s_mem());
	int len;

	if (memory == NULL)
		return;
	X509_NAME_print_ex(memory, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
	len = BIO_read(memory, out, (int)size - 1);
	out[len > 0 ? len : 0] = '\0';
	BIO_free(memory);
}

void mw_probe_tls_look(SSL *ssl, const char *name, struct mw_seen *seen)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);

	seen->tls = true;
	seen->tls_old = SSL_version(ssl) < TLS1_2_VERSION;
	seen->tls_bits = SSL_get_cipher_bits(ssl, NULL);
	snprintf(seen->tls_version, sizeof(seen->tls_version), "%s", SSL_get_version(ssl));
	snprintf(seen->cipher, sizeof(seen->cipher), "%s", SSL_get_cipher_name(ssl));
	if (certificate == NULL) {
		seen->certificate.chain = MW_CHAIN_BROKEN;
		seen->certificate.chain_error = "no certificate";
		return;
	}
	seen->certificate.name_matches = name_matches(certificate, name);
	look_at_dates(certificate, &seen->certificate);
	look_at_chain(ssl, certificate, &seen->certificate);
	print_name(X509_get_subject_name(certificate), seen->certificate.subject, MW_SEEN_TEXT);
	print_name(X509_get_issuer_name(certificate), seen->certificate.issuer, MW_SEEN_TEXT);
}

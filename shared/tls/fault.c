/* SPDX-License-Identifier: MIT */
#include "tls/fault.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tls/time.h"

#define ALERT_WAIT 2000 /* milliseconds; TLS 1.3 refuses our certificate after the handshake */
#define TLS_ALERT 0x15
#define TLS_HANDSHAKE 0x16

struct trial {
	const struct mw_tls_client *client;
	SSL *tls;
	struct mw_buf *told; /* what is wrong with the server's certificate; empty: nothing */
	bool asked_for_ours; /* the server wants a certificate */
	int first;           /* the first octet of the answer; -1: none came */
};

static int trial_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

static bool wait_ready(const struct trial *trial, short events, int64_t deadline)
{
	struct pollfd watch = { .fd = trial->client->fd, .events = events };
	int ready;

	do {
		int64_t left = deadline - mw_clock_milliseconds();

		ready = left <= 0 ? 0 : poll(&watch, 1, (int)left);
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* --- the server's certificate */

static void add_subject(struct mw_buf *out, X509 *certificate)
{
	char name[200] = "";

	X509_NAME_oneline(X509_get_subject_name(certificate), name, sizeof(name));
	mw_buf_add_text(out, name);
}

static void add_name(struct mw_buf *out, const GENERAL_NAME *name)
{
	const unsigned char *octets;
	int len;

	if (name->type == GEN_DNS) {
		char text[256];

		octets = ASN1_STRING_get0_data(name->d.dNSName);
		len = ASN1_STRING_length(name->d.dNSName);
		(void)snprintf(text, sizeof(text), "%s%.*s", out->used > 0 ? ", " : "", len, (const char *)octets);
		mw_buf_add_text(out, text);
	} else if (name->type == GEN_IPADD) {
		char text[64];
		int family;

		octets = ASN1_STRING_get0_data(name->d.iPAddress);
		len = ASN1_STRING_length(name->d.iPAddress);
		family = len == 4 ? AF_INET : AF_INET6;
		if ((len == 4 || len == 16) && inet_ntop(family, octets, text, sizeof(text)) != NULL)
			mw_buf_printf(out, "%s%s", out->used > 0 ? ", " : "", text);
	}
}

/* The names that it is for; its subject where it lists none. */
static void add_names(struct mw_buf *out, X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	char memory[300];
	struct mw_buf text = MW_BUF_OVER(memory);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		add_name(&text, sk_GENERAL_NAME_value(names, i));
	if (text.used == 0)
		add_subject(&text, certificate);
	mw_buf_add(out, mw_buf_str(&text));
	GENERAL_NAMES_free(names);
}

static void tell_certificate(struct trial *trial, X509_STORE_CTX *store, X509 *certificate, int error)
{
	struct mw_buf *told = trial->told;
	bool own = X509_STORE_CTX_get_error_depth(store) == 0;

	mw_buf_add_text(told, told->used > 0 ? ", and " : "the server's certificate ");
	if (!own && error != X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
		mw_buf_add_text(told, "comes with that of its authority ");
		add_subject(told, certificate);
		mw_buf_add_text(told, ", which ");
	}
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		mw_buf_add_text(told, "expired on ");
		mw_tls_add_time(told, X509_get0_notAfter(certificate));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		mw_buf_add_text(told, "is not valid before ");
		mw_tls_add_time(told, X509_get0_notBefore(certificate));
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		mw_buf_add_text(told, "is for ");
		add_names(told, certificate);
		mw_buf_printf(told, ", not for %s %s", trial->client->host, trial->client->whose);
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
		mw_buf_printf(told, "is signed by none of tls_ca_file %s (%s)", trial->client->ca_file,
			      X509_verify_cert_error_string(error));
		break;
	default: mw_buf_printf(told, "is not accepted: %s", X509_verify_cert_error_string(error)); break;
	}
}

/* All that is wrong is told, so the handshake goes on. */
static int take_certificate(int good, X509_STORE_CTX *store)
{
	const SSL *tls = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	int error = X509_STORE_CTX_get_error(store);
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);

	/* That no signature was checked follows from an authority that is not known. */
	if (!good && certificate != NULL && error != X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE)
		tell_certificate(SSL_get_ex_data(tls, trial_index()), store, certificate, error);
	return 1;
}

/* --- the handshake */

static int give_certificate(SSL *tls, void *trial)
{
	(void)tls;
	((struct trial *)trial)->asked_for_ours = true;
	return 1;
}

static bool set_file(SSL_CTX *context, int (*set)(SSL_CTX *, const char *), const char *path)
{
	return path[0] == '\0' || set(context, path) == 1;
}

static int set_key(SSL_CTX *context, const char *path)
{
	return SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM);
}

static SSL_CTX *make_context(struct trial *trial)
{
	const struct mw_tls_client *client = trial->client;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL)
		return NULL;
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, take_certificate);
	SSL_CTX_set_cert_cb(context, give_certificate, trial);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
	    set_file(context, SSL_CTX_load_verify_file, client->ca_file) &&
	    set_file(context, SSL_CTX_use_certificate_chain_file, client->cert_file) &&
	    set_file(context, set_key, client->key_file))
		return context;
	SSL_CTX_free(context);
	return NULL;
}

static bool set_host(SSL *tls, const char *host)
{
	return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) == 1 ||
	       (SSL_set1_host(tls, host) == 1 && SSL_set_tlsext_host_name(tls, host) == 1);
}

static long see_first(BIO *connection, int operation, const char *octets, size_t size, int unused, long unused_too,
		      int result, size_t *got)
{
	struct trial *trial = (struct trial *)(void *)BIO_get_callback_arg(connection);

	(void)size;
	(void)unused;
	(void)unused_too;
	if (operation == (BIO_CB_READ | BIO_CB_RETURN) && result > 0 && *got > 0 && trial->first < 0)
		trial->first = (unsigned char)octets[0];
	return result;
}

/* The connection, and a look at the first octet that comes. */
static bool set_connection(struct trial *trial)
{
	BIO *connection = BIO_new_socket(trial->client->fd, BIO_NOCLOSE);

	if (connection == NULL)
		return false;
	BIO_set_callback_ex(connection, see_first);
	BIO_set_callback_arg(connection, (char *)trial);
	SSL_set_bio(trial->tls, connection, connection);
	return true;
}

/* 1: it is done; 0: it failed; -1: the time is over. */
static int shake_hands(struct trial *trial)
{
	for (;;) {
		int done = SSL_connect(trial->tls), want = SSL_get_error(trial->tls, done);

		if (done == 1 || (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE))
			return done == 1;
		if (!wait_ready(trial, want == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, trial->client->deadline))
			return -1;
	}
}

/* Whether the server ends the session without a question. */
static bool is_refused_afterwards(struct trial *trial)
{
	int64_t end = mw_clock_milliseconds() + ALERT_WAIT;
	char octet;

	if (end > trial->client->deadline)
		end = trial->client->deadline;
	for (;;) {
		int got = SSL_read(trial->tls, &octet, 1), want = SSL_get_error(trial->tls, got);

		if (got > 0)
			return false;
		if (want != SSL_ERROR_WANT_READ)
			return true;
		if (!wait_ready(trial, POLLIN, end))
			return false;
	}
}

/* --- what it shows */

static void add_reason(struct mw_buf *out)
{
	unsigned long error = ERR_peek_last_error();
	const char *text = error == 0 ? NULL : ERR_reason_error_string(error);

	if (text != NULL)
		mw_buf_printf(out, " (%s)", text);
}

static void tell_ours(const struct trial *trial, struct mw_buf *why)
{
	const char *file = trial->client->cert_file;

	if (file[0] == '\0')
		mw_buf_add_text(why, "the server wants a certificate of the client, and there is no tls_cert_file");
	else
		mw_buf_printf(why, "the server refuses the certificate of tls_cert_file %s", file);
	add_reason(why);
}

static void tell_failed(const struct trial *trial, struct mw_buf *why)
{
	int reason = ERR_GET_REASON(ERR_peek_last_error());

	if (trial->first < 0) {
		mw_buf_add_text(why, "the server ends the connection when TLS begins: does this port speak TLS?");
	} else if (trial->first != TLS_ALERT && trial->first != TLS_HANDSHAKE) {
		mw_buf_add_text(why, "what the server answers is no TLS: is this the port of ldaps?");
	} else if (trial->asked_for_ours) {
		tell_ours(trial, why);
	} else if (reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION || reason == SSL_R_UNSUPPORTED_PROTOCOL) {
		mw_buf_add_text(why, "the server speaks neither TLS 1.2 nor TLS 1.3");
		add_reason(why);
	} else if (reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE || reason == SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY) {
		mw_buf_add_text(why, "the server and this host have no cipher in common");
		add_reason(why);
	} else {
		mw_buf_add_text(why, "the handshake ends before it is done");
		add_reason(why);
	}
}

static bool examine(struct trial *trial, struct mw_buf *why)
{
	char memory[600];
	struct mw_buf told = MW_BUF_OVER(memory);
	int done;

	trial->told = &told;
	trial->first = -1;
	ERR_clear_error();
	done = shake_hands(trial);
	if (told.used > 0)
		mw_buf_add(why, mw_buf_str(&told));
	else if (done < 0)
		mw_buf_add_text(why, "the server does not answer in time");
	else if (done == 0)
		tell_failed(trial, why);
	else if (trial->asked_for_ours && is_refused_afterwards(trial))
		tell_ours(trial, why);
	trial->told = NULL;
	ERR_clear_error();
	return why->used > 0;
}

bool mw_tls_fault(const struct mw_tls_client *client, struct mw_buf *why)
{
	struct trial trial = { .client = client };
	SSL_CTX *context = make_context(&trial);
	bool found = false;

	trial.tls = context == NULL ? NULL : SSL_new(context);
	if (trial.tls != NULL && set_host(trial.tls, client->host) && set_connection(&trial) &&
	    SSL_set_ex_data(trial.tls, trial_index(), &trial) == 1)
		found = examine(&trial, why);
	SSL_free(trial.tls);
	SSL_CTX_free(context);
	return found;
}

/* SPDX-License-Identifier: MIT */
/* TLS of a session: 1.2 or 1.3, with a certificate for the url's name that an authority of ours has signed. */
#include <errno.h>
#include <netdb.h>
#include <unistd.h>

#include "base/clock.h"
#include "sync/ldap/internal.h"
#include "sync/sql/sql.h"
#include "tls/fault.h"

/* For GnuTLS libldap does not heed LDAP_OPT_X_TLS_PROTOCOL_MIN: its priority string has the versions
   (gnutls_priority_init(3)). */
#define GNUTLS_VERSIONS "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

bool mw_ldap_is_socket(const struct mw_ldap_session *session)
{
	return mw_str_starts_with_nocase(mw_str(session->url), MW_STR("ldapi://"));
}

bool mw_ldap_is_ldaps(const struct mw_ldap_session *session)
{
	return mw_str_starts_with_nocase(mw_str(session->url), MW_STR("ldaps://"));
}

bool mw_ldap_has_tls(const struct mw_ldap_session *session)
{
	return !mw_ldap_is_socket(session) && session->source->sql.tls == MW_SOURCE_TLS_VERIFY;
}

static struct mw_str authorities_of(const struct mw_source *source)
{
	return mw_str_empty(source->sql.tls_ca_file) ? MW_STR(MW_SQL_CA_FILE) : source->sql.tls_ca_file;
}

static bool set_text(struct mw_ldap_session *session, int option, struct mw_str value)
{
	char memory[4096];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_buf_add(&text, value);
	return mw_str_empty(value) ||
	       (!text.truncated && ldap_set_option(session->ld, option, memory) == LDAP_OPT_SUCCESS);
}

bool mw_ldap_can_read(const char *setting, struct mw_str path, struct mw_buf *why)
{
	char memory[4096];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_buf_add(&text, path);
	if (mw_str_empty(path) || access(memory, R_OK) == 0)
		return true;
	mw_buf_printf(why, "%s %s: %s", setting, memory, strerror(errno));
	return false;
}

static bool set_versions(struct mw_ldap_session *session)
{
	const int least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	char *library = NULL;
	bool good = ldap_get_option(NULL, LDAP_OPT_X_TLS_PACKAGE, &library) == LDAP_OPT_SUCCESS &&
		    ldap_set_option(session->ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least) == LDAP_OPT_SUCCESS;

	if (good && library != NULL && strcmp(library, "GnuTLS") == 0)
		good = ldap_set_option(session->ld, LDAP_OPT_X_TLS_CIPHER_SUITE, GNUTLS_VERSIONS) == LDAP_OPT_SUCCESS;
	ldap_memfree(library);
	return good;
}

bool mw_ldap_prepare_tls(struct mw_ldap_session *session, struct mw_buf *why)
{
	const struct mw_source *source = session->source;
	struct mw_str authorities = authorities_of(source);
	const int demand = LDAP_OPT_X_TLS_DEMAND, client = 0;

	if (!mw_ldap_can_read("tls_ca_file", authorities, why) ||
	    !mw_ldap_can_read("tls_cert_file", source->ldap.tls_cert_file, why) ||
	    !mw_ldap_can_read("tls_key_file", source->ldap.tls_key_file, why))
		return false;
	if (ldap_set_option(session->ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_OPT_SUCCESS &&
	    set_versions(session) && set_text(session, LDAP_OPT_X_TLS_CACERTFILE, authorities) &&
	    set_text(session, LDAP_OPT_X_TLS_CERTFILE, source->ldap.tls_cert_file) &&
	    set_text(session, LDAP_OPT_X_TLS_KEYFILE, source->ldap.tls_key_file) &&
	    ldap_set_option(session->ld, LDAP_OPT_X_TLS_NEWCTX, &client) == LDAP_OPT_SUCCESS)
		return true;
	mw_buf_add_text(why, "TLS cannot be set up");
	return false;
}

static bool ask_for_tls(struct mw_ldap_session *session, struct mw_buf *why)
{
	int message_id = -1, code = ldap_start_tls(session->ld, NULL, NULL, &message_id);
	bool waited = true;

	if (code == LDAP_SUCCESS)
		code = mw_ldap_wait_for_result(session, message_id, &waited, why);
	if (waited && code != LDAP_SUCCESS) {
		mw_buf_add_text(why, "the server refuses STARTTLS: ");
		mw_ldap_say(session, code, why);
	}
	return waited && code == LDAP_SUCCESS;
}

bool mw_ldap_start_tls(struct mw_ldap_session *session, struct mw_buf *why)
{
	Sockbuf *buffer = NULL;
	int code;

	if (!mw_ldap_is_ldaps(session) && !ask_for_tls(session, why))
		return false;
	if (ldap_get_option(session->ld, LDAP_OPT_SOCKBUF, &buffer) != LDAP_OPT_SUCCESS ||
	    !mw_ldap_add_deadline(buffer, &session->handshake_end)) {
		mw_buf_add_text(why, "out of memory");
		return false;
	}
	session->handshake_end = mw_ldap_deadline(session);
	code = ldap_install_tls(session->ld);
	if (code != LDAP_SUCCESS && mw_clock_milliseconds() >= session->handshake_end) {
		mw_buf_add_text(why, "TLS failed: the server does not answer in time");
		return false;
	}
	session->handshake_end = 0;
	if (code == LDAP_SUCCESS)
		return true;
	session->tls_failed = true;
	mw_buf_add_text(why, "TLS failed: ");
	mw_ldap_say(session, code, why);
	return false;
}

/* libldap looks for the host's own name where url says localhost: ldap_pvt_get_fqdn(). */
static void set_host(struct mw_tls_client *client, const char *in_url, char *own, size_t size)
{
	const struct hostent *entry;

	client->host = in_url;
	client->whose = "as in url";
	if (!mw_str_equal_nocase(mw_str(in_url), MW_STR("localhost")) || gethostname(own, size - 1) != 0)
		return;
	entry = gethostbyname(own);
	client->host = entry == NULL ? own : entry->h_name;
	client->whose = "(this host's name, which libldap takes in place of localhost in url)";
}

bool mw_ldap_tls_fault(struct mw_ldap_session *session, struct mw_buf *why)
{
	const struct mw_source *source = session->source;
	char authorities[4096], certificate[4096], key[4096], memory[800], own[256] = "";
	struct mw_buf ca_file = MW_BUF_OVER(authorities), cert_file = MW_BUF_OVER(certificate),
		      key_file = MW_BUF_OVER(key), said = MW_BUF_OVER(memory);
	struct mw_tls_client client = { .ca_file = authorities, .cert_file = certificate, .key_file = key };
	LDAPURLDesc *url = NULL;
	bool found = false;

	mw_buf_add(&ca_file, authorities_of(source));
	mw_buf_add(&cert_file, source->ldap.tls_cert_file);
	mw_buf_add(&key_file, source->ldap.tls_key_file);
	client.deadline = mw_ldap_deadline(session);
	if (ldap_url_parse(session->url, &url) == LDAP_URL_SUCCESS && url->lud_host != NULL &&
	    (mw_ldap_is_ldaps(session) || ask_for_tls(session, &said)) &&
	    ldap_get_option(session->ld, LDAP_OPT_DESC, &client.fd) == LDAP_OPT_SUCCESS) {
		set_host(&client, url->lud_host, own, sizeof(own));
		mw_buf_reset(&said);
		found = mw_tls_fault(&client, &said);
	}
	ldap_free_urldesc(url);
	if (found)
		mw_sql_say(why, memory);
	return found;
}

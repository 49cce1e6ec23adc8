/* SPDX-License-Identifier: MIT */
#include "sync/ldap/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "sync/ldap/internal.h"
#include "sync/sql/sql.h"

#define MESSAGE_MAX (256ul << 20) /* octets of one message: a group of a million members fits */

void mw_ldap_say(struct mw_ldap_session *session, int code, struct mw_buf *why)
{
	char *diagnostic = NULL;

	mw_sql_say(why, ldap_err2string(code));
	if (session->ld != NULL &&
	    ldap_get_option(session->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic) == LDAP_OPT_SUCCESS &&
	    diagnostic != NULL && diagnostic[0] != '\0') {
		mw_buf_add_text(why, ": ");
		mw_sql_say(why, diagnostic);
	}
	ldap_memfree(diagnostic);
}

static int64_t deadline_in(unsigned seconds)
{
	return mw_clock_milliseconds() + (int64_t)seconds * 1000;
}

static unsigned connect_seconds(const struct mw_ldap_session *session)
{
	return session->seconds < MW_LDAP_CONNECT_TIMEOUT ? session->seconds : MW_LDAP_CONNECT_TIMEOUT;
}

bool mw_ldap_wait(struct mw_ldap_session *session, int message_id, int64_t deadline, LDAPMessage **message_r,
		  struct mw_buf *why)
{
	int64_t left = deadline - mw_clock_milliseconds();
	struct timeval time = { .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000 };
	int code = LDAP_SERVER_DOWN, kind;

	*message_r = NULL;
	kind = left <= 0 ? 0 : ldap_result(session->ld, message_id, LDAP_MSG_ONE, &time, message_r);
	if (kind > 0)
		return true;
	if (kind == 0) {
		mw_buf_add_text(why, "the server does not answer in time");
		return false;
	}
	ldap_get_option(session->ld, LDAP_OPT_RESULT_CODE, &code);
	if (code == LDAP_SERVER_DOWN)
		mw_buf_add_text(why, "the connection was cut");
	else
		mw_ldap_say(session, code, why);
	return false;
}

/* The result of an operation that has one message. LDAP_OTHER with `why` where there is none. */
static int wait_for_result(struct mw_ldap_session *session, int message_id, bool *waited_r, struct mw_buf *why)
{
	LDAPMessage *message;
	int code = LDAP_OTHER;

	*waited_r = mw_ldap_wait(session, message_id, deadline_in(connect_seconds(session)), &message, why);
	if (!*waited_r)
		return LDAP_OTHER;
	if (ldap_parse_result(session->ld, message, &code, NULL, NULL, NULL, NULL, 1) != LDAP_SUCCESS)
		code = LDAP_DECODING_ERROR;
	return code;
}

/* --- TLS */

static bool is_socket(const struct mw_ldap_session *session)
{
	return mw_str_starts_with_nocase(mw_str(session->url), MW_STR("ldapi://"));
}

static bool is_ldaps(const struct mw_ldap_session *session)
{
	return mw_str_starts_with_nocase(mw_str(session->url), MW_STR("ldaps://"));
}

static bool has_tls(const struct mw_ldap_session *session)
{
	return !is_socket(session) && session->source->sql.tls == MW_SOURCE_TLS_VERIFY;
}

static bool set_text(struct mw_ldap_session *session, int option, struct mw_str value)
{
	char memory[4096];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_buf_add(&text, value);
	return mw_str_empty(value) ||
	       (!text.truncated && ldap_set_option(session->ld, option, memory) == LDAP_OPT_SUCCESS);
}

/* A file that is not there would else be told as a certificate that nobody signed. */
static bool can_read(const char *setting, struct mw_str path, struct mw_buf *why)
{
	char memory[4096];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_buf_add(&text, path);
	if (mw_str_empty(path) || access(memory, R_OK) == 0)
		return true;
	mw_buf_printf(why, "%s %s: %s", setting, memory, strerror(errno));
	return false;
}

static bool prepare_tls(struct mw_ldap_session *session, struct mw_buf *why)
{
	const struct mw_source *source = session->source;
	struct mw_str authorities =
		mw_str_empty(source->sql.tls_ca_file) ? MW_STR(MW_SQL_CA_FILE) : source->sql.tls_ca_file;
	const int demand = LDAP_OPT_X_TLS_DEMAND, least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2, client = 0;

	if (!can_read("tls_ca_file", authorities, why) ||
	    !can_read("tls_cert_file", source->ldap.tls_cert_file, why) ||
	    !can_read("tls_key_file", source->ldap.tls_key_file, why))
		return false;
	if (ldap_set_option(session->ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(session->ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least) == LDAP_OPT_SUCCESS &&
	    set_text(session, LDAP_OPT_X_TLS_CACERTFILE, authorities) &&
	    set_text(session, LDAP_OPT_X_TLS_CERTFILE, source->ldap.tls_cert_file) &&
	    set_text(session, LDAP_OPT_X_TLS_KEYFILE, source->ldap.tls_key_file) &&
	    ldap_set_option(session->ld, LDAP_OPT_X_TLS_NEWCTX, &client) == LDAP_OPT_SUCCESS)
		return true;
	mw_buf_add_text(why, "TLS cannot be set up");
	return false;
}

/* Of a certificate that is not good GnuTLS's part of libldap says only that much. */
static bool fail_tls(struct mw_ldap_session *session, int code, struct mw_buf *why)
{
	struct mw_str authorities = session->source->sql.tls_ca_file;
	char memory[512];
	struct mw_buf said = MW_BUF_OVER(memory);

	mw_ldap_say(session, code, &said);
	mw_buf_printf(why, "TLS failed: the certificate is for another name, or none of %.*s has signed it (%s)",
		      MW_STR_ARG(mw_str_empty(authorities) ? MW_STR(MW_SQL_CA_FILE) : authorities), memory);
	return false;
}

/* A server that trickles must not hold us in a read: libldap waits in poll(2) then. */
static bool never_block(struct mw_ldap_session *session, struct mw_buf *why)
{
	ber_len_t most = MESSAGE_MAX;
	Sockbuf *buffer = NULL;
	int fd = -1, flags;

	if (ldap_get_option(session->ld, LDAP_OPT_DESC, &fd) == LDAP_OPT_SUCCESS && fd >= 0 &&
	    (flags = fcntl(fd, F_GETFL)) >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	    ldap_get_option(session->ld, LDAP_OPT_SOCKBUF, &buffer) == LDAP_OPT_SUCCESS &&
	    ber_sockbuf_ctrl(buffer, LBER_SB_OPT_SET_MAX_INCOMING, &most) == 1)
		return true;
	mw_buf_add_text(why, "the connection was cut");
	return false;
}

static bool ask_for_tls(struct mw_ldap_session *session, struct mw_buf *why)
{
	int message_id = -1, code = ldap_start_tls(session->ld, NULL, NULL, &message_id);
	bool waited = true;

	if (code == LDAP_SUCCESS)
		code = wait_for_result(session, message_id, &waited, why);
	if (waited && code != LDAP_SUCCESS) {
		mw_buf_add_text(why, "the server refuses STARTTLS: ");
		mw_ldap_say(session, code, why);
	}
	return waited && code == LDAP_SUCCESS;
}

/* The handshake; for ldaps:// it is what comes first. */
static bool start_tls(struct mw_ldap_session *session, struct mw_buf *why)
{
	Sockbuf *buffer = NULL;
	int code;

	if (!is_ldaps(session) && !ask_for_tls(session, why))
		return false;
	if (ldap_get_option(session->ld, LDAP_OPT_SOCKBUF, &buffer) != LDAP_OPT_SUCCESS ||
	    !mw_ldap_add_deadline(buffer, &session->handshake_end)) {
		mw_buf_add_text(why, "out of memory");
		return false;
	}
	session->handshake_end = deadline_in(connect_seconds(session));
	code = ldap_install_tls(session->ld);
	if (code != LDAP_SUCCESS && mw_clock_milliseconds() >= session->handshake_end) {
		mw_buf_add_text(why, "TLS failed: the server does not answer in time");
		return false;
	}
	session->handshake_end = 0;
	return code == LDAP_SUCCESS ? never_block(session, why) : fail_tls(session, code, why);
}

/* --- bind */

static void tell_refused(struct mw_ldap_session *session, int code, struct mw_buf *why)
{
	if (code == LDAP_INVALID_CREDENTIALS)
		mw_buf_printf(why, "the server refuses %s or its password: ", session->who);
	else
		mw_buf_printf(why, "%s cannot log in: ", session->who);
	mw_ldap_say(session, code, why);
}

static int bind_as(struct mw_ldap_session *session, const char *dn, const char *mechanism, const char *password,
		   bool *waited_r, struct mw_buf *why)
{
	struct berval credentials = { strlen(password), (char *)(uintptr_t)password };
	int message_id, code = ldap_sasl_bind(session->ld, dn, mechanism, &credentials, NULL, NULL, &message_id);

	*waited_r = true;
	return code == LDAP_SUCCESS ? wait_for_result(session, message_id, waited_r, why) : code;
}

static int bind_simple(struct mw_ldap_session *session, bool *waited_r, struct mw_buf *why)
{
	char password[1024] = "", path[4096], dn[4096];
	struct mw_buf name = MW_BUF_OVER(path), user = MW_BUF_OVER(dn);
	int code = LDAP_INVALID_CREDENTIALS;

	mw_buf_add(&name, session->source->sql.password_file);
	mw_buf_add(&user, session->source->sql.user);
	/* It refuses an empty password, which would be an anonymous session. */
	*waited_r = !user.truncated && mw_sql_read_password(path, password, sizeof(password), why);
	if (*waited_r)
		code = bind_as(session, dn, LDAP_SASL_SIMPLE, password, waited_r, why);
	explicit_bzero(password, sizeof(password));
	return code;
}

/* Kerberos asks nothing: whoever it is comes from the tickets. */
static int answer_nothing(LDAP *ld, unsigned flags, void *defaults, void *questions)
{
	(void)ld;
	(void)flags;
	(void)defaults;
	(void)questions;
	return LDAP_SUCCESS;
}

static bool prepare_gssapi(struct mw_ldap_session *session)
{
	/* Without TLS the session is encrypted by Kerberos or refused. Under TLS a second layer is what some servers
	   refuse. */
	char properties[64];
	struct mw_buf text = MW_BUF_OVER(properties);
	char path[4096];
	struct mw_buf keytab = MW_BUF_OVER(path);

	mw_buf_printf(&text, "noplain,noanonymous,%s",
		      has_tls(session) || is_socket(session) ? "maxssf=0" : "minssf=56");
	mw_buf_add(&keytab, session->source->ldap.keytab_file);
	if (keytab.used > 0 &&
	    (setenv("KRB5_CLIENT_KTNAME", path, 1) != 0 || setenv("KRB5CCNAME", "MEMORY:mailwicket", 1) != 0))
		return false;
	return ldap_set_option(session->ld, LDAP_OPT_X_SASL_SECPROPS, properties) == LDAP_OPT_SUCCESS;
}

static int bind_gssapi(struct mw_ldap_session *session, bool *waited_r, struct mw_buf *why)
{
	int64_t deadline = deadline_in(connect_seconds(session));
	const char *mechanism = NULL;
	LDAPMessage *message = NULL;
	int message_id = -1, code;

	*waited_r = true;
	if (!prepare_gssapi(session))
		return LDAP_PARAM_ERROR;
	for (;;) {
		code = ldap_sasl_interactive_bind(session->ld, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET,
						  answer_nothing, NULL, message, &mechanism, &message_id);
		ldap_msgfree(message);
		message = NULL;
		if (code != LDAP_SASL_BIND_IN_PROGRESS)
			return code;
		*waited_r = mw_ldap_wait(session, message_id, deadline, &message, why);
		if (!*waited_r)
			return LDAP_OTHER;
	}
}

/* LDAP_SUCCESS, or why not. */
static int log_in(struct mw_ldap_session *session, struct mw_buf *why)
{
	bool waited = true;
	int code = LDAP_SUCCESS;

	switch (session->source->ldap.bind) {
	case MW_LDAP_SIMPLE: code = bind_simple(session, &waited, why); break;
	case MW_LDAP_EXTERNAL: code = bind_as(session, NULL, "EXTERNAL", "", &waited, why); break;
	case MW_LDAP_GSSAPI: code = bind_gssapi(session, &waited, why); break;
	case MW_LDAP_ANONYMOUS: break;
	}
	if (waited && code != LDAP_SUCCESS)
		tell_refused(session, code, why);
	return code;
}

/* --- one server */

/* To libldap ldaps:// is ldap:// at another port: so a handshake that fails is told from a server that is not there. */
static int initialize(struct mw_ldap_session *session)
{
	char memory[600];
	struct mw_buf url = MW_BUF_OVER(memory);
	struct mw_str rest = mw_str_tail(mw_str(session->url), sizeof("ldaps://") - 1);

	if (!is_ldaps(session))
		return ldap_initialize(&session->ld, session->url);
	if (rest.len > 0 && rest.ptr[rest.len - 1] == '/')
		rest.len--;
	mw_buf_printf(&url, "ldap://%.*s", MW_STR_ARG(rest));
	if (mw_str_find_last(rest, ':') == rest.len || rest.ptr[rest.len - 1] == ']')
		mw_buf_add_text(&url, ":636");
	return ldap_initialize(&session->ld, memory);
}

static bool prepare(struct mw_ldap_session *session, struct mw_buf *why)
{
	const int version = LDAP_VERSION3;
	const struct timeval time = { .tv_sec = connect_seconds(session) };

	/* No file of the host's or of the current folder adds options. */
	if (setenv("LDAPNOINIT", "1", 1) == 0 && initialize(session) == LDAP_SUCCESS &&
	    ldap_set_option(session->ld, LDAP_OPT_PROTOCOL_VERSION, &version) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(session->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(session->ld, LDAP_OPT_NETWORK_TIMEOUT, &time) == LDAP_OPT_SUCCESS &&
	    ldap_set_option(session->ld, LDAP_OPT_TIMEOUT, &time) == LDAP_OPT_SUCCESS)
		return !has_tls(session) || prepare_tls(session, why);
	mw_buf_add_text(why, "out of memory");
	return false;
}

static bool connect_to(struct mw_ldap_session *session, struct mw_buf *why)
{
	int code = LDAP_SERVER_DOWN;

	if (ldap_connect(session->ld) == LDAP_SUCCESS)
		return never_block(session, why) && (!has_tls(session) || start_tls(session, why));
	ldap_get_option(session->ld, LDAP_OPT_RESULT_CODE, &code);
	mw_ldap_say(session, code, why);
	return false;
}

static void disconnect(struct mw_ldap_session *session)
{
	if (session->ld != NULL)
		ldap_unbind_ext(session->ld, NULL, NULL);
	session->ld = NULL;
}

static void begin_text(struct mw_ldap_session *session, struct mw_str url)
{
	struct mw_buf text = MW_BUF_OVER(session->url), who = MW_BUF_OVER(session->who);

	mw_buf_add(&text, url);
	if (session->source->ldap.bind == MW_LDAP_SIMPLE)
		mw_buf_printf(&who, "\"%.*s\"", MW_STR_ARG(session->source->sql.user));
	else
		mw_buf_add_text(&who, session->source->ldap.bind == MW_LDAP_ANONYMOUS ? "an anonymous session"
										      : "the bind");
}

/* *last_r: another server would say the same. */
static bool open_one(struct mw_ldap_session *session, struct mw_str url, bool *last_r, struct mw_buf *why)
{
	int code;

	begin_text(session, url);
	if (prepare(session, why) && connect_to(session, why)) {
		code = log_in(session, why);
		if (code == LDAP_SUCCESS)
			return true;
		*last_r = code == LDAP_INVALID_CREDENTIALS;
	}
	disconnect(session);
	return false;
}

struct mw_ldap_session *mw_ldap_open(const struct mw_source *source, unsigned seconds, struct mw_buf *why)
{
	struct mw_ldap_session *session = calloc(1, sizeof(*session));
	bool last = false;

	if (session == NULL) {
		mw_buf_add_text(why, "out of memory");
		return NULL;
	}
	session->source = source;
	session->seconds = seconds;
	session->message_id = -1;
	for (size_t i = 0; i < source->ldap.url.count && !last; i++) {
		struct mw_str url = source->ldap.url.items[i];

		mw_buf_printf(why, "%s%.*s: ", i > 0 ? "; " : "", MW_STR_ARG(url));
		if (open_one(session, url, &last, why)) {
			mw_buf_reset(why);
			return session;
		}
	}
	free(session);
	return NULL;
}

void mw_ldap_close(struct mw_ldap_session *session)
{
	if (session == NULL)
		return;
	mw_ldap_memory_deinit(&session->next);
	mw_ldap_memory_deinit(&session->read);
	ber_memfree(session->cookie.bv_val);
	disconnect(session);
	free(session);
}

struct mw_str mw_ldap_url(const struct mw_ldap_session *session)
{
	return mw_str(session->url);
}

struct mw_str mw_ldap_who(const struct mw_ldap_session *session)
{
	return mw_str(session->who);
}

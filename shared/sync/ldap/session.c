/* SPDX-License-Identifier: MIT */
#include "sync/ldap/session.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "sync/host.h"
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

static unsigned connect_seconds(const struct mw_ldap_session *session)
{
	return session->seconds < MW_LDAP_CONNECT_TIMEOUT ? session->seconds : MW_LDAP_CONNECT_TIMEOUT;
}

int64_t mw_ldap_deadline(const struct mw_ldap_session *session)
{
	return mw_clock_milliseconds() + (int64_t)connect_seconds(session) * 1000;
}

bool mw_ldap_wait(struct mw_ldap_session *session, int message_id, int64_t deadline, LDAPMessage **message_r,
		  struct mw_buf *why)
{
	bool last = session->end < deadline;
	int64_t left = (last ? session->end : deadline) - mw_clock_milliseconds();
	struct timeval time = { .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000 };
	int code = LDAP_SERVER_DOWN, kind;

	*message_r = NULL;
	kind = left <= 0 ? 0 : ldap_result(session->ld, message_id, LDAP_MSG_ONE, &time, message_r);
	if (kind > 0)
		return true;
	if (kind == 0 && last)
		mw_buf_printf(why, "the server does not come to an end within %d times timeout = %us",
			      MW_LDAP_TIMEOUTS_IN_ALL, session->seconds);
	else if (kind == 0)
		mw_buf_add_text(why, "the server does not answer in time");
	if (kind == 0)
		return false;
	ldap_get_option(session->ld, LDAP_OPT_RESULT_CODE, &code);
	session->cut = code == LDAP_SERVER_DOWN;
	if (session->cut)
		mw_buf_add_text(why, "the connection was cut");
	else
		mw_ldap_say(session, code, why);
	return false;
}

int mw_ldap_wait_for_result(struct mw_ldap_session *session, int message_id, bool *waited_r, struct mw_buf *why)
{
	LDAPMessage *message;
	int code = LDAP_OTHER;

	*waited_r = mw_ldap_wait(session, message_id, mw_ldap_deadline(session), &message, why);
	if (!*waited_r)
		return LDAP_OTHER;
	if (ldap_parse_result(session->ld, message, &code, NULL, NULL, NULL, NULL, 1) != LDAP_SUCCESS)
		code = LDAP_DECODING_ERROR;
	return code;
}

/* --- bind */

static void tell_refused(struct mw_ldap_session *session, int code, struct mw_buf *why)
{
	struct mw_str keytab = session->source->ldap.keytab_file;

	if (session->source->ldap.bind == MW_LDAP_GSSAPI) {
		if (keytab.len > 0)
			mw_buf_printf(why, "Kerberos, with the keys of %.*s: ", MW_STR_ARG(keytab));
		else
			mw_buf_add_text(why, "Kerberos, with the tickets that are there: ");
		mw_ldap_say_kerberos(session, code, why);
		return;
	}
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
	return code == LDAP_SUCCESS ? mw_ldap_wait_for_result(session, message_id, waited_r, why) : code;
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

/* LDAP_SUCCESS, or why not. */
static int log_in(struct mw_ldap_session *session, struct mw_buf *why)
{
	bool waited = true;
	int code = LDAP_SUCCESS;

	switch (session->source->ldap.bind) {
	case MW_LDAP_SIMPLE: code = bind_simple(session, &waited, why); break;
	case MW_LDAP_EXTERNAL: code = bind_as(session, NULL, "EXTERNAL", "", &waited, why); break;
	case MW_LDAP_GSSAPI: code = mw_ldap_bind_gssapi(session, &waited, why); break;
	case MW_LDAP_ANONYMOUS: break;
	}
	session->cut = session->cut || code == LDAP_SERVER_DOWN;
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

	if (!mw_ldap_is_ldaps(session))
		return ldap_initialize(&session->ld, session->url);
	if (rest.len > 0 && rest.ptr[rest.len - 1] == '/')
		rest.len--;
	mw_buf_printf(&url, "ldap://%.*s", MW_STR_ARG(rest));
	if (mw_str_find_last(rest, ':') == rest.len || rest.ptr[rest.len - 1] == ']')
		mw_buf_add_text(&url, ":636");
	return ldap_initialize(&session->ld, memory);
}

/* Of a connection without TLS so far. */
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
		return true;
	mw_buf_add_text(why, "out of memory");
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

static bool connect_to(struct mw_ldap_session *session, struct mw_buf *why)
{
	int code = LDAP_SERVER_DOWN;

	if (ldap_connect(session->ld) == LDAP_SUCCESS)
		return never_block(session, why);
	ldap_get_option(session->ld, LDAP_OPT_RESULT_CODE, &code);
	mw_ldap_say(session, code, why);
	return false;
}

static bool is_known(const struct mw_ldap_session *session, struct mw_buf *why)
{
	LDAPURLDesc *url = NULL;
	bool known;

	if (mw_ldap_is_socket(session) || ldap_url_parse(session->url, &url) != LDAP_URL_SUCCESS)
		return true;
	known = url->lud_host == NULL || mw_host_is_known(url->lud_host, why);
	ldap_free_urldesc(url);
	return known;
}

static bool connect_with_tls(struct mw_ldap_session *session, struct mw_buf *why)
{
	if (!prepare(session, why) || (mw_ldap_has_tls(session) && !mw_ldap_prepare_tls(session, why)) ||
	    !connect_to(session, why))
		return false;
	return !mw_ldap_has_tls(session) || (mw_ldap_start_tls(session, why) && never_block(session, why));
}

static void disconnect(struct mw_ldap_session *session)
{
	if (session->ld != NULL)
		ldap_unbind_ext(session->ld, NULL, NULL);
	session->ld = NULL;
}

/* Says why TLS failed in place of what follows `from` in why: it connects once more. */
static void explain_tls(struct mw_ldap_session *session, size_t from, struct mw_buf *why)
{
	char memory[800];
	struct mw_buf fault = MW_BUF_OVER(memory);

	disconnect(session);
	if (!prepare(session, &fault) || !connect_to(session, &fault))
		return;
	mw_buf_reset(&fault);
	if (!mw_ldap_tls_fault(session, &fault))
		return;
	why->used = from;
	mw_buf_printf(why, "TLS failed: %s", memory);
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
	size_t from = why->used;
	int code;

	begin_text(session, url);
	session->tls_failed = session->cut = false;
	if (is_known(session, why) && connect_with_tls(session, why)) {
		code = log_in(session, why);
		if (code == LDAP_SUCCESS)
			return true;
		*last_r = code == LDAP_INVALID_CREDENTIALS && session->source->ldap.bind == MW_LDAP_SIMPLE;
	}
	/* With TLS 1.3 a server refuses our certificate when the handshake is over to us. */
	if (session->tls_failed || (session->cut && mw_ldap_has_tls(session)))
		explain_tls(session, from, why);
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
	/* libldap and OpenSSL write to connections that a server may have ended. */
	(void)signal(SIGPIPE, SIG_IGN);
	session->source = source;
	session->seconds = seconds;
	session->end = mw_clock_milliseconds() + (int64_t)seconds * MW_LDAP_TIMEOUTS_IN_ALL * 1000;
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

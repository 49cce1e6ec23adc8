/* SPDX-License-Identifier: MIT */
#include "why/event.h"

#include "base/units.h"
#include "logs/login.h"
#include "why/fault.h"
#include "why/part.h"
#include "why/tls_words.h"

#define AUTH_WAIT 10 /* seconds, after which Dovecot warns that its auth process does not answer */

/* What tells one kind of line from another: in the words before the user. */
static const struct { const char *words; enum mw_why_kind kind; } logins[] = {
	{ "Plaintext authentication disabled", MW_WHY_LOGIN_NEEDS_TLS },
	{ "SSL required for authentication", MW_WHY_LOGIN_NEEDS_TLS },
	{ "cleartext authentication disabled", MW_WHY_LOGIN_NEEDS_TLS },
	{ "tried to use disallowed plaintext auth", MW_WHY_LOGIN_NEEDS_TLS },
	{ "tried to use disabled plaintext auth", MW_WHY_LOGIN_NEEDS_TLS }, /* before 2.2 */
	{ "tried to use disallowed cleartext auth", MW_WHY_LOGIN_NEEDS_TLS },
	{ "Unsupported authentication mechanism", MW_WHY_MECHANISM },
	{ "tried to use unsupported auth mechanism", MW_WHY_MECHANISM },
	{ "Auth process broken", MW_WHY_FAULT },
	{ "auth process communication failure", MW_WHY_FAULT },
	{ "Too many invalid commands (disconnected before auth was ready", MW_WHY_TLS_HELLO },
	{ "Too many bad commands (disconnected before auth was ready", MW_WHY_TLS_HELLO },
	{ "disconnected before auth was ready", MW_WHY_FAULT },
	{ "Auth process not responding", MW_WHY_FAULT },
	{ "TLS initialization failed", MW_WHY_FAULT },
	{ "Connection queue full", MW_WHY_FAULT },
	{ "temporary failure", MW_WHY_FAULT },
	{ "Internal login failure", MW_WHY_FAULT },
	{ "(internal failure, ", MW_WHY_ENDED }, /* "1 successful auths": after a passdb that said yes */
	{ "internal failure", MW_WHY_FAULT },
	{ "process_limit was hit", MW_WHY_FAULT },
	{ "Maximum number of connections", MW_WHY_LIMIT },
	{ "connection limit reached", MW_WHY_LIMIT },
	{ "proxy dest auth failed", MW_WHY_LOGIN_FAILED },
	{ "(auth failed, ", MW_WHY_LOGIN_FAILED },
	{ "client didn't finish SASL auth", MW_WHY_LOGIN_LEFT },
	{ "disconnected while authenticating", MW_WHY_LOGIN_LEFT },
	{ "disconnected while finishing login", MW_WHY_LOGIN_LEFT },
	{ "aborted authentication", MW_WHY_LOGIN_LEFT },
	{ "auth aborted by client", MW_WHY_LOGIN_LEFT },
	{ "(user disabled", MW_WHY_ENDED },
	{ "(password expired", MW_WHY_ENDED },
	{ "(login disabled", MW_WHY_ENDED },
	{ "(authorization failed", MW_WHY_ENDED },
	{ "(sent invalid base64", MW_WHY_ENDED },
	{ "client sent an invalid cert", MW_WHY_ENDED },
	{ "client sent an untrusted cert", MW_WHY_ENDED },
	{ "client didn't send a cert", MW_WHY_ENDED },
	{ "cert required, client didn't start TLS", MW_WHY_ENDED },
	{ "Too many invalid commands (no auth attempts", MW_WHY_TLS_HELLO },
	{ "Too many bad commands (no auth attempts", MW_WHY_TLS_HELLO },
	{ "Inactivity (disconnected during TLS handshake", MW_WHY_NO_TLS_HELLO },
	{ "SSL_accept() failed", MW_WHY_TLS_FAILED },
	{ "disconnected during TLS handshake", MW_WHY_TLS_CUT },
	{ "(no auth attempts", MW_WHY_LEFT_BEFORE_LOGIN },
};

/* Errors of the server's own, in 2.3 with the client behind them. Behind "proxy(" stands the name, which may be
   anything. */
static bool is_own_error(struct mw_str words)
{
	static const char *const begins[] = { "proxy(", "Failed to initialize SSL server context: ", NULL };

	return mw_part_begins_with_one(words, begins);
}

static bool kind_of(struct mw_str words, bool error, enum mw_why_kind *kind_r)
{
	*kind_r = MW_WHY_LOGGED_IN;
	if (mw_log_login_succeeded(words))
		return true;
	*kind_r = MW_WHY_FAULT;
	if (error && is_own_error(words))
		return true;
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		if (!mw_str_has(words, logins[i].words))
			continue;
		*kind_r = logins[i].kind;
		return true;
	}
	return mw_why_aborted(words, kind_r);
}

/* A session's id begins with the lowest 48 bits of its first microsecond, the lowest octet first, in base64
   (login-common, client_get_session_id()). How many seconds ago that is; 0: it is no such id. */
static uint64_t age_of(struct mw_str id, int64_t now)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint64_t bits = 0, begun = 0, mask = ((uint64_t)1 << 48) - 1, age;

	for (size_t i = 0; i < 8; i++) {
		const char *digit = i < id.len && id.ptr[i] != '\0' ? strchr(digits, id.ptr[i]) : NULL;

		if (digit == NULL)
			return 0;
		bits = bits << 6 | (uint64_t)(digit - digits);
	}
	for (size_t i = 0; i < 6; i++)
		begun |= (bits >> (40 - 8 * i) & 0xff) << (8 * i);
	age = ((uint64_t)now * 1000000 - begun) & mask;
	/* The clocks of two programs, and a line's time in whole seconds. */
	return age > 86400000000ULL ? 0 : age / 1000000;
}

/* 2.3 says of a handshake that was not finished only that no login came: at once, or once the client had waited for a
   greeting. */
static void see_handshake(const struct mw_log_login *login, struct mw_why_event *event)
{
	struct mw_str secs = mw_part_before(mw_part_after(login->words, "(no auth attempts in "), " ");
	uint64_t waited;

	if ((event->kind != MW_WHY_LEFT_BEFORE_LOGIN && event->kind != MW_WHY_TLS_CUT) ||
	    !mw_str_has(login->behind, ", TLS handshaking"))
		return;
	if (!mw_parse_number(secs, &waited))
		waited = age_of(mw_part_after(login->behind, "session=<"), event->time);
	event->kind = waited > MW_WHY_AT_ONCE ? MW_WHY_NO_TLS_HELLO : MW_WHY_TLS_CUT;
}

/* OpenSSL's words stand among Dovecot's own, or, in 2.3, behind the client's address. */
static void see_tls(const struct mw_log_login *login, struct mw_why_event *event)
{
	enum mw_why_kind kind = mw_why_tls_kind(login->words);

	if (event->kind != MW_WHY_LEFT_BEFORE_LOGIN && event->kind != MW_WHY_TLS_CUT && event->kind != MW_WHY_TLS_FAILED)
		return;
	if (kind == MW_WHY_TLS_FAILED)
		kind = mw_why_tls_kind(login->behind);
	if (kind != MW_WHY_TLS_FAILED && (kind != MW_WHY_TLS_CUT || event->kind == MW_WHY_TLS_FAILED))
		event->kind = kind;
}

/* Who leaves before Dovecot itself finds the wait long did not wait for its auth process, on a busy machine. */
static void see_wait(struct mw_str words, struct mw_why_event *event)
{
	static const char before[] = "disconnected before auth was ready, waited ";
	uint64_t waited;

	if (event->kind == MW_WHY_FAULT && mw_str_has(words, before) &&
	    mw_parse_number(mw_part_before(mw_part_after(words, before), " "), &waited) && waited < AUTH_WAIT)
		event->kind = MW_WHY_LEFT_BEFORE_LOGIN;
}

/* Dovecot has no words for a login that it refused before TLS (2.3 has some with auth_verbose), only no mechanism: the
   password was not looked at. With a name 2.3 had a password, too, and else an unknown mechanism. */
static void see_clear(const struct mw_log_login *login, struct mw_why_event *event)
{
	bool clear = !event->tls && !mw_str_has(login->behind, ", secured");

	if (event->kind == MW_WHY_LOGIN_FAILED && clear && mw_str_empty(event->mechanism) &&
	    (!mw_str_empty(event->user) || mw_str_starts_with(login->words, MW_STR("Login aborted: "))))
		event->kind = MW_WHY_LOGIN_NEEDS_TLS;
	/* A name is known here only after LOGIN, USER or a first response: the password came with it, or behind it. */
	event->exposed = clear && event->kind == MW_WHY_LOGIN_NEEDS_TLS && !mw_str_empty(event->user);
}

static bool read_login(enum mw_protocol protocol, const struct mw_why_line *line, struct mw_why_event *event)
{
	struct mw_log_login login;

	event->protocol = protocol;
	if (!mw_log_login_read(line->message, &login) || !kind_of(login.words, line->error, &event->kind))
		return false;
	event->user = login.user;
	event->mechanism = login.mechanism;
	event->client = login.client;
	event->tls = mw_str_has(login.behind, ", TLS") && !mw_str_has(login.behind, ", TLS handshaking");
	see_wait(login.words, event);
	event->reply = event->kind == MW_WHY_FAULT || event->kind == MW_WHY_LIMIT || event->kind == MW_WHY_ENDED ||
		       event->kind == MW_WHY_LOGIN_LEFT ? login.words : MW_STR_EMPTY;
	see_clear(&login, event);
	see_tls(&login, event);
	see_handshake(&login, event);
	return true;
}

static bool plain_name(struct mw_str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (strchr(" ,:()<>", name.ptr[i]) != NULL)
			return false;
	return name.len > 0;
}

/* What Dovecot's auth says of a user, by the begin of its words. */
static const struct { const char *begins; enum mw_why_kind kind; } said_of_user[] = {
	{ "unknown user", MW_WHY_USER_UNKNOWN },
	{ "invalid credentials", MW_WHY_PASSWORD_WRONG }, /* LDAP, before 2.2 */
	{ "pam_authenticate() failed: User not known", MW_WHY_USER_UNKNOWN },
	{ "pam_authenticate() failed: Authentication failure", MW_WHY_PASSWORD_WRONG },
	{ "pam_authenticate() failed: Authentication service cannot ", MW_WHY_FAULT },
	{ "pam_authenticate() failed: System error", MW_WHY_FAULT },
	{ "pam_authenticate() failed: Error in service module", MW_WHY_FAULT },
	{ "pam_authenticate() failed: Module is unknown", MW_WHY_FAULT },
	{ "pam_authenticate() failed: Critical error", MW_WHY_FAULT },
	{ "pam_authenticate() failed: ", MW_WHY_ENDED },
	{ "pam_acct_mgmt() failed: ", MW_WHY_ENDED },
	{ "allow_nets check failed", MW_WHY_ENDED },
	{ "Authentication failure due to policy server refusal", MW_WHY_ENDED },
	{ "User found from deny passdb", MW_WHY_ENDED },
	{ "User not authorized to log in as ", MW_WHY_ENDED }, /* GSSAPI */
	{ "oauth2 failed: Password grant failed: ", MW_WHY_PASSWORD_WRONG },
	{ "oauth2 failed: ", MW_WHY_ENDED },
};

/* A password that is wrong, or a fault of its own. */
static bool kind_of_said(struct mw_str said, bool error, struct mw_why_event *event)
{
	event->tls_unknown = true;
	event->reply = said;
	event->kind = MW_WHY_FAULT;
	for (size_t i = 0; i < sizeof(said_of_user) / sizeof(said_of_user[0]); i++) {
		if (!mw_str_starts_with(said, mw_str(said_of_user[i].begins)) ||
		    (error && mw_str_starts_with(said, MW_STR("oauth2 "))))
			continue;
		event->kind = said_of_user[i].kind;
		/* With auth_verbose_passwords the password stands behind such words. */
		if (event->kind != MW_WHY_ENDED && event->kind != MW_WHY_FAULT)
			event->reply = MW_STR_EMPTY;
		return true;
	}
	if (mw_str_has(mw_part_before(said, "given password"), "assword mismatch")) {
		event->kind = MW_WHY_PASSWORD_WRONG;
		event->reply = MW_STR_EMPTY;
		return true;
	}
	return error;
}

/* "bob,192.0.2.7" and, for a login process, ",<session>", or, in 2.4, ",sasl:plain" for Postfix. A name with one of
   ",()<>: " is nobody's here. */
static bool read_asked(struct mw_str inner, struct mw_why_event *event)
{
	struct mw_str field;

	return mw_str_split(&inner, ',', &event->user) && mw_str_split(&inner, ',', &event->client) &&
	       plain_name(event->user) && (!mw_str_split(&inner, ',', &field) || mw_str_empty(inner));
}

/* 2.3: "passwd-file(bob,192.0.2.7,<session>): Password mismatch". */
static bool read_auth(const struct mw_why_line *line, struct mw_why_event *event)
{
	size_t end = mw_str_find_text(line->message, "): ");
	size_t begin = mw_str_find(line->message, '(');
	struct mw_str inner, said = mw_str_tail(line->message, end + strlen("): "));

	if (end == line->message.len || begin > end || !plain_name(mw_str_head(line->message, begin)))
		return false;
	inner = (struct mw_str){ line->message.ptr + begin + 1, end - begin - 1 };
	event->protocol = mw_str_has(inner, ",<") ? MW_PROTOCOL_IMAP : MW_PROTOCOL_SMTP;
	return kind_of_said(said, line->error, event) &&
	       (line->error || end == mw_str_find_last_text(line->message, "): ")) && read_asked(inner, event);
}

/* 2.4: the program is "auth-worker(bob,192.0.2.7)<348><session>", the message "request [1]: Error: sql: ...". */
static bool read_auth_of(struct mw_str program, const struct mw_why_line *line, struct mw_why_event *event)
{
	static const struct mw_str level = { "Error: ", 7 };
	size_t begin = mw_str_find(program, '('), end = mw_str_find_last(program, ')');
	struct mw_str said = line->message, session = mw_str_tail(program, end + 1);
	bool error = line->error;

	if (begin == program.len || end == program.len || end < begin)
		return false;
	if (mw_str_starts_with(said, MW_STR("request [")))
		said = mw_str_tail(said, mw_str_find_text(said, "]: ") + strlen("]: "));
	if (mw_str_starts_with(said, level)) {
		error = true;
		said = mw_str_tail(said, level.len);
	}
	/* "<PROCESS><SESSION>", or the session alone; Postfix has none. */
	if (mw_str_find_text(session, "><") < session.len || mw_str_starts_with(program, MW_STR("auth-worker(")))
		session = mw_part_after(session, "><");
	event->protocol = session.len > 1 ? MW_PROTOCOL_IMAP : MW_PROTOCOL_SMTP;
	if (!read_asked((struct mw_str){ program.ptr + begin + 1, end - begin - 1 }, event))
		return false;
	if (!error && mw_str_find_text(said, ": ") < said.len && plain_name(mw_part_before(said, ": ")))
		said = mw_str_tail(said, mw_str_find_text(said, ": ") + 2);
	return kind_of_said(said, error, event);
}

/* "imap(bob)<4242><session>: Error: ...": after a login. */
static bool read_session(enum mw_protocol protocol, struct mw_str program, const struct mw_why_line *line,
			 struct mw_why_event *event)
{
	size_t begin = mw_str_find(program, '(');
	struct mw_str name = mw_str_tail(program, begin + 1);

	event->kind = MW_WHY_SESSION_ERROR;
	event->protocol = protocol;
	event->user = mw_str_head(name, mw_str_find(name, ')'));
	event->reply = line->message;
	event->tls_unknown = true;
	return line->error && plain_name(event->user);
}

/* "submission(bob)<12><session>: [relay: ]Successfully relayed message: from=<...>, size=1, id=..., nrcpt=1,
   reply=`250 2.0.0 Ok: queued as 0B2'", or "Failed to relay message: ...": what the server said to which Dovecot hands
   the mail. 2.4 writes the word in brackets. */
static bool read_relayed(struct mw_str program, const struct mw_why_line *line, struct mw_why_event *event)
{
	static const char before[] = ", reply=`";
	struct mw_str text = mw_str_tail(line->message, mw_str_starts_with(line->message, MW_STR("relay: ")) ? 7 : 0);
	bool relayed = mw_str_starts_with(text, MW_STR("Successfully relayed message: "));
	struct mw_str reply = mw_str_tail(text, mw_str_find_last_text(text, before) + strlen(before));
	struct mw_str name = mw_part_after(program, "("), from = mw_part_after(text, ": from=<"), id;

	if (!relayed && !mw_str_starts_with(text, MW_STR("Failed to relay message: ")))
		return false;
	reply.len -= mw_str_ends_with(reply, MW_STR("'")) ? 1 : 0;
	id = mw_part_after(reply, "queued as ");
	event->protocol = MW_PROTOCOL_SUBMISSION;
	event->tls_unknown = true;
	event->user = mw_str_head(name, mw_str_find(name, ')'));
	event->kind = relayed ? MW_WHY_SUBMITTED : mw_why_fault_of_reply(reply);
	event->sender = mw_str_head(from, mw_str_find(from, '>'));
	event->queue = relayed ? mw_str_head(id, mw_str_find(id, ' ')) : MW_STR_EMPTY;
	event->reply = relayed ? MW_STR_EMPTY : reply;
	return plain_name(event->user);
}

/* "lmtp(mary)<..>: sieve: msgid=<...>: reject action: rejected message from <bob@example.org> (reject)": to the sender
   a message comes back. */
static bool read_sieve(struct mw_str program, const struct mw_why_line *line, struct mw_why_event *event)
{
	struct mw_str from = mw_part_after(line->message, ": reject action: rejected message from <");
	struct mw_str name = mw_part_after(program, "(");

	event->kind = MW_WHY_BOUNCED;
	event->protocol = MW_PROTOCOL_SMTP;
	event->tls_unknown = true;
	event->sender = mw_str_head(from, mw_str_find(from, '>'));
	event->recipient = mw_str_head(name, mw_str_find(name, ')'));
	event->reply = MW_STR("the recipient's own Sieve script rejects it");
	return mw_str_starts_with(line->message, MW_STR("sieve: msgid=")) && !mw_str_empty(event->sender);
}

/* What names neither user nor client: "auth: Error: sql: ...", "master: Error: service(auth): command startup failed,
   throttling for 2.000 secs", "master: Warning: service(imap-login): process_limit (100) reached, ...". */
static bool read_wide(const struct mw_why_line *line, struct mw_why_event *event)
{
	event->wide = event->tls_unknown = true;
	event->kind = MW_WHY_FAULT;
	event->protocol = MW_PROTOCOL_IMAP;
	event->user = event->client = MW_STR_EMPTY;
	event->reply = line->message;
	return line->error || mw_str_has(line->message, "client connections are being dropped") ||
	       mw_str_has(line->message, "command startup failed, throttling");
}

/* 2.3 puts before what an auth-worker says of a user: "conn unix:auth-worker (pid=57,uid=113): auth-worker<1>: ". */
static struct mw_str without_connection(struct mw_str said)
{
	struct mw_str rest = mw_part_after(said, "): auth-worker<");

	if (!mw_str_starts_with(said, MW_STR("conn unix:")) ||
	    mw_str_find_text(said, "): ") != mw_str_find_text(said, "): auth-worker<"))
		return said;
	return mw_part_after(rest, ">: ");
}

static bool read_any_auth(const struct mw_why_line *whole, struct mw_why_event *event)
{
	struct mw_why_line line;

	line.time = whole->time;
	line.program = whole->program;
	line.error = whole->error;
	line.message = without_connection(whole->message);
	return (mw_str_find(line.program, '(') < line.program.len && read_auth_of(line.program, &line, event)) ||
	       read_auth(&line, event) || read_wide(&line, event);
}

static bool is_auth(struct mw_str program)
{
	struct mw_str name = mw_str_head(program, mw_str_find(program, '('));

	return mw_str_equal(name, MW_STR("auth")) || mw_str_equal(name, MW_STR("auth-worker"));
}

bool mw_why_dovecot(const struct mw_why_line *line, struct mw_why_event *event_r)
{
	static const struct { const char *program; enum mw_protocol protocol; } programs[] = {
		{ "imap-login", MW_PROTOCOL_IMAP }, { "pop3-login", MW_PROTOCOL_POP3 },
		{ "managesieve-login", MW_PROTOCOL_SIEVE }, { "submission-login", MW_PROTOCOL_SUBMISSION },
	};

	*event_r = (struct mw_why_event){ .time = line->time };
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (mw_str_equal(line->program, mw_str(programs[i].program)))
			return read_login(programs[i].protocol, line, event_r) ||
			       (!mw_str_has(line->message, "rip=") && read_wide(line, event_r));
	if (mw_str_starts_with(line->program, MW_STR("imap(")))
		return read_session(MW_PROTOCOL_IMAP, line->program, line, event_r);
	if (mw_str_starts_with(line->program, MW_STR("pop3(")))
		return read_session(MW_PROTOCOL_POP3, line->program, line, event_r);
	if (mw_str_starts_with(line->program, MW_STR("submission(")))
		return read_relayed(line->program, line, event_r) ||
		       read_session(MW_PROTOCOL_SUBMISSION, line->program, line, event_r);
	if (mw_str_starts_with(line->program, MW_STR("lmtp(")))
		return read_sieve(line->program, line, event_r);
	if (mw_str_equal(line->program, MW_STR("master")) || mw_str_equal(line->program, MW_STR("anvil")) ||
	    mw_str_equal(line->program, MW_STR("config")))
		return read_wide(line, event_r);
	return is_auth(line->program) && read_any_auth(line, event_r);
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "why/smtpd.h"

static struct mw_why_line line_of(const char *program, const char *message)
{
	return (struct mw_why_line){ .time = 1, .program = mw_str(program), .process = 7, .message = mw_str(message) };
}

static const struct {
	const char *program, *message;
	enum mw_why_kind kind;
	const char *user, *client, *mechanism;
	bool tls;
} dovecot[] = {
	{ "imap-login", "Login: user=<bob>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=1, TLS, session=<s>",
	  MW_WHY_LOGGED_IN, "bob", "192.0.2.7", "PLAIN", true },
	{ "pop3-login", "Logged in: user=<bob@example.org>, method=PLAIN, rip=2001:db8::7, lip=::1, secured, session=<s>",
	  MW_WHY_LOGGED_IN, "bob@example.org", "2001:db8::7", "PLAIN", false },
	{ "imap-login", "Disconnected: Connection closed (auth failed, 1 attempts in 1 secs): user=<bob>, method=PLAIN, "
	  "rip=192.0.2.7, lip=192.0.2.1, TLS: Connection closed, session=<s>",
	  MW_WHY_LOGIN_FAILED, "bob", "192.0.2.7", "PLAIN", true },
	{ "imap-login", "Login aborted: Connection closed (auth failed, 1 attempts in 2 secs) (auth_failed): user=<bob>, "
	  "method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, TLS, session=<s>",
	  MW_WHY_LOGIN_FAILED, "bob", "192.0.2.7", "PLAIN", true },
	{ "imap-login", "Login failed: Plaintext authentication disabled: user=<>, rip=192.0.2.7, lip=192.0.2.1, "
	  "session=<s>",
	  MW_WHY_LOGIN_NEEDS_TLS, "", "192.0.2.7", "", false },
	{ "imap-login", "Authenticate NTLM failed: Unsupported authentication mechanism.: user=<>, method=NTLM, "
	  "rip=192.0.2.7, lip=192.0.2.1, TLS, session=<s>", MW_WHY_MECHANISM, "", "192.0.2.7", "NTLM", true },
	{ "auth", "passwd-file(bob,192.0.2.7,<s>): Password mismatch", MW_WHY_PASSWORD_WRONG, "bob", "192.0.2.7", "", false },
	{ "auth", "sql(bob@example.org,192.0.2.7): unknown user", MW_WHY_USER_UNKNOWN, "bob@example.org", "192.0.2.7", "",
	  false },
	{ "auth(bob,192.0.2.7,sasl:plain)", "passwd-file: Password mismatch", MW_WHY_PASSWORD_WRONG, "bob", "192.0.2.7", "",
	  false },
	{ "auth(bob,192.0.2.7,sasl:plain)", "passwd-file: unknown user", MW_WHY_USER_UNKNOWN, "bob", "192.0.2.7", "", false },
	{ "auth", "pam(bob,192.0.2.7): pam_authenticate() failed: Authentication failure (Password mismatch?)",
	  MW_WHY_PASSWORD_WRONG, "bob", "192.0.2.7", "", false },
	{ "imap-login", "Disconnected: Connection closed (no auth attempts in 0 secs): user=<>, rip=192.0.2.7, "
	  "lip=192.0.2.1, TLS handshaking: Connection closed, session=<s>", MW_WHY_TLS_CUT, "", "192.0.2.7", "", false },
	{ "imap-login", "Disconnected: Inactivity (no auth attempts in 180 secs): user=<>, rip=192.0.2.7, "
	  "lip=192.0.2.1, TLS handshaking, session=<s>", MW_WHY_NO_TLS_HELLO, "", "192.0.2.7", "", false },
	{ "imap-login", "Login aborted: Connection closed (disconnected during TLS handshake) "
	  "(tls_handshake_not_finished): user=<>, rip=192.0.2.7, lip=192.0.2.1, TLS handshaking: Connection closed, "
	  "session=<s>", MW_WHY_TLS_CUT, "", "192.0.2.7", "", false },
	{ "imap-login", "Login aborted: Connection closed (auth aborted by client, 1 attempts in 1 secs) "
	  "(auth_aborted_by_client): user=<>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, TLS, session=<s>",
	  MW_WHY_LOGIN_LEFT, "", "192.0.2.7", "PLAIN", true },
	{ "imap-login", "Disconnected: Aborted login by logging out (auth failed, 1 attempts in 2 secs): user=<bob>, "
	  "method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, TLS, session=<s>", MW_WHY_LOGIN_FAILED, "bob", "192.0.2.7", "PLAIN",
	  true },
	/* Names that look like the rest of a line are these names, and no other's. */
	{ "imap-login", "Disconnected: x (auth failed, 1 attempts in 0 secs): user=<bob>, method=PLAIN, rip=1.2.3.4>, "
	  "method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, session=<s>",
	  MW_WHY_LOGIN_FAILED, "bob>, method=PLAIN, rip=1.2.3.4", "192.0.2.7", "PLAIN", false },
	{ "imap-login", "Disconnected: x (auth failed, 1 attempts in 0 secs): user=<bob>, method=X>, rip=192.0.2.7, "
	  "lip=192.0.2.1, session=<s>", MW_WHY_LOGIN_NEEDS_TLS, "bob>, method=X", "192.0.2.7", "", false },
	/* 2.3 without auth_verbose has no words for it. */
	{ "imap-login", "Disconnected: Aborted login by logging out (auth failed, 1 attempts in 0 secs): user=<bob>, "
	  "rip=192.0.2.7, lip=203.0.113.1, session=<s>", MW_WHY_LOGIN_NEEDS_TLS, "bob", "192.0.2.7", "", false },
	{ "imap-login", "Disconnected: x (auth failed, 1 attempts in 0 secs): user=<x: user=<bob>, method=PLAIN, "
	  "rip=192.0.2.7, lip=192.0.2.1, session=<s>", MW_WHY_LOGIN_FAILED, "x: user=<bob", "192.0.2.7", "PLAIN", false },
};

START_TEST(a_line_of_dovecot_becomes_an_event)
{
	struct mw_why_line line = line_of(dovecot[_i].program, dovecot[_i].message);
	struct mw_why_event event;

	ck_assert(mw_why_dovecot(&line, &event));
	ck_assert_int_eq(event.kind, dovecot[_i].kind);
	ck_assert_slice(event.user, mw_str(dovecot[_i].user));
	ck_assert_slice(event.client, mw_str(dovecot[_i].client));
	ck_assert_slice(event.mechanism, mw_str(dovecot[_i].mechanism));
	ck_assert_int_eq(event.tls, dovecot[_i].tls);
}
END_TEST

static const struct { const char *program, *message; } not_dovecot[] = {
	{ "imap-login", "" },
	{ "imap-login", "Login: user=<bob" },
	{ "imap-login", "Login: user=<, rip=" },
	{ "imap-login", "Login: user=, rip=1" },
	{ "imap-login", "Disconnected: user=<bob>, rip=192.0.2.7, lip=192.0.2.1, session=<s>" },
	{ "imap(bob)", "Login: user=<bob>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, TLS, session=<s>" },
	{ "auth", "passwd-file(bob,1.2.3.4): Password mismatch,192.0.2.7): Password mismatch" },
	{ "auth", "passwd-file(x): Password mismatch" },
	{ "auth", "passwd-file(b ob,192.0.2.7): Password mismatch" },
	{ "auth", "plain(?,192.0.2.7): Username character disallowed by auth_username_chars: 0x3e (username: passwd-file(bob,"
	  "192.0.2.7): Password mismatch)" },
	{ "auth", "): Password mismatch" },
	{ "auth", "(,): Password mismatch" },
};

START_TEST(a_line_that_could_be_somebodys_invention_is_none)
{
	struct mw_why_line line = line_of(not_dovecot[_i].program, not_dovecot[_i].message);
	struct mw_why_event event;

	ck_assert(!mw_why_dovecot(&line, &event) || mw_str_empty(event.user));
}
END_TEST

#define CONNECT "connect from unknown[192.0.2.7]"
#define TLS "Anonymous TLS connection established from unknown[192.0.2.7]: TLSv1.3 with cipher X (256/256 bits)"
#define END(summary) "disconnect from unknown[192.0.2.7] " summary

static const struct {
	const char *messages[6]; /* the last one but NULL gives the event */
	enum mw_why_kind kind;
	const char *user;
	bool tls;
} sessions[] = {
	{ { CONNECT, END("commands=0/0") }, MW_WHY_LEFT_AT_GREETING, "", false },
	{ { CONNECT, END("quit=1 commands=1") }, MW_WHY_LEFT_AT_GREETING, "", false },
	{ { CONNECT, END("ehlo=1 quit=1 commands=2") }, MW_WHY_LEFT_AFTER_EHLO, "", false },
	{ { CONNECT, END("ehlo=2 starttls=1 quit=1 commands=4") }, MW_WHY_LEFT_AFTER_EHLO, "", true },
	{ { CONNECT, END("ehlo=1 auth=0/2 commands=1/3") }, MW_WHY_AUTH_NOT_OFFERED, "", false },
	{ { CONNECT, END("unknown=0/1 commands=0/1") }, MW_WHY_NO_SMTP, "", false },
	{ { CONNECT, END("ehlo=1 starttls=0/1 commands=1/2") }, MW_WHY_STARTTLS_FAILED, "", false },
	{ { CONNECT, "improper command pipelining after CONNECT from unknown[192.0.2.7]: \\026\\003\\001\\002",
	    END("commands=0/0") }, MW_WHY_TLS_HELLO, "", false },
	{ { CONNECT, "improper command pipelining after CONNECT from unknown[192.0.2.7]: EHLO x",
	    END("ehlo=1 commands=1") },
	  MW_WHY_LEFT_AFTER_EHLO, "", false },
	{ { CONNECT, "SSL_accept error from unknown[192.0.2.7]: lost connection", END("commands=0/0") },
	  MW_WHY_TLS_CUT, "", false },
	{ { CONNECT, "SSL_accept error from unknown[192.0.2.7]: Connection timed out", END("commands=0/0") },
	  MW_WHY_NO_TLS_HELLO, "", false },
	{ { CONNECT, "NOQUEUE: lost connection after AUTH from unknown[192.0.2.7]", END("ehlo=1 auth=0/1 commands=1/2") },
	  MW_WHY_AUTH_NOT_OFFERED, "", false },
	{ { CONNECT, TLS, "NOQUEUE: lost connection after AUTH from unknown[192.0.2.7]",
	    END("ehlo=2 starttls=1 auth=0/1 commands=3/4") }, MW_WHY_LOGIN_LEFT, "", true },
	{ { CONNECT, TLS, END("ehlo=2 starttls=1 auth=0/1 commands=3/4") }, MW_WHY_AUTH_FAILED, "", true },
	{ { CONNECT, TLS, "warning: unknown[192.0.2.7]: SASL PLAIN authentication aborted" },
	  MW_WHY_LOGIN_CANCELED, "", true },
	{ { CONNECT, END("ehlo=1 mail=0/1 quit=1 commands=2/3") }, MW_WHY_NEEDS_STARTTLS, "", false },
	{ { CONNECT, "improper command pipelining after EHLO from unknown[192.0.2.7]: MAIL FROM:<a@b>\\r\\n",
	    END("ehlo=1 mail=0/1 commands=1/2") }, MW_WHY_PIPELINED, "", false },
	{ { CONNECT, "NOQUEUE: reject: DATA from unknown[192.0.2.7]: 521 5.5.2 mx Error: bare <LF> received; from=<a@b> "
	    "to=<x@y> proto=ESMTP helo=<x>" }, MW_WHY_LINE_ENDS, "", false },
	{ { "warning: Refusing TLS service request from unknown[192.0.2.7] for service submissions" },
	  MW_WHY_FAULT, "", false },
	{ { "warning: non-SMTP command from unknown[192.0.2.7]: GET / HTTP/1.1" }, MW_WHY_NO_SMTP, "", false },
	{ { "warning: non-SMTP command from unknown[192.0.2.7]: Subject: Hello" }, MW_WHY_UNREAD, "", false },
	{ { "warning: non-SMTP command from unknown[192.0.2.7]: \\026\\003\\001\\002" }, MW_WHY_TLS_HELLO, "", false },
	{ { "warning: non-SMTP command from unknown[192.0.2.7]: ?F" }, MW_WHY_TLS_HELLO, "", false },
	{ { "warning: non-SMTP command from unknown[192.0.2.7]: \\277F" }, MW_WHY_TLS_HELLO, "", false },
	{ { "warning: non-SMTP command from unknown[192.0.2.7]: \\b\\v\\b\\004\\b\\005\\b\\006" },
	  MW_WHY_TLS_HELLO, "", false },
	{ { "warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: Connection lost to authentication server, "
	    "sasl_username=bob" }, MW_WHY_LOGIN_FAILED, "bob", false },
	{ { CONNECT, "warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: Connection lost to authentication "
	    "server, sasl_username=bob" }, MW_WHY_FAULT, "bob", false },
	{ { "warning: SASL: Connect to private/auth failed: Connection refused",
	    "warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: Connection lost to authentication server, "
	    "sasl_username=bob" }, MW_WHY_FAULT, "bob", false },
	{ { "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.7.1 <x@y>: Recipient address rejected: Unable to relay; "
	    "from=<a@b> to=<x@y>", END("ehlo=1 mail=1 rcpt=0/1 commands=2/3") }, MW_WHY_NO_LOGIN, "", false },
	{ { "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <x[192.0.2.7]>: Client host rejected: Access denied; "
	    "from=<a@b> to=<x@y>", END("ehlo=1 mail=1 rcpt=0/1 commands=2/3") }, MW_WHY_NO_LOGIN, "", false },
	{ { "warning: what nobody knows of unknown[192.0.2.7]" }, MW_WHY_UNREAD, "", false },
	{ { CONNECT, "SSL_accept error from unknown[192.0.2.7]: -1",
	    "warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:../ssl/x.c:350:",
	    END("commands=0/0") }, MW_WHY_NO_TLS_HELLO, "", false },
	{ { CONNECT, "SSL_accept error from unknown[192.0.2.7]: -1",
	    "warning: TLS library problem: error:0A000418:SSL routines::tlsv1 alert unknown ca:../ssl/x.c:1:SSL alert "
	    "number 48:",
	    END("ehlo=1 starttls=0/1 commands=1/2") }, MW_WHY_TLS_DISTRUST, "", false },
	{ { CONNECT, "SSL_accept error from unknown[192.0.2.7]: -1",
	    "warning: TLS library problem: error:0A000102:SSL routines::unsupported protocol:../ssl/x.c:1:",
	    END("commands=0/0") }, MW_WHY_TLS_OLD, "", false },
	{ { CONNECT, "SSL_accept error from unknown[192.0.2.7]: lost connection", END("ehlo=1 starttls=0/1 commands=1/2") },
	  MW_WHY_TLS_CUT, "", false },
	{ { CONNECT, TLS, "warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: (reason unavailable), "
	    "sasl_username=bob" },
	  MW_WHY_LOGIN_FAILED, "bob", true },
	{ { "warning: unknown[192.0.2.7]: SASL NTLM authentication failed: Invalid authentication mechanism, "
	    "sasl_username=(unavailable)" }, MW_WHY_MECHANISM, "", false },
	{ { CONNECT, "warning: unknown[192.0.2.7]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
	    END("ehlo=1 auth=0/1 commands=1/2") },
	  MW_WHY_CONNECTED, "", false },
	{ { "A2A16A7C718: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=bob" }, MW_WHY_BEGUN, "bob", false },
	{ { "4fXyZ1abc: client=unknown[192.0.2.7], sasl_method=PLAIN, sasl_username=bob, sasl_sender=x" },
	  MW_WHY_BEGUN, "bob", false },
	{ { "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <x@y>: Relay access denied; from=<a@b> to=<x@y>",
	    END("ehlo=1 mail=1 rcpt=0/1 commands=2/3") }, MW_WHY_NO_LOGIN, "", false },
	{ { "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <x@y>: Relay access denied; from=<a@b> to=<x@y>",
	    END("ehlo=1 auth=1 mail=1 rcpt=0/1 commands=3/4") }, MW_WHY_REJECTED, "", false },
	{ { "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 553 5.7.1 <a@b>: Sender address rejected: not owned by user bob; "
	    "from=<a@b> to=<x@y>" }, MW_WHY_NOT_OWNED, "bob", false },
	{ { "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 <\"a>: x: not owned by user bob\"@b>: no; from=<a@b>" },
	  MW_WHY_REJECTED, "", false },
	{ { "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 451 4.3.5 Server configuration problem; from=<a@b> to=<x@y>" },
	  MW_WHY_FAULT, "", false },
	{ { "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 450 4.3.5 <a@b>: Sender address rejected: Server configuration "
	    "problem, no connector for this listener and client; from=<a@b> to=<x@y>" },
	  MW_WHY_REJECTED, "", false },
	{ { "warning: unknown[192.0.2.7]: SASL PLAIN authentication failed: (reason unavailable), "
	    "sasl_username=x, sasl_username=bob" }, MW_WHY_LOGIN_FAILED, "x, sasl_username=bob", false },
	{ { "warning: unknown[192.0.2.7]: SASL X authentication failed: y, sasl_username=bob authentication failed: "
	    "Invalid authentication mechanism, sasl_username=(unavailable)" }, MW_WHY_LOGIN_FAILED,
	  "bob authentication failed: Invalid authentication mechanism, sasl_username=(unavailable)", false },
};

START_TEST(a_session_of_smtpd_becomes_an_event)
{
	static struct mw_why_sessions table;
	struct mw_why_event event;
	size_t last = 0;

	memset(&table, 0, sizeof(table));
	while (sessions[_i].messages[last + 1] != NULL)
		last++;
	for (size_t i = 0; i <= last; i++) {
		struct mw_why_line line = line_of("postfix/smtpd", sessions[_i].messages[i]);
		bool told = mw_why_smtpd(&table, &line, &event);

		ck_assert_msg(told || i < last, "%s", sessions[_i].messages[i]);
	}
	ck_assert_int_eq(event.kind, sessions[_i].kind);
	ck_assert_slice(event.user, mw_str(sessions[_i].user));
	ck_assert_slice(event.client, MW_STR("192.0.2.7"));
	ck_assert_int_eq(event.tls, sessions[_i].tls);
}
END_TEST

static const char *const not_smtpd[] = {
	"", "x", "warning: ", "warning: x]: SASL", "NOQUEUE: ", "A1: client=", "connect from ",
	"lost connection after EHLO from ",
	"warning: non-SMTP command from unknown[192.0.2.7]: x]: SASL PLAIN authentication failed: x, sasl_username=bob",
	"NOQUEUE: client=unknown[192.0.2.7]", "disconnect", "warning: TLS library problem: ",
};

START_TEST(any_other_line_of_smtpd_tells_nothing_of_a_user)
{
	static struct mw_why_sessions table;
	struct mw_why_line line = line_of("postfix/smtpd", not_smtpd[_i]);
	struct mw_why_event event;

	ck_assert(!mw_why_smtpd(&table, &line, &event) || mw_str_empty(event.user));
}
END_TEST

START_TEST(sessions_of_two_processes_do_not_mix)
{
	static struct mw_why_sessions table;
	struct mw_why_line hello = line_of("postfix/smtpd", "improper command pipelining after CONNECT from "
							     "unknown[192.0.2.8]: \\026\\003\\001");
	struct mw_why_line end = line_of("postfix/smtpd", END("commands=0/0"));
	struct mw_why_event event;

	hello.process = 7 + MW_WHY_SESSIONS;
	ck_assert(!mw_why_smtpd(&table, &hello, &event));
	ck_assert(mw_why_smtpd(&table, &end, &event));
	ck_assert_int_eq(event.kind, MW_WHY_LEFT_AT_GREETING);
}
END_TEST

START_TEST(the_listener_is_known_by_its_name_in_syslog)
{
	static struct mw_why_sessions table;
	struct mw_why_line line = line_of("postfix/submissions/smtpd", END("ehlo=1 quit=1 commands=2"));
	struct mw_why_event event;

	ck_assert(mw_why_smtpd(&table, &line, &event));
	ck_assert_slice(event.port, MW_STR("submissions"));
	ck_assert(event.tls);
}
END_TEST

#define DECISION \
	"mailwicket: v=1 verdict=refuse reason=send-as-denied mode=enforce protocol=smtp stage=RCPT connector=Client "

static const struct { const char *message; bool read; const char *login; } decisions[] = {
	{ DECISION "login=bob client=192.0.2.7 port=587", true, "bob" },
	{ DECISION "login=\"b ob\" client=192.0.2.7 port=587", true, "b ob" },
	{ "mailwicket: v=1 verdict=refuse reason=a-reason-of-tomorrow protocol=imap login=bob new=field client=192.0.2.7",
	  true, "bob" },
	{ "mailwicket: v=2 verdict=refuse reason=send-as-denied login=bob client=192.0.2.7", false, "" },
	{ "x " DECISION "login=bob client=192.0.2.7", false, "" },
	{ DECISION "login=bob client=\"192.0.2.7", false, "" },
	{ "mailwicket: v=1 verdict=permit reason=permitted protocol=imap login=bob client=192.0.2.7", false, "" },
	{ "mailwicket: v=1 verdict=permit reason=permitted protocol=smtp stage=RCPT login=bob client=192.0.2.7", true, "bob" },
	{ "mailwicket: ", false, "" },
};

#define LOGIN "mailwicket: v=1 verdict=refuse reason=unknown-login protocol=smtp login=bob client=192.0.2.7"

static const struct { const char *message; bool tls, unknown; } decisions_of_tls[] = {
	{ DECISION "port=587 tls=TLSv1.3", true, false },
	{ DECISION "port=587", false, false },
	{ LOGIN " decision=account tls_origin=starttls", true, false },
	{ LOGIN " decision=account", false, false },
	{ LOGIN, false, true },
};

START_TEST(a_decision_tells_whether_there_was_tls)
{
	static struct mw_logline values;
	struct mw_why_line line = line_of("dovecot", decisions_of_tls[_i].message);
	struct mw_why_event event;

	ck_assert(mw_why_decision(&line, &values, &event));
	ck_assert_int_eq(event.tls, decisions_of_tls[_i].tls);
	ck_assert_int_eq(event.tls_unknown, decisions_of_tls[_i].unknown);
}
END_TEST

START_TEST(a_decision_line_is_read_whole_or_not_at_all)
{
	static struct mw_logline values;
	struct mw_why_line line = line_of("mailwicketd", decisions[_i].message);
	struct mw_why_event event;

	ck_assert_int_eq(mw_why_decision(&line, &values, &event), decisions[_i].read);
	if (!decisions[_i].read)
		return;
	ck_assert_slice(event.user, mw_str(decisions[_i].login));
	ck_assert_slice(event.client, MW_STR("192.0.2.7"));
}
END_TEST

MW_UNIT_TESTS("event of a log")
{
	MW_LOOP(tcase, a_line_of_dovecot_becomes_an_event, dovecot);
	MW_LOOP(tcase, a_line_that_could_be_somebodys_invention_is_none, not_dovecot);
	MW_LOOP(tcase, a_session_of_smtpd_becomes_an_event, sessions);
	MW_LOOP(tcase, any_other_line_of_smtpd_tells_nothing_of_a_user, not_smtpd);
	tcase_add_test(tcase, sessions_of_two_processes_do_not_mix);
	tcase_add_test(tcase, the_listener_is_known_by_its_name_in_syslog);
	MW_LOOP(tcase, a_decision_line_is_read_whole_or_not_at_all, decisions);
	MW_LOOP(tcase, a_decision_tells_whether_there_was_tls, decisions_of_tls);
}

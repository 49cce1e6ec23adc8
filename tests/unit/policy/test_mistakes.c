/* SPDX-License-Identifier: MIT */
#include "policy_support.h"

#include "mailwicket-config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct mistake {
	const char *text;
	unsigned line, column; /* column 0: not looked at */
	const char *says;
};

#define C "connector x { "
#define LDAP "directory { source \"x\" { driver = ldap base = \"dc=d\" "
#define DB "directory { source \"x\" { driver = mysql dbname = d user = u "
#define M "milter { listen = { \"unix:/run/m\" } } "

static const struct mistake mistakes[] = {
	{ "hostnam = a.b\n", 1, 1, "did you mean hostname?" },
	{ "\nlogin_type = SecureLogin\n", 2, 1, "belongs in login" },
	{ "conector \"x\" { a = b }", 1, 1, "did you mean connector?" },
	{ "connector = 5", 1, 1, "is a section" },
	{ "hostname { }", 1, 1, "is a setting" },
	{ "hostname = \"a b\"", 1, 12, "is not a domain" },
	{ "hostname = a.b hostname = c.d", 1, 16, "written twice, first in line 1" },
	{ "hostname = { a.b }", 1, 1, "takes no list" },
	{ "hostname =\nreplies = classic", 1, 1, "has no value" },
	{ "hostname = }", 1, 12, "a value or a list" },
	{ "hostname", 1, 1, "neither = nor {" },
	{ "hostname = \"a.b\nreplies = classic", 1, 12, "string is never closed" },
	{ "hostname = \"a\\nb\"", 1, 14, "unknown escape" },
	{ "hostname = \"a\x01\"", 1, 14, "control character" },
	{ "/* never", 1, 1, "comment is never closed" },
	{ "}", 1, 1, "unexpected \"}\"" },
	{ "include(\"x\")", 1, 1, "neither = nor {" },
	{ "= 5", 1, 1, "unexpected \"=\"" },
	{ "login \"x\" {", 1, 1, "never closed" },
	{ "login \"x\" { protocols = { imap pop3 } }", 1, 32, ", or }" },
	{ "login \"x\" { protocols = { imap\n login_type = SecureLogin }", 1, 25, "list of protocols is never closed" },
	{ "login \"x\" { protocols += { imap } }", 1, 23, "unexpected \"+\"" },
	{ "login \"x\" { protocols = { imap4 } }", 1, 27, "imap, pop3, sieve or submission" },
	{ "login \"x\" { protocols = { smtp } }", 1, 27, "imap, pop3, sieve or submission" },
	{ "login \"x\" { protocols = { } }", 1, 13, "empty list" },
	{ "login { }", 1, 1, "has no title" },
	{ "login \"x\" { } login \"X\" { protocols = { imap } }", 1, 21, "written twice" },
	{ "login \"x\" { login_type = SecureLogn }", 1, 26, "did you mean SecureLogin?" },
	{ "login \"x\" { local = { \"localhost:143\" } }", 1, 23, "*:587" },
	{ "login \"x\" { local = { \"*:0\" } }", 1, 23, "*:587" },
	{ "login \"x\" { remote = { \"10.0.0.1/8\" } }", 1, 24, "192.0.2.0/24" },
	{ "login \"x\" { remote = { \"example.org\" } }", 1, 24, "192.0.2.0/24" },
	{ "login \"x\" { tls_min_version = \"TLSv9\" }", 1, 31, "TLSv1.2" },
	{ "login \"x\" { tls_min_bits = -1 }", 1, 28, "0 to 1024" },
	{ "login \"x\" { audit_until = \"2027-02-30\" }", 1, 27, "YYYY-MM-DD" },
	{ "login \"x\" { mode = maybe }", 1, 20, "enforce or audit" },
	{ "login \"x\" { enforce_for = { a@b.test } }", 1, 13, "it belongs in connector" },
	{ "unlisted_logins = own", 1, 19, "refuse or own_address" },
	{ C "header_from = maybe }", 1, 0, "check or off" },
	{ C "display_name = no }", 1, 0, "any or check" },
	{ C "permission_groups = { AnonymousUsers, ExchangeUsers } header_from = check "
	  "deny_permissions = { Accept-Authoritative-Domain-Sender } }", 1, 0, "needs mode = audit" },
	{ "milter { listen = { } }", 1, 10, "empty list" },
	{ "milter { listen = { \"inet:192.0.2.1:1\" } }", 1, 10, "is reached from other hosts" },
	{ "milter { listen = { \"tcp:1\" } }", 1, 0, "unix:" },
	{ C "enforce_for = { sales } }", 1, 0, "is not the address of a user or group" },
	{ C "enforce_for = { a@b@c.test } }", 1, 0, "is not the address of a user or group" },
	{ C "enforce_for = { \"a%b@c.test\" } }", 1, 0, "is not the address of a user or group" },
	{ "accepted_domain \"a..b\" { }", 1, 17, "is not a domain" },
	{ "accepted_domain \"*\" { }", 1, 17, "is not a domain" },
	{ "accepted_domain \"a.b\" { }\naccepted_domain \"A.B\" { }", 2, 0, "written twice, first in line 1" },
	{ "accepted_domain \"a.b\" { type = Relay }", 1, 32, "InternalRelay" },
	{ "accepted_domain \"a.b\" {\n local_names = { localhost, \"a b\" } }", 2, 29, "[192.0.2.1]" },
	{ "accepted_domain \"a.b\" { local_names = { \"mx.\" } }", 1, 41, "\"mx.\" is neither a domain nor" },
	{ "accepted_domain \"a.b\" { local_names = { \"[::1]\" } }", 1, 41, "[IPv6:2001:db8::1]" },
	{ "accepted_domain \"a.b\" { local_names = { \"*.c\" } }", 1, 41, "is neither a domain nor" },
	{ "accepted_domain \"*.a.b\" {\n local_names = { localhost } }", 2, 0, "\"*.a.b\" is many domains" },
	{ "accepted_domain \"a.b\" { local_names = { x } }\naccepted_domain \"c.d\" {\n local_names = { X } }", 3, 0,
	  "\"x\" is written twice, first in line 1" },
	{ "accepted_domain \"a.b\" { local_names = { x, \"[127.0.0.1]\", \"127.0.0.1\" } }", 1, 0,
	  "\"[127.0.0.1]\" is written twice, first in line 1" },
	{ "accepted_domain \"a.b\" { }\naccepted_domain \"c.d\" {\n local_names = { A.B } }", 3, 0,
	  "\"a.b\" is an accepted domain itself, in line 1" },
	{ "accepted_domain \"a.b\" { local_names = { a.b } }", 1, 0, "\"a.b\" is an accepted domain itself" },
	{ C "bindings = { 587 } }", 1, 28, "*:587" },
	{ C "enabled = maybe }", 1, 25, "yes or no" },
	{ C "auth_mechanism = { None, Tls } }", 1, 34, "cannot stand beside" },
	{ C "auth_mechanism = { BasicAuth, BasicAuthRequireTLS } }", 1, 15, "needs BasicAuth and Tls" },
	{ C "auth_mechanism = { Tls, BasicAuthRequireTLS } }", 1, 15, "needs BasicAuth and Tls" },
	{ C "auth_mechanism = { None } require_tls = yes }", 1, 41, "require_tls needs Tls" },
	{ C "auth_mechanism = { ExternalAuthoritative, Integrated } permission_groups = { ExchangeServers }\n"
	  " remote_ip_ranges = { 10.0.0.0/8 } }", 1, 15, "only Tls may stand beside" },
	{ C "auth_mechanism = { ExternalAuthoritative } remote_ip_ranges = { 10.0.0.0/8 }\n"
	  "permission_groups = { ExchangeServers, ExchangeUsers } }", 2, 1, "ExchangeServers and nothing else" },
	{ C "permission_groups = { Everyone } }", 1, 37, "AnonymousUsers" },
	{ C "grant_permissions = { Accept-Any-Sendr } }", 1, 37, "did you mean Accept-Any-Sender?" },
	{ C "partner_certificates = { \"12:34\" } }", 1, 40, "64 hexadecimal digits" },
	{ C "grant_permissions = { ms-Exch-SMTP-Accept-Any-Sendr } }", 1, 37, "Accept-Any-Sender" },
	{ C "banner = \"x\" }", 1, 15, "Postfix has smtpd_banner" },
	{ C "max_message_size = \"36 parsecs\" }", 1, 34, "36MB" },
	{ C "max_message_size = 0 }", 1, 34, "let nothing through" },
	{ C "max_recipients_per_message = 18446744073709551616 }", 1, 44, "unlimited" },
	{ C "message_rate_limit = 0 }", 1, 36, "let nothing through" },
	{ C "message_rate_source = Host }", 1, 37, "IPAddress" },
	{ C "sasl_services = { \"a b\" } }", 1, 33, "is not a name" },
	{ C "permission_groups = { AnonymousUsers } grant_permissions = { Accept-Any-Recipient } }", 1, 0,
	  "open relay" },
	{ C "permission_groups = { AnonymousUsers } grant_permissions = { Accept-Any-Recipient }\n"
	  " remote_ip_ranges = { 10.0.0.0/8, 8.8.8.8 } }", 1, 0, "open relay" },
	{ C "permission_groups = { ExchangeServers } auth_mechanism = { Tls, ExternalAuthoritative } }", 1, 0,
	  "open relay" },
	{ "recipient_delimiter = \"@\"", 1, 23, "cannot separate" },
	{ "policy_service { listen = { \"tcp:1\" } }", 1, 29, "inet:ADDRESS:PORT" },
	{ "policy_service { listen = { \"unix:relative\" } }", 1, 29, "unix:/PATH" },
	{ "policy_service {\n listen = { \"unix:/x\", \"inet:*:1\" } }", 2, 2, "peers_networks has to name those" },
	{ "policy_service { listen = { \"inet:[::]:1\" } peers_networks = { } }", 1, 18, "reached from other hosts" },
	{ "policy_service { peers_networks = { localhost } }", 1, 37, "not an IP address" },
	{ "policy_service { socket_mode = \"9\" }", 1, 32, "0660" },
	{ "policy_service { }\npolicy_service { }", 2, 1, "written twice" },
	{ "policy_service \"x\" { }", 1, 16, "takes no title" },
	{ "directory { path = here }", 1, 20, "absolute" },
	{ "directory { source \"x\" { path = /x interval = 0 } }", 1, 47, "1s to 366d" },
	{ "directory { source \"x\" { path = /x full_every = often } }", 1, 49, "1s to 366d" },
	{ "directory { source \"x\" { driver = text } }", 1, 0, "a text source needs a path" },
	{ "directory { source \"x\" { driver = exec command = { \"/x\" } last_line = end } }", 1, 59,
	  "last_line: \"end\" is no comment (expected \"# end\")" },
	{ "directory { source \"x\" { driver = exec command = { \"/x\" } last_line = \"\" } }", 1, 59, "is no comment" },
	{ "directory { source \"x\" { driver = text path = /x last_line = \"# end\" } }", 1, 50, "has no such setting" },
	{ "directory { source \"x\" { driver = text path = /x users = a } }", 1, 50, "a text source has no such setting" },
#ifdef HAVE_MYSQL
	{ DB "users = a host = h password = secret } }", 1, 0, "password_file = \"/...\")" },
	{ DB "users = a host = \"h,i\" } }", 1, 0, "is no host" },
	{ DB "users = a host = h socket = /s } }", 1, 0, "beside a host" },
	{ DB "users = a tls = verify } }", 1, 0, "a socket has none" },
	{ DB "users = a port = 70000 } }", 1, 0, "is not a port" },
	{ DB "users = a statement_timeout = soon } }", 1, 0, "is not a time" },
	{ DB "} }", 1, 0, "a mysql source needs a query" },
	{ DB "schema = none } }", 1, 0, "or a schema" },
	{ DB "schema = courier } }", 1, 0, "none, mailcow, iredmail or postfixadmin" },
	{ "directory { source \"x\" { driver = mysql users = a } }", 1, 0, "a mysql source needs a dbname" },
	{ DB "users = a path = /x } }", 1, 0, "a mysql source has no such setting" },
	{ DB "users = a dbname = \"mysql://u:p@h/d\" } }", 1, 0, "written twice" },
	{ "directory { source \"x\" { driver = mysql user = u users = a dbname = \"m://u:p@h/d\" } }", 1, 0,
	  "settings of a connection" },
#endif
#ifdef HAVE_PGSQL
	{ "directory { source \"x\" { driver = pgsql dbname = d user = u schema = mailcow } }", 1, 0,
	  "mailcow has no tables in pgsql (expected driver = mysql)" },
#endif
	{ "directory { source \"x\" { path = /x schema = mailcow } }", 1, 36, "a text source has no such setting" },
	{ "directory { source \"x\" { users = \"\"\"a\nb } }", 1, 34, "this string is never closed" },
	{ "directory { source \"x\" { users = \"\"\"a\nb\x01\"\"\" } }", 2, 2, "control character" },
#ifdef HAVE_LDAP
	{ LDAP "user = u password_file = /p } }", 1, 0, "a ldap source needs a url" },
	{ LDAP "url = { \"http://h\" } user = u password_file = /p } }", 1, 0, "no server" },
	{ LDAP "url = { \"ldaps://h/dc=d\" } user = u password_file = /p } }", 1, 0, "no server" },
	{ LDAP "url = { \"ldaps://h:99999\" } user = u password_file = /p } }", 1, 0, "no server" },
	{ LDAP "url = { \"ldaps://[::1\" } user = u password_file = /p } }", 1, 0, "no server" },
	{ LDAP "url = { \"ldaps://u@h\" } user = u password_file = /p } }", 1, 0, "no server" },
	{ LDAP "url = { \"ldaps://h\" } } }", 1, 0, "bind = simple needs one" },
	{ LDAP "url = { \"ldaps://h\" } user = u } }", 1, 0, "password_file: bind = simple needs one" },
	{ LDAP "url = { \"ldaps://h\" } bind = anonymous user = u } }", 1, 0, "no effect with this bind" },
	{ LDAP "url = { \"ldaps://h\" } bind = external } }", 1, 0, "external needs something that says who we are" },
	{ LDAP "url = { \"ldaps://h\" } bind = external tls_cert_file = /c } }", 1, 0, "one stands without the other" },
	{ LDAP "url = { \"ldap://h\" } tls = none user = u password_file = /p tls_cert_file = /c tls_key_file = /k } }", 1, 0,
	  "no effect without TLS" },
	{ LDAP "url = { \"ldaps://h\" } tls = none user = u password_file = /p } }", 1, 0,
	  "none stands beside a url of ldaps://" },
	{ LDAP "url = { \"ldapi:///\" } tls = verify } }", 1, 0, "a socket has none" },
	{ LDAP "url = { \"ldapi:///\" } users_attributes = { mail } } }", 1, 0, "no key with an attribute" },
	{ LDAP "url = { \"ldapi:///\" } users_attributes = { \"imap=a:\" } } }", 1, 0, "no key with an attribute" },
	{ LDAP "url = { \"ldapi:///\" } users_attributes = { \"imap=!\" } } }", 1, 0, "no key with an attribute" },
	{ LDAP "url = { \"ldapi:///\" } users_attributes = { \"imap=a b:c\" } } }", 1, 0, "no key with an attribute" },
	{ LDAP "url = { \"ldapi:///\" } flavour = novell } }", 1, 0, "openldap" },
	{ LDAP "url = { \"ldapi:///\" } all_rights_send_as = yes } }", 1, 0, "flavour = ad" },
	{ LDAP "url = { \"ldapi:///\" } host = h } }", 1, 0, "a ldap source has no such setting" },
#endif
	{ "directory { source \"x\" { driver = oracle path = /x } }", 1, 35, "text" },
	{ "source \"x\" { path = /x }", 1, 1, "unknown section" },
	{ "counters { driver = redis }", 1, 21, "not built into this version" },
	{ "log { facility = kern }", 1, 18, "local7" },
	{ "log { decisions = some }", 1, 19, "refused or all" },
	{ "a { b { c { d { e { f { g { h { i { } } } } } } } } }", 1, 33, "nested too deep" },
	{ "replies = \"caf\xe9\"", 1, 15, "not UTF-8" },
};

START_TEST(a_mistake_is_named_with_its_place)
{
	const struct mistake *mistake = &mistakes[_i];
	struct mw_policy *policy = mw_test_read(mistake->text);
	bool found = false;

	ck_assert_msg(policy == NULL, "%s", mistake->text);
	for (unsigned i = 0; i < mw_errors_kept(mw_test_errors); i++) {
		const struct mw_error *error = mw_errors_get(mw_test_errors, i);
		char memory[2000];
		struct mw_buf line = MW_BUF_OVER(memory);

		mw_error_print(error, &line);
		found |= strstr(memory, mistake->says) != NULL && error->line == mistake->line &&
			 (mistake->column == 0 || error->column == mistake->column) &&
			 strcmp(error->file, "test.conf") == 0;
	}
	ck_assert_msg(found, "case %d: %s\nwant %u:%u %s\ngot\n%s", _i, mistake->text, mistake->line, mistake->column,
		      mistake->says, mw_test_messages());
}
END_TEST

/* CLI-01 */
static const char seven[] =
	"hostnam = \"mail.example.org\"\n"
	"replies = modern\n"
	"login \"a\" {\n"
	"  protocols = { imap, pop4 }\n"
	"  remote = { \"10.0.0.0/33\" }\n"
	"}\n"
	"connector \"b\" {\n"
	"  bindings = { \"587\" }\n"
	"  max_message_size = huge\n"
	"  require_tsl = yes\n"
	"}\n";

START_TEST(seven_mistakes_are_seven_errors_in_one_run)
{
	static const unsigned lines[] = { 1, 2, 4, 5, 8, 9, 10 };

	ck_assert_ptr_null(mw_test_read(seven));
	ck_assert_msg(mw_errors_count(mw_test_errors, MW_ERROR) == 7, "%s", mw_test_messages());
	for (unsigned i = 0; i < 7; i++) {
		const struct mw_error *error = mw_errors_get(mw_test_errors, i);

		ck_assert_uint_eq(error->line, lines[i]);
		ck_assert_uint_ne(error->column, 0);
		ck_assert_msg(error->expected[0] != '\0', "%s", error->text);
	}
}
END_TEST

static const char *const broken_starts[] = {
	"login \"a\" { protocols = { imap, } pop3 } }\n",
	"login \"a\" { = = = }\n",
	"connector \"x\" { bindings = { , } }\n",
	"accepted_domain {\n", "hostname = \"unclosed\n", "= = }\n", "login \"x\" \"y\" { }\n",
};

START_TEST(after_a_syntax_error_later_lines_are_still_looked_at)
{
	char text[300];

	snprintf(text, sizeof(text), "%s\nreplies = modern\n", broken_starts[_i]);
	ck_assert_ptr_null(mw_test_read(text));
	ck_assert_msg(strstr(mw_test_messages(), "modern") != NULL || strstr(mw_test_messages(), "replies") != NULL,
		      "%s\n%s", text, mw_test_messages());
}
END_TEST

struct warning {
	const char *text;
	unsigned count;
	const char *says;
};

static const struct warning warnings[] = {
	{ C "message_rate_limit = 7 }", 1, "parsed but not enforced by this version" },
	{ C "header_from = off }", 0, "" },
	{ C "header_from = check }", 1, "without milter" },
	{ C "add_sender = yes }", 1, "without milter" },
	{ M C "header_from = check display_name = check allow_resend = yes add_sender = yes }", 0, "" },
	{ M C "header_from = off allow_resend = yes }", 1, "allow_resend has no effect with header_from = off" },
	{ M C "permission_groups = { AnonymousUsers } add_sender = yes }", 1, "add_sender has no effect with header_from" },
	{ M C "permission_groups = { AnonymousUsers } header_from = check }", 1, "may write any header" },
	{ M C "permission_groups = { AnonymousUsers } header_from = check mode = audit "
	  "deny_permissions = { Accept-Authoritative-Domain-Sender } }", 0, "" },
	{ M C "permission_groups = { ExchangeServers } auth_mechanism = { Tls, ExternalAuthoritative } "
	  "remote_ip_ranges = { 10.0.0.0/8 } deny_permissions = { Accept-Authoritative-Domain-Sender } "
	  "header_from = check mode = audit }", 0, "" },
	{ M C "permission_groups = { AnonymousUsers, ExchangeUsers } "
	  "deny_permissions = { Accept-Authoritative-Domain-Sender } }", 0, "" },
	{ C "enforce_for = { a@b.test } }", 1, "enforce_for has no effect without mode = audit" },
	{ C "mode = audit enforce_for = { a@b.test } }", 0, "" },
	{ "unlisted_logins = own_address", 1, "lets nobody in without an accepted_domain" },
	{ "unlisted_logins = own_address accepted_domain \"b.test\" { }", 0, "" },
	{ C "mode = audit audit_until = 2020-01-01 }", 1, "the audit ended on 2020-01-01" },
	{ C "mode = audit audit_until = 2099-01-01 }", 0, "" },
	{ C "mode = audit audit_until = 2026-11-23 }", 1, "the audit ended on 2026-11-23" },
	{ C "mode = audit audit_until = 2026-11-24 }", 1, "the audit ends on 2026-11-24" },
	{ C "mode = audit audit_until = 2026-12-01 }", 1, "the audit ends on 2026-12-01" },
	{ C "mode = audit audit_until = 2026-12-02 }", 0, "" },
	{ "login \"x\" { mode = audit audit_until = 2026-11-23 }", 1, "the audit ended on 2026-11-23" },
	{ "login \"x\" { mode = audit audit_until = 2026-12-01 }", 1, "the audit ends on 2026-12-01" },
	{ "login \"x\" { mode = audit audit_until = 2026-12-02 }", 0, "" },
	{ C "audit_until = 2099-01-01 }", 1, "no effect" },
	{ C "permission_groups = { Partners } }", 1, "nobody is a Partner" },
	{ C "permission_groups = { ExchangeUsers, ExchangeLegacyServers } }", 1, "ExchangeLegacyServers is left out" },
	{ C "permission_groups = { Custom, ExchangeUsers } }", 1, "for grant_permissions" },
	{ C "grant_permissions = { ms-Exch-SMTP-Accept-Exch50 } }", 1, "Accept-Exch50 is left out" },
	{ C "grant_permissions = { ms-Exch-SMTP-Submit, \"ms-Exch-Bypass-Anti-Spam\",\n"
	  "ms-Exch-SMTP-Accept-Authoritative-Domain } max_message_size = \"36 MB (37,748,736 bytes)\"\n"
	  "bindings = { \"[::]:25\", \"0.0.0.0:25\" } enabled = True require_tls = False message_rate_source = IPAddress\n"
	  "remote_ip_ranges = { \"::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\", \"0.0.0.0-255.255.255.255\" } }", 0, "" },
	{ "policy_service { peers_networks = { 8.0.0.0/8, 9.0.0.0/8 } }", 1, "more public addresses than an IPv4 /8" },
	{ "policy_service { peers_networks = { \"2a00::/15\" } }", 1, "more public addresses" },
	{ "policy_service { peers_networks = { 0.0.0.0-9.255.255.255, 10.0.0.0/8 } }", 1, "more public addresses" },
	/* Each of the two families for itself; one address counts once, and private ones do not. */
	{ "policy_service { peers_networks = { 8.0.0.0/8, 8.1.0.0/16, 10.0.0.0/8, 172.16.0.0/12, \"2a00::/16\", "
	  "\"fc00::/7\" } }", 0, "" },
	{ "metrics { listen = \"inet:127.0.0.1:9646\" }", 1, "not served" },
	{ "login \"wide\" { remote = { 10.0.0.0/8 } }\n"
	  "login \"narrow\" { remote = { 10.0.0.0/9, 10.128.0.0/9 } }", 1, "\"wide\" never applies" },
	{ "login \"wide\" { } login \"p\" { protocols = { imap, pop3, sieve, submission } }", 0, "" },
	{ C "grant_permissions = { Accept-Any-Recipient } remote_ip_ranges = { 10.0.0.0/8, fc00::/7 } }", 0, "" },
	{ C "grant_permissions = { Accept-Any-Recipient } open_relay_accepted = yes }", 0, "" },
	{ C "grant_permissions = { Accept-Any-Recipient } enabled = no }", 0, "" },
	{ C "grant_permissions = { Accept-Any-Recipient } deny_permissions = { Accept-Any-Recipient } }", 0, "" },
};

START_TEST(a_warning_stops_nothing)
{
	const struct warning *warning = &warnings[_i];
	struct mw_policy *policy = mw_test_read_on(warning->text, 20781);

	ck_assert_msg(policy != NULL, "%s", mw_test_messages());
	ck_assert_msg(mw_errors_kept(mw_test_errors) == warning->count, "%s: %s", warning->text, mw_test_messages());
	ck_assert_msg(strstr(mw_test_messages(), warning->says) != NULL, "%s", mw_test_messages());
	mw_policy_free(policy);
}
END_TEST

#ifdef __SANITIZE_ADDRESS__
#define SLOWNESS 10.0
#else
#define SLOWNESS 1.0
#endif

/* F19: each must be refused in less than a second. */
static const struct {
	const char *start, *piece; /* the piece may use one number, twice */
	unsigned most;
} bombs[] = {
	{ "", "a { ", 0 },
	{ "", "connector \"c%u\" { }\n", 0 },
	{ "", "}\n", 0 },
	{ "", "hostname = x\n", 0 },
	{ "", "connector \"c%u\" { bindings = { \"*:%u\" } }\n", 900 },
	{ "", "accepted_domain \"d%u.x\" { }\n", 0 },
	{ "login \"x\" { remote = { ", "\"2001:db8::%x\",", 65000 },
	{ "login x { remote = { ", "1.0.0.0-1.0.255.255,", 0 },
	{ "", "\"", 0 },
	{ "login x { protocols = { ", "imap,", 0 },
};

static char *bomb(int number)
{
	const size_t size = 1024 * 1024 - 64;
	char *text = calloc(1, size + 64);
	size_t used = (size_t)sprintf(text, "%s", bombs[number].start);
	unsigned most = bombs[number].most;

	for (unsigned i = 1; used < size - 80 && (most == 0 || i <= most); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		used += (size_t)sprintf(text + used, bombs[number].piece, i, i);
#pragma GCC diagnostic pop
	}
	return text;
}

START_TEST(a_bomb_ends_within_a_second)
{
	char *text = bomb(_i);
	struct timespec start, end;
	struct mw_policy *policy;
	double seconds;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	policy = mw_test_read(text);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	ck_assert_msg(seconds < SLOWNESS, "bomb %d: %g s", _i, seconds);
	mw_policy_free(policy);
	free(text);
}
END_TEST

START_TEST(nul_bytes_and_size_are_refused)
{
	static char large[1024 * 1024 + 1];

	mw_test_end();
	mw_test_errors = mw_errors_new(10);
	ck_assert_ptr_null(mw_policy_read_text("t", MW_STR("replies\0 = classic"), "h", 0, mw_test_errors));
	ck_assert_msg(strstr(mw_test_messages(), "t:1:8: error: NUL byte") != NULL, "%s", mw_test_messages());
	memset(large, '\n', sizeof(large));
	ck_assert_ptr_null(mw_policy_read_text("t", (struct mw_str){ large, sizeof(large) }, "h", 0, mw_test_errors));
	ck_assert_ptr_nonnull(strstr(mw_test_messages(), "too large"));
}
END_TEST

MW_UNIT_TESTS("mistakes")
{
	tcase_add_checked_fixture(tcase, NULL, mw_test_end);
	MW_LOOP(tcase, a_mistake_is_named_with_its_place, mistakes);
	tcase_add_test(tcase, seven_mistakes_are_seven_errors_in_one_run);
	MW_LOOP(tcase, after_a_syntax_error_later_lines_are_still_looked_at, broken_starts);
	MW_LOOP(tcase, a_warning_stops_nothing, warnings);
	MW_LOOP(tcase, a_bomb_ends_within_a_second, bombs);
	tcase_add_test(tcase, nul_bytes_and_size_are_refused);
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "policy/read.h"
#include "servers/setup/text.h"

#define END "check_policy_service { unix:mailwicket/policy, timeout=10s, { default_action = 421 4.3.5 Server " \
	    "configuration problem } }"
#define HOOK "check_policy_service { unix:mailwicket/policy, policy_context=relay, timeout=10s }"

static const char policy_text[] =
	"accepted_domain \"example.test\" { type = Authoritative }\n"
	"connector \"Default\" {\n bindings = { \"*:25\" }\n auth_mechanism = { Tls }\n"
	" max_recipients_per_message = 150\n"
	" permission_groups = { AnonymousUsers }\n}\n"
	"connector \"Client\" {\n bindings = { \"*:587\", \"*:465\" }\n max_recipients_per_message = unlimited\n"
	" auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS }\n permission_groups = { ExchangeUsers }\n}\n";

static struct mw_arena *arena;
static struct mw_policy *policy;
static struct mw_wiring *wiring;

static void set_up(void)
{
	struct mw_errors *errors = mw_errors_new(10);

	arena = mw_arena_new(0);
	policy = mw_policy_read_text("test", mw_str(policy_text), "mx.example.test", 0, errors);
	ck_assert_ptr_nonnull(policy);
	wiring = mw_wiring_new(policy, MW_POSTFIX_QUEUE);
	ck_assert_ptr_nonnull(wiring);
	mw_errors_free(errors);
}

static void tear_down(void)
{
	mw_wiring_free(wiring);
	mw_policy_free(policy);
	mw_arena_free(arena);
}

static bool has(struct mw_str text, const char *part)
{
	return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static const struct {
	const char *before, *part, *gone;
} main_cfs[] = {
	{ "a = b\n", "a = b\n\n# the questions", "a = b\n\n\n" },
	{ "a = b", "a = b\n\n# the questions", "a = b#" },
	{ "smtpd_sasl_type = cyrus\na = b\n", "smtpd_sasl_type = dovecot\na = b\n", "cyrus" },
	{ "smtpd_sasl_type = one\na = b\nsmtpd_sasl_type = two\nc = d\n", "a = b\nsmtpd_sasl_type = dovecot\nc = d\n", "one" },
	{ "smtpd_sasl_path =\n# why\n  smtpd\na = b\n", "# why\nsmtpd_sasl_path = private/auth\na = b\n", "  smtpd\n" },
	{ "message_size_limit = 99999999\n", "message_size_limit = 99999999\n", "message_size_limit = 37748736" },
	{ "message_size_limit = 0\n", "message_size_limit = 0\n", "message_size_limit = 37748736" },
	{ "message_size_limit = 10\n", "message_size_limit = 37748736\n", "message_size_limit = 10\n" },
	{ "smtpd_tls_mandatory_protocols = >=TLSv1.3\n", "smtpd_tls_mandatory_protocols = >=TLSv1.3\n", ">=TLSv1.2" },
	{ "smtpd_tls_mandatory_protocols = !SSLv2, !SSLv3\n", "smtpd_tls_mandatory_protocols = >=TLSv1.2\n", "!SSLv" },
	{ "smtpd_tls_mandatory_protocols = TLSv1.3,\n  TLSv1.2\n", "smtpd_tls_mandatory_protocols = TLSv1.3,\n  TLSv1.2\n",
	  ">=TLSv1.2" },
	{ "smtpd_discard_ehlo_keywords = dsn\n", "smtpd_discard_ehlo_keywords = dsn,chunking\n", "= dsn\n" },
	{ "smtpd_discard_ehlo_keywords = DSN, Chunking\n", "smtpd_discard_ehlo_keywords = DSN, Chunking\n", "silent" },
	{ "smtpd_discard_ehlo_keywords =\n", "smtpd_discard_ehlo_keywords = chunking,silent-discard\n", "keywords =\n" },
	{ "smtpd_forbid_bare_newline = normalize\n", "smtpd_forbid_bare_newline = normalize\n", "newline = yes" },
	{ "smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination\n",
	  "smtpd_relay_restrictions =\n    " HOOK ",\n    reject_unauth_destination\n", "permit_mynetworks" },
	{ "smtpd_relay_restrictions = check_client_access hash:/etc/x,\n  permit\n",
	  HOOK ",\n    check_client_access hash:/etc/x,\n    reject_unauth_destination\n", "  permit\n" },
	{ "smtpd_end_of_data_restrictions = check_policy_service unix:private/other\n",
	  END ",\n    check_policy_service unix:private/other\n", "= check_policy_service unix:private" },
	{ "smtpd_end_of_data_restrictions = check_policy_service { unix:mailwicket/policy, timeout=10s }\n",
	  "smtpd_end_of_data_restrictions = " END "\n", "timeout=10s }\n" },
	{ "a = b\n", "smtpd_tls_loglevel = 1\n", "smtpd_tls_loglevel = 0" },
	{ "smtpd_tls_loglevel = 0\na = b\n", "smtpd_tls_loglevel = 1\na = b\n", "smtpd_tls_loglevel = 0" },
	{ "smtpd_tls_loglevel = 1\na = b\n", "smtpd_tls_loglevel = 1\na = b\n", "whether a client had TLS" },
	{ "smtpd_tls_loglevel = 2\n", "smtpd_tls_loglevel = 2\n", "smtpd_tls_loglevel = 1" },
	{ "smtpd_tls_loglevel = $loud\n", "smtpd_tls_loglevel = 1\n", "$loud" },
};

START_TEST(main_cf_is_changed_where_it_must_be_and_once)
{
	struct mw_str once = mw_setup_main_cf(wiring, arena, mw_str(main_cfs[_i].before));

	ck_assert_msg(has(once, main_cfs[_i].part), "%.*s", MW_STR_ARG(once));
	ck_assert_msg(!has(once, main_cfs[_i].gone), "%.*s", MW_STR_ARG(once));
	ck_assert_slice(mw_setup_main_cf(wiring, arena, once), once);
}
END_TEST

static const struct {
	const char *before, *part, *gone;
} master_cfs[] = {
	{ "smtp      inet  n       -       y       -       -       smtpd\n#submission inet\n",
	  "smtp      inet  n       -       y       -       -       smtpd\n  -o smtpd_tls_security_level=may\n"
	  "  -o smtpd_sasl_auth_enable=no\n  -o smtpd_tls_auth_only=yes\n  -o smtpd_recipient_limit=150\n#submission inet\n",
	  "inet n - n" },
	{ "smtp inet n - y - - smtpd\n  -o smtpd_recipient_limit=5000\n", "  -o smtpd_recipient_limit=150\nsubmission",
	  "smtpd_recipient_limit=5000" },
	{ "587 inet n - y - - smtpd\n  -o smtpd_recipient_limit=5000\n", "  -o smtpd_recipient_limit=5000\nsmtp inet",
	  "587 inet n - y - - smtpd\n  -o smtpd_recipient_limit=5000\n" },
	{ "smtp inet n - n - - smtpd\n", "submission inet n - n - - smtpd\n", "inet n - y" },
	{ "587 inet n - y - 20 smtpd -v -o syslog_name=postfix/x\n# among\n  -o smtpd_relay_restrictions=permit\n# behind\n",
	  "587 inet n - y - 20 smtpd -v\n  -o syslog_name=postfix/x\n  -o smtpd_tls_security_level=may\n"
	  "  -o smtpd_tls_protocols=>=TLSv1.2\n  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_tls_auth_only=yes\n"
	  "  -o smtpd_recipient_limit=1000\n"
	  "# among\n# behind\n", "smtpd_relay_restrictions" },
	{ "submission inet n - y - - smtpd\n  -o smtpd_tls_security_level=encrypt\n  -o { smtpd_client_restrictions = a b }\n",
	  "  -o { smtpd_client_restrictions = a b }\n  -o syslog_name=postfix/submission\n"
	  "  -o smtpd_tls_security_level=encrypt\n", "security_level=may\n"
	  "  -o smtpd_tls_protocols=>=TLSv1.2\n  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_tls_auth_only=yes\n# connector" },
	{ "smtps inet n - y - - smtpd -o smtpd_tls_wrappermode=yes\n", "smtps inet n - y - - smtpd\n", "submissions inet" },
	/* Never below what is set, and nothing on a listener for strangers. */
	{ "587 inet n - y - - smtpd\n  -o smtpd_tls_protocols=>=TLSv1.3\n", "  -o smtpd_tls_protocols=>=TLSv1.3\n",
	  "587 inet n - y - - smtpd\n  -o smtpd_tls_security_level=may\n  -o smtpd_tls_protocols=>=TLSv1.2" },
	{ "587 inet n - y - - smtpd\n  -o { smtpd_tls_protocols = !SSLv3, !TLSv1, !TLSv1.1 }\n",
	  "  -o smtpd_tls_protocols=!SSLv3,!TLSv1,!TLSv1.1\n", "!SSLv3, " },
	{ "587 inet n - y - - smtpd\n  -o smtpd_tls_protocols=$newest\n", "  -o smtpd_tls_protocols=$newest\n", "=>=TLSv1.2\n"
	  "  -o smtpd_sasl_auth_enable=yes\n  -o smtpd_tls_auth_only=yes\n  -o smtpd_recipient_limit=1000\nsmtp inet" },
	{ "587 inet n - y - - smtpd\n  -o smtpd_tls_protocols=!SSLv2,!SSLv3\n", "  -o smtpd_tls_protocols=>=TLSv1.2\n",
	  "!SSLv" },
	{ "smtp inet n - y - - smtpd\n  -o smtpd_tls_mandatory_protocols=>=TLSv1.3\n",
	  "smtp inet n - y - - smtpd\n  -o smtpd_tls_mandatory_protocols=>=TLSv1.3\n  -o smtpd_tls_security_level=may\n",
	  "smtp inet n - y - - smtpd\n  -o smtpd_tls_security_level=may\n  -o smtpd_tls_p" },
	{ "587 inet n - y - - smtpd\n  -o smtpd_discard_ehlo_keywords=dsn,etrn\n",
	  "  -o smtpd_discard_ehlo_keywords=dsn,etrn,chunking\nsmtp inet", "keywords=dsn,etrn\n" },
	{ "587 inet n - y - - smtpd\n  -o { smtpd_discard_ehlo_keywords = CHUNKING, dsn }\n",
	  "  -o smtpd_discard_ehlo_keywords=CHUNKING,dsn\n", "chunking" },
	{ "smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n  -o smtpd_end_of_data_restrictions=\n",
	  "smtp inet n - y - 1 postscreen\nsmtpd pass - - y - - smtpd\n  -o smtpd_tls_security_level=may\n",
	  "smtpd_end_of_data_restrictions" },
	/* What `why` reads: which listener a line is of, and whether there was TLS. */
	{ "submission inet n - y - - smtpd\n", "submission inet n - y - - smtpd\n  -o syslog_name=postfix/submission\n",
	  "=postfix/smtp\n" },
	{ "submissions inet n - y - - smtpd\n  -o syslog_name=\n",
	  "  -o syslog_name=postfix/submissions\n", "syslog_name=\n" },
	{ "smtps inet n - y - - smtpd\n  -o syslog_name=postfix/smtps\n", "  -o syslog_name=postfix/smtps\n",
	  "postfix/submissions" },
	{ "587 inet n - y - - smtpd\n  -o { syslog_name = postfix }\n",
	  "587 inet n - y - - smtpd\n  -o syslog_name=postfix/sub",
	  "syslog_name = postfix" },
	{ "587 inet n - y - - smtpd\n  -o smtpd_tls_loglevel=2\n", "  -o smtpd_tls_loglevel=2\n", "loglevel=1" },
	{ "587 inet n - y - - smtpd\n  -o smtpd_tls_loglevel=$loud\n", "  -o smtpd_tls_loglevel=$loud\n", "loglevel=1" },
	{ "587 inet n - y - - smtpd\n  -o smtpd_tls_loglevel=0\n", "587 inet n - y - - smtpd\n", "smtpd_tls_loglevel" },
	{ "127.0.0.1:10025 inet n - y - - smtpd -o smtpd_relay_restrictions=permit\nscache unix - - y - 1 scache",
	  "127.0.0.1:10025 inet n - y - - smtpd -o smtpd_relay_restrictions=permit\nscache unix - - y - 1 scache\n"
	  "smtp inet n - y", "scachesmtp" },
};

START_TEST(master_cf_gets_the_listeners_of_the_policy_and_once)
{
	const char *why;
	struct mw_str once = mw_setup_master_cf(wiring, arena, mw_str(master_cfs[_i].before), &why);

	ck_assert_ptr_null(why);
	ck_assert_msg(has(once, master_cfs[_i].part), "%.*s", MW_STR_ARG(once));
	ck_assert_msg(!has(once, master_cfs[_i].gone), "%.*s", MW_STR_ARG(once));
	ck_assert_slice(mw_setup_master_cf(wiring, arena, once, &why), once);
}
END_TEST

START_TEST(a_list_of_main_cf_that_does_goes_on_in_an_option)
{
	struct mw_str once;
	const char *why;

	wiring->protocols = MW_STR("!SSLv3, !TLSv1 !TLSv1.1,  <=TLSv1.2");
	wiring->mandatory_protocols = MW_STR(">=TLSv1");
	once = mw_setup_master_cf(wiring, arena, MW_STR("587 inet n - y - - smtpd\n"), &why);
	ck_assert_msg(has(once, "  -o smtpd_tls_protocols=!SSLv3,!TLSv1,!TLSv1.1,<=TLSv1.2\n"), "%.*s", MW_STR_ARG(once));
	ck_assert_msg(has(once, "  -o smtpd_tls_mandatory_protocols=>=TLSv1.2\n"), "%.*s", MW_STR_ARG(once));
	ck_assert_slice(mw_setup_master_cf(wiring, arena, once, &why), once);
	wiring->mandatory_protocols = MW_STR(">=TLSv1.3");
	once = mw_setup_main_cf(wiring, arena, MW_STR("smtpd_tls_mandatory_protocols = $newest\n"));
	ck_assert_msg(has(once, "smtpd_tls_mandatory_protocols = $newest\n"), "%.*s", MW_STR_ARG(once));
}
END_TEST

/* postconf(5), smtpd_tls_mandatory_protocols: what each list admits, as Postfix's tls_proto_mask_lims() reads it. */
static const struct {
	const char *list;
	enum mw_tls_version lowest; /* MW_TLS_NONE: Postfix cannot read it */
} protocols[] = {
	{ "", MW_SSL_3_0 }, { ">=TLSv1", MW_TLS_1_0 }, { ">=TLSv1.2", MW_TLS_1_2 }, { ">=tlsv1.3", MW_TLS_1_3 },
	{ ">=0303", MW_TLS_1_2 }, { ">=0x0304", MW_TLS_1_3 }, { ">=None", MW_SSL_3_0 }, { "<=TLSv1.3", MW_SSL_3_0 },
	{ ">=TLSv1.1, <=TLSv1.2", MW_TLS_1_1 }, { ">=TLSv1, !TLSv1, !TLSv1.1", MW_TLS_1_2 },
	{ "!SSLv2,!SSLv3", MW_TLS_1_0 }, { "!SSLv2, !SSLv3, !TLSv1, !TLSv1.1", MW_TLS_1_2 },
	{ "!SSLv2:!SSLv3:!TLSv1:!TLSv1.1:!TLSv1.2", MW_TLS_1_3 }, { "!TLSv1, !TLSv1.1", MW_SSL_3_0 },
	{ "!SSLv3 !TLSv1.1\t!TLSv1.2", MW_TLS_1_0 },
	{ "TLSv1.2", MW_TLS_1_2 }, { "TLSv1.3 TLSv1.2", MW_TLS_1_2 }, { "TLSv1.3, TLSv1", MW_TLS_1_0 },
	{ "tlsv1.3", MW_TLS_1_3 },
	{ "TLSv1, !TLSv1, TLSv1.3", MW_TLS_1_3 }, { "SSLv2, TLSv1.3", MW_TLS_1_3 },
	{ ">=", MW_TLS_NONE }, { ">= TLSv1.2", MW_TLS_NONE }, { "TLS1.2", MW_TLS_NONE }, { "!", MW_TLS_NONE },
	{ "none", MW_TLS_NONE },
	{ "$mandatory", MW_TLS_NONE }, { ">=TLSv1.2, nonsense", MW_TLS_NONE },
};

START_TEST(a_list_reaches_what_it_admits_at_the_least)
{
	for (int minimum = MW_SSL_3_0; minimum <= MW_TLS_1_3; minimum++)
		ck_assert_msg(mw_wiring_protocols_reach(mw_str(protocols[_i].list), (enum mw_tls_version)minimum) ==
			      ((int)protocols[_i].lowest >= minimum), "%s", protocols[_i].list);
}
END_TEST

/* HISTORY of Postfix: 20260724, and the tags that have it. */
static const struct {
	const char *version;
	bool kills;
} chunking[] = {
	{ "3.7.11", true }, { "3.7.21", true }, { "3.7.22", false }, { "3.8.19", true }, { "3.8.20", false },
	{ "3.9.13", true }, { "3.9.14", false }, { "3.10.0", true }, { "3.10.12", true }, { "3.10.13", false },
	{ "3.10.13-RC1", false }, { "3.11.5", true }, { "3.11.6", false }, { "3.12.0", false }, { "3.12-20260821", false },
	{ "4.0.1", false }, { "3.6.15", true }, { "3.7-20210706", true }, { "3.7", true }, { "", true },
};

START_TEST(chunking_goes_where_smtpd_dies_of_it)
{
	struct mw_str text;
	const char *line = "smtpd_discard_ehlo_keywords = chunking,silent-discard\n";

	ck_assert_int_eq(mw_wiring_chunking_kills(mw_str(chunking[_i].version)), chunking[_i].kills);
	mw_wiring_for_version(wiring, mw_str(chunking[_i].version));
	text = mw_setup_main_cf(wiring, arena, MW_STR("a = b\n"));
	ck_assert_int_eq(has(text, line), chunking[_i].kills);
	ck_assert(has(text, "message_size_limit = "));
}
END_TEST

/* syslog_name of main.cf, and the one that a new listener gets; NULL: none. */
static const struct { const char *all, *name; } names[] = {
	{ "postfix", "postfix/submission" }, { "postfix-out", "postfix-out/submission" }, { "", "postfix/submission" },
	{ "postfix/", NULL }, /* "postfix/$service_name", as postconf has it */
};

START_TEST(a_listener_is_named_below_the_name_of_main_cf)
{
	const char *why;
	struct mw_str once;

	wiring->syslog_name = mw_str(names[_i].all);
	once = mw_setup_master_cf(wiring, arena, MW_STR("587 inet n - y - - smtpd\n"), &why);
	ck_assert_int_eq(has(once, "syslog_name="), names[_i].name != NULL);
	if (names[_i].name != NULL)
		ck_assert_msg(has(once, mw_arena_textf(arena, "  -o syslog_name=%s\n", names[_i].name)), "%.*s", MW_STR_ARG(once));
	ck_assert_slice(mw_setup_master_cf(wiring, arena, once, &why), once);
}
END_TEST

START_TEST(a_level_of_the_log_that_postconf_knows_stays)
{
	const char *line = "smtpd_tls_loglevel = $loud\n";

	wiring->tls_log = MW_STR("2");
	ck_assert(has(mw_setup_main_cf(wiring, arena, mw_str(line)), line));
}
END_TEST

START_TEST(one_port_under_two_names_is_refused)
{
	const char *why;

	ck_assert(mw_str_empty(mw_setup_master_cf(wiring, arena, MW_STR("192.0.2.1:587 inet n - y - - smtpd\n"), &why)));
	ck_assert_ptr_nonnull(strstr(why, "192.0.2.1:587"));
}
END_TEST

MW_UNIT_TESTS("setup's texts")
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	MW_LOOP(tcase, main_cf_is_changed_where_it_must_be_and_once, main_cfs);
	MW_LOOP(tcase, master_cf_gets_the_listeners_of_the_policy_and_once, master_cfs);
	tcase_add_test(tcase, a_list_of_main_cf_that_does_goes_on_in_an_option);
	MW_LOOP(tcase, a_list_reaches_what_it_admits_at_the_least, protocols);
	MW_LOOP(tcase, chunking_goes_where_smtpd_dies_of_it, chunking);
	MW_LOOP(tcase, a_listener_is_named_below_the_name_of_main_cf, names);
	tcase_add_test(tcase, a_level_of_the_log_that_postconf_knows_stays);
	tcase_add_test(tcase, one_port_under_two_names_is_refused);
}

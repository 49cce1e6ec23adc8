/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "policy/read.h"
#include "servers/setup/text.h"

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

static struct mw_wiring_setting setting(const char *name, const char *value)
{
	struct mw_str *item = MW_ARENA_NEW(arena, struct mw_str);

	*item = mw_str(value);
	return (struct mw_wiring_setting){ .name = name, .value = { item, 1 }, .comment = "why\n" };
}

static const struct {
	const char *before, *after;
} main_cfs[] = {
	{ "a = b\n", "a = b\n\n# why\nx = 1\n" },
	{ "a = b", "a = b\n\n# why\nx = 1\n" },
	{ "", "# why\nx = 1\n" },
	{ "x = 0\na = b\n", "x = 1\na = b\n" },
	{ "x=0\na=b\n", "x=1\na=b\n" },
	{ "x   =   0\n", "x   =   1\n" },
	{ "x =\n", "x = 1\n" },
	{ "x = 2\na = b\nx = 0\nc = d\n", "x = 2\na = b\nx = 1\nc = d\n" },
	{ "x =\n# why not\n  0,\n\t7\n# behind\na = b\n", "# why not\nx = 1\n# behind\na = b\n" },
	{ "#x = 0\nxx = 0\n", "#x = 0\nxx = 0\n\n# why\nx = 1\n" },
};

START_TEST(main_cf_has_the_setting_where_its_name_stands)
{
	const struct mw_wiring_setting wanted = setting("x", "1");
	const struct mw_settings settings = { &wanted, 1 };
	struct mw_str once = mw_setup_main_cf(arena, mw_str(main_cfs[_i].before), settings);

	ck_assert_slice(once, mw_str(main_cfs[_i].after));
	ck_assert_slice(mw_setup_main_cf(arena, once, settings), once);
	ck_assert_slice(mw_setup_main_cf(arena, mw_str(main_cfs[_i].before), (struct mw_settings){ NULL, 0 }),
			mw_str(main_cfs[_i].before));
}
END_TEST

/* The entry in line 2 is to have x=1 and y={ a b }. */
static const struct {
	const char *before, *after;
} master_cfs[] = {
	{ "smtp      inet  n       -       y       -       -       smtpd\n",
	  "smtp      inet  n       -       y       -       -       smtpd\n  -o x=1\n  -o { y = a b }\n" },
	{ "smtp inet n - y - - smtpd -v  \n# behind\n",
	  "smtp inet n - y - - smtpd -v\n  -o x=1\n  -o { y = a b }  \n# behind\n" },
	{ "smtp inet n - y - - smtpd", "smtp inet n - y - - smtpd\n  -o x=1\n  -o { y = a b }" },
	/* In its place, its form and with its indentation. */
	{ "smtp inet n - y - - smtpd\n\t-o a=b\n\t-o x=0\n\t# among\n\t-o y=0\n\t-o c=d\n",
	  "smtp inet n - y - - smtpd\n\t-o a=b\n\t-o x=1\n\t# among\n\t-o { y = a b }\n\t-o c=d\n" },
	{ "smtp inet n - y - - smtpd\n    -o a=b\n# among\n    -o c=d\n",
	  "smtp inet n - y - - smtpd\n    -o a=b\n# among\n    -o c=d\n    -o x=1\n    -o { y = a b }\n" },
	{ "smtp inet n - y - - smtpd -o { x = 0 } -o {y=c d}\n", "smtp inet n - y - - smtpd -o { x = 1 } -o { y = a b }\n" },
	{ "smtp inet n - y - - smtpd -ox=0 -oy=0\n", "smtp inet n - y - - smtpd -ox=1 -o { y = a b }\n" },
	{ "smtp inet n - y - - smtpd -vo x=0 -voy=0\n", "smtp inet n - y - - smtpd -vo x=1 -v -o { y = a b }\n" },
	{ "smtp inet n - y - - smtpd -m 5 -o x=0 -D\n", "smtp inet n - y - - smtpd -m 5 -o x=1 -D\n  -o { y = a b }\n" },
	/* The last one counts. */
	{ "smtp inet n - y - - smtpd -o x=7 -o x=0 -o y=1\n", "smtp inet n - y - - smtpd -o x=7 -o x=1 -o { y = a b }\n" },
	{ "smtp inet n - y - - smtpd -o y=1 -o x=7 -o x=0\n", "smtp inet n - y - - smtpd -o { y = a b } -o x=7 -o x=1\n" },
	/* What only looks like it. */
	{ "smtp inet n - y - - smtpd -o xx=0 -o {z = x=0}\n",
	  "smtp inet n - y - - smtpd -o xx=0 -o {z = x=0}\n  -o x=1\n  -o { y = a b }\n" },
	{ "x=0 inet n\n - y - -\n smtpd\n -o y=0\n", "x=0 inet n\n - y - -\n smtpd\n -o { y = a b }\n -o x=1\n" },
};

START_TEST(an_entry_of_master_cf_has_its_options_and_all_else_stays)
{
	const char *before = mw_arena_textf(arena, "# head\n%s", master_cfs[_i].before);
	const struct mw_wiring_setting wanted[] = { setting("x", "1"), setting("y", "a b") };
	const struct mw_setup_entry entries[] = { { 7, { wanted, 2 } }, { 2, { wanted, 2 } } };
	struct mw_str once = mw_setup_master_cf(arena, mw_str(before), entries, 2, MW_STR_EMPTY);

	ck_assert_slice(once, mw_str(mw_arena_textf(arena, "# head\n%s", master_cfs[_i].after)));
	ck_assert_slice(mw_setup_master_cf(arena, once, entries, 2, MW_STR_EMPTY), once);
	ck_assert_slice(mw_setup_master_cf(arena, mw_str(before), entries, 1, MW_STR_EMPTY), mw_str(before));
}
END_TEST

START_TEST(new_entries_stand_at_the_end_on_a_line_of_their_own)
{
	ck_assert_slice(mw_setup_master_cf(arena, MW_STR("a unix"), NULL, 0, MW_STR("b inet\n")), MW_STR("a unix\nb inet\n"));
	ck_assert_slice(mw_setup_master_cf(arena, MW_STR("a unix\n"), NULL, 0, MW_STR("b inet\n")),
			MW_STR("a unix\nb inet\n"));
	ck_assert_slice(mw_setup_master_cf(arena, MW_STR("a unix"), NULL, 0, MW_STR_EMPTY), MW_STR("a unix"));
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
	ck_assert_int_eq(mw_wiring_chunking_kills(mw_str(chunking[_i].version)), chunking[_i].kills);
	mw_wiring_for_version(wiring, mw_str(chunking[_i].version));
	ck_assert_int_eq(mw_wiring_setting(wiring, MW_WIRING_EHLO) != NULL, chunking[_i].kills);
	ck_assert_ptr_nonnull(mw_wiring_setting(wiring, "message_size_limit"));
}
END_TEST

/* syslog_name of main.cf, and the one that a new listener gets; NULL: none. */
static const struct { const char *all, *name; } names[] = {
	{ "postfix", "postfix/submission" }, { "postfix-out", "postfix-out/submission" }, { "", "postfix/submission" },
	{ "postfix/", NULL }, /* "postfix/$service_name", as postconf has it */
};

START_TEST(a_listener_is_named_below_the_name_of_main_cf)
{
	const struct mw_binding binding = { .kind = MW_BINDING_ANY, .port = 587 };

	wiring->syslog_name = mw_str(names[_i].all);
	ck_assert_pstr_eq(mw_wiring_syslog_name(wiring, &binding), names[_i].name);
}
END_TEST

MW_UNIT_TESTS("setup's texts")
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	MW_LOOP(tcase, main_cf_has_the_setting_where_its_name_stands, main_cfs);
	MW_LOOP(tcase, an_entry_of_master_cf_has_its_options_and_all_else_stays, master_cfs);
	tcase_add_test(tcase, new_entries_stand_at_the_end_on_a_line_of_their_own);
	MW_LOOP(tcase, a_list_reaches_what_it_admits_at_the_least, protocols);
	MW_LOOP(tcase, chunking_goes_where_smtpd_dies_of_it, chunking);
	MW_LOOP(tcase, a_listener_is_named_below_the_name_of_main_cf, names);
}

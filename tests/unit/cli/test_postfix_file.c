/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "servers/postfix_file.h"
#include "servers/restriction.h"

static const char main_cf[] =
	"# a comment\n"
	"one = 1\n"
	"list = a,\n"
	"# among the lines\n"
	"\n"
	"\tb\n"
	"# behind\n"
	"  # indented\n"
	"one=2";

static const struct {
	const char *text;
	bool is_entry;
	unsigned line;
} pieces[] = {
	{ "# a comment\n", false, 1 },
	{ "one = 1\n", true, 2 },
	{ "list = a,\n# among the lines\n\n\tb\n", true, 3 },
	{ "# behind\n", false, 7 },
	{ "  # indented\n", false, 8 },
	{ "one=2", true, 9 },
};

START_TEST(a_file_is_entries_with_their_continuations_and_what_is_between)
{
	struct mw_postfix_text text = mw_postfix_text_over(mw_str(main_cf));
	struct mw_postfix_piece piece;

	for (size_t i = 0; i < MW_COUNT(pieces); i++) {
		ck_assert(mw_postfix_text_next(&text, &piece));
		ck_assert_slice(piece.text, mw_str(pieces[i].text));
		ck_assert_int_eq(piece.is_entry, pieces[i].is_entry);
		ck_assert_uint_eq(piece.line, pieces[i].line);
	}
	ck_assert(!mw_postfix_text_next(&text, &piece));
}
END_TEST

START_TEST(the_last_entry_of_a_name_counts)
{
	ck_assert_uint_eq(mw_postfix_main_line(mw_str(main_cf), MW_STR("one")), 9);
	ck_assert_uint_eq(mw_postfix_main_line(mw_str(main_cf), MW_STR("list")), 3);
	ck_assert_uint_eq(mw_postfix_main_line(mw_str(main_cf), MW_STR("two")), 0);
}
END_TEST

START_TEST(services_have_their_own_options)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_postfix_services services = mw_postfix_services_parse(arena,
		MW_STR("# a comment\n"
		       "smtp       inet  n       -       y       -       -       smtpd\n"
		       "587 inet n - - - - smtpd -v\n"
		       "  -o {a = b c}\n"
		       "# among them\n"
		       "\t-o d=\n"
		       "smtp unix - - n - - smtp\n"));

	ck_assert_uint_eq(services.count, 3);
	ck_assert_slice(services.items[0].chroot, MW_STR("y"));
	ck_assert_uint_eq(services.items[0].options.count, 0);
	ck_assert_uint_eq(services.items[0].line, 2);
	ck_assert_slice(services.items[1].command, MW_STR("smtpd"));
	ck_assert_uint_eq(services.items[1].options.count, 2);
	ck_assert_slice(*mw_postfix_value_find(&services.items[1].options, "a"), MW_STR("b c"));
	ck_assert_slice(*mw_postfix_value_find(&services.items[1].options, "d"), MW_STR_EMPTY);
	ck_assert_uint_eq(services.items[2].line, 7);
	ck_assert_uint_eq(services.items[2].options.count, 0);
	mw_arena_free(arena);
}
END_TEST

/* In every form that the programs understand. */
static const struct {
	const char *arguments, *value;
} forms[] = {
	{ "-o a=1", "1" },	      { "-oa=1", "1" },		   { "-vo a=1", "1" },	    { "-vvoa=1", "1" },
	{ "-o { a = 1 }", "1" },      { "-m 5 -o a=1", "1" },	   { "-m5 -o a=1", "1" },   { "{-o} {a=1}", "1" },
	{ "-oo=2 -o a=1", "1" },      { "-o a=1 -o a=2", "2" },	   { "-o a", "" },	    { "-c -D -l -o a=1", "1" },
	{ "-o {a = {1} 2}", "{1} 2" }, { "word -o a=1", NULL },	   { "-- -o a=1", NULL },   { "-v - -o a=1", NULL },
	{ "-m -o a=1", NULL },	      { "-o", NULL },		   { "", NULL },	    { "-o {", NULL },
};

START_TEST(an_option_has_many_forms)
{
	struct mw_arena *arena = mw_arena_new(0);
	const char *entry = mw_arena_textf(arena, "smtp inet n - y - - smtpd %s\n", forms[_i].arguments);
	struct mw_postfix_services services = mw_postfix_services_parse(arena, mw_str(entry));
	const struct mw_str *value;

	ck_assert_uint_eq(services.count, 1);
	value = mw_postfix_value_find(&services.items[0].options, "a");
	ck_assert_int_eq(value != NULL, forms[_i].value != NULL);
	if (value != NULL)
		ck_assert_slice(*value, mw_str(forms[_i].value));
	mw_arena_free(arena);
}
END_TEST

START_TEST(of_two_services_with_one_name_the_last_counts)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_postfix_services services = mw_postfix_services_parse(arena,
		MW_STR("smtp inet n - y - - smtpd -o a=1\nsmtp unix - - y - - smtp\nsmtp inet n - n - - smtpd\n"));

	ck_assert_uint_eq(services.count, 2);
	ck_assert_slice(services.items[0].chroot, MW_STR("n"));
	ck_assert_uint_eq(services.items[0].options.count, 0);
	ck_assert_uint_eq(services.items[0].line, 3);
	mw_arena_free(arena);
}
END_TEST

static const struct {
	const char *text, *name, *argument;
	bool only_warns;
} items[] = {
	{ "permit_mynetworks,", "permit_mynetworks", "", false },
	{ "check_policy_service { unix:a, policy_context=relay }", "check_policy_service",
	  "{ unix:a, policy_context=relay }", false },
	{ "check_client_access hash:/etc/x", "check_client_access", "hash:/etc/x", false },
	{ "warn_if_reject reject_rbl_client zen.example", "reject_rbl_client", "zen.example", true },
	{ "hash:/etc/postfix/access", "hash:/etc/postfix/access", "", false },
	{ "sleep 1", "sleep", "1", false },
	{ "reject", "reject", "", false },
	{ "Check_Client_Access hash:/etc/x", "Check_Client_Access", "hash:/etc/x", false },
	{ "Warn_If_Reject permit", "permit", "", true },
	{ "check_relay_domains", "check_relay_domains", "", false },
	{ "permit", "permit", "", false },
	{ "reject_rbl zen.example", "reject_rbl", "zen.example", false },
	/* Restriction classes. */
	{ "check_ratelimit", "check_ratelimit", "", false },
	{ "reject_rhsbl_ours", "reject_rhsbl_ours", "", false },
	{ "permit_auth_destination", "permit_auth_destination", "", false },
};

START_TEST(a_list_is_restrictions_with_their_arguments)
{
	char text[1024] = "";
	struct mw_restriction item;
	struct mw_str rest;

	for (size_t i = 0; i < MW_COUNT(items); i++) {
		strcat(text, items[i].text);
		strcat(text, i % 2 == 0 ? " \n\t" : ", ");
	}
	rest = mw_str(text);
	for (size_t i = 0; i < MW_COUNT(items); i++) {
		ck_assert(mw_restriction_next(&rest, &item));
		ck_assert_slice(item.name, mw_str(items[i].name));
		ck_assert_slice(item.argument, mw_str(items[i].argument));
		ck_assert_int_eq(item.only_warns, items[i].only_warns);
	}
	ck_assert(!mw_restriction_next(&rest, &item));
}
END_TEST

START_TEST(an_argument_that_is_missing_is_empty)
{
	struct mw_str rest = MW_STR("check_policy_service");
	struct mw_restriction item;

	ck_assert(mw_restriction_next(&rest, &item));
	ck_assert_slice(item.text, MW_STR("check_policy_service"));
	ck_assert_slice(item.argument, MW_STR_EMPTY);
	rest = MW_STR(" , warn_if_reject ");
	ck_assert(!mw_restriction_next(&rest, &item));
}
END_TEST

static const struct {
	const char *text, *server, *context, *timeout, *action;
} calls[] = {
	{ "unix:mailwicket/policy", "unix:mailwicket/policy", "", "", "" },
	{ "{ inet:127.0.0.1:10045, policy_context=relay, timeout=10s }", "inet:127.0.0.1:10045", "relay", "10s", "" },
	{ "{ unix:a { default_action = 451 4.3.5 Away } timeout=5m }", "unix:a", "", "5m", "451 4.3.5 Away" },
	{ "{unix:a,default_action=DUNNO}", "unix:a", "", "", "DUNNO" },
	{ "{ unix:a, {default_action=421 4.3.5 Away}, timeout=1s }", "unix:a", "", "1s", "421 4.3.5 Away" },
	{ "{ unix:a, { default_action = 421 4.3.5 Away }, { default_action = 451 x } }", "unix:a", "", "", "451 x" },
	/* Postfix takes these braces for a part of the value, and the text for another attribute, which is none. */
	{ "{ unix:a, default_action={421 4.3.5 Away} }", "unix:a", "", "", "{421 4.3.5 Away}" },
	{ "{ unix:a, default_action=421 4.3.5 Away }", "unix:a", "", "", "421" },
	{ "{ unix:a, default_action = 421 4.3.5 Away }", "unix:a", "", "", "" },
	{ "", "", "", "", "" },
	{ "{", "{", "", "", "" },
};

START_TEST(a_policy_service_has_attributes)
{
	struct mw_policy_call call = mw_policy_call_parse(mw_str(calls[_i].text));

	ck_assert_slice(call.server, mw_str(calls[_i].server));
	ck_assert_slice(call.context, mw_str(calls[_i].context));
	ck_assert_slice(call.timeout, mw_str(calls[_i].timeout));
	ck_assert_slice(call.default_action, mw_str(calls[_i].action));
}
END_TEST

static const struct {
	const char *text;
	bool is_time;
	unsigned long seconds;
} times[] = {
	{ "100s", true, 100 }, { "5m", true, 300 }, { "1h", true, 3600 }, { "2d", true, 172800 }, { "1w", true, 604800 },
	{ "7", true, 7 }, { "", false, 0 }, { "s", false, 0 }, { "-1s", false, 0 }, { "99999999999s", false, 0 },
};

START_TEST(a_time_has_a_unit)
{
	unsigned long seconds = 0;

	ck_assert_int_eq(mw_postfix_seconds(mw_str(times[_i].text), &seconds), times[_i].is_time);
	ck_assert_uint_eq(seconds, times[_i].seconds);
}
END_TEST

MW_UNIT_TESTS("postfix files")
{
	tcase_add_test(tcase, a_file_is_entries_with_their_continuations_and_what_is_between);
	tcase_add_test(tcase, the_last_entry_of_a_name_counts);
	tcase_add_test(tcase, services_have_their_own_options);
	MW_LOOP(tcase, an_option_has_many_forms, forms);
	tcase_add_test(tcase, of_two_services_with_one_name_the_last_counts);
	tcase_add_test(tcase, a_list_is_restrictions_with_their_arguments);
	tcase_add_test(tcase, an_argument_that_is_missing_is_empty);
	MW_LOOP(tcase, a_policy_service_has_attributes, calls);
	MW_LOOP(tcase, a_time_has_a_unit, times);
}

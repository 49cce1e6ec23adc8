/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include "sync/record/key_source.h"
#include "sync/record/row.h"

static struct mw_arena *arena;
static struct mw_errors *errors, *reports;
static struct mw_records records;
static struct mw_reading reading;

static void set_up(void)
{
	arena = mw_arena_new(0);
	errors = mw_errors_new(10);
	reports = mw_errors_new(10);
	mw_records_init(&records, arena, errors);
	records.reports = reports;
	mw_reading_begin(&reading, &records, "source \"people\", users", MW_STR("example.test"));
}

static void tear_down(void)
{
	mw_records_deinit(&records);
	mw_errors_free(reports);
	mw_errors_free(errors);
	mw_arena_free(arena);
}

#define ROW(kind, ...) \
	mw_row_read(&reading, (kind), (const struct mw_column[]){ __VA_ARGS__ }, \
		    sizeof((const struct mw_column[]){ __VA_ARGS__ }) / sizeof(struct mw_column))
#define PAIR(key, value) { MW_STR(key), MW_STR(value) }

static const char *report(unsigned index)
{
	static char text[4096];
	struct mw_buf out = MW_BUF_OVER(text);

	ck_assert_uint_lt(index, mw_errors_kept(reports));
	mw_error_print(mw_errors_get(reports, index), &out);
	return text;
}

START_TEST(a_row_says_what_a_line_says)
{
	ROW(MW_ROW_USER, PAIR("NAME", "Bob"), PAIR("address", "b@example.test,\"c,d\"@example.test"), PAIR("imap", "no"),
	    PAIR("login", ""), PAIR("senders", "authenticated"));
	ROW(MW_ROW_GROUP, PAIR("member", "bob"), PAIR("name", "g@example.test"));
	ROW(MW_ROW_GRANT, PAIR("kind", "send-on-behalf"), PAIR("identity", "*@x.test"), PAIR("trustee", "bob"));
	ck_assert_uint_eq(records.count, 2);
	ck_assert_str_eq(records.items[0].principal.name.ptr, "bob@example.test");
	ck_assert(!records.items[0].principal.imap && records.items[0].principal.pop3 && records.items[0].bad == NULL);
	ck_assert_uint_eq(records.items[0].addresses.count, 2);
	ck_assert_uint_eq(records.items[0].logins.count, 0);
	ck_assert_int_eq(records.items[1].principal.kind, MW_GROUP);
	ck_assert_uint_eq(records.items[1].origin.line, 2);
	ck_assert_uint_eq(records.grant_count, 1);
	ck_assert(records.grants[0].domain && records.grants[0].on_behalf);
	ck_assert_uint_eq(mw_errors_kept(reports) + mw_errors_kept(errors), 0);
}
END_TEST

static const char *networks_text(const struct mw_record *record)
{
	static char text[512];
	struct mw_buf out = MW_BUF_OVER(text);

	for (size_t i = 0; i < record->networks->all.count; i++) {
		mw_buf_add_text(&out, i == 0 ? "" : " ");
		mw_range_print(&record->networks->all.items[i], &out);
	}
	return text;
}

static const struct { bool allow_nets, bad; const char *value, *networks; } networks[] = {
	{ false, false, "192.0.2.0/24, 198.51.100.7 ", "192.0.2.0/24 198.51.100.7" },
	{ false, true, "192.0.2.1/24,198.51.100.7", "198.51.100.7" },
	{ false, true, "local,198.51.100.7", "198.51.100.7" },
	{ true, false, " 192.0.2.1/24 ,2001:db8::1/32", "192.0.2.0/24 2001:db8::/32" },
	{ true, false, "local,198.51.100.7", "198.51.100.7" },
	{ true, false, "local", "0.0.0.0" },
	{ true, true, "192.0.2.1/33", "0.0.0.0" },
	{ true, true, "locals,198.51.100.7", "198.51.100.7" },
};

START_TEST(networks_have_blanks_and_those_of_dovecot_host_bits)
{
	records.allow_nets = networks[_i].allow_nets;
	mw_row_read(&reading, MW_ROW_USER,
		    (const struct mw_column[]){ PAIR("name", "bob"), { MW_STR("networks"), mw_str(networks[_i].value) } }, 2);
	ck_assert_uint_eq(records.count, 1);
	ck_assert_int_eq(records.items[0].bad != NULL, networks[_i].bad);
	ck_assert_str_eq(networks_text(&records.items[0]), networks[_i].networks);
}
END_TEST

START_TEST(values_with_rows_of_their_own_come_before_or_behind)
{
	ROW(MW_ROW_ADDRESS, PAIR("name", "bob"), PAIR("address", "b1"));
	ROW(MW_ROW_USER, PAIR("name", "bob"), PAIR("address", "b2"));
	ROW(MW_ROW_GROUP, PAIR("name", "g"));
	ROW(MW_ROW_MEMBER, PAIR("name", "g"), PAIR("member", "bob"));
	ROW(MW_ROW_LOGIN, PAIR("name", "bob"), PAIR("login", "rob"));
	ROW(MW_ROW_ADDRESS, PAIR("name", "bob"), PAIR("address", ""));
	ck_assert(mw_rows_end(&records));
	ck_assert_uint_eq(records.items[0].addresses.count, 2);
	ck_assert_str_eq(records.items[0].addresses.items[1].ptr, "b1@example.test");
	ck_assert_str_eq(records.items[0].logins.items[0].ptr, "rob");
	ck_assert_str_eq(records.items[1].members.items[0].ptr, "bob@example.test");
	ck_assert_uint_eq(mw_errors_kept(reports) + mw_errors_kept(errors), 0);
}
END_TEST

START_TEST(a_value_of_nobody_is_told_and_left_out)
{
	ROW(MW_ROW_USER, PAIR("name", "bob"));
	ROW(MW_ROW_ADDRESS, PAIR("name", "mary"), PAIR("address", "m"));
	ROW(MW_ROW_MEMBER, PAIR("name", "bob"), PAIR("member", "bob"));
	ck_assert(mw_rows_end(&records));
	ck_assert_str_eq(report(1), "source \"people\", users:2: warning: address of \"mary@example.test\": the source has no "
				    "such user or group");
	ck_assert_ptr_nonnull(strstr(report(0), "users:3: warning: member of \"bob@example.test\": that is a user"));
	ck_assert_uint_eq(records.items[0].addresses.count + records.items[0].members.count, 0);
}
END_TEST

static const struct { struct mw_column value; const char *message; } bad_values[] = {
	{ PAIR("imap", "maybe"), "users:1: warning: imap: bad value \"maybe\" (expected yes or no)" },
	{ PAIR("imap", ""), "users:1: warning: imap= has no value" },
	{ PAIR("address", "a\nb"), "address: a control character (0x0a)" },
	{ PAIR("address", "a\0b"), "address: a control character (0x00)" },
	{ PAIR("login", "b\xff"), "login: no valid UTF-8" },
	{ PAIR("login", "$(id)"), "no mail system needs a $ in a name" },
	{ PAIR("address", "x' OR ''='"), "is no address" },
	{ PAIR("receive", "x@Group.Invalid"), "group.invalid is the domain of groups without an address" },
	{ PAIR("colour", "red"), "unknown key \"colour\" of a user (expected address, receive, login," },
};

START_TEST(a_bad_value_makes_a_bad_record_and_no_error_of_the_source)
{
	const struct mw_column row[] = { PAIR("name", "bob"), bad_values[_i].value, PAIR("smtp", "no") };

	mw_row_read(&reading, MW_ROW_USER, row, 3);
	ck_assert_uint_eq(records.count, 1);
	ck_assert_ptr_nonnull(records.items[0].bad);
	ck_assert(!records.items[0].principal.smtp);
	ck_assert_uint_eq(mw_errors_kept(errors), 0);
	ck_assert_msg(strstr(report(0), bad_values[_i].message) != NULL, "%s", report(0));
}
END_TEST

START_TEST(a_bad_value_in_a_row_of_its_own_makes_its_record_bad)
{
	ROW(MW_ROW_USER, PAIR("name", "bob"));
	ROW(MW_ROW_ADDRESS, PAIR("name", "bob"), PAIR("address", "x@@y"));
	ck_assert(mw_rows_end(&records));
	ck_assert_str_eq(records.items[0].bad, "\"x@@y\" is no address");
	ck_assert_uint_eq(records.items[0].addresses.count, 0);
}
END_TEST

START_TEST(a_value_is_for_nobody_of_another_source)
{
	ROW(MW_ROW_USER, PAIR("name", "bob"));
	ROW(MW_ROW_GROUP, PAIR("name", "g"));
	records.owner = 1;
	ROW(MW_ROW_ADDRESS, PAIR("name", "bob"), PAIR("address", "b"));
	ROW(MW_ROW_ADDRESS, PAIR("name", "bob"), PAIR("address", "x@@y"));
	ROW(MW_ROW_MEMBER, PAIR("name", "g"), PAIR("member", "bob"));
	ck_assert(mw_rows_end(&records));
	ck_assert_uint_eq(records.items[0].addresses.count + records.items[1].members.count, 0);
	ck_assert_ptr_null(records.items[0].bad);
	ck_assert_uint_eq(mw_errors_kept(reports), 3);
}
END_TEST

START_TEST(a_row_without_what_it_needs_is_told)
{
	ROW(MW_ROW_USER, PAIR("address", "b"));
	ROW(MW_ROW_GRANT, PAIR("kind", "send-as"), PAIR("identity", "x@y.test"));
	ROW(MW_ROW_GRANT, PAIR("kind", "send-all"), PAIR("identity", "x@y.test"), PAIR("trustee", "bob"));
	ck_assert_uint_eq(records.count + records.grant_count, 0);
	ck_assert_ptr_nonnull(strstr(report(0), "users:1: warning: the row has no name"));
	ck_assert_ptr_nonnull(strstr(report(1), "users:2: warning: the row has no trustee"));
	ck_assert_ptr_nonnull(strstr(report(2), "unknown grant \"send-all\""));
}
END_TEST

START_TEST(each_kind_of_row_has_its_keys)
{
	char text[512];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_row_print_keys(MW_ROW_LOGIN, &out);
	ck_assert_str_eq(text, "name or login");
	mw_buf_reset(&out);
	mw_row_print_keys(MW_ROW_GRANT, &out);
	ck_assert_ptr_nonnull(strstr(text, "kind, identity"));
	ck_assert(mw_row_has(MW_ROW_USER, MW_STR("SMTP")) && !mw_row_has(MW_ROW_USER, MW_STR("member")));
	ck_assert(mw_row_needs(MW_ROW_GROUP, MW_STR("name")) && !mw_row_needs(MW_ROW_GROUP, MW_STR("member")));
}
END_TEST

START_TEST(two_who_share_a_key_of_their_source_are_bad)
{
	ROW(MW_ROW_USER, PAIR("name", "bob"), PAIR("source_key", "9F-{a1}+/="));
	ROW(MW_ROW_USER, PAIR("name", "mary"), PAIR("source_key", "9f-{a1}+/="));
	ROW(MW_ROW_GROUP, PAIR("name", "sales"), PAIR("source_key", "9F-{a1}+/="));
	ROW(MW_ROW_USER, PAIR("name", "carl"));
	ROW(MW_ROW_USER, PAIR("name", "dora"), PAIR("source_key", "a b"));
	ck_assert(mw_source_keys_end(&records, 0));
	ck_assert_str_eq(records.items[1].source_key, "9f-{a1}+/=");
	ck_assert(records.items[1].bad == NULL && records.items[3].bad == NULL);
	ck_assert_ptr_nonnull(strstr(records.items[0].bad,
				     "source_key \"9F-{a1}+/=\" belongs to user bob@example.test already"));
	ck_assert_str_eq(records.items[2].bad, records.items[0].bad);
	ck_assert_ptr_nonnull(strstr(records.items[4].bad, "source_key: bad value \"a b\""));
	ck_assert_uint_eq(mw_errors_count(errors, MW_ERROR), 0);
}
END_TEST

MW_UNIT_TESTS("row")
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_row_says_what_a_line_says);
	MW_LOOP(tcase, networks_have_blanks_and_those_of_dovecot_host_bits, networks);
	tcase_add_test(tcase, values_with_rows_of_their_own_come_before_or_behind);
	tcase_add_test(tcase, a_value_of_nobody_is_told_and_left_out);
	MW_LOOP(tcase, a_bad_value_makes_a_bad_record_and_no_error_of_the_source, bad_values);
	tcase_add_test(tcase, a_bad_value_in_a_row_of_its_own_makes_its_record_bad);
	tcase_add_test(tcase, a_value_is_for_nobody_of_another_source);
	tcase_add_test(tcase, a_row_without_what_it_needs_is_told);
	tcase_add_test(tcase, each_kind_of_row_has_its_keys);
	tcase_add_test(tcase, two_who_share_a_key_of_their_source_are_bad);
}

/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include "sync/text/edit.h"

static struct mw_arena *arena;

static void begin(void)
{
	arena = mw_arena_new(0);
}

static void end(void)
{
	mw_arena_free(arena);
}

static const struct { const char *text; unsigned line; const char *key, *value, *after; } edits[] = {
	{ "user a@b.test\n", 1, "login", "x", "user a@b.test login=x\n" },
	{ "user a@b.test  # who\n", 1, "login", "x", "user a@b.test login=x  # who\n" },
	{ "user a@b.test\tlogin=y imap=no\n", 1, "login", "x", "user a@b.test\tlogin=y,x imap=no\n" },
	{ "user a@b.test LOGIN=y\n", 1, "login", "x", "user a@b.test LOGIN=y,x\n" },
	{ "user a@b.test logins=y", 1, "login", "x", "user a@b.test logins=y login=x" },
	{ "#1\n\nuser a@b.test address=\"c d\"@b.test # \"e\nuser f@b.test\n", 3, "address", "g@b.test",
	  "#1\n\nuser a@b.test address=\"c d\"@b.test,g@b.test # \"e\nuser f@b.test\n" },
	{ "user a@b.test \r\nuser f@b.test\r\n", 1, "login", "x", "user a@b.test login=x \r\nuser f@b.test\r\n" },
	{ "user f@b.test\nuser a@b.test", 2, "login", "x", "user f@b.test\nuser a@b.test login=x" },
	{ "\xef\xbb\xbfuser a@b.test\n", 1, "login", "x", "\xef\xbb\xbfuser a@b.test login=x\n" },
};

START_TEST(a_value_is_put_into_the_line_and_no_other_octet_changes)
{
	ck_assert_slice(mw_text_with_value(arena, mw_str(edits[_i].text), edits[_i].line, edits[_i].key,
					   mw_str(edits[_i].value)), mw_str(edits[_i].after));
}
END_TEST

static const struct { const char *text; unsigned line; const char *key, *value, *after; } settings[] = {
	{ "user a@b.test imap=no # who\n", 1, "imap", "yes", "user a@b.test imap=yes # who\n" },
	{ "user a@b.test IMAP=no\r\nx", 1, "imap", "yes", "user a@b.test IMAP=yes\r\nx" },
	{ "user a@b.test # who\n", 1, "imap", "no", "user a@b.test imap=no # who\n" },
	{ "user a@b.test  \timap=no  pop3=no\n", 1, "imap", "", "user a@b.test  pop3=no\n" },
	{ "user a@b.test pop3=no imap=no", 1, "imap", "", "user a@b.test pop3=no" },
	{ "user a@b.test\n", 1, "imap", "", "user a@b.test\n" },
	{ "#\ngrant send-as a@b.test c@b.test until=2027-01-01 # now\n", 2, "until", "",
	  "#\ngrant send-as a@b.test c@b.test # now\n" },
	{ "\xef\xbb\xbfuser a@b.test imap=no\n", 1, "imap", "", "\xef\xbb\xbfuser a@b.test\n" },
};

START_TEST(a_setting_is_exchanged_put_in_or_taken_out)
{
	ck_assert_slice(mw_text_with_setting(arena, mw_str(settings[_i].text), settings[_i].line, settings[_i].key,
					     mw_str(settings[_i].value)), mw_str(settings[_i].after));
}
END_TEST

static const struct { const char *text; unsigned line; const char *after; } removals[] = {
	{ "user a\nuser b # b\nuser c\n", 2, "user a\nuser c\n" },
	{ "user a\r\nuser b\r\n", 1, "user b\r\n" },
	{ "user a\nuser b", 2, "user a\n" },
	{ "user a", 1, "" },
	{ "\xef\xbb\xbfuser a\nuser b\n", 1, "\xef\xbb\xbfuser b\n" },
};

START_TEST(a_line_goes_with_its_comment_and_its_end)
{
	ck_assert_slice(mw_text_without_line(arena, mw_str(removals[_i].text), removals[_i].line), mw_str(removals[_i].after));
}
END_TEST

static const struct { const char *item, *after; } items[] = {
	{ "x", "user a login=\"y,z\",w # x\n" },
	{ "\"y,z\"", "user a login=x,w # x\n" },
	{ "w", "user a login=x,\"y,z\" # x\n" },
};

START_TEST(an_item_of_a_list_goes_with_one_comma)
{
	struct mw_str text = MW_STR("user a login=x,\"y,z\",w # x\n");
	struct mw_str value = mw_text_value(text, 1, "login");

	value.ptr += mw_str_find_text(value, items[_i].item);
	value.len = strlen(items[_i].item);
	ck_assert_slice(mw_text_without_item(arena, text, value), mw_str(items[_i].after));
}
END_TEST

START_TEST(a_value_and_a_line_are_found_where_they_stand)
{
	struct mw_str text = MW_STR("# a\nuser a Imap=no\r\n");

	ck_assert_slice(mw_text_value(text, 2, "imap"), MW_STR("no"));
	ck_assert(mw_str_empty(mw_text_value(text, 2, "pop3")));
	ck_assert(mw_str_empty(mw_text_value(text, 3, "imap")));
	ck_assert_slice(mw_text_line(text, 2), MW_STR("user a Imap=no"));
	ck_assert(mw_str_empty(mw_text_line(text, 3)));
}
END_TEST

static const struct { const char *text, *after; } ends[] = {
	{ "", "grant x\n" },
	{ "user a\n", "user a\ngrant x\n" },
	{ "user a", "user a\ngrant x\n" },
	{ "user a\r\n", "user a\r\ngrant x\r\n" },
	{ "user a\r\nuser b", "user a\r\nuser b\r\ngrant x\r\n" },
	{ "# end", "# end\ngrant x\n" },
};

START_TEST(a_line_at_the_end_ends_as_the_others_do)
{
	ck_assert_slice(mw_text_with_line(arena, mw_str(ends[_i].text), MW_STR("grant x")), mw_str(ends[_i].after));
}
END_TEST

static const struct { const char *text; unsigned line; } users[] = {
	{ "user bob\n", 1 },
	{ "# bob\n\nuser Bob@Example.test login=x\n", 3 },
	{ "user mary address=bob@example.test\n", 0 },
	{ "group bob\nuser mary\n", 0 },
	{ "nonsense\nuser bob\n", 2 },
	{ "", 0 },
};

START_TEST(a_user_is_found_by_the_primary_address)
{
	ck_assert_uint_eq(mw_text_find_user(mw_str(users[_i].text), MW_STR("bob@example.test"), MW_STR("example.test")),
			  users[_i].line);
}
END_TEST

START_TEST(where_there_is_no_record_nothing_is_put)
{
	ck_assert(mw_str_empty(mw_text_with_value(arena, MW_STR("# a\n"), 1, "login", MW_STR("x"))));
	ck_assert(mw_str_empty(mw_text_with_value(arena, MW_STR("user a\n"), 0, "login", MW_STR("x"))));
}
END_TEST

MW_UNIT_TESTS("text_edit")
{
	tcase_add_checked_fixture(tcase, begin, end);
	MW_LOOP(tcase, a_value_is_put_into_the_line_and_no_other_octet_changes, edits);
	MW_LOOP(tcase, a_line_at_the_end_ends_as_the_others_do, ends);
	MW_LOOP(tcase, a_setting_is_exchanged_put_in_or_taken_out, settings);
	MW_LOOP(tcase, a_line_goes_with_its_comment_and_its_end, removals);
	MW_LOOP(tcase, an_item_of_a_list_goes_with_one_comma, items);
	tcase_add_test(tcase, a_value_and_a_line_are_found_where_they_stand);
	MW_LOOP(tcase, a_user_is_found_by_the_primary_address, users);
	tcase_add_test(tcase, where_there_is_no_record_nothing_is_put);
}

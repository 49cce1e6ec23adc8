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
	MW_LOOP(tcase, a_user_is_found_by_the_primary_address, users);
	tcase_add_test(tcase, where_there_is_no_record_nothing_is_put);
}

/* SPDX-License-Identifier: MIT */
#include "directory_support.h"

static const struct { const char *a, *b; int order; } texts[] = {
	{ "", "", 0 }, { "", "a", -1 }, { "a", "b", -1 }, { "a", "aa", -1 }, { "ab", "aa", 1 }, { "\xff", "a", 1 },
};

START_TEST(texts_are_in_order_of_bytes_then_length)
{
	struct mw_str a = mw_str(texts[_i].a), b = mw_str(texts[_i].b);
	int order = mw_content_compare_text(a, b);

	ck_assert_int_eq((order > 0) - (order < 0), texts[_i].order);
	order = mw_content_compare_text(b, a);
	ck_assert_int_eq((order > 0) - (order < 0), -texts[_i].order);
}
END_TEST

#define WORLD "user bob\nuser mary\ngroup g member=bob\n"
/* How bob is told apart from the bob of the world: by what he is, not by ids that moved. */
static const struct { const char *text; bool same; } changes[] = {
	{ WORLD, true },
	{ "user aaa\n" WORLD, true }, /* other ids */
	{ "user bob imap=no\nuser mary\ngroup g member=bob\n", false },
	{ "user bob relay=no\nuser mary\ngroup g member=bob\n", false },
	{ "user bob max_recipients=5\nuser mary\ngroup g member=bob\n", false },
	{ "user bob address=x\nuser mary\ngroup g member=bob\n", false },
	{ "user bob receive=x\nuser mary\ngroup g member=bob\n", false },
	{ "user bob login=x\nuser mary\ngroup g member=bob\n", false },
	{ "user bob senders=authenticated\nuser mary\ngroup g member=bob\n", false },
	{ "user bob senders=mary\nuser mary\ngroup g member=bob\n", false },
	{ "user bob senders_denied=mary\nuser mary\ngroup g member=bob\n", false },
	{ "user bob\nuser mary\ngroup g member=mary\n", false },
	{ WORLD "grant send-as bob mary\n", false },
	{ WORLD "grant send-on-behalf bob mary\n", false },
	{ WORLD "grant send-as bob mary until=2099-01-31\n", false },
	{ WORLD "grant send-on-behalf bob g until=2099-01-31\n", false },
	{ WORLD "grant send-as mary bob until=2099-01-31\n", true },
	{ WORLD "grant send-as mary bob\n", true },
};

static uint64_t fingerprint_of_bob(const struct mw_content *content)
{
	for (size_t i = 0; i < content->principal_count; i++)
		if (mw_str_equal(content->principals[i]->name, MW_STR("bob@example.test")))
			return content->fingerprints[i];
	ck_abort_msg("no bob");
	return 0;
}

START_TEST(a_fingerprint_is_over_all_that_a_principal_is)
{
	uint64_t before = fingerprint_of_bob(mw_test_content(WORLD));

	ck_assert_int_eq(fingerprint_of_bob(mw_test_content(changes[_i].text)) == before, changes[_i].same);
}
END_TEST

START_TEST(another_last_day_is_another_fingerprint)
{
	uint64_t one = fingerprint_of_bob(mw_test_content(WORLD "grant send-as bob mary until=2099-01-31\n"));

	ck_assert(fingerprint_of_bob(mw_test_content(WORLD "grant send-as bob mary until=2099-02-01\n")) != one);
	ck_assert(fingerprint_of_bob(mw_test_content(WORLD "grant send-on-behalf bob mary until=2099-01-31\n")) != one);
	ck_assert(fingerprint_of_bob(mw_test_content(WORLD "grant send-as bob mary until=2099-01-31\n"
						     "grant send-as bob mary until=2099-01-30\n")) == one);
}
END_TEST

MW_UNIT_TESTS("content")
{
	tcase_add_checked_fixture(tcase, mw_test_make, mw_test_end);
	MW_LOOP(tcase, texts_are_in_order_of_bytes_then_length, texts);
	tcase_add_test(tcase, another_last_day_is_another_fingerprint);
	MW_LOOP(tcase, a_fingerprint_is_over_all_that_a_principal_is, changes);
}

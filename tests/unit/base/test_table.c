/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/table.h"

static const struct mw_word words[] = { { "SecureLogin", 1 }, { "PlainTextLogin", 2 }, { "imap", 3 }, { "alias", 1 } };
static const struct mw_table table = { words, 4 };

static const struct {
	const char *word;
	int value; /* 0: none */
	const char *nearest;
} asked[] = {
	{ "SecureLogin", 1, "SecureLogin" },
	{ "securelogin", 1, "SecureLogin" },
	{ "SecureLogn", 0, "SecureLogin" },
	{ "PlaintextLgin", 0, "PlainTextLogin" },
	{ "imop", 0, "imap" },
	{ "xmop", 0, NULL },
	{ "", 0, NULL },
	{ "SecureLogin ", 0, "SecureLogin" },
	{ "something else entirely, and far too long to be any of them", 0, NULL },
};

START_TEST(words_are_found_without_regard_to_case)
{
	int value = 0;

	ck_assert_int_eq(mw_table_find(table, mw_str(asked[_i].word), &value), asked[_i].value != 0);
	ck_assert_int_eq(value, asked[_i].value);
}
END_TEST

START_TEST(a_slip_of_the_pen_has_a_nearest_word)
{
	const char *nearest = mw_table_nearest(table, mw_str(asked[_i].word));

	if (asked[_i].nearest == NULL)
		ck_assert_ptr_null(nearest);
	else
		ck_assert_str_eq(nearest, asked[_i].nearest);
}
END_TEST

START_TEST(values_have_their_first_word)
{
	char memory[100];
	struct mw_buf out = MW_BUF_OVER(memory);

	ck_assert_str_eq(mw_table_word(table, 1), "SecureLogin");
	ck_assert_ptr_null(mw_table_word(table, 9));
	mw_table_print(table, &out);
	ck_assert_str_eq(memory, "SecureLogin, PlainTextLogin, imap or alias");
}
END_TEST

MW_UNIT_TESTS("table")
{
	MW_LOOP(tcase, words_are_found_without_regard_to_case, asked);
	MW_LOOP(tcase, a_slip_of_the_pen_has_a_nearest_word, asked);
	tcase_add_test(tcase, values_have_their_first_word);
}

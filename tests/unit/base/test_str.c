/* SPDX-License-Identifier: MIT */
#include "unit.h"

static const struct {
	const char *a, *b;
	bool equal, nocase, starts, ends;
} compared[] = {
	{ "", "", true, true, true, true },
	{ "abc", "", false, false, true, true },
	{ "", "abc", false, false, false, false },
	{ "abc", "abc", true, true, true, true },
	{ "abc", "ABC", false, true, false, false },
	{ "abc", "ab", false, false, true, false },
	{ "abc", "bc", false, false, false, true },
	{ "\xc3\xa4", "\xc3\x84", false, false, false, false }, /* ä Ä: bytes, no locale */
	{ "a[", "A{", false, false, false, false },
	{ "@", "`", false, false, false, false },
};

START_TEST(slices_compare_by_their_bytes)
{
	struct mw_str a = mw_str(compared[_i].a), b = mw_str(compared[_i].b);

	ck_assert_int_eq(mw_str_equal(a, b), compared[_i].equal);
	ck_assert_int_eq(mw_str_equal_nocase(a, b), compared[_i].nocase);
	ck_assert_int_eq(mw_str_starts_with(a, b), compared[_i].starts);
	ck_assert_int_eq(mw_str_ends_with(a, b), compared[_i].ends);
}
END_TEST

START_TEST(a_nul_byte_is_a_byte)
{
	struct mw_str a = MW_STR("a\0b"), b = MW_STR("a\0c");

	ck_assert(!mw_str_equal(a, b) && !mw_str_equal_nocase(a, b));
	ck_assert_uint_eq(mw_str_find(a, 'b'), 2);
	ck_assert(mw_str_equal((struct mw_str){ NULL, 0 }, MW_STR("")));
	ck_assert(mw_str_empty(mw_str(NULL)));
}
END_TEST

START_TEST(parts_never_leave_the_slice)
{
	struct mw_str text = MW_STR("a.b.c");

	ck_assert_slice(mw_str_head(text, 2), MW_STR("a."));
	ck_assert_slice(mw_str_head(text, 99), text);
	ck_assert_slice(mw_str_tail(text, 2), MW_STR("b.c"));
	ck_assert_slice(mw_str_tail(text, 99), MW_STR(""));
	ck_assert_uint_eq(mw_str_find(text, '.'), 1);
	ck_assert_uint_eq(mw_str_find_last(text, '.'), 3);
	ck_assert_uint_eq(mw_str_find(text, '@'), 5);
	ck_assert_uint_eq(mw_str_find_last(text, '@'), 5);
	ck_assert_slice(mw_str_trim(MW_STR(" \t a b\t ")), MW_STR("a b"));
	ck_assert_slice(mw_str_trim(MW_STR(" \t ")), MW_STR(""));
}
END_TEST

static const struct {
	const char *text;
	size_t count;
	const char *fields[5];
} cut[] = {
	{ "", 0, { NULL } },
	{ "a", 1, { "a" } },
	{ "a,,b", 3, { "a", "", "b" } },
	{ ",a", 2, { "", "a" } },
	{ "a,b,c", 3, { "a", "b", "c" } },
};

START_TEST(fields_are_cut_at_separators)
{
	struct mw_str rest = mw_str(cut[_i].text), field;
	size_t count = 0;

	while (mw_str_split(&rest, ',', &field)) {
		ck_assert_uint_lt(count, cut[_i].count);
		ck_assert_slice(field, mw_str(cut[_i].fields[count++]));
	}
	ck_assert_uint_eq(count, cut[_i].count);
}
END_TEST

static const struct {
	const char *text, *words;
	size_t at, last;
} texts[] = {
	{ "", "a", 0, 0 }, { "abcabc", "bc", 1, 4 }, { "abc", "abc", 0, 0 }, { "abc", "c", 2, 2 }, { "abc", "cd", 3, 3 },
	{ "ab", "abc", 2, 2 }, { "aaa", "aa", 0, 1 },
};

START_TEST(words_are_found_where_they_first_and_last_stand)
{
	struct mw_str text = mw_str(texts[_i].text);

	ck_assert_uint_eq(mw_str_find_text(text, texts[_i].words), texts[_i].at);
	ck_assert_uint_eq(mw_str_find_last_text(text, texts[_i].words), texts[_i].last);
	ck_assert_int_eq(mw_str_has(text, texts[_i].words), texts[_i].at < text.len);
}
END_TEST

MW_UNIT_TESTS("str")
{
	MW_LOOP(tcase, slices_compare_by_their_bytes, compared);
	tcase_add_test(tcase, a_nul_byte_is_a_byte);
	tcase_add_test(tcase, parts_never_leave_the_slice);
	MW_LOOP(tcase, fields_are_cut_at_separators, cut);
	MW_LOOP(tcase, words_are_found_where_they_first_and_last_stand, texts);
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/errors.h"

static const struct {
	struct mw_error error;
	const char *printed;
} printed[] = {
	{ { MW_ERROR, "a.conf", 3, 7, "wrong", "right" }, "a.conf:3:7: error: wrong (expected right)" },
	{ { MW_WARNING, "a.conf", 3, 0, "odd", "" }, "a.conf:3: warning: odd" },
	{ { MW_ERROR, "a.conf", 0, 0, "missing", "" }, "a.conf: error: missing" },
	{ { MW_ERROR, "", 0, 0, "no place", "" }, "error: no place" },
	{ { MW_ERROR, "a\033", 1, 0, "b\303\274cher \377\t", "\342\200\256" },
	  "a\\x1b:1: error: b\303\274cher \\xff\\x09 (expected \\xe2\\x80\\xae)" },
};

START_TEST(a_message_names_its_place_and_what_would_be_right)
{
	char memory[200];
	struct mw_buf out = MW_BUF_OVER(memory);

	mw_error_print(&printed[_i].error, &out);
	ck_assert_str_eq(memory, printed[_i].printed);
}
END_TEST

START_TEST(the_first_are_kept_and_all_are_counted)
{
	struct mw_errors *errors = mw_errors_new(3);

	for (unsigned i = 0; i < 10; i++)
		mw_errors_add(errors, i % 2 == 0 ? MW_ERROR : MW_WARNING, "f", i + 1, 0, NULL, "number %u", i);
	ck_assert_uint_eq(mw_errors_kept(errors), 3);
	ck_assert_uint_eq(mw_errors_count(errors, MW_ERROR), 5);
	ck_assert_uint_eq(mw_errors_count(errors, MW_WARNING), 5);
	ck_assert_str_eq(mw_errors_get(errors, 2)->text, "number 2");
	ck_assert_str_eq(mw_errors_get(errors, 2)->expected, "");
	mw_errors_free(errors);
}
END_TEST

START_TEST(sorting_is_by_file_and_line_and_stable)
{
	static const struct { const char *file; unsigned line; const char *text; } in[] = {
		{ "b", 1, "5" }, { "a", 9, "3" }, { "a", 9, "4" }, { "a", 0, "1" }, { "a", 2, "2" }, { "b", 7, "6" },
	};
	struct mw_errors *errors = mw_errors_new(100);
	char file[2] = "";

	for (size_t i = 0; i < MW_COUNT(in); i++) {
		memcpy(file, in[i].file, 2);
		mw_errors_add(errors, MW_ERROR, file, in[i].line, 0, "x", "%s", in[i].text);
		file[0] = '?'; /* copied */
	}
	mw_errors_sort(errors);
	for (unsigned i = 0; i < MW_COUNT(in); i++) {
		ck_assert_int_eq(mw_errors_get(errors, i)->text[0], '1' + (int)i);
		ck_assert_str_eq(mw_errors_get(errors, i)->file, i < 4 ? "a" : "b");
	}
	mw_errors_free(errors);
	mw_errors_free(NULL);
}
END_TEST

MW_UNIT_TESTS("errors")
{
	MW_LOOP(tcase, a_message_names_its_place_and_what_would_be_right, printed);
	tcase_add_test(tcase, the_first_are_kept_and_all_are_counted);
	tcase_add_test(tcase, sorting_is_by_file_and_line_and_stable);
}

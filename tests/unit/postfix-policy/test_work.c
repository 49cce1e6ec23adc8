/* SPDX-License-Identifier: MIT */
#include "policy/work.h"

#include <stdlib.h>

#include "postfix_policy_support.h"

START_TEST(a_work_comes_back_empty)
{
	struct mw_works works = { .idle = NULL };
	struct mw_work *work = mw_work_take(&works);

	ck_assert_ptr_nonnull(work);
	memset(work->input, 'x', sizeof(work->input));
	work->fill = work->high = sizeof(work->input);
	work->answer_len = 5;
	work->request.looked = 7;
	mw_work_return(&works, work);
	ck_assert_ptr_eq(mw_work_take(&works), work);
	ck_assert_uint_eq(work->fill, 0);
	ck_assert_uint_eq(work->answer_len, 0);
	ck_assert_uint_eq(work->request.looked, 0);
	/* Its pages went back to the system. */
	ck_assert_int_eq(work->input[sizeof(work->input) - 1], '\0');
}
END_TEST

START_TEST(there_is_a_bound)
{
	struct mw_works works = { .idle = NULL };
	static struct mw_work *taken[MW_WORKS_MOST];

	for (size_t i = 0; i < MW_WORKS_MOST; i++) {
		taken[i] = mw_work_take(&works);
		ck_assert_ptr_nonnull(taken[i]);
	}
	ck_assert_ptr_null(mw_work_take(&works));
	mw_work_return(&works, taken[7]);
	ck_assert_ptr_eq(mw_work_take(&works), taken[7]);
}
END_TEST

TCase *mw_test_work(void)
{
	TCase *tests = tcase_create("work");

	tcase_add_test(tests, a_work_comes_back_empty);
	tcase_add_test(tests, there_is_a_bound);
	return tests;
}

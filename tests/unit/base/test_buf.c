/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/buf.h"

START_TEST(text_is_appended_and_terminated)
{
	char memory[64];
	struct mw_buf buf = MW_BUF_OVER(memory);

	ck_assert_str_eq(memory, "");
	mw_buf_add(&buf, MW_STR("one"));
	mw_buf_add_char(&buf, ' ');
	mw_buf_add_text(&buf, "two ");
	mw_buf_add_number(&buf, UINT64_MAX);
	mw_buf_printf(&buf, " %s=%d", "x", -3);
	ck_assert_str_eq(memory, "one two 18446744073709551615 x=-3");
	ck_assert_slice(mw_buf_str(&buf), mw_str(memory));
	ck_assert(!buf.truncated);
	mw_buf_reset(&buf);
	ck_assert_str_eq(memory, "");
	ck_assert_uint_eq(buf.used, 0);
}
END_TEST

/* Every way of adding, into memory of every size: the byte behind it stays as it was. */
START_TEST(what_does_not_fit_is_left_out_and_remembered)
{
	size_t size = (size_t)_i + 1;
	char memory[16];

	for (int way = 0; way < 5; way++) {
		struct mw_buf buf;

		memset(memory, '#', sizeof(memory));
		buf = mw_buf_over(memory, size);
		for (int i = 0; i < 9; i++) {
			if (way == 0)
				mw_buf_add(&buf, MW_STR("a"));
			else if (way == 1)
				mw_buf_add_char(&buf, 'a');
			else if (way == 2)
				mw_buf_add_text(&buf, "a");
			else if (way == 3)
				mw_buf_printf(&buf, "%c", 'a');
			else
				mw_buf_add_number(&buf, 7);
		}
		ck_assert_uint_eq(buf.used, size - 1 < 9 ? size - 1 : 9);
		ck_assert_int_eq(buf.truncated, size - 1 < 9);
		ck_assert_int_eq(memory[buf.used], '\0');
		ck_assert_int_eq(memory[size], '#');
	}
}
END_TEST

START_TEST(an_empty_slice_adds_nothing)
{
	char memory[1];
	struct mw_buf buf = MW_BUF_OVER(memory);

	mw_buf_add(&buf, (struct mw_str){ NULL, 0 });
	mw_buf_add_text(&buf, "");
	ck_assert(!buf.truncated);
	mw_buf_add_char(&buf, 'x');
	ck_assert(buf.truncated && buf.used == 0);
}
END_TEST

MW_UNIT_TESTS("buf")
{
	tcase_add_test(tcase, text_is_appended_and_terminated);
	tcase_add_loop_test(tcase, what_does_not_fit_is_left_out_and_remembered, 0, 12);
	tcase_add_test(tcase, an_empty_slice_adds_nothing);
}

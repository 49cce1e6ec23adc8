/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <time.h>

#include "base/clock.h"
#include "base/units.h"

START_TEST(the_date_is_that_of_the_system)
{
	int64_t before = (int64_t)time(NULL), date = mw_clock_date();

	ck_assert_int_ge(date, before);
	ck_assert_int_le(date, (int64_t)time(NULL));
}
END_TEST

START_TEST(today_is_the_day_of_the_date)
{
	int64_t before = mw_day_of(mw_clock_date()), today = mw_clock_today();

	ck_assert_int_ge(today, before);
	ck_assert_int_le(today, mw_day_of(mw_clock_date()));
}
END_TEST

/* Each is read behind the one before, so that it has to be at least as far. */
START_TEST(the_units_are_of_one_clock)
{
	int64_t first = mw_clock_microseconds();
	double second = mw_clock_seconds() * 1e6;
	int64_t third = mw_clock_milliseconds() * 1000, last = mw_clock_microseconds();

	ck_assert_int_gt(first, 0);
	ck_assert_double_ge(second + 1, (double)first);
	ck_assert_double_ge((double)third + 1000, second);
	ck_assert_int_ge(last, third);
}
END_TEST

MW_UNIT_TESTS("clock")
{
	tcase_add_test(tcase, the_date_is_that_of_the_system);
	tcase_add_test(tcase, today_is_the_day_of_the_date);
	tcase_add_test(tcase, the_units_are_of_one_clock);
}

/* SPDX-License-Identifier: MIT */
#include "server/deadline.h"

#include "unit.h"

static const struct {
	struct mw_deadlines deadlines;
	double now;
	enum mw_due due;
} cases[] = {
	{ { .active = 100 }, 100, MW_DUE_NONE },
	{ { .active = 100 }, 1090, MW_DUE_NONE },  /* POL-09: an idle Postfix */
	{ { .active = 100 }, 3699, MW_DUE_NONE },
	{ { .active = 100 }, 3700, MW_DUE_IDLE },
	{ { .begun = 100, .active = 100 }, 109.9, MW_DUE_NONE },
	{ { .begun = 100, .active = 100 }, 110, MW_DUE_REQUEST },
	{ { .begun = 100, .active = 109.9 }, 110, MW_DUE_REQUEST }, /* OVR-03: a byte now and then gains nothing */
	{ { .stalled = 100, .active = 100 }, 199, MW_DUE_NONE },
	{ { .stalled = 100, .active = 100 }, 200, MW_DUE_READER },
	{ { .stalled = 100, .begun = 50, .active = 100 }, 199, MW_DUE_NONE }, /* ours to write, not theirs */
};

START_TEST(when_a_connection_waited_long_enough)
{
	ck_assert_int_eq(mw_deadline_due(&cases[_i].deadlines, 3600, cases[_i].now), cases[_i].due);
}
END_TEST

MW_UNIT_TESTS("deadline")
{
	MW_LOOP(tcase, when_a_connection_waited_long_enough, cases);
}

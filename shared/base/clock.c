/* SPDX-License-Identifier: MIT */
#include "base/clock.h"

#include <time.h>

#include "base/units.h"

int64_t mw_clock_date(void)
{
	return (int64_t)time(NULL);
}

int64_t mw_clock_today(void)
{
	return mw_day_of(mw_clock_date());
}

static struct timespec passed(void)
{
	struct timespec now = { .tv_sec = 0 };

	/* It fails only for a clock that the kernel does not have. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now;
}

double mw_clock_seconds(void)
{
	struct timespec now = passed();

	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int64_t mw_clock_microseconds(void)
{
	struct timespec now = passed();

	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t mw_clock_milliseconds(void)
{
	return mw_clock_microseconds() / 1000;
}

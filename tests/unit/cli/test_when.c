/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>
#include <time.h>

#include "ui/when.h"

#define NOW 1000000000 /* 2001-09-09T01:46:40Z */

static void zone(void)
{
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
}

/* seconds 0: no point in time */
static const struct { const char *text; int64_t seconds; } points[] = {
	{ "90s", NOW + 90 }, { "30m", NOW + 1800 }, { "2h", NOW + 7200 }, { "3d", NOW + 259200 }, { "1w", NOW + 604800 },
	{ "0s", NOW },
	{ "2026-12-01", 1796079600 }, { "2026-12-01T08:00", 1796108400 }, { "2026-12-01 08:00", 1796108400 },
	{ "2026-12-01T08:00:30", 1796108430 }, { "2026-07-01T08:00", 1782885600 }, /* summer time */
	{ "1999-01-01", 915145200 },
	{ "", 0 }, { "h", 0 }, { "2", 0 }, { "2x", 0 }, { "-2h", 0 }, { "2 h", 0 }, { "1h30m", 0 }, { "99999999999d", 0 },
	{ "2026-13-01", 0 }, { "2026-02-30", 0 }, { "2026-12-1", 0 }, { "2026-12-01T", 0 }, { "2026-12-01T8:00", 0 },
	{ "2026-12-01T24:00", 0 }, { "2026-12-01T08:60", 0 }, { "2026-12-01T08:00:", 0 }, { "2026-12-01T08:00:30x", 0 },
	{ "2026-12-01x08:00", 0 }, { "tomorrow", 0 },
};

START_TEST(points_in_time_are_read)
{
	int64_t when = 0;
	bool good = mw_when_parse(mw_str(points[_i].text), NOW, &when);

	ck_assert_msg(good == (points[_i].seconds != 0), "%s", points[_i].text);
	if (good)
		ck_assert_msg(when == points[_i].seconds, "%s: %lld", points[_i].text, (long long)when);
}
END_TEST

static const struct { int64_t when; const char *text, *exact; } printed[] = {
	{ 1796108430, "2026-12-01 08:00:30", "2026-12-01T08:00:30+01:00" },
	{ 1782885600, "2026-07-01 08:00:00", "2026-07-01T08:00:00+02:00" },
	{ 0, "1970-01-01 01:00:00", "1970-01-01T01:00:00+01:00" },
};

START_TEST(points_in_time_are_printed)
{
	char memory[64];
	struct mw_buf out = MW_BUF_OVER(memory);

	mw_when_print(printed[_i].when, &out);
	ck_assert_str_eq(memory, printed[_i].text);
	mw_buf_reset(&out);
	mw_when_print_exact(printed[_i].when, &out);
	ck_assert_str_eq(memory, printed[_i].exact);
}
END_TEST

static const struct { int64_t seconds; const char *text; } lengths[] = {
	{ 0, "0 seconds" }, { 1, "1 second" }, { 2, "2 seconds" }, { 60, "60 seconds" },
	{ 120, "2 minutes" }, { 172800, "2 days" },
};

START_TEST(lengths_are_printed)
{
	char memory[64];
	struct mw_buf out = MW_BUF_OVER(memory);

	mw_when_print_length(lengths[_i].seconds, &out);
	ck_assert_str_eq(memory, lengths[_i].text);
}
END_TEST

MW_UNIT_TESTS("when")
{
	tcase_add_checked_fixture(tcase, zone, NULL);
	MW_LOOP(tcase, points_in_time_are_read, points);
	MW_LOOP(tcase, points_in_time_are_printed, printed);
	MW_LOOP(tcase, lengths_are_printed, lengths);
}

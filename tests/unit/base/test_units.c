/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/units.h"

#define NO UINT64_C(12345678901) /* fails */

static const struct {
	const char *text;
	uint64_t number, size, limit;
} numbers[] = {
	{ "0", 0, 0, 0 },
	{ "4096", 4096, 4096, 4096 },
	{ "18446744073709551614", UINT64_MAX - 1, UINT64_MAX - 1, UINT64_MAX - 1 },
	{ "18446744073709551616", NO, NO, NO },
	{ "99999999999999999999999", NO, NO, NO },
	{ "unlimited", NO, MW_UNLIMITED, MW_UNLIMITED },
	{ "Unlimited", NO, MW_UNLIMITED, MW_UNLIMITED },
	{ "36MB", NO, UINT64_C(36) << 20, NO },
	{ "36 MB", NO, UINT64_C(36) << 20, NO },
	{ "36 MB (37,748,736 bytes)", NO, 37748736, NO },
	{ "36 MB (37.748.736 Bytes)", NO, 37748736, NO },
	{ "36 MB (37\xc2\xa0" "748\xc2\xa0" "736 octets)", NO, 37748736, NO },
	{ "128 KB (131'072 bytes)", NO, 131072, NO },
	{ "36 MB (bytes)", NO, NO, NO },
	{ "36 MB (37,748,736)", NO, NO, NO },
	{ "500KB", NO, 512000, NO },
	{ "1gb", NO, UINT64_C(1) << 30, NO },
	{ "4096B", NO, 4096, NO },
	{ "17179869184GB", NO, NO, NO },
	{ "", NO, NO, NO },
	{ "-1", NO, NO, NO },
	{ "+1", NO, NO, NO },
	{ " 1", NO, NO, NO },
	{ "1 ", NO, NO, NO },
	{ "1.5MB", NO, NO, NO },
	{ "MB", NO, NO, NO },
	{ "0x10", NO, NO, NO },
	{ "1PB", NO, NO, NO },
};

START_TEST(numbers_sizes_and_limits_take_the_whole_text_or_fail)
{
	struct mw_str text = mw_str(numbers[_i].text);
	uint64_t got = 1;

	ck_assert_int_eq(mw_parse_number(text, &got), numbers[_i].number != NO);
	ck_assert(numbers[_i].number == NO || got == numbers[_i].number);
	ck_assert_int_eq(mw_parse_size(text, &got), numbers[_i].size != NO);
	ck_assert(numbers[_i].size == NO || got == numbers[_i].size);
	ck_assert_int_eq(mw_parse_limit(text, &got), numbers[_i].limit != NO);
	ck_assert(numbers[_i].limit == NO || got == numbers[_i].limit);
}
END_TEST

START_TEST(a_hexadecimal_digit_has_its_value_in_either_case)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	for (int c = 0; c < 256; c++) {
		const char *found = c == 0 ? NULL : strchr(digits, c);
		int value = found == NULL ? -1 : (int)(found - digits);

		ck_assert_int_eq(mw_hex_digit((char)c), value > 15 ? value - 6 : value);
	}
}
END_TEST

static const struct { uint64_t octets; const char *text; } sizes[] = {
	{ 0, "0" }, { 1000, "1000" }, { 1024, "1KB" }, { 36 << 20, "36MB" }, { 1 << 30, "1GB" }, { 1025, "1025" },
	{ MW_UNLIMITED, "unlimited" },
};

START_TEST(sizes_are_printed_as_they_can_be_read)
{
	char memory[40];
	struct mw_buf out = MW_BUF_OVER(memory);
	uint64_t back;

	mw_print_size(sizes[_i].octets, &out);
	ck_assert(mw_parse_size(mw_buf_str(&out), &back) && back == sizes[_i].octets);
	ck_assert_slice(mw_str_head(mw_buf_str(&out), strlen(sizes[_i].text)), mw_str(sizes[_i].text));
	mw_buf_reset(&out);
	mw_print_limit(sizes[_i].octets, &out);
	ck_assert(mw_parse_limit(mw_buf_str(&out), &back) && back == sizes[_i].octets);
}
END_TEST

static const struct { const char *text; uint64_t seconds; const char *printed; } durations[] = {
	{ "90", 90, "90s" }, { "60s", 60, "1m" }, { "5M", 300, "5m" }, { "1h", 3600, "1h" }, { "48h", 172800, "2d" },
	{ "366d", MW_DURATION_MAX, "366d" }, { "1", 1, "1s" },
	{ "367d", NO, "" }, { "0", NO, "" }, { "0s", NO, "" }, { "", NO, "" }, { "s", NO, "" }, { "1 h", NO, "" },
	{ "1hour", NO, "" }, { "-1s", NO, "" }, { "1.5h", NO, "" }, { "99999999999999999999d", NO, "" },
};

START_TEST(times_are_read_and_printed)
{
	char memory[40];
	struct mw_buf out = MW_BUF_OVER(memory);
	uint64_t got = 1;

	ck_assert_int_eq(mw_parse_duration(mw_str(durations[_i].text), &got), durations[_i].seconds != NO);
	if (durations[_i].seconds == NO)
		return;
	ck_assert_uint_eq(got, durations[_i].seconds);
	mw_print_duration(got, &out);
	ck_assert_str_eq(memory, durations[_i].printed);
}
END_TEST

static const struct { const char *text; int64_t days; bool good; } dates[] = {
	{ "1970-01-01", 0, true },	{ "1970-01-02", 1, true },     { "2027-01-31", 20849, true },
	{ "2024-02-29", 19782, true },	{ "2000-02-29", 11016, true }, { "2023-02-29", 0, false },
	{ "1900-02-29", 0, false },	{ "2027-13-01", 0, false },    { "2027-00-10", 0, false },
	{ "2027-04-31", 0, false },	{ "2027-1-31", 0, false },     { "27-01-31", 0, false },
	{ "2027-01-31 ", 0, false },	{ "2027/01/31", 0, false },    { "", 0, false },
};

START_TEST(a_day_begins_at_midnight_in_utc)
{
	ck_assert_int_eq(mw_day_of(0), 0);
	ck_assert_int_eq(mw_day_of(86399), 0);
	ck_assert_int_eq(mw_day_of(86400), 1);
	ck_assert_int_eq(mw_day_of(-1), -1);
	ck_assert_int_eq(mw_day_of(-86400), -1);
	ck_assert_int_eq(mw_day_of(-86401), -2);
}
END_TEST

START_TEST(dates_are_days_and_those_that_do_not_exist_fail)
{
	int64_t days = -1;
	char memory[20];
	struct mw_buf out = MW_BUF_OVER(memory);

	ck_assert_int_eq(mw_parse_date(mw_str(dates[_i].text), &days), dates[_i].good);
	if (!dates[_i].good)
		return;
	ck_assert_int_eq(days, dates[_i].days);
	mw_print_date(days, &out);
	ck_assert_str_eq(memory, dates[_i].text);
}
END_TEST

static const struct { const char *text; int value; } switches[] = {
	{ "yes", 1 }, { "no", 0 }, { "TRUE", 1 }, { "False", 0 }, { "on", 1 }, { "off", 0 },
	{ "1", -1 },  { "", -1 },  { "y", -1 },   { "yes ", -1 },
};

START_TEST(switches_have_six_words)
{
	bool on = false;

	ck_assert_int_eq(mw_parse_switch(mw_str(switches[_i].text), &on), switches[_i].value >= 0);
	ck_assert(switches[_i].value < 0 || on == (switches[_i].value == 1));
}
END_TEST

MW_UNIT_TESTS("units")
{
	MW_LOOP(tcase, times_are_read_and_printed, durations);
	MW_LOOP(tcase, numbers_sizes_and_limits_take_the_whole_text_or_fail, numbers);
	tcase_add_test(tcase, a_hexadecimal_digit_has_its_value_in_either_case);
	MW_LOOP(tcase, sizes_are_printed_as_they_can_be_read, sizes);
	tcase_add_test(tcase, a_day_begins_at_midnight_in_utc);
	MW_LOOP(tcase, dates_are_days_and_those_that_do_not_exist_fail, dates);
	MW_LOOP(tcase, switches_have_six_words, switches);
}

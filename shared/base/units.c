/* SPDX-License-Identifier: MIT */
#include "base/units.h"

#include "base/table.h"

#define DIGITS_THAT_FIT 19 /* so many digits fit into 64 bits, whatever they are */

bool mw_parse_number(struct mw_str text, uint64_t *number_r)
{
	uint64_t number = 0;

	if (text.len == 0)
		return false;
	if (text.len <= DIGITS_THAT_FIT) {
		for (size_t i = 0; i < text.len; i++) {
			unsigned digit = (unsigned char)text.ptr[i] - (unsigned)'0';

			if (digit > 9)
				return false;
			number = number * 10 + digit;
		}
		*number_r = number;
		return true;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text.ptr[i] - '0'), &number))
			return false;
	}
	*number_r = number;
	return true;
}

int mw_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_unlimited(struct mw_str text)
{
	return mw_str_equal_nocase(text, MW_STR("unlimited"));
}

/* The longest first: "MB" ends in "B" too. */
static const struct {
	struct mw_str suffix;
	unsigned shift;
} sizes[] = {
	{ { "TB", 2 }, 40 }, { { "GB", 2 }, 30 }, { { "MB", 2 }, 20 }, { { "KB", 2 }, 10 }, { { "B", 1 }, 0 },
};

/* A number with separators between groups of digits: ",", ".", "'", blanks, or a character beyond ASCII. */
static bool parse_grouped(struct mw_str text, uint64_t *number_r)
{
	char digits[DIGITS_THAT_FIT];
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c >= '0' && c <= '9' && len < sizeof(digits))
			digits[len++] = c;
		else if (c == '\0' || (strchr(",.' ", c) == NULL && (unsigned char)c < 0x80))
			return false;
	}
	return mw_parse_number((struct mw_str){ digits, len }, number_r);
}

/* Exchange prints "36 MB (37,748,736 bytes)", where the last word may be in another language: the number in the
   brackets counts. */
static bool parse_listed(struct mw_str text, uint64_t *octets_r)
{
	size_t open = mw_str_find(text, '('), blank;

	if (open == text.len || !mw_str_ends_with(text, MW_STR(")")))
		return false;
	text = mw_str_head(mw_str_tail(text, open + 1), text.len - open - 2);
	blank = mw_str_find_last(text, ' ');
	return blank < text.len && parse_grouped(mw_str_head(text, blank), octets_r);
}

bool mw_parse_size(struct mw_str text, uint64_t *octets_r)
{
	unsigned shift = 0;
	uint64_t number;

	if (is_unlimited(text)) {
		*octets_r = MW_UNLIMITED;
		return true;
	}
	if (parse_listed(text, octets_r))
		return true;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t len = sizes[i].suffix.len;

		if (text.len > len && mw_str_equal_nocase(mw_str_tail(text, text.len - len), sizes[i].suffix)) {
			text = mw_str_trim(mw_str_head(text, text.len - len));
			shift = sizes[i].shift;
			break;
		}
	}
	if (!mw_parse_number(text, &number) || number > (MW_UNLIMITED - 1) >> shift)
		return false;
	*octets_r = number << shift;
	return true;
}

void mw_print_size(uint64_t octets, struct mw_buf *out)
{
	size_t i = 0;

	if (octets == MW_UNLIMITED) {
		mw_buf_add_text(out, "unlimited");
		return;
	}
	while (sizes[i].shift > 0 && (octets == 0 || octets >> sizes[i].shift << sizes[i].shift != octets))
		i++;
	mw_buf_add_number(out, octets >> sizes[i].shift);
	mw_buf_add(out, sizes[i].suffix);
}

/* The longest first. */
static const struct {
	char suffix;
	uint64_t seconds;
} durations[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

bool mw_parse_duration(struct mw_str text, uint64_t *seconds_r)
{
	uint64_t unit = 1, number;

	for (size_t i = 0; text.len > 0 && i < sizeof(durations) / sizeof(durations[0]); i++) {
		if ((text.ptr[text.len - 1] | 0x20) != durations[i].suffix)
			continue;
		unit = durations[i].seconds;
		text.len--;
		break;
	}
	if (!mw_parse_number(text, &number) || number == 0 || number > MW_DURATION_MAX / unit)
		return false;
	*seconds_r = number * unit;
	return true;
}

void mw_print_duration(uint64_t seconds, struct mw_buf *out)
{
	size_t i = 0;

	while (durations[i].seconds > 1 && (seconds == 0 || seconds % durations[i].seconds != 0))
		i++;
	mw_buf_add_number(out, seconds / durations[i].seconds);
	mw_buf_add_char(out, durations[i].suffix);
}

bool mw_parse_limit(struct mw_str text, uint64_t *limit_r)
{
	uint64_t number = MW_UNLIMITED;

	if (!is_unlimited(text) && (!mw_parse_number(text, &number) || number == MW_UNLIMITED))
		return false;
	*limit_r = number;
	return true;
}

void mw_print_limit(uint64_t limit, struct mw_buf *out)
{
	if (limit == MW_UNLIMITED)
		mw_buf_add_text(out, "unlimited");
	else
		mw_buf_add_number(out, limit);
}

static int64_t days_in_month(int64_t year, int64_t month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

#define DAYS_OF_400_YEARS 146097
#define DAYS_TO_1970 719468 /* days from 0000-03-01: a year that begins in March ends with the leap day */

bool mw_parse_date(struct mw_str text, int64_t *days_r)
{
	uint64_t number[3];
	int64_t year, month, day, years, day_of_year;

	if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-' ||
	    !mw_parse_number(mw_str_head(text, 4), &number[0]) ||
	    !mw_parse_number(mw_str_head(mw_str_tail(text, 5), 2), &number[1]) ||
	    !mw_parse_number(mw_str_tail(text, 8), &number[2]))
		return false;
	year = (int64_t)number[0];
	month = (int64_t)number[1];
	day = (int64_t)number[2];
	if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
		return false;
	years = year + 400 - (month <= 2);
	day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	*days_r = years * 365 + years / 4 - years / 100 + years / 400 + day_of_year - DAYS_TO_1970 - DAYS_OF_400_YEARS;
	return true;
}

void mw_print_date(int64_t days, struct mw_buf *out)
{
	int64_t since = days + DAYS_TO_1970;
	int64_t era = (since >= 0 ? since : since - DAYS_OF_400_YEARS + 1) / DAYS_OF_400_YEARS;
	int64_t day_of_era = since - era * DAYS_OF_400_YEARS;
	int64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153;
	int64_t month = shifted + (shifted < 10 ? 3 : -9);

	mw_buf_printf(out, "%04lld-%02lld-%02lld", (long long)(year + era * 400 + (month <= 2)), (long long)month,
		      (long long)(day_of_year - (153 * shifted + 2) / 5 + 1));
}

static const struct mw_word switch_words[] = {
	{ "yes", 1 }, { "no", 0 }, { "true", 1 }, { "false", 0 }, { "on", 1 }, { "off", 0 },
};
const struct mw_table mw_switch_words = MW_TABLE(switch_words);

bool mw_parse_switch(struct mw_str text, bool *on_r)
{
	int value;

	if (!mw_table_find(mw_switch_words, text, &value))
		return false;
	*on_r = value == 1;
	return true;
}

int64_t mw_day_of(int64_t seconds)
{
	const int64_t day = 24 * 60 * 60;

	return seconds >= 0 ? seconds / day : -((-seconds + day - 1) / day);
}

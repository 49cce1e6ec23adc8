/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <time.h>

#include "base/units.h"
#include "ui/when.h"

#define DATE_LEN 10

static const struct {
	char unit;
	int64_t seconds;
} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 } };

static bool parse_duration(struct mw_str text, int64_t now, int64_t *when_r)
{
	uint64_t number;
	int64_t seconds;

	if (text.len < 2 || !mw_parse_number(mw_str_head(text, text.len - 1), &number) || number > INT32_MAX)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].unit != text.ptr[text.len - 1])
			continue;
		seconds = (int64_t)number * units[i].seconds;
		*when_r = now + seconds;
		return true;
	}
	return false;
}

/* Two digits and no more, up to `most`. */
static bool take_two(struct mw_str *text_io, int most, int *number_r)
{
	uint64_t number;

	if (text_io->len < 2 || !mw_parse_number(mw_str_head(*text_io, 2), &number) || number > (uint64_t)most)
		return false;
	*number_r = (int)number;
	*text_io = mw_str_tail(*text_io, 2);
	return true;
}

static bool take_char(struct mw_str *text_io, char c)
{
	if (mw_str_empty(*text_io) || text_io->ptr[0] != c)
		return false;
	*text_io = mw_str_tail(*text_io, 1);
	return true;
}

static bool parse_time_of_day(struct mw_str text, struct tm *local)
{
	if (mw_str_empty(text))
		return true;
	if ((!take_char(&text, 'T') && !take_char(&text, ' ')) || !take_two(&text, 23, &local->tm_hour) ||
	    !take_char(&text, ':') || !take_two(&text, 59, &local->tm_min))
		return false;
	if (!mw_str_empty(text) && (!take_char(&text, ':') || !take_two(&text, 59, &local->tm_sec)))
		return false;
	return mw_str_empty(text);
}

bool mw_when_parse(struct mw_str text, int64_t now, int64_t *when_r)
{
	struct tm local = { .tm_isdst = -1 };
	uint64_t year, month, day;
	int64_t days;

	if (parse_duration(text, now, when_r))
		return true;
	if (!mw_parse_date(mw_str_head(text, DATE_LEN), &days) ||
	    !parse_time_of_day(mw_str_tail(text, DATE_LEN), &local) || !mw_parse_number(mw_str_head(text, 4), &year) ||
	    !mw_parse_number(mw_str_head(mw_str_tail(text, 5), 2), &month) ||
	    !mw_parse_number(mw_str_head(mw_str_tail(text, 8), 2), &day))
		return false;
	local.tm_year = (int)year - 1900;
	local.tm_mon = (int)month - 1;
	local.tm_mday = (int)day;
	*when_r = (int64_t)mktime(&local);
	return true;
}

static void print(const struct tm *local, char between, struct mw_buf *out)
{
	mw_buf_printf(out, "%04d-%02d-%02d%c%02d:%02d:%02d", local->tm_year + 1900, local->tm_mon + 1, local->tm_mday, between,
		      local->tm_hour, local->tm_min, local->tm_sec);
}

void mw_when_print(int64_t when, struct mw_buf *out)
{
	time_t seconds = (time_t)when;
	struct tm local = { .tm_gmtoff = 0 };

	localtime_r(&seconds, &local);
	print(&local, ' ', out);
}

void mw_when_print_exact(int64_t when, struct mw_buf *out)
{
	time_t seconds = (time_t)when;
	struct tm local = { .tm_gmtoff = 0 };
	long minutes;

	localtime_r(&seconds, &local);
	minutes = labs(local.tm_gmtoff) / 60;
	print(&local, 'T', out);
	mw_buf_printf(out, "%c%02ld:%02ld", local.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

void mw_when_print_length(int64_t seconds, struct mw_buf *out)
{
	static const struct { int64_t seconds; const char *name; } ages[] = {
		{ 86400, "days" }, { 3600, "hours" }, { 60, "minutes" }, { 1, "seconds" },
	};
	size_t i = 0;

	while (i < 3 && seconds < 2 * ages[i].seconds)
		i++;
	seconds /= ages[i].seconds;
	mw_buf_printf(out, "%lld %.*s", (long long)seconds, (int)strlen(ages[i].name) - (seconds == 1), ages[i].name);
}

void mw_when_print_age(int64_t when, int64_t now, struct mw_buf *out)
{
	mw_when_print(when, out);
	mw_buf_add_text(out, ", ");
	mw_when_print_length(now > when ? now - when : 0, out);
	mw_buf_add_text(out, " ago");
}

void mw_when_json(struct mw_json *json, const char *key, int64_t when)
{
	char memory[64];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (when == 0) {
		mw_json_null(json, key);
		return;
	}
	mw_when_print_exact(when, &text);
	mw_json_string(json, key, mw_buf_str(&text));
}

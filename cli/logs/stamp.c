/* SPDX-License-Identifier: MIT */
#include "logs/stamp.h"

#include <time.h>

#include "base/units.h"
#include "logs/month.h"

#define DAY 86400

struct stamp {
	int year, month, day, hour, minute, second; /* month: 0 to 11 */
};

struct mw_why_clock mw_why_clock_at(int64_t now)
{
	time_t seconds = (time_t)now;
	struct tm local;

	localtime_r(&seconds, &local);
	return (struct mw_why_clock){ .now = now, .year = local.tm_year + 1900, .hour_key = -1 };
}

/* A number of exactly `len` digits at `at`; -1: it is none. A blank may stand for a leading zero. */
static int number_at(struct mw_str text, size_t at, size_t len)
{
	int number = 0;

	if (at + len > text.len)
		return -1;
	for (size_t i = at; i < at + len; i++) {
		char c = text.ptr[i] == ' ' && i == at && len == 2 ? '0' : text.ptr[i];

		if (c < '0' || c > '9')
			return -1;
		number = number * 10 + (c - '0');
	}
	return number;
}

static bool char_at(struct mw_str text, size_t at, char c)
{
	return at < text.len && text.ptr[at] == c;
}

static bool clock_time(struct mw_str text, size_t at, struct stamp *stamp)
{
	stamp->hour = number_at(text, at, 2);
	stamp->minute = number_at(text, at + 3, 2);
	stamp->second = number_at(text, at + 6, 2);
	return char_at(text, at + 2, ':') && char_at(text, at + 5, ':') && stamp->hour >= 0 && stamp->hour < 24 &&
	       stamp->minute >= 0 && stamp->minute < 60 && stamp->second >= 0 && stamp->second <= 60;
}

static int64_t local_seconds(struct mw_why_clock *clock, const struct stamp *stamp)
{
	int key = ((stamp->year * 12 + stamp->month) * 31 + stamp->day) * 24 + stamp->hour;

	if (key != clock->hour_key) {
		struct tm hour = { .tm_year = stamp->year - 1900, .tm_mon = stamp->month, .tm_mday = stamp->day,
				   .tm_hour = stamp->hour, .tm_isdst = -1 };

		clock->hour_begins = (int64_t)mktime(&hour);
		clock->hour_key = key;
	}
	return clock->hour_begins + stamp->minute * 60 + stamp->second;
}

/* The word of a month and the blank behind it, as many octets as there are of them; 0: it is none. Nearly all are
   English. */
static size_t month_name(struct mw_str text, int *month_r)
{
	static const char names[] = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
	size_t len = mw_str_find(mw_str_head(text, 16), ' ');

	for (int i = 0; i < 12 && text.len >= 4; i++)
		if (memcmp(text.ptr, names + (ptrdiff_t)i * 4, 4) == 0) {
			*month_r = i;
			return 4;
		}
	/* Only a time behind it makes it worth the search. */
	if (!char_at(text, len, ' ') || !char_at(text, len + 3, ' ') || number_at(text, len + 1, 2) < 1)
		return 0;
	*month_r = mw_log_month(mw_str_head(text, len));
	return *month_r < 0 ? 0 : len + 1;
}

/* "Mon " and the like, as many octets as there are of it. */
static size_t weekday(struct mw_str line)
{
	static const char names[] = "MonTueWedThuFriSatSun";

	for (ptrdiff_t i = 0; i < 7 && line.len >= 4; i++)
		if (memcmp(line.ptr, names + i * 3, 3) == 0)
			return line.ptr[3] == ' ' ? 4 : line.ptr[3] == ',' && char_at(line, 4, ' ') ? 5 : 0;
	return 0;
}

/* ".123456" or ",123" at `at`: what parts of a second take. */
static size_t fraction(struct mw_str line, size_t at)
{
	size_t len = 0;

	if (char_at(line, at, '.') || char_at(line, at, ','))
		do
			len++;
		while (number_at(line, at + len, 1) >= 0);
	return len;
}

/* " 2026" at `at`: its length, 0: none. */
static size_t year_behind(struct mw_str line, size_t at, int *year_io)
{
	int year = char_at(line, at, ' ') ? number_at(line, at + 1, 4) : -1;

	if (year < 1970 || !char_at(line, at + 5, ' '))
		return 0;
	*year_io = year;
	return 5;
}

/* "Nov 25 09:12:01 ", also with a weekday before it, a year before the month, the time or the blank, and parts of a
   second. Returns how long it is, 0: it is none. */
static size_t read_traditional(struct mw_why_clock *clock, struct mw_str line, int64_t *time_r)
{
	struct stamp stamp = { .year = clock->year };
	size_t at = weekday(line), named = 0, month;

	if (number_at(line, at, 4) >= 1970 && char_at(line, at + 4, ' ')) {
		stamp.year = number_at(line, at, 4);
		named = 5;
		at += 5;
	}
	month = month_name(mw_str_tail(line, at), &stamp.month);
	at += month;
	stamp.day = number_at(line, at, 2);
	if (month == 0 || stamp.day < 1 || stamp.day > 31 || !char_at(line, at + 2, ' '))
		return 0;
	at += 2;
	if (named == 0)
		at += named = year_behind(line, at, &stamp.year);
	if (!clock_time(line, at + 1, &stamp))
		return 0;
	at += 9;
	at += fraction(line, at);
	if (named == 0)
		at += named = year_behind(line, at, &stamp.year);
	if (!char_at(line, at, ' '))
		return 0;
	*time_r = local_seconds(clock, &stamp);
	if (named == 0 && *time_r > clock->now + DAY) {
		stamp.year--;
		*time_r = local_seconds(clock, &stamp);
	}
	return at + 1;
}

static bool read_day(struct mw_str text, int64_t *days_r, struct stamp *stamp)
{
	char date[10];

	if (text.len < 10)
		return false;
	memcpy(date, text.ptr, sizeof(date));
	if (date[4] == '/' && date[7] == '/')
		date[4] = date[7] = '-';
	if (!mw_parse_date((struct mw_str){ date, sizeof(date) }, days_r))
		return false;
	stamp->year = number_at(text, 0, 4);
	stamp->month = number_at(text, 5, 2) - 1;
	stamp->day = number_at(text, 8, 2);
	return true;
}

/* "Z", "+01:00" or "+0100" at `at`. Returns its length, 0: no zone. */
static size_t read_zone(struct mw_str line, size_t at, int64_t *seconds_r)
{
	size_t colon = char_at(line, at + 3, ':') ? 1 : 0;
	int hours = number_at(line, at + 1, 2), minutes = number_at(line, at + 3 + colon, 2);

	*seconds_r = 0;
	if (char_at(line, at, 'Z'))
		return 1;
	if ((!char_at(line, at, '+') && !char_at(line, at, '-')) || hours < 0 || minutes < 0)
		return 0;
	*seconds_r = (hours * 3600 + minutes * 60) * (line.ptr[at] == '-' ? -1 : 1);
	return 5 + colon;
}

/* " CET", " UTC" or " +03" at `at`, as "journalctl -o short-full" ends its stamps. Returns its length, 0: there is
   none. */
static size_t zone_name(struct mw_str line, size_t at)
{
	size_t len = 1;

	while (at + len < line.len && len < 7 && line.ptr[at + len] != ' ') {
		char c = line.ptr[at + len];

		if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '+' && c != '-')
			return 0;
		len++;
	}
	return char_at(line, at, ' ') && char_at(line, at + len, ' ') && len > 2 ? len : 0;
}

/* "2026-11-25T09:12:01.123456+01:00 ", "2026-11-25_09:12:01.12345 " as "svlogd -tt" writes it,
   "2026/11/25 09:12:01 ", and "Wed 2026-11-25 09:12:01 CET " as "journalctl -o short-full" writes it:
   in the local zone, or in UTC. */
static size_t read_iso(struct mw_why_clock *clock, struct mw_str whole, int64_t *time_r)
{
	struct stamp stamp;
	int64_t days, zone;
	size_t at = 19, begins = weekday(whole), len;
	bool utc;
	struct mw_str line = mw_str_tail(whole, begins);

	if (!read_day(line, &days, &stamp) ||
	    (!char_at(line, 10, 'T') && !char_at(line, 10, ' ') && !char_at(line, 10, '_')) ||
	    !clock_time(line, 11, &stamp))
		return 0;
	at += fraction(line, at);
	len = read_zone(line, at, &zone);
	utc = begins > 0 && mw_str_starts_with(mw_str_tail(line, at), MW_STR(" UTC "));
	*time_r = len > 0 || utc ? days * DAY + stamp.hour * 3600 + stamp.minute * 60 + stamp.second - zone
			  : local_seconds(clock, &stamp);
	at += len == 0 && begins > 0 ? zone_name(line, at) : len;
	return char_at(line, at, ' ') ? begins + at + 1 : 0;
}

/* "@400000004c91b044077a9e94 " of multilog, s6-log and "svlogd -t": TAI64N, whose seconds are 10 ahead of the epoch's
   as those programs write it. */
static size_t read_tai(struct mw_str line, int64_t *time_r)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t seconds = 0;

	if (!char_at(line, 0, '@') || !char_at(line, 25, ' '))
		return 0;
	for (size_t i = 1; i < 25; i++) {
		const char *digit = line.ptr[i] != '\0' ? strchr(digits, line.ptr[i]) : NULL;

		if (digit == NULL)
			return 0;
		if (i < 17)
			seconds = seconds << 4 | (uint64_t)(digit - digits);
	}
	if (seconds >> 62 != 1)
		return 0;
	*time_r = (int64_t)(seconds & 0xffffffffffff) - 10;
	return 26;
}

/* "1764392400.123456 " of "journalctl -o short-unix". */
static size_t read_unix(struct mw_str line, int64_t *time_r)
{
	uint64_t seconds;
	size_t len = fraction(line, 10);

	if (len < 4 || !char_at(line, 10 + len, ' ') || !mw_parse_number(mw_str_head(line, 10), &seconds))
		return 0;
	*time_r = (int64_t)seconds;
	return 10 + len + 1;
}

size_t mw_why_stamp_read(struct mw_why_clock *clock, struct mw_str line, int64_t *time_r)
{
	size_t len = read_traditional(clock, line, time_r);

	if (len == 0)
		len = read_iso(clock, line, time_r);
	if (len == 0)
		len = read_tai(line, time_r);
	return len > 0 ? len : read_unix(line, time_r);
}

static bool read_ago(struct mw_why_clock *clock, struct mw_str text, int64_t *since_r)
{
	static const struct { char unit; int64_t seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', DAY }, { 'w', 7 * DAY },
	};
	uint64_t number;

	if (text.len < 2 || text.len > 8 || !mw_parse_number(mw_str_head(text, text.len - 1), &number))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (text.ptr[text.len - 1] == units[i].unit) {
			*since_r = clock->now - (int64_t)number * units[i].seconds;
			return true;
		}
	return false;
}

bool mw_why_since(struct mw_why_clock *clock, struct mw_str text, int64_t *since_r)
{
	struct stamp stamp = { .year = 0 };
	int64_t days;

	if (read_ago(clock, text, since_r))
		return true;
	if (!read_day(text, &days, &stamp))
		return false;
	if (text.len > 10) {
		if (!char_at(text, 10, 'T') && !char_at(text, 10, ' '))
			return false;
		stamp.hour = number_at(text, 11, 2);
		stamp.minute = char_at(text, 13, ':') ? number_at(text, 14, 2) : -1;
		if (stamp.hour < 0 || stamp.hour > 23 || stamp.minute < 0 || stamp.minute > 59 ||
		    (text.len != 16 && (text.len != 19 || !clock_time(text, 11, &stamp))))
			return false;
	}
	*since_r = local_seconds(clock, &stamp);
	return true;
}

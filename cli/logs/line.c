/* SPDX-License-Identifier: MIT */
#include "logs/line.h"

#include <time.h>

#include "base/units.h"

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

static int month_number(struct mw_str text)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12 && text.len >= 3; i++)
		if (memcmp(text.ptr, names + (ptrdiff_t)i * 3, 3) == 0)
			return i;
	return -1;
}

/* "Nov 25 09:12:01 ". Returns how long it is, 0: it is none. */
static size_t read_traditional(struct mw_why_clock *clock, struct mw_str line, int64_t *time_r)
{
	struct stamp stamp = { .year = clock->year, .month = month_number(line), .day = number_at(line, 4, 2) };

	if (stamp.month < 0 || !char_at(line, 3, ' ') || stamp.day < 1 || stamp.day > 31 || !char_at(line, 6, ' ') ||
	    !clock_time(line, 7, &stamp) || !char_at(line, 15, ' '))
		return 0;
	*time_r = local_seconds(clock, &stamp);
	if (*time_r > clock->now + DAY) {
		stamp.year--;
		*time_r = local_seconds(clock, &stamp);
	}
	return 16;
}

static bool read_day(struct mw_str text, int64_t *days_r, struct stamp *stamp)
{
	if (text.len < 10 || !mw_parse_date(mw_str_head(text, 10), days_r))
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

/* "2026-11-25T09:12:01.123456+01:00 ". */
static size_t read_iso(struct mw_why_clock *clock, struct mw_str line, int64_t *time_r)
{
	struct stamp stamp;
	int64_t days, zone;
	size_t at = 19, len;

	if (!read_day(line, &days, &stamp) || (!char_at(line, 10, 'T') && !char_at(line, 10, ' ')) ||
	    !clock_time(line, 11, &stamp))
		return 0;
	if (char_at(line, at, '.') || char_at(line, at, ','))
		do
			at++;
		while (number_at(line, at, 1) >= 0);
	len = read_zone(line, at, &zone);
	*time_r = len > 0 ? days * DAY + stamp.hour * 3600 + stamp.minute * 60 + stamp.second - zone
			  : local_seconds(clock, &stamp);
	at += len;
	return char_at(line, at, ' ') ? at + 1 : 0;
}

/* The next word and the blank behind it. */
static struct mw_str take_word(struct mw_str *rest_io)
{
	size_t len = mw_str_find(*rest_io, ' ');
	struct mw_str word = mw_str_head(*rest_io, len);

	*rest_io = mw_str_tail(*rest_io, len + 1);
	return word;
}

/* "postfix/smtpd[123]:" as program and process. */
static bool read_program(struct mw_str word, struct mw_why_line *line)
{
	size_t bracket;
	uint64_t process;

	if (word.len < 2 || word.ptr[word.len - 1] != ':')
		return false;
	word.len--;
	bracket = mw_str_find(word, '[');
	line->process = 0;
	if (bracket < word.len && word.ptr[word.len - 1] == ']' &&
	    mw_parse_number((struct mw_str){ word.ptr + bracket + 1, word.len - bracket - 2 }, &process)) {
		line->process = process;
		word.len = bracket;
	}
	line->program = word;
	return word.len > 0;
}

static void skip_level(struct mw_str *message)
{
	static const char *const levels[] = { "Info: ", "Warning: ", "Error: ", "Fatal: ", "Panic: ", "Debug: " };

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (mw_str_starts_with(*message, mw_str(levels[i]))) {
			*message = mw_str_tail(*message, strlen(levels[i]));
			return;
		}
}

bool mw_why_line_read(struct mw_why_clock *clock, struct mw_str line, struct mw_why_line *line_r)
{
	size_t stamp = read_traditional(clock, line, &line_r->time);
	struct mw_str rest, word;

	if (stamp == 0)
		stamp = read_iso(clock, line, &line_r->time);
	if (stamp == 0)
		return false;
	rest = mw_str_tail(line, stamp);
	word = take_word(&rest);
	if (!read_program(word, line_r) && !read_program(take_word(&rest), line_r))
		return false;
	if (mw_str_starts_with(line_r->program, MW_STR("dovecot"))) {
		struct mw_str inner = rest;

		if (read_program(take_word(&inner), line_r))
			rest = inner;
	}
	skip_level(&rest);
	line_r->message = rest;
	return true;
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

/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdlib.h>
#include <time.h>

#include "logs/line.h"

#define NOW 1795597921 /* 2026-11-25 09:12:01 UTC */

static void in_utc(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
}

static const struct {
	const char *line;
	int64_t time;
	const char *program;
	uint64_t process;
	const char *message;
} lines[] = {
	{ "Nov 25 09:12:01 mx postfix/smtpd[123]: connect from x", NOW, "postfix/smtpd", 123, "connect from x" },
	{ "Nov  5 09:12:01 mx postfix/smtpd[123]: x", NOW - 20 * 86400, "postfix/smtpd", 123, "x" },
	{ "Nov 25 09:12:01 mx dovecot: imap-login: Login: user=<a>", NOW, "imap-login", 0, "Login: user=<a>" },
	{ "Nov 25 09:12:01 mx dovecot[9]: imap-login: Info: Login", NOW, "imap-login", 0, "Login" },
	{ "Nov 25 09:12:01 imap-login: Info: Login: user=<a>", NOW, "imap-login", 0, "Login: user=<a>" },
	{ "Nov 25 09:12:01 auth: Warning: Info: x", NOW, "auth", 0, "Info: x" },
	{ "Nov 25 09:12:01 mx dovecot: imap(bob)<1><s>: Disconnected", NOW, "imap(bob)<1><s>", 0, "Disconnected" },
	{ "2026-11-25T09:12:01+00:00 mx mailwicketd[1]: mailwicket: v=1", NOW, "mailwicketd", 1, "mailwicket: v=1" },
	{ "2026-11-25T10:12:01.123456+01:00 mx a[1]: b", NOW, "a", 1, "b" },
	{ "2026-11-25T04:12:01-0500 mx a[1]: b", NOW, "a", 1, "b" },
	{ "2026-11-25T09:12:01Z mx a: b", NOW, "a", 0, "b" },
	{ "2026-11-25 09:12:01 a: b", NOW, "a", 0, "b" },
	{ "@400000006b06a66b0fa9e940 imap-login: Info: Login", NOW, "imap-login", 0, "Login" },
	{ "@400000006b06a66b0fa9e940 mx a: b", NOW, "a", 0, "b" },
	{ "2026-11-25_09:12:01.12345 mx a[1]: b", NOW, "a", 1, "b" },
	{ "Dec 31 23:59:59 mx a: b", 1767225599, "a", 0, "b" }, /* of last year: this year's is to come */
	{ "Nov 26 09:12:00 mx a: b", NOW + 86399, "a", 0, "b" }, /* a clock that is ahead */
	{ "Wed 2026-11-25 09:12:01 CET mx a: b", NOW, "a", 0, "b" }, /* local time, whatever it is called */
	{ "Wed 2026-11-25 09:12:01 a: b", NOW, "a", 0, "b" },
	{ "Dez 31 23:59:59 mx a: b", 1767225599, "a", 0, "b" },
	{ "M\xc3\xa4r 01 00:00:00 mx a: b", 1772323200, "a", 0, "b" },
	{ "f\xc3\xa9vr. 28 23:59:59 mx a: b", 1772323199, "a", 0, "b" },
	{ "ao\xc3\xbbt 01 00:00:00 mx a: b", 1785542400, "a", 0, "b" },
	{ " 1\xe6\x9c\x88 01 00:00:00 mx a: b", 1767225600, "a", 0, "b" },
	{ "1795597921.123456 mx a[1]: b", NOW, "a", 1, "b" },
	{ "mail.log:12:Nov 25 09:12:01 mx a: b", NOW, "a", 0, "b" },
	{ "Nov 25 09:12:01 mx a[1]: message repeated 2 times: [ b [c]]", NOW, "a", 1, "b [c]" },
	{ "Nov 25 09:12:01 mx a[x]: b", NOW, "a[x]", 0, "b" },
	{ "Nov 25 09:12:01 mx a:", NOW, "a", 0, "" },
	{ "Nov 25 09:12:01 mx a:  b", NOW, "a", 0, "b" },
	{ "2026-11-25T09:12:01Z [1:mail1:postfix/smtpd] b", NOW, "postfix/smtpd", 0, "b" },
	{ "2026-11-25T09:12:01Z {a=\"b\"} mx a: b", NOW, "a", 0, "b" },
	{ "Nov 25 09:12:01 host mail-1[4]: 2026-11-25T10:12:01Z mx a[1]: b", NOW, "mail-1", 4,
	  "2026-11-25T10:12:01Z mx a[1]: b" },
	{ "Nov 25 09:12:01 host postfix/smtpd[4]: Nov 25 09:12:01 mx a[1]: b", NOW, "postfix/smtpd", 4,
	  "Nov 25 09:12:01 mx a[1]: b" },
	{ "Nov 25 09:12:01 host mail-1[4]: Nov 25 09:12:01 mx", NOW, "mail-1", 4, "Nov 25 09:12:01 mx" },
	{ "  12 Nov 25 09:12:01 mx a: b", NOW, "a", 0, "b" },
	{ "12) Nov 25 09:12:01 mx a: b", NOW, "a", 0, "b" },
	{ "`Nov 25 09:12:01 mx a: b`", NOW, "a", 0, "b" },
	{ "{\"time\":\"1795597921\",\"program\":\"a\\/b\",\"message\":\"c\"}", NOW, "a/b", 0, "c" },
	{ "{\"ISODATE\":\"2026-11-25T09:12:01Z\",\"PID\":\"7\",\"x\":{\"PROGRAM\":\"z\"},"
	  "\"PROGRAM\":\"a\",\"MESSAGE\":\"b\"}", NOW, "a", 7, "b" },
};

START_TEST(a_line_is_read_in_every_form)
{
	struct mw_why_clock clock;
	struct mw_why_line line;

	in_utc();
	clock = mw_why_clock_at(NOW);
	ck_assert(mw_why_line_read(&clock, mw_str(lines[_i].line), &line));
	ck_assert_int_eq(line.time, lines[_i].time);
	ck_assert_slice(line.program, mw_str(lines[_i].program));
	ck_assert_uint_eq(line.process, lines[_i].process);
	ck_assert_slice(line.message, mw_str(lines[_i].message));
}
END_TEST

static const char *const unknown[] = {
	"", " ", "Nov", "Nov 25", "Nov 25 09:12:01", "Nov 25 09:12:01 ", "Nov 25 09:12:01 mx", "Nov 25 09:12:01 mx a b c",
	"Nov 32 09:12:01 mx a: b", "Nov 25 24:12:01 mx a: b", "Nov 25 09:60:01 mx a: b", "Foo 25 09:12:01 mx a: b",
	"2026-13-25T09:12:01Z mx a: b", "2026-11-25T09:12:01", "2026-11-25T09:12:01.", "2026-11-25T09:12:01+",
	"mailwicket: v=1 verdict=refuse", "Nov 25 09:12:01 : b", "lis 25 09:12 mx a: b", "Foo. 25 09:12:01 mx a: b",
	"\"Nov 25 09:12:01 mx a: b", "\"Nov 25 09:12:01 mx a: b\"", "\"", "\"\"", "\",\"", "{\"time\":\"x\",\"log\":\"b\"}",
	"{\"log\":[1,{\"a\":\"}\"]}}", "12", "12.", "2026-11-25T09:12:01Z [mail1:postfix/smtpd] b",
	"2026-11-25T09:12:01Z [x:mail1:a] b", "{\"message\":\"\",\"time\":\"\"",
	"a b: Nov 25 09:12:01 mx a: b", "1795597921 mx a: b", "[pod/a] b", ">", "mail.log:", "Nov 25 09:12:01   ",
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
};

START_TEST(what_is_no_log_line_is_not_read)
{
	struct mw_why_clock clock;
	struct mw_why_line line;

	in_utc();
	clock = mw_why_clock_at(NOW);
	ck_assert(!mw_why_line_read(&clock, mw_str(unknown[_i]), &line));
}
END_TEST

static const struct { const char *text; int64_t since; } since[] = {
	{ "2h", NOW - 7200 }, { "30m", NOW - 1800 }, { "1d", NOW - 86400 }, { "2w", NOW - 1209600 }, { "90s", NOW - 90 },
	{ "2026-11-25", NOW - 33121 }, { "2026-11-25 09:00", NOW - 721 }, { "2026-11-25T09:12:01", NOW },
};

START_TEST(since_is_a_time_ago_or_a_date)
{
	struct mw_why_clock clock;
	int64_t found;

	in_utc();
	clock = mw_why_clock_at(NOW);
	ck_assert(mw_why_since(&clock, mw_str(since[_i].text), &found));
	ck_assert_int_eq(found, since[_i].since);
}
END_TEST

static const char *const no_since[] = {
	"", "h", "2", "2x", "-2h", "99999999999h", "2026-13-01", "2026-11-25 9:00", "2026-11-25 25:00", "2026-11-25 09:00x",
	"2026-11-25x09:00", "noon",
};

START_TEST(anything_else_is_no_since)
{
	struct mw_why_clock clock = mw_why_clock_at(NOW);
	int64_t found;

	ck_assert_msg(!mw_why_since(&clock, mw_str(no_since[_i]), &found), "%s", no_since[_i]);
}
END_TEST

MW_UNIT_TESTS("line of a log")
{
	MW_LOOP(tcase, a_line_is_read_in_every_form, lines);
	MW_LOOP(tcase, what_is_no_log_line_is_not_read, unknown);
	MW_LOOP(tcase, since_is_a_time_ago_or_a_date, since);
	MW_LOOP(tcase, anything_else_is_no_since, no_since);
}

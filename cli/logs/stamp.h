/* When a log line was written. Pure. */
#ifndef MW_CLI_WHY_STAMP_H
#define MW_CLI_WHY_STAMP_H

#include <stdint.h>

#include "base/str.h"

/* What the times of one log are read with: stamps without a year need to know what time it is. */
struct mw_why_clock {
	int64_t now;          /* seconds since the epoch: a stamp without a year is not later than a day after it */
	int year;             /* of now, local */
	int hour_key;         /* the local hour of the last stamp, and when it began: mktime(3) is slow */
	int64_t hour_begins;
};

struct mw_why_clock mw_why_clock_at(int64_t now);

/* The stamp that a line begins with and the blank behind it: "Nov 25 09:12:01" (also with a weekday, a year and parts of a
   second, as "journalctl -o short-precise" has them, and with the month in the language of whoever called journalctl), ISO 8601,
   TAI64N, or seconds since the epoch with a fraction. Returns how long it is, 0: there is none. */
size_t mw_why_stamp_read(struct mw_why_clock *clock, struct mw_str line, int64_t *time_r);

/* --since: "2h", "30m", "7d", "90s" before now, "2026-11-25", "2026-11-25 09:00[:00]" or with T, local time. */
bool mw_why_since(struct mw_why_clock *clock, struct mw_str text, int64_t *since_r);

#endif

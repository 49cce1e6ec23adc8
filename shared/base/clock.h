/* The two clocks of all programs, read here alone. Dovecot's modules take the date from Dovecot (ioloop_time). */
#ifndef MW_BASE_CLOCK_H
#define MW_BASE_CLOCK_H

#include <stdint.h>

/* The date: seconds since 1970-01-01 00:00 UTC, by time(2). It jumps when the system's date is set. */
int64_t mw_clock_date(void);
/* The day of that moment, as mw_day_of() counts. */
int64_t mw_clock_today(void);

/* Time that passes, for time-outs: CLOCK_MONOTONIC of clock_gettime(2), from a moment that means nothing. It never goes
   back, whatever happens to the date. */
double mw_clock_seconds(void);
int64_t mw_clock_milliseconds(void);
int64_t mw_clock_microseconds(void);

#endif

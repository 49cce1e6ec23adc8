/* How much time has passed. */
#ifndef MW_POSTFIX_CLOCK_H
#define MW_POSTFIX_CLOCK_H

/* Seconds of a monotonic clock. */
double mw_clock(void);

#endif

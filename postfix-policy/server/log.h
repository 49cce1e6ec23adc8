/* Lines to standard error (foreground) or syslog (daemon). Never waits for a reader: what does not go is counted. */
#ifndef MW_POSTFIX_LOG_H
#define MW_POSTFIX_LOG_H

#include "base/errors.h"

enum mw_log_level { MW_LOG_ERROR, MW_LOG_WARNING, MW_LOG_INFO };

/* Until this is called lines go to standard error. `facility` is a word of mw_log_facilities; may be called again. */
void mw_log_to_syslog(struct mw_str facility);

/* "mailwicketd: ..." */
void mw_log(enum mw_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for what a peer can provoke: so many a second, then the number of those left out. */
void mw_log_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "mailwicket: LINE", a decision. */
void mw_log_decision(enum mw_log_level level, struct mw_str line);
/* Every message of a list, sorted, a line each. */
void mw_log_errors(struct mw_errors *errors);
/* Once a second: says how many faults and lines were left out. */
void mw_log_tick(void);

#endif

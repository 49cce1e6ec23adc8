/* Lines to standard error (foreground) or syslog (daemon). Never waits for a reader: what does not go is kept for the next
   time, as much of it as there is room for (log_lines.h); what is beyond that is dropped, and counted. */
#ifndef MW_POSTFIX_LOG_H
#define MW_POSTFIX_LOG_H

#include "base/buf.h"
#include "base/errors.h"

enum mw_log_level { MW_LOG_ERROR, MW_LOG_WARNING, MW_LOG_INFO };

/* Until this is called lines go to standard error. `facility` is a word of mw_log_facilities; may be called again. */
void mw_log_to_syslog(struct mw_str facility);

/* "mailwicketd: ...", written at once, behind the decisions that are not written yet. */
void mw_log(enum mw_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for messages that a peer can cause: so many a second, then the number of those left out. */
void mw_log_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A decision, "mailwicket: TEXT": the caller writes the text, and nothing else is logged meanwhile. It goes out with the
   next mw_log_flush() or mw_log(). False: there is no room, and it is lost. */
bool mw_log_decision_begin(enum mw_log_level level, struct mw_buf *text_r);
void mw_log_decision_end(const struct mw_buf *text);
/* Writes what is not written yet. */
void mw_log_flush(void);
/* The same, for batches of questions, of which there may be tens of thousands a second: it writes MW_LOG_WRITES times a
   second at the most, of which those not used are kept for a second. False: the lines wait for more, and it is to be called
   again after MW_LOG_PAUSE seconds. `now`: seconds of the monotonic clock. */
#define MW_LOG_WRITES 1000.0
#define MW_LOG_PAUSE (1 / MW_LOG_WRITES)
bool mw_log_flush_paced(double now);
/* Every message of a list, sorted, a line each. */
void mw_log_errors(struct mw_errors *errors);
/* Once a second: logs how many messages and lines were left out. */
void mw_log_tick(void);
/* The last call: gives a slow reader half a second for what is not written yet. */
void mw_log_end(void);

#endif

/* The system's log, as syslog(3) writes to it, but for this: a log whose reader hangs is not waited for. */
#ifndef MW_POSTFIX_SYSTEM_LOG_H
#define MW_POSTFIX_SYSTEM_LOG_H

#include "base/buf.h"

/* `facility`: LOG_MAIL and its like. After fork(), as each line has the number of the process; may be called again. */
void mw_system_log_open(int facility);
/* What a line begins with (RFC 3164, 4.1; no host name, as from any local program): tag mailwicketd. */
void mw_system_log_head(int level, struct mw_buf *line);
/* Lines, each with its newline, to /dev/log: a datagram each, many in one system call. Connects anew where the log was
   restarted. Returns the octets of those that were taken. */
size_t mw_system_log_write(struct mw_str lines);
/* True: before so many milliseconds are over it may take something. */
bool mw_system_log_wait(int milliseconds);

#endif

/* The system's log, as syslog(3) writes to it, but for this: a log whose reader hangs is not waited for. */
#ifndef MW_POSTFIX_SYSTEM_LOG_H
#define MW_POSTFIX_SYSTEM_LOG_H

#include <stdbool.h>

#include "base/str.h"

/* `facility`: LOG_MAIL and its like. After fork(), as each line has the number of the process; may be called again. */
void mw_system_log_open(int facility);
/* One line to /dev/log (RFC 3164, 4.1; no host name, as from any local program), tag mailwicketd. Connects anew where
   the log was restarted. False: nobody took it, and it is lost. */
bool mw_system_log_write(int level, struct mw_str line);

#endif

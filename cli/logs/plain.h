/* What a terminal, a web page or an editor puts into a log line, taken out of it. Pure. */
#ifndef MW_CLI_LOGS_PLAIN_H
#define MW_CLI_LOGS_PLAIN_H

#include "base/str.h"

/* Changes `text` in place: sequences of a terminal (ECMA-48's CSI, and OSC, of colours and links) are left out, a tab and a
   no-break space become a blank. No server writes one of them into its log: all replace such octets. The result lies in `text`. */
struct mw_str mw_log_plain(char *text, size_t len);

#endif

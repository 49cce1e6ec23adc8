/* What a terminal, a web page or an editor puts into a log line, taken out of it. Pure. */
#ifndef MW_CLI_LOGS_PLAIN_H
#define MW_CLI_LOGS_PLAIN_H

#include "base/str.h"

/* Changes `text` in place: sequences of a terminal (ECMA-48's CSI, and OSC, of colours and links) are left out, no server
   writes one into its log. A tab or a no-break space becomes a blank before the message, and behind it only in a line that
   has no other blank: in a message it may be a part of an address. The result lies in `text`. */
struct mw_str mw_log_plain(char *text, size_t len);

#endif

/* Standard error as the log: a file, a journal's or another socket, a pipe, a terminal. It may be shared with other
   processes, so that it stays as it is: whether a write waits is asked of each write. */
#ifndef MW_POSTFIX_STANDARD_ERROR_H
#define MW_POSTFIX_STANDARD_ERROR_H

#include "base/str.h"

/* Lines, each with its newline; the first one may be the rest of a line. Returns how many octets were taken: all, or up to
   where the reader is slow or the disk is full, which may be within a line. Nothing of another process gets between
   the octets of a line in a file or a pipe. */
size_t mw_standard_error_write(struct mw_str lines);
/* True: before so many milliseconds are over it may take something. */
bool mw_standard_error_wait(int milliseconds);

#endif

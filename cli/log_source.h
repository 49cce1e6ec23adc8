/* The lines of a mail log in a stream, however large it is: a file (also compressed with gzip), standard input, or the
   journal. Nothing is kept but the line that was read last. */
#ifndef MW_CLI_LOG_SOURCE_H
#define MW_CLI_LOG_SOURCE_H

#include <stdint.h>

#include "base/str.h"

struct mw_log_source;

/* name: a path, "-" for standard input, "journal" for the systemd journal's mail facility (through journalctl). since:
   seconds since the epoch from which on the journal is asked, 0 for all of it; a file is read whole. NULL with one
   line to standard error and the exit code of sysexits.h: EX_NOINPUT no such file, EX_NOPERM not to be read,
   EX_UNAVAILABLE no journalctl, EX_OSERR no memory. */
struct mw_log_source *mw_log_source_open(const char *name, int64_t since, int *exit_r);
/* The next line without its end, valid until the next call. A line longer than 64 KiB is cut to that. False at the end
   and after an error: mw_log_source_close() tells which. Draws progress where standard error is a terminal. */
bool mw_log_source_next(struct mw_log_source *source, struct mw_str *line_r);
/* EX_OK, or one line to standard error and the exit code: EX_IOERR, EX_DATAERR (a damaged gzip file). */
int mw_log_source_close(struct mw_log_source *source);

#endif

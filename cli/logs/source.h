/* The lines of a mail log in a stream, however large it is: a file (also compressed with gzip, xz, zstd or bzip2, or in UTF-16),
   standard input, or the journal. Nothing is kept but a buffer of 1 MiB. */
#ifndef MW_CLI_LOG_SOURCE_H
#define MW_CLI_LOG_SOURCE_H

#include <stdint.h>

#include "base/str.h"

#define MW_LOG_LINE_MAX 65536 /* octets; the rest of a longer line is passed over */

struct mw_log_source;

/* name: a path, "-" for standard input, "journal" for the systemd journal's mail facility (through journalctl; a file
   of that name is "./journal"). since: seconds since the epoch from which on the journal is asked, 0 for all of it; a
   file is read whole. NULL with one line to standard error and the exit code of sysexits.h: EX_NOINPUT no such file or
   a folder, EX_NOPERM not to be read, EX_DATAERR compressed with anything else, EX_UNAVAILABLE no journalctl,
   EX_IOERR it cannot be read, EX_OSERR no memory. Waits for the first octets. */
struct mw_log_source *mw_log_source_open(const char *name, int64_t since, int *exit_r);
/* The next line without its end, valid until the next call, a record of several lines (record.h) and an object of JSON
   (document.h) as one; the last one need not have an end. A longer line is cut to
   MW_LOG_LINE_MAX. False at the end and after an error: mw_log_source_close() tells which. Draws progress where
   standard error is a terminal. */
bool mw_log_source_next(struct mw_log_source *source, struct mw_str *line_r);
/* EX_OK, or one line to standard error and the exit code: EX_IOERR, EX_DATAERR (damaged or incomplete),
   EX_UNAVAILABLE (journalctl failed). A source may be closed before its end. NULL is allowed: EX_OK. */
int mw_log_source_close(struct mw_log_source *source);

#endif

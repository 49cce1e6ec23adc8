/* A password that is not in the command line: from a file or from the terminal. */
#ifndef MW_CLI_PASSWORD_H
#define MW_CLI_PASSWORD_H

#include "base/buf.h"

#define MW_PASSWORD_MAX 1024

/* Both append the password to `password_r`, over memory that the caller wipes, and return EX_OK; or print one line and
   return the exit code of sysexits.h. */

/* The first line of a file that others may neither read nor write (whatever its group may). EX_NOINPUT, EX_NOPERM,
   EX_DATAERR: empty, too long, or with a NUL in it. */
int mw_password_from_file(const char *path, struct mw_buf *password_r);
/* Asked for on the controlling terminal without echo. EX_USAGE: there is none. */
int mw_password_from_terminal(const char *user, struct mw_buf *password_r);

#endif

/* Reading mailwicket.conf: the only way to a struct mw_policy. */
#ifndef MW_POLICY_READ_H
#define MW_POLICY_READ_H

#include "base/errors.h"
#include "policy/model.h"

#define MW_POLICY_PATH "/etc/mailwicket/mailwicket.conf"
/* The folder of the sample policy; the build names another one where it installs elsewhere. */
#ifndef MW_EXAMPLES
#define MW_EXAMPLES "/usr/share/doc/mailwicket/examples"
#endif

/* Reads, completes and validates the file. NULL when there is any error; warnings alone do not stop it. Every error of
   the file is added to `errors`, with line, column and the accepted values. `host_name` completes a missing hostname=.
   A file that is missing, unreadable, no regular file, a symbolic link, not root's (or the caller's), or writable by
   group or others is an error that names it. `today` (days since 1970-01-01): 0 = do not warn about audits that end.
   Free with mw_policy_free(). */
struct mw_policy *mw_policy_read(const char *path, const char *host_name, int64_t today, struct mw_errors *errors);
/* The same from text in memory; `name` stands for the file in messages. */
struct mw_policy *mw_policy_read_text(const char *name, struct mw_str text, const char *host_name, int64_t today,
				      struct mw_errors *errors);
void mw_policy_free(struct mw_policy *policy); /* NULL is allowed */

/* MAILWICKET_CONFIG from the environment, else MW_POLICY_PATH. */
const char *mw_policy_default_path(void);

#endif

/* What the commands say of a name that means two. */
#ifndef MW_CLI_NAMED_H
#define MW_CLI_NAMED_H

#include "base/buf.h"
#include "decide/identity.h"
#include "directory/directory.h"

/* "NAME: an address of ... and the login name of another user, ...; name one by the primary address", for a terminal, of
   one that mw_identity_named() calls ambiguous. */
void mw_named_print_ambiguous(const char *name, const struct mw_named *named, struct mw_buf *out);
/* The same to standard error, behind the command. */
void mw_named_complain(const char *command, const char *name, const struct mw_named *named);
/* Adds "; user NAME was called so formerly" for each user or group that had the address as a name before. */
void mw_named_print_former(const struct mw_directory *directory, const struct mw_directory_view *view,
			   const struct mw_named *named, struct mw_buf *out);
/* "NAME, NAME (of USER)": the names that the user of a login had before; or "LOGIN; user NAME was called so formerly", of one
   that nobody has. Nothing where there is none. */
void mw_named_print_formers(const struct mw_policy *policy, struct mw_directory *directory, struct mw_str login, struct mw_buf *out);

#endif

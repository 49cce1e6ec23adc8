/* What the commands say of a name that means two. */
#ifndef MW_CLI_NAMED_H
#define MW_CLI_NAMED_H

#include "base/buf.h"
#include "decide/identity.h"

/* "NAME: an address of ... and the login name of another user, ...; name one by the primary address", for a terminal, of
   one that mw_identity_named() calls ambiguous. */
void mw_named_print_ambiguous(const char *name, const struct mw_named *named, struct mw_buf *out);
/* The same to standard error, behind the command. */
void mw_named_complain(const char *command, const char *name, const struct mw_named *named);

#endif

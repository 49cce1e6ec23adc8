/* Removing a user or group, and what names it. */
#ifndef MW_CLI_DIRECTORY_NAMED_BY_H
#define MW_CLI_DIRECTORY_NAMED_BY_H

#include "directory/editing.h"

/* Takes the record `name`, which stands in `line` of editing->file, out of editing->text. Other lines that name it, in any
   source, are an error that names them all: a grant on it would be one on an address that nobody has, and sync refuses names
   of nobody. `force`: those of the same text are changed too, senders= of it alone to senders=nobody. EX_OK, or EX_DATAERR
   after lines. */
int mw_named_by(struct mw_editing *editing, struct mw_str name, unsigned line, bool force);

#endif

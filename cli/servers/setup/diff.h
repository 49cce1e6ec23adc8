/* A change of a file as a unified diff. */
#ifndef MW_CLI_SETUP_DIFF_H
#define MW_CLI_SETUP_DIFF_H

#include "file_diff.h"
#include "servers/files.h"

/* Appends the diff of the file that is there to what `staged` has, the new form. In the arena. False after one line. */
bool mw_change_diff(struct mw_arena *arena, const struct mw_change *change, const char *staged, struct mw_str *diff_io);

#endif

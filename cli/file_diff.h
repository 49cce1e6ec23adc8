/* Changes of files as unified diffs. */
#ifndef MW_CLI_FILE_DIFF_H
#define MW_CLI_FILE_DIFF_H

#include "base/arena.h"
#include "base/buf.h"

/* Appends the diff of two files to *diff_io, in the arena; `label` names the second. False after one line: there is none, or
   diff(1) is not there. */
bool mw_diff_files(struct mw_arena *arena, const char *before, const char *after, const char *label, struct mw_str *diff_io);
/* In colours, where the terminal has some. */
void mw_diff_print(struct mw_str diff, struct mw_buf *out);

#endif

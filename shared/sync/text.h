/* The text source (mailwicket-directory(5)): lines to records. */
#ifndef MW_SYNC_TEXT_H
#define MW_SYNC_TEXT_H

#include "sync/record.h"

#define MW_TEXT_LINE_MAX ((size_t)32 << 20) /* a group of a million members fits */

/* Adds what the text says to the records, and all that is wrong with it to their errors. */
void mw_text_read(struct mw_records *records, const char *name, struct mw_str text, struct mw_str default_domain);
/* The same for a file: a regular one, root's or the caller's, writable by its owner alone. */
void mw_text_read_file(struct mw_records *records, const char *path, struct mw_str default_domain);

#endif

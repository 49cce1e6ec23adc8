/* Tells when a file may have changed, also one that editors replace, or that is not there yet. */
#ifndef MW_SYNC_FILE_WATCH_H
#define MW_SYNC_FILE_WATCH_H

#include "base/buf.h"

struct mw_file_watch;

/* `path` is absolute and is copied. NULL with the reason in `why`: out of memory. Where the system has no watch to give
   (inotify(7) and its limits), or where the folder is not there, it knows by the file's times alone. */
struct mw_file_watch *mw_file_watch_open(struct mw_str path, struct mw_buf *why);
/* A descriptor for poll(2); -1: there is none. */
int mw_file_watch_fd(const struct mw_file_watch *watch);
/* Whether the file was written, replaced, made, removed or given other rights since it was opened or asked last. A file
   that somebody is writing has changed once it was closed, or was not written for some seconds. Does not wait. */
bool mw_file_watch_ask(struct mw_file_watch *watch);
void mw_file_watch_close(struct mw_file_watch *watch);

#endif

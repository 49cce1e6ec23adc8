/* Files that commands write: whole or not at all, and nowhere that others can lead root. Each prints one line where it
   fails. */
#ifndef MW_CLI_FILE_H
#define MW_CLI_FILE_H

#include <signal.h>
#include <sys/types.h>

#include "base/str.h"

/* Whether root may write there: nobody else can lead the path to another place (base/path.h). What is there may belong to
   anybody. `path` may be relative, and need not exist yet. True for any other caller, who has no rights but his own. */
bool mw_place_is_ours(const char *path);
/* The same without a line. */
bool mw_place_is_safe(const char *path);

/* All of the text to a descriptor. False, without a word: errno says why. */
bool mw_file_write(int fd, struct mw_str text);

/* A signal that comes between the two takes effect at the second, so that it leaves nothing half done. They may be nested. */
void mw_signals_hold(sigset_t *before_r);
void mw_signals_release(const sigset_t *before);

/* A file whole or not at all: written beside its place, synced, renamed. Neither an error nor a signal leaves what was beside;
   what a process left that was killed is removed by the next one. The access control list, and what else file_attributes.h
   names, is that of the file before. */
bool mw_file_put(const char *path, struct mw_str text, mode_t mode, uid_t uid, gid_t gid);

/* Prints why a file could not be replaced or removed, by errno: one that chattr(1) made immutable, or whose folder is, with
   what to do. */
void mw_file_complain_replace(const char *path);

#endif

/* Files that `mailwicket setup` changes: staged in a folder of their own, shown as a diff, put in place whole, backed up
   and put back. Every function prints one line where it fails. */
#ifndef MW_CLI_FILES_H
#define MW_CLI_FILES_H

#include <sys/types.h>

#include "base/arena.h"
#include "file.h"

struct mw_change {
	const char *path;   /* absolute */
	bool existed;
	struct mw_str before, after;
	mode_t mode;        /* of what is there; else 0644 and root's */
	uid_t uid;
	gid_t gid;
};

#define MW_CHANGES_MOST 6

struct mw_changes {
	struct mw_arena *arena;
	struct mw_change items[MW_CHANGES_MOST];
	size_t count;
};

/* Reads what is there and keeps the change where `after` differs from it. False: the file cannot be read. */
bool mw_changes_add(struct mw_changes *changes, const char *path, struct mw_str after);
/* The text of a file that exists; false, without a word, where it does not. */
bool mw_changes_read(struct mw_arena *arena, const char *path, struct mw_str *text_r, bool *exists_r);

/* A copy of `folder` below `stage`, the changed files in their new form, every other a symbolic link. */
bool mw_changes_stage(const struct mw_changes *changes, const char *folder, const char *stage);
/* Removes what mw_changes_stage() made, and `stage`. Follows no link. */
void mw_changes_unstage(const char *stage);

/* The file as it was before, or none. */
bool mw_change_undo(const struct mw_change *change);
/* All changes in place. Where one fails, those before it are taken back; as_before_r: whether that worked. */
bool mw_changes_apply(const struct mw_changes *changes, bool *as_before_r);

/* What is there before the changes, in a new folder below `folder`: the files and a manifest with their digests before and
   after. place_r: the new folder. */
bool mw_backup_write(const struct mw_changes *changes, const char *folder, const char **place_r);

enum mw_backup_result { MW_BACKUP_UNDONE, MW_BACKUP_NONE, MW_BACKUP_CHANGED, MW_BACKUP_FAILED };

/* Puts back what the last backup below `folder` has, byte for byte, and removes the backup. CHANGED: a file is neither as
   setup left it nor as it was, every one is named on standard error, and nothing was done. changes_r: the files. */
enum mw_backup_result mw_backup_undo(const char *folder, struct mw_changes *changes_r);

#endif

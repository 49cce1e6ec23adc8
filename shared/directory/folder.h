/* The folder of the published directory, for those who write into it. Private to directory/. */
#ifndef MW_DIRECTORY_FOLDER_H
#define MW_DIRECTORY_FOLDER_H

#include <sys/stat.h>

#include "base/errors.h"

#define MW_FOLDER_LOCK ".lock"      /* of who publishes */
#define MW_FOLDER_SOURCES "sources" /* the folder in it of the last good copies (sync/merge/copy.h) */

struct mw_folder {
	const char *path; /* owned by the caller */
	int fd;           /* -1: not open */
	int lock_fd;      /* -1: it holds no lock */
	struct stat stat;
	int error;        /* errno of the last failed system call; 0: something else failed */
};

/* All of these: false with errors, and with the errno in `folder->error`. */

/* Refuses a folder that others may write, and another user's where root cannot get that user's rights. make: makes it if only the last part of its path is missing. */
bool mw_folder_open(struct mw_folder *folder, const char *path, bool make, struct mw_errors *errors);
void mw_folder_close(struct mw_folder *folder);

/* A folder in that one, by the last part of its path; refuses what is neither its owner's nor root's, and what others
   may write. `folder` stays open as long. */
bool mw_folder_open_inner(struct mw_folder *inner, const struct mw_folder *folder, const char *path, bool make,
			  struct mw_errors *errors);
/* Opens a regular file in the folder for reading, with the same trust; -1 with why. */
int mw_folder_open_file(const struct mw_folder *folder, const char *path, struct stat *stat_r, struct mw_buf *why);

/* Root works in the folder of another user with the rights of that user: whatever stands there, links to other files among
   it, leads nowhere that the user could not get. Between the two calls nothing is opened that is root's. mw_publisher_open() and mw_publisher_publish() do it. */
void mw_folder_enter(const struct mw_folder *folder);
void mw_folder_leave(const struct mw_folder *folder);

/* Locks an open file, and waits for so many seconds where another process has it. False with errno. */
bool mw_folder_lock_open(int fd, unsigned seconds);
/* Locks a file of this name in it, against other processes too; `busy` says who has it. Waits for so many seconds.
   Call it where `folder` holds no lock; when it fails, it holds none. */
bool mw_folder_lock(struct mw_folder *folder, const char *name, unsigned seconds, const char *busy,
		    struct mw_errors *errors);

/* Removes the files whose names begin with this: leftovers of a writer that was killed. Call it with the lock. */
bool mw_folder_remove_leftovers(struct mw_folder *folder, const char *prefix, struct mw_errors *errors);

/* The descriptor of a new, empty file in the folder, for writing and reading; -1 with errno. Only the last part of
   the path is used. */
int mw_folder_make(const struct mw_folder *folder, const char *path);
/* 0, or -1 with errno. */
int mw_folder_remove(const struct mw_folder *folder, const char *path);

/* Gives a new file the group of the folder and its permission to read; false with errno. */
bool mw_folder_own(const struct mw_folder *folder, int fd);

/* Renames `temporary`, which is synced to disk, to `path`, and syncs the folder. Until that is done the old file is
   kept as `old` (a copy on a file system without hard links). All are paths. When it fails, the old file is still at
   `path`. */
bool mw_folder_take_over(struct mw_folder *folder, const char *temporary, const char *path, const char *old,
			 struct mw_errors *errors);

#endif

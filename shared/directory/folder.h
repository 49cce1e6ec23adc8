/* The folder of the published directory, as those see it who write into it. Private to directory/. */
#ifndef MW_DIRECTORY_FOLDER_H
#define MW_DIRECTORY_FOLDER_H

#include <sys/stat.h>

#include "base/errors.h"

struct mw_folder {
	const char *path; /* the caller's */
	int fd, lock_fd;  /* -1: not open */
	struct stat stat;
	int error;        /* errno of what failed last; 0: it was no system call */
};

/* All of these: false with errors, and with the errno in `folder->error`. */

/* Refuses a folder that others may write. make: makes it if only the last part of its path is missing. */
bool mw_folder_open(struct mw_folder *folder, const char *path, bool make, struct mw_errors *errors);
void mw_folder_close(struct mw_folder *folder);

/* Locks a file of this name in it, against other processes too; `busy` says who has it. Waits for so many seconds. */
bool mw_folder_lock(struct mw_folder *folder, const char *name, unsigned seconds, const char *busy,
		    struct mw_errors *errors);

/* Removes the files whose names begin so: what somebody left who held the lock and was killed. */
bool mw_folder_remove_leftovers(struct mw_folder *folder, const char *prefix, struct mw_errors *errors);

/* The descriptor of a new, empty file of the folder, to write and read; -1 with errno. A path whose last part counts. */
int mw_folder_make(const struct mw_folder *folder, const char *path);
/* 0, or -1 with errno. */
int mw_folder_remove(const struct mw_folder *folder, const char *path);

/* Makes a new file as readable as the folder, and its group the folder's; false with errno. */
bool mw_folder_own(const struct mw_folder *folder, int fd);

/* Renames `temporary`, which is synced to disk, to `path`, and syncs the folder. `old` is the name under which the file
   that was there is kept until that is done, as a copy on a file system without hard links. All paths; what fails leaves the old file. */
bool mw_folder_take_over(struct mw_folder *folder, const char *temporary, const char *path, const char *old,
			 struct mw_errors *errors);

#endif

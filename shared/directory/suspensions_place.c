/* SPDX-License-Identifier: MIT */
/* Where the list of suspensions is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "directory/snapshot.h"
#include "directory/suspensions.h"

bool mw_suspensions_place_init(struct mw_suspensions_place *place, const char *folder)
{
	size_t len = strlen(folder);

	*place = (struct mw_suspensions_place){ .path = NULL };
	while (len > 1 && folder[len - 1] == '/')
		len--;
	if (asprintf(&place->folder, "%.*s" MW_SUSPENSIONS_FOLDER, (int)len, folder) < 0)
		place->folder = NULL;
	if (asprintf(&place->path, "%.*s" MW_SUSPENSIONS_FOLDER "/" MW_SUSPENSIONS_NAME, (int)len, folder) < 0)
		place->path = NULL;
	if (asprintf(&place->old_path, "%.*s/" MW_SUSPENSIONS_NAME, (int)len, folder) < 0)
		place->old_path = NULL;
	place->old_folder = strndup(folder, len);
	return place->folder != NULL && place->path != NULL && place->old_folder != NULL && place->old_path != NULL;
}

void mw_suspensions_place_deinit(struct mw_suspensions_place *place)
{
	free(place->folder);
	free(place->path);
	free(place->old_folder);
	free(place->old_path);
	*place = (struct mw_suspensions_place){ .path = NULL };
}

/* What stands in a folder of another user counts only as long as it is root's: who owns the folder can put there what
   he likes. In a folder of root's anything counts, so that what is damaged opens no door. */
static bool counts(const struct mw_suspensions_place *place, const struct stat *st)
{
	struct stat folder;

	return st->st_uid == 0 || st->st_uid == geteuid() || lstat(place->old_folder, &folder) != 0 ||
	       folder.st_uid == 0 || folder.st_uid == geteuid();
}

const char *mw_suspensions_place_look(const struct mw_suspensions_place *place, struct stat *stat_r)
{
	if (lstat(place->path, stat_r) == 0)
		return place->path;
	if (errno == ENOENT && lstat(place->old_path, stat_r) == 0 && counts(place, stat_r))
		return place->old_path;
	/* It may have been moved that moment. */
	if (errno == ENOENT && lstat(place->path, stat_r) == 0)
		return place->path;
	memset(stat_r, 0, sizeof(*stat_r));
	return errno == ENOENT ? place->path : NULL;
}

bool mw_suspensions_place_is_doubtful(const struct mw_suspensions_place *place)
{
	struct stat st;

	return lstat(place->path, &st) != 0 && errno == ENOENT && lstat(place->old_path, &st) == 0 && !counts(place, &st);
}

/* As readable as the published directory. Made under another name: a folder that nobody but root may enter would leave
   readers without an answer. A folder that another process made meanwhile is not replaced, be it empty. */
static bool make(const struct mw_suspensions_place *place, const char *temporary)
{
	struct stat published;

	if (mkdir(temporary, 0700) != 0 && errno != EEXIST)
		return false;
	if (stat(place->old_folder, &published) != 0 || chown(temporary, (uid_t)-1, published.st_gid) != 0)
		published.st_mode = 0755;
	if (chmod(temporary, 0700 | (published.st_mode & 0055)) == 0 &&
	    renameat2(AT_FDCWD, temporary, AT_FDCWD, place->folder, RENAME_NOREPLACE) == 0)
		return true;
	rmdir(temporary);
	return false;
}

static bool sync_parent(const struct mw_suspensions_place *place)
{
	char *slash = strrchr(place->folder, '/');
	int fd;
	bool done;

	*slash = '\0';
	fd = open(slash == place->folder ? "/" : place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	done = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return done;
}

bool mw_suspensions_place_make(const struct mw_suspensions_place *place)
{
	char *temporary;
	bool done;
	int error;

	if (access(place->folder, F_OK) == 0)
		return true;
	if (asprintf(&temporary, "%s.new", place->folder) < 0)
		return false;
	done = make(place, temporary) && sync_parent(place);
	error = errno;
	/* A file system that cannot rename so. */
	if (!done && error == EINVAL)
		done = mkdir(place->folder, 0755) == 0 && chmod(place->folder, 0755) == 0 && sync_parent(place);
	free(temporary);
	errno = error;
	/* Somebody else was faster. */
	return done || access(place->folder, F_OK) == 0;
}

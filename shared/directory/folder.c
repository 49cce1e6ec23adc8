/* SPDX-License-Identifier: MIT */
#include "directory/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/fsuid.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "directory/snapshot.h"

#define LOCK_LOOKS_A_SECOND 50

static bool fail(struct mw_folder *folder, struct mw_errors *errors, const char *file, const char *text)
{
	folder->error = 0;
	mw_errors_add(errors, MW_ERROR, file, 0, 0, NULL, "%s", text);
	return false;
}

static bool fail_errno(struct mw_folder *folder, struct mw_errors *errors, const char *file, const char *doing,
		       const char *name)
{
	folder->error = errno;
	mw_errors_add(errors, MW_ERROR, file, 0, 0, NULL, "cannot %s%s: %s", doing, name, strerror(errno));
	return false;
}

/* All work in the folder goes by its descriptor: its path may lead elsewhere by now. */
static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool is_roots_guest(const struct mw_folder *folder)
{
	return geteuid() == 0 && folder->fd >= 0 && folder->stat.st_uid != 0;
}

/* Whether root gets the rights of the folder's owner: setfsuid(2) itself does not tell. */
static bool can_enter(struct mw_folder *folder, struct mw_errors *errors)
{
	bool can;

	mw_folder_enter(folder);
	can = (uid_t)setfsuid((uid_t)-1) == folder->stat.st_uid && (gid_t)setfsgid((gid_t)-1) == folder->stat.st_gid;
	mw_folder_leave(folder);
	return can || fail(folder, errors, folder->path,
			   "cannot work with the rights of the folder's owner (setfsuid): root lacks CAP_SETUID or CAP_SETGID here");
}

bool mw_folder_open(struct mw_folder *folder, const char *path, bool make, struct mw_errors *errors)
{
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);

	*folder = (struct mw_folder){ .path = path, .fd = -1, .lock_fd = -1 };
	if (make && mkdir(path, 0755) != 0 && errno != EEXIST)
		return fail_errno(folder, errors, path, "make the folder", "");
	if (!mw_snapshot_folder_is_fit(path, &why))
		return fail(folder, errors, path, text);
	folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder->fd < 0 || fstat(folder->fd, &folder->stat) != 0)
		return fail_errno(folder, errors, path, "open the folder", "");
	/* The owner of the folder above may have replaced it meanwhile. */
	if (!mw_snapshot_folder_stat_is_fit(path, &folder->stat, &why))
		return fail(folder, errors, path, text);
	return !is_roots_guest(folder) || can_enter(folder, errors);
}

/* What stands in a folder may be its owner's: who believes the folder believes that. */
static bool inner_is_fit(const struct mw_folder *folder, const char *path, const struct stat *st, struct mw_buf *why)
{
	struct stat judged = *st;

	if (judged.st_uid == folder->stat.st_uid)
		judged.st_uid = geteuid();
	return mw_snapshot_owner_is_fit(path, &judged, why);
}

bool mw_folder_open_inner(struct mw_folder *inner, const struct mw_folder *folder, const char *path, bool make,
			  struct mw_errors *errors)
{
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);

	*inner = (struct mw_folder){ .path = path, .fd = -1, .lock_fd = -1 };
	if (make && mkdirat(folder->fd, name_of(path), 0755) != 0 && errno != EEXIST)
		return fail_errno(inner, errors, path, "make the folder", "");
	inner->fd = openat(folder->fd, name_of(path), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner->fd < 0 || fstat(inner->fd, &inner->stat) != 0)
		return fail_errno(inner, errors, path, "open the folder", "");
	return inner_is_fit(folder, path, &inner->stat, &why) || fail(inner, errors, path, text);
}

int mw_folder_open_file(const struct mw_folder *folder, const char *path, struct stat *stat_r, struct mw_buf *why)
{
	int fd = openat(folder->fd, name_of(path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, stat_r) != 0)
		mw_buf_printf(why, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(stat_r->st_mode))
		mw_buf_printf(why, "%s is no regular file", path);
	else if (inner_is_fit(folder, path, stat_r, why))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void mw_folder_enter(const struct mw_folder *folder)
{
	if (!is_roots_guest(folder))
		return;
	setfsgid(folder->stat.st_gid);
	setfsuid(folder->stat.st_uid);
}

void mw_folder_leave(const struct mw_folder *folder)
{
	if (!is_roots_guest(folder))
		return;
	setfsuid(geteuid());
	setfsgid(getegid());
}

void mw_folder_close(struct mw_folder *folder)
{
	if (folder->lock_fd >= 0)
		close(folder->lock_fd);
	if (folder->fd >= 0)
		close(folder->fd);
	folder->fd = folder->lock_fd = -1;
}

int mw_folder_make(const struct mw_folder *folder, const char *path)
{
	return openat(folder->fd, name_of(path), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int mw_folder_remove(const struct mw_folder *folder, const char *path)
{
	return unlinkat(folder->fd, name_of(path), 0);
}

static bool rename_in(const struct mw_folder *folder, const char *from, const char *to)
{
	return renameat(folder->fd, name_of(from), folder->fd, name_of(to)) == 0;
}

bool mw_folder_lock_open(int fd, unsigned seconds)
{
	const int64_t end = mw_clock_milliseconds() + (int64_t)seconds * 1000;

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK || mw_clock_milliseconds() >= end)
			return false;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000000 / LOCK_LOOKS_A_SECOND }, NULL);
	}
	return true;
}

bool mw_folder_lock(struct mw_folder *folder, const char *name, unsigned seconds, const char *busy,
		    struct mw_errors *errors)
{
	folder->lock_fd = openat(folder->fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (folder->lock_fd < 0)
		return fail_errno(folder, errors, folder->path, "open its ", name);
	if (mw_folder_lock_open(folder->lock_fd, seconds))
		return true;
	if (errno == EWOULDBLOCK)
		fail(folder, errors, folder->path, busy);
	else
		fail_errno(folder, errors, folder->path, "lock its ", name);
	close(folder->lock_fd);
	folder->lock_fd = -1;
	return false;
}

bool mw_folder_remove_leftovers(struct mw_folder *folder, const char *prefix, struct mw_errors *errors)
{
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	bool done = true;

	if (dir == NULL) {
		fail_errno(folder, errors, folder->path, "read the folder", "");
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && unlinkat(folder->fd, entry->d_name, 0) != 0)
			done = fail_errno(folder, errors, folder->path, "remove a left-over file", "");
	}
	closedir(dir);
	return done;
}

bool mw_folder_own(const struct mw_folder *folder, int fd)
{
	/* Who may not give it that group leaves it, unless only that group reads here. */
	if (fchown(fd, (uid_t)-1, folder->stat.st_gid) != 0 &&
	    (errno != EPERM || (folder->stat.st_mode & 0044) == 0040))
		return false;
	return fchmod(fd, 0600 | (folder->stat.st_mode & 0044)) == 0;
}

static bool copy_octets(int from, int to)
{
	char chunk[65536];
	ssize_t got;

	while ((got = read(from, chunk, sizeof(chunk))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		for (ssize_t done = 0, put; done < got; done += put) {
			put = write(to, chunk + done, (size_t)(got - done));
			if (put < 0 && errno != EINTR)
				return false;
			put = put < 0 ? 0 : put;
		}
	}
	return fsync(to) == 0;
}

/* Copies a file. False with errno, and the copy is removed. */
static bool copy_file(const struct mw_folder *folder, const char *path, const char *copy)
{
	int from = openat(folder->fd, name_of(path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int to = -1, error = 0;

	if (from < 0)
		return false;
	to = mw_folder_make(folder, copy);
	if (to < 0 || !mw_folder_own(folder, to) || !copy_octets(from, to))
		error = errno;
	if (to >= 0 && close(to) != 0 && error == 0)
		error = errno;
	close(from);
	if (to >= 0 && error != 0)
		mw_folder_remove(folder, copy);
	errno = error;
	return error == 0;
}

/* Gives the file at `path` a second name `old`: a hard link, or a copy where links are not possible. *kept_r false:
   there was no file. */
static bool keep(const struct mw_folder *folder, const char *path, const char *old, bool *kept_r)
{
	*kept_r = linkat(folder->fd, name_of(path), folder->fd, name_of(old), 0) == 0;
	if (*kept_r || errno == ENOENT)
		return true;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
		return false;
	*kept_r = copy_file(folder, path, old);
	return *kept_r || errno == ENOENT;
}

/* Who may not read the old file (root left it in the folder of another user) keeps it under the name of the new one. */
static bool exchange(struct mw_folder *folder, const char *temporary, const char *path, struct mw_errors *errors)
{
	const char *from = name_of(temporary), *to = name_of(path);

	if (renameat2(folder->fd, from, folder->fd, to, RENAME_EXCHANGE) != 0)
		return fail_errno(folder, errors, path, "take the place of the old file", "");
	if (fsync(folder->fd) == 0)
		return true;
	fail_errno(folder, errors, folder->path, "sync the folder to disk", "");
	(void)renameat2(folder->fd, from, folder->fd, to, RENAME_EXCHANGE);
	return false;
}

bool mw_folder_take_over(struct mw_folder *folder, const char *temporary, const char *path, const char *old,
			 struct mw_errors *errors)
{
	bool kept;

	if (!keep(folder, path, old, &kept))
		return errno == EACCES ? exchange(folder, temporary, path, errors)
				       : fail_errno(folder, errors, path, "keep the old file", "");
	if (!rename_in(folder, temporary, path))
		return fail_errno(folder, errors, path, "rename the new file", "");
	if (fsync(folder->fd) == 0)
		return true;
	fail_errno(folder, errors, folder->path, "sync the folder to disk", "");
	if (kept && rename_in(folder, old, path))
		return false;
	if (!kept)
		mw_folder_remove(folder, path);
	return false;
}

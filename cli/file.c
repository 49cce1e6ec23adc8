/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/shell.h"
#include "file_attributes.h"
#include "ui/output.h"

static bool failed(const char *path)
{
	mw_complain("%s: %s", path, strerror(errno));
	return false;
}

bool mw_file_write(int fd, struct mw_str text)
{
	while (text.len > 0) {
		ssize_t put = write(fd, text.ptr, text.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		text = mw_str_tail(text, (size_t)put);
	}
	return true;
}

static void complain_of(const char *path, const struct mw_path_owner *owner)
{
	const struct passwd *user = owner->foreign ? getpwuid(owner->user) : NULL;

	if (owner->anybody)
		mw_complain("%s: its group or others may write it, so that root's write to %s could be redirected: "
			    "remove that permission, and run it again", owner->where, path);
	else if (owner->foreign && user != NULL)
		mw_complain("%s: belongs to user %s, so that root's write to %s could be redirected: run it as that user, "
			    "or give it to root", owner->where, user->pw_name, path);
	else if (owner->foreign)
		mw_complain("%s: belongs to user %u, so that root's write to %s could be redirected: give it to root",
			    owner->where, (unsigned)owner->user, path);
	else
		failed(path);
}

/* False with `owner_r`, or with errno where that names nobody. */
static bool look_at_place(const char *path, struct mw_path_owner *owner_r)
{
	char whole[PATH_MAX], here[PATH_MAX] = "";
	struct stat status;

	*owner_r = (struct mw_path_owner){ .user = 0 };
	if (geteuid() != 0)
		return true;
	if (path[0] != '/' && getcwd(here, sizeof(here) - 1) == NULL)
		return false;
	if ((size_t)snprintf(whole, sizeof(whole), "%s%s%s", here, path[0] != '/' ? "/" : "", path) >= sizeof(whole)) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (mw_path_is_ours(whole, 0, owner_r))
		return true;
	/* A file in a folder of root's is replaced there, whoever owns it. */
	return owner_r->foreign && lstat(owner_r->where, &status) == 0 && S_ISREG(status.st_mode);
}

bool mw_place_is_safe(const char *path)
{
	struct mw_path_owner owner;

	return look_at_place(path, &owner);
}

bool mw_place_is_ours(const char *path)
{
	struct mw_path_owner owner;
	bool safe = look_at_place(path, &owner);

	if (!safe)
		complain_of(path, &owner);
	return safe;
}

/* Where the name begins in a path. */
static size_t name_of(const char *path)
{
	size_t slash = mw_str_find_last(mw_str(path), '/');

	return path[slash] == '\0' ? 0 : slash + 1;
}

static void folder_of(const char *path, char folder_r[PATH_MAX])
{
	size_t name = name_of(path);

	snprintf(folder_r, PATH_MAX, "%.*s", name == 0 ? 1 : (int)name, name == 0 ? "." : path);
}

static bool sync_folder(const char *path)
{
	char folder[PATH_MAX];
	int fd;
	bool synced;

	folder_of(path, folder);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	synced = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return synced || failed(folder);
}

void mw_signals_hold(sigset_t *before_r)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, before_r);
}

void mw_signals_release(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

/* --- whole or not at all */

/* The file beside its place is locked by who writes it: one that nobody has locked was left by a killed process. */
#define BESIDE ".mailwicket-"
#define RANDOM "XXXXXX"

static bool is_left(const char *name, struct mw_str target)
{
	size_t begin = 1 + target.len + strlen(BESIDE);

	return name[0] == '.' && strncmp(name + 1, target.ptr, target.len) == 0 &&
	       strncmp(name + 1 + target.len, BESIDE, strlen(BESIDE)) == 0 && strlen(name + begin) == strlen(RANDOM);
}

static void remove_left(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(folder, name, 0);
	close(fd);
}

static void remove_leftovers(const char *target)
{
	struct mw_str name = mw_str(target + name_of(target));
	char folder[PATH_MAX];
	struct dirent *entry;
	DIR *listing;

	folder_of(target, folder);
	listing = opendir(folder);
	while (listing != NULL && (entry = readdir(listing)) != NULL)
		if (is_left(entry->d_name, name))
			remove_left(dirfd(listing), entry->d_name);
	if (listing != NULL)
		closedir(listing);
}

static int make_beside(const char *target, char beside_r[PATH_MAX])
{
	size_t name = name_of(target);
	int fd;

	if ((size_t)snprintf(beside_r, PATH_MAX, "%.*s.%s" BESIDE RANDOM, (int)name, target, target + name) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(beside_r, O_CLOEXEC);
	/* Where there are no locks nothing that is left is removed. */
	if (fd >= 0)
		(void)flock(fd, LOCK_EX | LOCK_NB);
	return fd;
}

void mw_file_complain_replace(const char *path)
{
	char folder[PATH_MAX], memory[4 * PATH_MAX];
	struct mw_buf operand = MW_BUF_OVER(memory);
	const char *immutable = path;

	folder_of(path, folder);
	if (!mw_file_is_immutable(path))
		immutable = mw_file_is_immutable(folder) ? folder : NULL;
	if (immutable != NULL)
		mw_shell_operand(&operand, mw_str(immutable));
	if (errno == EPERM && immutable != NULL)
		mw_complain("%s: %s is immutable or append-only (`lsattr -d %s` shows i or a): undo that with `chattr -ia %s`, "
			    "and run it again",
			    path, immutable == path ? "it" : "its folder", operand.data, operand.data);
	else
		failed(path);
}

bool mw_file_put(const char *path, struct mw_str text, mode_t mode, uid_t uid, gid_t gid)
{
	char beside[PATH_MAX];
	sigset_t before;
	bool put;
	int fd;

	/* A link stays one: what it points to is replaced. */
	char *place = realpath(path, NULL);
	const char *target = place != NULL ? place : path;

	mw_signals_hold(&before);
	remove_leftovers(target);
	fd = make_beside(target, beside);
	/* The mode last: before, a list that the folder gives opens nothing. */
	put = fd >= 0 && mw_file_write(fd, text) && fchown(fd, uid, gid) == 0 &&
	      mw_file_attributes_copy(target, fd) && fchmod(fd, mode) == 0 && fsync(fd) == 0 && rename(beside, target) == 0;
	if (!put)
		mw_file_complain_replace(target);
	if (fd >= 0 && !put)
		unlink(beside);
	mw_signals_release(&before);
	if (fd >= 0)
		close(fd);
	put = put && sync_folder(target);
	free(place);
	return put;
}

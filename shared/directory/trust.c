/* SPDX-License-Identifier: MIT */
/* Whose files are believed. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/path.h"
#include "directory/snapshot.h"

bool mw_snapshot_is_foreign(const struct stat *st)
{
	return st->st_uid != 0 && st->st_uid != geteuid();
}

static bool mode_is_fit(const char *path, const struct stat *st, struct mw_buf *why)
{
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return true;
	mw_buf_printf(why, "%s is writable by %s (mode %04o)", path,
		      (st->st_mode & S_IWOTH) != 0 ? "everybody" : "its group", (unsigned)(st->st_mode & 07777));
	return false;
}

bool mw_snapshot_owner_is_fit(const char *path, const struct stat *st, struct mw_buf *why)
{
	if (!mw_snapshot_is_foreign(st))
		return mode_is_fit(path, st, why);
	mw_buf_printf(why, "%s belongs to user %u, neither root nor the user that reads it", path, (unsigned)st->st_uid);
	return false;
}

/* All but the last part of a path. False: it has no folder of its own. */
static bool folder_of(const char *path, char *folder_r, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);

	return len > 0 && (size_t)snprintf(folder_r, size, "%.*s", (int)len, path) < size;
}

/* Nobody but root can put another folder in the place of this one. */
static bool parent_is_roots(const char *folder)
{
	struct mw_path_owner owner;
	char parent[PATH_MAX];
	struct stat st;

	return folder_of(folder, parent, sizeof(parent)) && mw_path_is_ours(parent, 0, &owner) && stat(parent, &st) == 0 &&
	       S_ISDIR(st.st_mode) && st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool mw_snapshot_folder_stat_is_fit(const char *folder, const struct stat *st, struct mw_buf *why)
{
	if (!mw_snapshot_is_foreign(st) || parent_is_roots(folder))
		return mode_is_fit(folder, st, why);
	mw_buf_printf(why, "%s belongs to user %u, neither root nor the user that reads it, and the folder above is not "
		      "root's alone", folder, (unsigned)st->st_uid);
	return false;
}

static bool is_folder(const char *folder, struct stat *st, struct mw_buf *why)
{
	if (lstat(folder, st) != 0)
		mw_buf_printf(why, "%s: %s", folder, strerror(errno));
	else if (S_ISLNK(st->st_mode))
		mw_buf_printf(why, "%s is a symbolic link", folder);
	else if (!S_ISDIR(st->st_mode))
		mw_buf_printf(why, "%s is no folder", folder);
	else
		return true;
	return false;
}

bool mw_snapshot_folder_is_fit(const char *folder, struct mw_buf *why)
{
	struct stat st;

	return is_folder(folder, &st, why) && mw_snapshot_folder_stat_is_fit(folder, &st, why);
}

bool mw_snapshot_folder_is_ours(const char *folder, struct mw_buf *why)
{
	struct stat st;

	return is_folder(folder, &st, why) && mw_snapshot_owner_is_fit(folder, &st, why);
}

static bool is_file(const char *path, const struct stat *st, struct mw_buf *why)
{
	if (S_ISLNK(st->st_mode))
		mw_buf_printf(why, "%s is a symbolic link", path);
	else if (!S_ISREG(st->st_mode))
		mw_buf_printf(why, "%s is no regular file", path);
	else
		return true;
	return false;
}

bool mw_snapshot_file_is_ours(const char *path, const struct stat *st, struct mw_buf *why)
{
	return is_file(path, st, why) && mw_snapshot_owner_is_fit(path, st, why);
}

bool mw_snapshot_file_is_fit(const char *path, const struct stat *st, struct mw_buf *why)
{
	char folder[PATH_MAX];
	struct stat above;

	if (!is_file(path, st, why))
		return false;
	if (mw_snapshot_is_foreign(st) && folder_of(path, folder, sizeof(folder)) && is_folder(folder, &above, why) &&
	    above.st_uid == st->st_uid && parent_is_roots(folder))
		return mode_is_fit(path, st, why);
	mw_buf_reset(why);
	return mw_snapshot_owner_is_fit(path, st, why);
}

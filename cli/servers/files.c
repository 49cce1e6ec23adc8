/* SPDX-License-Identifier: MIT */
#include "servers/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ui/output.h"

#define FILE_MOST ((off_t)1024 * 1024)
/* Postfix waits a second or two for a main.cf that was written just now. */
#define STAGED_BEFORE 60

static bool failed(const char *path)
{
	mw_complain("%s: %s", path, strerror(errno));
	return false;
}

bool mw_changes_read(struct mw_arena *arena, const char *path, struct mw_str *text_r, bool *exists_r)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *text;
	ssize_t got;

	*text_r = MW_STR_EMPTY;
	*exists_r = fd >= 0;
	if (fd < 0)
		return errno == ENOENT || failed(path);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > FILE_MOST) {
		close(fd);
		mw_complain("%s: is no regular file of at most 1 MB", path);
		return false;
	}
	text = mw_arena_alloc(arena, (size_t)status.st_size + 1);
	got = text != NULL ? read(fd, text, (size_t)status.st_size) : -1;
	close(fd);
	if (got != status.st_size)
		return failed(path);
	*text_r = (struct mw_str){ text, (size_t)got };
	return true;
}

bool mw_changes_add(struct mw_changes *changes, const char *path, struct mw_str after)
{
	struct mw_change *change = &changes->items[changes->count];
	struct stat status = { .st_mode = 0644 };

	*change = (struct mw_change){ .path = path, .after = after };
	if (!mw_changes_read(changes->arena, path, &change->before, &change->existed))
		return false;
	if (change->existed && stat(path, &status) < 0)
		return failed(path);
	change->mode = status.st_mode & 07777;
	change->uid = status.st_uid;
	change->gid = status.st_gid;
	if (!change->existed || !mw_str_equal(change->before, after))
		changes->count++;
	return true;
}

/* --- a staged copy */

static bool stage_file(const char *path, struct mw_str text)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_NOW }, { .tv_nsec = UTIME_NOW } };
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct stat status;
	bool written = fd >= 0 && mw_file_write(fd, text) && fstat(fd, &status) == 0;

	if (written) {
		times[1] = (struct timespec){ .tv_sec = status.st_mtim.tv_sec - STAGED_BEFORE };
		futimens(fd, times);
	}
	if (fd >= 0)
		close(fd);
	return written || failed(path);
}

static const struct mw_change *change_of(const struct mw_changes *changes, const char *path)
{
	for (size_t i = 0; i < changes->count; i++) {
		if (strcmp(changes->items[i].path, path) == 0)
			return &changes->items[i];
	}
	return NULL;
}

static bool has_change_below(const struct mw_changes *changes, const char *folder)
{
	size_t len = strlen(folder);

	for (size_t i = 0; i < changes->count; i++) {
		if (strncmp(changes->items[i].path, folder, len) == 0 && changes->items[i].path[len] == '/')
			return true;
	}
	return false;
}

static bool stage_entry(const struct mw_changes *changes, const char *path, const char *staged)
{
	if (has_change_below(changes, path))
		return mw_changes_stage(changes, path, staged);
	if (change_of(changes, path) != NULL)
		return true;
	return symlink(path, staged) == 0 || failed(staged);
}

static bool stage_entries(const struct mw_changes *changes, const char *folder, const char *stage)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;
	bool good = true;

	if (listing == NULL)
		return failed(folder);
	while (good && (entry = readdir(listing)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			good = stage_entry(changes, mw_arena_textf(changes->arena, "%s/%s", folder, entry->d_name),
					   mw_arena_textf(changes->arena, "%s/%s", stage, entry->d_name));
	}
	closedir(listing);
	return good;
}

bool mw_changes_stage(const struct mw_changes *changes, const char *folder, const char *stage)
{
	size_t len = strlen(folder);

	if (mkdir(stage, 0700) < 0)
		return failed(stage);
	if (!stage_entries(changes, folder, stage))
		return false;
	for (size_t i = 0; i < changes->count; i++) {
		const char *path = changes->items[i].path;

		if (strncmp(path, folder, len) == 0 && path[len] == '/' && strchr(path + len + 1, '/') == NULL &&
		    !stage_file(mw_arena_textf(changes->arena, "%s%s", stage, path + len), changes->items[i].after))
			return false;
	}
	return true;
}

void mw_changes_unstage(const char *stage)
{
	DIR *listing = opendir(stage);
	struct dirent *entry;

	while (listing != NULL && (entry = readdir(listing)) != NULL) {
		char path[4096];

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", stage, entry->d_name);
		if (unlink(path) < 0 && errno == EISDIR)
			mw_changes_unstage(path);
	}
	if (listing != NULL)
		closedir(listing);
	rmdir(stage);
}

/* --- in place */

bool mw_change_undo(const struct mw_change *change)
{
	if (change->existed)
		return mw_file_put(change->path, change->before, change->mode, change->uid, change->gid);
	if (unlink(change->path) == 0 || errno == ENOENT)
		return true;
	mw_file_complain_replace(change->path);
	return false;
}

static bool is_as_read(const struct mw_changes *changes, const struct mw_change *change)
{
	struct mw_str now;
	bool exists;

	if (!mw_changes_read(changes->arena, change->path, &now, &exists))
		return false;
	if (exists == change->existed && mw_str_equal(now, change->before))
		return true;
	mw_complain("%s: was changed by somebody else just now; nothing was changed", change->path);
	return false;
}

/* All of them, or as they were. */
static bool put_all(const struct mw_changes *changes, bool *as_before_r)
{
	size_t done = 0;

	while (done < changes->count &&
	       mw_file_put(changes->items[done].path, changes->items[done].after, changes->items[done].mode,
			   changes->items[done].uid, changes->items[done].gid))
		done++;
	if (done == changes->count)
		return true;
	for (size_t i = 0; i < done; i++)
		*as_before_r &= mw_change_undo(&changes->items[i]);
	return false;
}

bool mw_changes_apply(const struct mw_changes *changes, bool *as_before_r)
{
	sigset_t before;
	bool put;

	*as_before_r = true;
	for (size_t i = 0; i < changes->count; i++) {
		if (!is_as_read(changes, &changes->items[i]))
			return false;
	}
	mw_signals_hold(&before);
	put = put_all(changes, as_before_r);
	mw_signals_release(&before);
	return put;
}

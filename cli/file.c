/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
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

bool mw_place_is_ours(const char *path)
{
	char whole[PATH_MAX], here[PATH_MAX] = "";
	struct mw_path_owner owner;
	struct stat status;

	if (geteuid() != 0)
		return true;
	if ((path[0] != '/' && getcwd(here, sizeof(here) - 1) == NULL) ||
	    (size_t)snprintf(whole, sizeof(whole), "%s%s%s", here, path[0] != '/' ? "/" : "", path) >= sizeof(whole))
		return failed(path);
	if (mw_path_is_ours(whole, 0, &owner))
		return true;
	/* A file in a folder of root's is replaced there, whoever owns it. */
	if (owner.foreign && lstat(owner.where, &status) == 0 && S_ISREG(status.st_mode))
		return true;
	complain_of(path, &owner);
	return false;
}

static bool sync_folder(const char *path)
{
	char folder[4096];
	int fd;
	bool synced;

	snprintf(folder, sizeof(folder), "%.*s", (int)mw_str_find_last(mw_str(path), '/'), path);
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

bool mw_file_put(const char *path, struct mw_str text, mode_t mode, uid_t uid, gid_t gid)
{
	char beside[4096];
	sigset_t before;
	bool put;
	int fd;

	/* A link stays one: what it points to is replaced. */
	char *place = realpath(path, NULL);
	const char *target = place != NULL ? place : path;

	snprintf(beside, sizeof(beside), "%s.mailwicket-XXXXXX", target);
	mw_signals_hold(&before);
	fd = mkostemp(beside, O_CLOEXEC);
	put = fd >= 0 && mw_file_write(fd, text) && fchown(fd, uid, gid) == 0 && fchmod(fd, mode) == 0 && fsync(fd) == 0 &&
	      rename(beside, target) == 0;
	if (!put)
		failed(target);
	if (fd >= 0 && !put)
		unlink(beside);
	mw_signals_release(&before);
	if (fd >= 0)
		close(fd);
	put = put && sync_folder(target);
	free(place);
	return put;
}


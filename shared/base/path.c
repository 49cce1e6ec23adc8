/* SPDX-License-Identifier: MIT */
#include "base/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40

struct walk {
	char *done;           /* the part that was walked: absolute, without links; "" is the root */
	char rest[PATH_MAX];
	unsigned links;
};

/* Moves the next part of the path from `rest` to `done`. False at the end, and with errno where the path is too
   long. */
static bool next_part(struct walk *walk)
{
	size_t used = strlen(walk->done), skip = strspn(walk->rest, "/"), len = strcspn(walk->rest + skip, "/");
	const char *part = walk->rest + skip;

	errno = 0;
	if (len == 2 && strncmp(part, "..", 2) == 0) {
		*(used > 0 ? strrchr(walk->done, '/') : walk->done) = '\0';
	} else if (used + len + 2 > PATH_MAX) {
		errno = ENAMETOOLONG;
		return false;
	} else if (len > 0 && (len != 1 || part[0] != '.')) {
		walk->done[used] = '/';
		memcpy(walk->done + used + 1, part, len);
		walk->done[used + 1 + len] = '\0';
	}
	memmove(walk->rest, part + len, strlen(part + len) + 1);
	return len > 0;
}

static bool is_last(const struct walk *walk)
{
	return walk->rest[strspn(walk->rest, "/")] == '\0';
}

/* Replaces a link by its text. */
static bool follow(struct walk *walk)
{
	char text[PATH_MAX], rest[PATH_MAX];
	ssize_t len = readlink(walk->done, text, sizeof(text) - 1);

	if (len < 0 || ++walk->links > LINKS_MAX) {
		errno = len < 0 ? errno : ELOOP;
		return false;
	}
	text[len] = '\0';
	if ((size_t)snprintf(rest, sizeof(rest), "%s/%s", text, walk->rest) >= sizeof(rest)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(walk->rest, rest, sizeof(rest));
	*(text[0] == '/' ? walk->done : strrchr(walk->done, '/')) = '\0';
	return true;
}

static bool is_foreign(const struct stat *status, uid_t also)
{
	return status->st_uid != 0 && status->st_uid != also;
}

/* Whether another user can replace what is in the folder. */
static bool is_open(const struct stat *status)
{
	return S_ISDIR(status->st_mode) && (status->st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status->st_mode & S_ISVTX) == 0;
}

static bool look(struct walk *walk, uid_t also, struct mw_path_owner *owner)
{
	struct stat status;

	if (lstat(walk->done[0] != '\0' ? walk->done : "/", &status) != 0)
		return false;
	owner->foreign = is_foreign(&status, also);
	owner->user = owner->foreign ? status.st_uid : 0;
	owner->anybody = !owner->foreign && !is_last(walk) && is_open(&status);
	if (owner->foreign || owner->anybody)
		return false;
	return !S_ISLNK(status.st_mode) || follow(walk);
}

bool mw_path_is_ours(const char *path, uid_t also, struct mw_path_owner *owner_r)
{
	struct walk walk = { .done = owner_r->where };

	*owner_r = (struct mw_path_owner){ .user = 0 };
	if (path[0] != '/' || strlen(path) >= sizeof(walk.rest)) {
		errno = path[0] != '/' ? EINVAL : ENAMETOOLONG;
		return false;
	}
	memcpy(walk.rest, path, strlen(path) + 1);
	if (!look(&walk, also, owner_r))
		return false;
	while (next_part(&walk)) {
		if (!look(&walk, also, owner_r))
			return errno == ENOENT && !owner_r->foreign && !owner_r->anybody;
	}
	return errno == 0;
}

/* SPDX-License-Identifier: MIT */
#include "text_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "file.h"
#include "ui/output.h"

#define LOCK_SECONDS 60

/* While it is waited for. */
struct waiting {
	struct mw_text_lock *lock;
	const char *text;
	uid_t owner; /* of the text */
	int64_t end;
};

static int failed(const struct mw_text_lock *lock, const char *why)
{
	mw_complain("%s: %s", lock->path, why);
	return EX_CANTCREAT;
}

static const char *path_of(struct mw_arena *arena, const char *text)
{
	const char *slash = strrchr(text, '/');
	const char *name = slash != NULL ? slash + 1 : text;

	return mw_arena_textf(arena, "%.*s.%s.lock", (int)(name - text), text, name);
}

/* NFS locks only what is open for writing. In /tmp the kernel opens nobody else's file with O_CREAT. */
static int open_lock(struct mw_text_lock *lock)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

	do {
		lock->fd = open(lock->path, flags);
		if (lock->fd < 0 && errno == ENOENT)
			lock->fd = open(lock->path, flags | O_CREAT | O_EXCL, 0600);
	} while (lock->fd < 0 && errno == EEXIST);
	lock->why = lock->fd < 0 ? errno : 0;
	return lock->fd;
}

static void close_lock(struct mw_text_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
}

/* Whether the file is one of ours, and one that nobody else can open. `gone_r`: it was not, and is removed. */
static int look_at(const struct waiting *waiting, bool *gone_r)
{
	const struct mw_text_lock *lock = waiting->lock;
	struct stat status;

	*gone_r = false;
	if (fstat(lock->fd, &status) != 0)
		return failed(lock, strerror(errno));
	if (!S_ISREG(status.st_mode) || status.st_size > 0)
		return failed(lock, "is no lock of mailwicket's, which would be an empty file: move it away");
	if (status.st_uid != geteuid() && status.st_uid != waiting->owner) {
		/* Root has looked at the folder: only what lies in one that all may write can come again. */
		if (geteuid() != 0 || unlink(lock->path) != 0)
			return failed(lock, "belongs to another user than the text: remove it");
		*gone_r = true;
		return EX_OK;
	}
	if ((status.st_mode & 077) != 0 && fchmod(lock->fd, 0600) != 0)
		return failed(lock, strerror(errno));
	return EX_OK;
}

/* Whoever had it before has removed it. */
static bool is_the_file(const struct mw_text_lock *lock)
{
	struct stat open, named;

	return fstat(lock->fd, &open) == 0 && lstat(lock->path, &named) == 0 && named.st_ino == open.st_ino &&
	       named.st_dev == open.st_dev;
}

static bool is_over(const struct waiting *waiting)
{
	return (int64_t)mw_clock_seconds() > waiting->end;
}

static int wait_for(const struct waiting *waiting)
{
	const struct timespec pause = { .tv_nsec = 20000000 };

	while (flock(waiting->lock->fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return failed(waiting->lock, strerror(errno));
		if (is_over(waiting)) {
			mw_complain("%s: another process has had it locked for a minute (%s; /proc/locks); nothing was written",
				    waiting->text, waiting->lock->path);
			return EX_TEMPFAIL;
		}
		nanosleep(&pause, NULL);
	}
	return EX_OK;
}

int mw_text_lock_take(struct mw_text_lock *lock, struct mw_arena *arena, const char *path, uid_t owner)
{
	const struct waiting waiting = {
		.lock = lock, .text = path, .owner = owner, .end = (int64_t)mw_clock_seconds() + LOCK_SECONDS,
	};

	*lock = (struct mw_text_lock){ .path = path_of(arena, path), .fd = -1, .why = EPERM };
	/* What cannot be written needs no lock. */
	if (!mw_place_is_safe(path))
		return EX_OK;
	for (;;) {
		bool gone;
		int code;

		if (open_lock(lock) < 0)
			return EX_OK;
		code = look_at(&waiting, &gone);
		if (code == EX_OK && !gone)
			code = wait_for(&waiting);
		if (code == EX_OK && !gone && is_the_file(lock))
			return EX_OK;
		close_lock(lock);
		if (code == EX_OK && is_over(&waiting))
			code = failed(lock, "others remove and make it again and again");
		if (code != EX_OK)
			return code;
	}
}

bool mw_text_lock_is_held(const struct mw_text_lock *lock)
{
	if (lock->fd < 0)
		failed(lock, strerror(lock->why));
	return lock->fd >= 0;
}

void mw_text_lock_release(struct mw_text_lock *lock)
{
	/* Before others have it: they look whether it is there. */
	if (lock->fd >= 0)
		unlink(lock->path);
	close_lock(lock);
}

/* SPDX-License-Identifier: MIT */
#include "sync/file_watch.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define NO_FOLDER (-1)
/* Half a file may be a directory that can be read: who writes it closes it, or has nothing to write for so long. */
#define WRITING_SECONDS 5.0
/* Of the file, and of the folder itself. */
#define EVENTS (IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | \
		IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define FOLDER_IS_GONE (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)

struct mw_file_watch {
	int fd;     /* inotify's; -1: none */
	int folder; /* of the folder of the file: editors put a new file in the old one's place */
	struct stat seen; /* all zero: there was no file */
	bool changed;     /* and not told yet */
	double writing;   /* when somebody who has it open wrote last; 0: nobody does */
	char *path, *folder_path;
	const char *name; /* in path */
};

static void watch_folder(struct mw_file_watch *watch)
{
	if (watch->fd >= 0)
		watch->folder = inotify_add_watch(watch->fd, watch->folder_path, EVENTS);
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* Whether the name stands for another file, or the file has other times, than when this was called last. */
static bool looks_changed(struct mw_file_watch *watch)
{
	struct stat now, before = watch->seen;

	if (lstat(watch->path, &now) != 0)
		memset(&now, 0, sizeof(now));
	watch->seen = now;
	return now.st_dev != before.st_dev || now.st_ino != before.st_ino || now.st_size != before.st_size ||
		!same_time(now.st_mtim, before.st_mtim) || !same_time(now.st_ctim, before.st_ctim);
}

struct mw_file_watch *mw_file_watch_open(struct mw_str path, struct mw_buf *why)
{
	struct mw_file_watch *watch = calloc(1, sizeof(*watch));
	size_t slash = mw_str_find_last(path, '/');

	if (watch != NULL) {
		watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		watch->folder = NO_FOLDER;
		watch->path = strndup(path.ptr, path.len);
		watch->folder_path = strndup(path.ptr, slash > 0 ? slash : 1);
	}
	if (watch == NULL || watch->path == NULL || watch->folder_path == NULL) {
		mw_file_watch_close(watch);
		mw_buf_add_text(why, "out of memory");
		return NULL;
	}
	watch->name = watch->path + slash + 1;
	watch_folder(watch);
	looks_changed(watch);
	return watch;
}

int mw_file_watch_fd(const struct mw_file_watch *watch)
{
	return watch->fd;
}

static void take_event(struct mw_file_watch *watch, const struct inotify_event *event)
{
	if ((event->mask & IN_Q_OVERFLOW) != 0)
		watch->changed = true;
	if (event->len > 0 && strcmp(event->name, watch->name) == 0) {
		watch->changed = true;
		watch->writing = (event->mask & IN_MODIFY) != 0 ? mw_clock_seconds() : 0;
	}
	if ((event->mask & FOLDER_IS_GONE) != 0 && event->wd == watch->folder) {
		inotify_rm_watch(watch->fd, watch->folder);
		watch->folder = NO_FOLDER;
	}
}

/* Takes all events that wait. */
static void read_events(struct mw_file_watch *watch)
{
	char memory[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got;

	while (watch->fd >= 0 && (got = read(watch->fd, memory, sizeof(memory))) > 0) {
		const struct inotify_event *event;

		for (const char *at = memory; at < memory + got; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(const void *)at;
			take_event(watch, event);
		}
	}
}

bool mw_file_watch_ask(struct mw_file_watch *watch)
{
	bool changed;

	read_events(watch);
	if (watch->folder == NO_FOLDER)
		watch_folder(watch);
	if (looks_changed(watch))
		watch->changed = true;
	if (watch->writing > 0 && mw_clock_seconds() - watch->writing < WRITING_SECONDS)
		return false;
	changed = watch->changed;
	watch->changed = false;
	watch->writing = 0;
	return changed;
}

void mw_file_watch_close(struct mw_file_watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch->path);
	free(watch->folder_path);
	free(watch);
}

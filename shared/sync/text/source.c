/* SPDX-License-Identifier: MIT */
#include "sync/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/file_watch.h"
#include "sync/text/text.h"

#define FILE_MAX ((off_t)4 << 30)

struct text_source {
	struct mw_text_reader reader;
	char memory[]; /* the file */
};

static void add_error(struct mw_records *records, const char *path, const char *text)
{
	mw_errors_add(records->errors, MW_ERROR, path, 0, 0, NULL, "%s", text);
}

/* NULL when the file may be trusted. */
static const char *why_unfit(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "belongs to another user than root or the one who reads it";
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "is writable by group or others";
	if (st->st_size > FILE_MAX)
		return "is too large";
	return NULL;
}

static int open_file(struct mw_records *records, const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *why;

	if (fd < 0 || fstat(fd, st) != 0) {
		add_error(records, path, errno == ELOOP ? "is a symbolic link" : strerror(errno));
	} else {
		why = why_unfit(st);
		if (why == NULL)
			return fd;
		add_error(records, path, why);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool read_whole(int fd, char *memory, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(fd, memory + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			if (got == 0)
				errno = EAGAIN;
			return false;
		}
		done += (size_t)got;
	}
	return true;
}

static bool unchanged(int fd, const struct stat *before)
{
	struct stat now;

	return fstat(fd, &now) == 0 && now.st_size == before->st_size &&
		now.st_mtim.tv_sec == before->st_mtim.tv_sec && now.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

/* The whole file, as it was at one moment; NULL with an error. */
static struct text_source *read_file(struct mw_records *records, const char *path, int fd, const struct stat *st)
{
	size_t size = (size_t)st->st_size;
	struct text_source *text = malloc(sizeof(*text) + size);

	if (text == NULL)
		add_error(records, path, "out of memory");
	else if (!read_whole(fd, text->memory, size))
		add_error(records, path, errno == EAGAIN ? "was changed while it was read" : strerror(errno));
	else if (!unchanged(fd, st))
		add_error(records, path, "was changed while it was read");
	else
		return text;
	free(text);
	return NULL;
}

static void *text_open(struct mw_records *records, const struct mw_source *source, struct mw_str default_domain)
{
	const char *path = mw_arena_text(records->arena, source->path);
	struct stat st;
	int fd = open_file(records, path, &st);
	struct text_source *text = fd < 0 ? NULL : read_file(records, path, fd, &st);

	if (fd >= 0)
		close(fd);
	if (text != NULL)
		mw_text_begin(&text->reader, records, path, (struct mw_str){ text->memory, (size_t)st.st_size },
			      default_domain);
	return text;
}

static bool text_next(void *opened)
{
	struct text_source *text = opened;

	return mw_text_next_line(&text->reader);
}

static void text_close(void *opened)
{
	free(opened);
}

static void *text_watch_open(const struct mw_source *source, struct mw_buf *why)
{
	return mw_file_watch_open(source->path, why);
}

static int text_watch_fd(void *watch)
{
	return mw_file_watch_fd(watch);
}

static enum mw_source_change text_watch_ask(void *watch, struct mw_buf *why)
{
	(void)why;
	return mw_file_watch_ask(watch) ? MW_SOURCE_CHANGED : MW_SOURCE_SAME;
}

static void text_watch_close(void *watch)
{
	mw_file_watch_close(watch);
}

const struct mw_source_driver mw_source_text = {
	.name = "text",
	.whole = true,
	.open = text_open,
	.next = text_next,
	.close = text_close,
	.watch_open = text_watch_open,
	.watch_fd = text_watch_fd,
	.watch_ask = text_watch_ask,
	.watch_close = text_watch_close,
	.interval = 10,
};

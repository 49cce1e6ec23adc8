/* SPDX-License-Identifier: MIT */
#include "sync/sql/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* NULL when the file may be trusted. A group may read it: root's file for the group of mailwicket sync is one. A
   credential that systemd gives that user is the user's own; root works with it too, beside the service: whoever
   owns it can give another password, and no more. */
static const char *why_unfit(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid() && geteuid() != 0)
		return "belongs to another user than root or the one who reads it";
	if ((st->st_mode & (S_IWGRP | S_IRWXO)) != 0)
		return "may be read or written by others; chmod 0640";
	return NULL;
}

static bool read_line(int fd, const char *path, char *line, size_t size, struct mw_buf *why)
{
	size_t used = 0;
	ssize_t got;
	char *end;

	while (used < size && ((got = read(fd, line + used, size - used)) > 0 || (got < 0 && errno == EINTR)))
		used += got > 0 ? (size_t)got : 0;
	end = memchr(line, '\n', used);
	if (end == NULL && used == size) {
		mw_buf_printf(why, "password_file %s: its first line is too long", path);
		return false;
	}
	line[end == NULL ? used : (size_t)(end - line)] = '\0';
	if (end != NULL && end > line && end[-1] == '\r')
		end[-1] = '\0';
	if (line[0] == '\0')
		mw_buf_printf(why, "password_file %s: its first line is empty", path);
	return line[0] != '\0';
}

bool mw_sql_read_password(const char *path, char *password, size_t size, struct mw_buf *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *unfit;
	struct stat st;
	bool good = false;

	if (fd < 0 || fstat(fd, &st) != 0)
		mw_buf_printf(why, "password_file %s: %s", path, strerror(errno));
	else if ((unfit = why_unfit(&st)) != NULL)
		mw_buf_printf(why, "password_file %s %s", path, unfit);
	else
		good = read_line(fd, path, password, size, why);
	if (fd >= 0)
		close(fd);
	return good;
}

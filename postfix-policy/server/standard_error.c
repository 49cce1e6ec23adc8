/* SPDX-License-Identifier: MIT */
#include "standard_error.h"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

bool mw_standard_error_wait(int milliseconds)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&ready, 1, milliseconds) == 1 && (ready.revents & POLLOUT) != 0;
}

static size_t taken(ssize_t written)
{
	return written > 0 ? (size_t)written : 0;
}

/* As many lines as a pipe takes in one piece. */
static struct mw_str first_piece(struct mw_str lines)
{
	return mw_str_head(lines, mw_str_find_last(mw_str_head(lines, PIPE_BUF), '\n') + 1);
}

/* A pipe that has room takes a piece without waiting, and whole. */
static size_t write_pieces(struct mw_str lines)
{
	size_t all = 0, len, written;

	do {
		struct mw_str piece = first_piece(mw_str_tail(lines, all));

		len = piece.len;
		written = len > 0 && mw_standard_error_wait(0) ? taken(write(STDERR_FILENO, piece.ptr, len)) : 0;
		all += written;
	} while (written > 0 && written == len);
	return all;
}

size_t mw_standard_error_write(struct mw_str lines)
{
	struct stat file;

	if (fstat(STDERR_FILENO, &file) != 0)
		return 0;
	if (S_ISREG(file.st_mode))
		return taken(write(STDERR_FILENO, lines.ptr, lines.len));
	if (S_ISSOCK(file.st_mode))
		return taken(send(STDERR_FILENO, lines.ptr, lines.len, MSG_DONTWAIT | MSG_NOSIGNAL));
	return write_pieces(lines);
}

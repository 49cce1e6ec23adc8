/* SPDX-License-Identifier: MIT */
#include "sync/host.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"

bool mw_host_is_numeric(const char *host)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST };
	struct addrinfo *all;

	if (getaddrinfo(host, NULL, &hints, &all) != 0)
		return false;
	freeaddrinfo(all);
	return true;
}

/* In the process of its own: what getaddrinfo() returned goes into the pipe. */
static _Noreturn void answer(const char *host, int fd)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all;
	int error = getaddrinfo(host, NULL, &hints, &all);

	_exit(write(fd, &error, sizeof(error)) == (ssize_t)sizeof(error) ? 0 : 1);
}

/* False: nothing came in time, or the process ended without a word. */
static bool await(int fd, int *error_r)
{
	const int64_t deadline = mw_clock_milliseconds() + MW_HOST_SECONDS * 1000;
	int64_t left;

	while ((left = deadline - mw_clock_milliseconds()) > 0) {
		struct pollfd end = { .fd = fd, .events = POLLIN };
		int ready = poll(&end, 1, (int)left);

		if (ready > 0)
			return read(fd, error_r, sizeof(*error_r)) == (ssize_t)sizeof(*error_r);
		if (ready < 0 && errno != EINTR)
			return false;
	}
	return false;
}

static bool is_missing(int error)
{
	return error == EAI_NONAME || error == EAI_NODATA || error == EAI_ADDRFAMILY;
}

bool mw_host_is_known(const char *host, struct mw_buf *why)
{
	int ends[2], error = 0;
	pid_t process;
	bool answered;

	if (host[0] == '\0' || mw_host_is_numeric(host) || pipe2(ends, O_CLOEXEC) != 0)
		return true;
	process = mw_child_fork();
	if (process == 0)
		answer(host, ends[1]);
	close(ends[1]);
	answered = process < 0 || await(ends[0], &error);
	close(ends[0]);
	if (process > 0)
		mw_child_end(process);
	if (!answered)
		mw_buf_printf(why, "host \"%s\": no name server answers within %d s", host, MW_HOST_SECONDS);
	else if (is_missing(error))
		mw_buf_printf(why, "host \"%s\": there is no such host", host);
	else if (error != 0)
		mw_buf_printf(why, "host \"%s\": its name cannot be looked up: %s", host, gai_strerror(error));
	return answered && error == 0;
}

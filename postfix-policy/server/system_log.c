/* SPDX-License-Identifier: MIT */
#include "system_log.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syslog.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct {
	int fd; /* connected, or -1 */
	int facility, pid;
} state = { .fd = -1 };

static void leave(void)
{
	if (state.fd >= 0)
		close(state.fd);
	state.fd = -1;
}

static bool join(void)
{
	static const struct sockaddr_un log = { .sun_family = AF_UNIX, .sun_path = _PATH_LOG };

	if (state.fd >= 0)
		return true;
	state.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (state.fd >= 0 && connect(state.fd, (const struct sockaddr *)&log, sizeof(log)) == 0)
		return true;
	leave();
	return false;
}

void mw_system_log_open(int facility)
{
	state.facility = facility;
	state.pid = (int)getpid();
	leave();
	(void)join();
}

static size_t print_head(int level, char *memory, size_t size)
{
	time_t now = time(NULL);
	struct tm local;
	char when[32] = "";

	if (localtime_r(&now, &local) != NULL)
		(void)strftime(when, sizeof(when), "%b %e %T", &local);
	return (size_t)snprintf(memory, size, "<%d>%s mailwicketd[%d]: ", state.facility | level, when, state.pid);
}

bool mw_system_log_write(int level, struct mw_str line)
{
	char head[96];
	struct iovec parts[] = { { head, print_head(level, head, sizeof(head)) }, { (void *)(uintptr_t)line.ptr, line.len } };
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	/* A log that was restarted listens on another socket by now. */
	for (int i = 0; i < 2 && join(); i++) {
		if (sendmsg(state.fd, &message, MSG_NOSIGNAL) >= 0)
			return true;
		if (errno == EAGAIN || errno == ENOBUFS)
			return false;
		leave();
	}
	return false;
}

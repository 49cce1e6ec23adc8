/* SPDX-License-Identifier: MIT */
#include "system_log.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syslog.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define AT_ONCE 64 /* lines */

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

void mw_system_log_head(int level, struct mw_buf *line)
{
	time_t now = (time_t)mw_clock_date();
	struct tm local;
	char when[32] = "";

	if (localtime_r(&now, &local) != NULL)
		(void)strftime(when, sizeof(when), "%b %e %T", &local);
	mw_buf_printf(line, "<%d>%s mailwicketd[%d]: ", state.facility | level, when, state.pid);
}

/* The first ones, as many as one system call sends. Returns the octets of those that were taken; 0 with errno. */
static size_t send_first(struct mw_str lines)
{
	struct mmsghdr messages[AT_ONCE] = { 0 };
	struct iovec texts[AT_ONCE];
	unsigned count = 0;
	size_t octets = 0;
	int sent;

	while (count < AT_ONCE && lines.len > 0) {
		struct mw_str line = mw_str_head(lines, mw_str_find(lines, '\n'));

		texts[count] = (struct iovec){ (void *)(uintptr_t)line.ptr, line.len };
		messages[count].msg_hdr.msg_iov = &texts[count];
		messages[count].msg_hdr.msg_iovlen = 1;
		count++;
		lines = mw_str_tail(lines, line.len + 1);
	}
	sent = sendmmsg(state.fd, messages, count, MSG_NOSIGNAL);
	for (int i = 0; i < sent; i++)
		octets += texts[i].iov_len + 1;
	return octets;
}

size_t mw_system_log_write(struct mw_str lines)
{
	size_t taken = 0, octets;
	bool anew = false;

	while (taken < lines.len && join()) {
		octets = send_first(mw_str_tail(lines, taken));
		taken += octets;
		if (octets > 0)
			continue;
		if (anew || errno == EAGAIN || errno == ENOBUFS)
			break;
		/* A log that was restarted listens on another socket by now. */
		leave();
		anew = true;
	}
	return taken;
}

bool mw_system_log_wait(int milliseconds)
{
	struct pollfd ready = { .events = POLLOUT };

	if (!join())
		return false;
	ready.fd = state.fd;
	return poll(&ready, 1, milliseconds) == 1 && (ready.revents & POLLOUT) != 0;
}

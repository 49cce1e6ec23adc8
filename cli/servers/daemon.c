/* SPDX-License-Identifier: MIT */
#include "servers/daemon.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy/service.h"

#define SECONDS 5

static enum mw_daemon_answer hear(int fd, struct mw_daemon_status *status)
{
	char text[MW_DAEMON_STATUS_MOST];
	size_t used = 0;
	ssize_t got;

	do {
		got = recv(fd, text + used, sizeof(text) - used, 0);
		if (got > 0)
			used += (size_t)got;
	} while (used < sizeof(text) && (got > 0 || (got < 0 && errno == EINTR)));
	if (got != 0)
		return MW_DAEMON_SILENT;
	/* Nothing: it has looked at who asks. */
	if (used == 0)
		return MW_DAEMON_DENIED;
	return mw_daemon_status_read((struct mw_str){ text, used }, status) ? MW_DAEMON_TOLD : MW_DAEMON_SILENT;
}

enum mw_daemon_answer mw_daemon_ask_at(const char *path, struct mw_daemon_status *status_r)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = SECONDS };
	enum mw_daemon_answer answer;
	size_t len = strlen(path);
	int fd;

	memset(status_r, 0, sizeof(*status_r));
	if (len >= sizeof(address.sun_path))
		return MW_DAEMON_AWAY;
	memcpy(address.sun_path, path, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return MW_DAEMON_SILENT;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) == 0)
		answer = hear(fd, status_r);
	else
		answer = errno == EACCES || errno == EPERM ? MW_DAEMON_DENIED
			 : errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR ? MW_DAEMON_AWAY : MW_DAEMON_SILENT;
	close(fd);
	return answer;
}

enum mw_daemon_answer mw_daemon_ask(const struct mw_policy *policy, struct mw_daemon_status *status_r,
				    char path_r[MW_DAEMON_PATH_MOST])
{
	struct mw_buf path = mw_buf_over(path_r, MW_DAEMON_PATH_MOST);

	mw_service_status_path(policy, &path);
	if (!path.truncated)
		return mw_daemon_ask_at(path_r, status_r);
	memset(status_r, 0, sizeof(*status_r));
	return MW_DAEMON_AWAY;
}

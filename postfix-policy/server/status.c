/* SPDX-License-Identifier: MIT */
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mailwicket-config.h"
#include "bind.h"
#include "peer.h"
#include "policy/service.h"
#include "report/daemon_status.h"

struct mw_status {
	struct mw_watch watch; /* first: a watch is its status */
	struct mw_loop *loop;
	const struct mw_worlds *worlds;
	struct mw_bound bound;
};

static bool may_ask(int fd)
{
	uid_t user;
	pid_t process;

	return mw_peer_user(fd, &user, &process) && (user == 0 || user == geteuid());
}

/* Nobody waits for a slow reader: all of it fits into an empty socket, or is lost. */
static void answer(const struct mw_status *status, int fd)
{
	char memory[MW_DAEMON_STATUS_MOST];
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_daemon_status now;

	mw_worlds_status(status->worlds, &now);
	snprintf(now.version, sizeof(now.version), "%s", PACKAGE_VERSION);
	mw_daemon_status_write(&now, &out);
	if (!out.truncated)
		(void)!send(fd, memory, out.used, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void on_ready(struct mw_watch *watch)
{
	const struct mw_status *status = (const struct mw_status *)(const void *)watch;
	int fd = accept4(status->bound.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (may_ask(fd))
		answer(status, fd);
	close(fd);
}

struct mw_status *mw_status_new(struct mw_loop *loop, const struct mw_worlds *worlds)
{
	struct mw_status *status = calloc(1, sizeof(*status));
	char memory[sizeof(status->bound.name)];
	struct mw_buf name = MW_BUF_OVER(memory);
	int code;

	if (status == NULL)
		return NULL;
	status->loop = loop;
	status->worlds = worlds;
	mw_buf_add(&name, MW_BIND_UNIX);
	mw_service_status_path(worlds->current->policy, &name);
	if (name.truncated || !mw_bind_own(mw_buf_str(&name), &status->bound, &code)) {
		free(status);
		return NULL;
	}
	status->watch.ready = on_ready;
	mw_watch_set(loop, &status->watch, status->bound.fd, MW_READABLE);
	return status;
}

void mw_status_free(struct mw_status *status)
{
	if (status == NULL)
		return;
	mw_watch_set(status->loop, &status->watch, status->bound.fd, 0);
	mw_unbind(&status->bound);
	free(status);
}

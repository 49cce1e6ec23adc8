/* SPDX-License-Identifier: MIT */
/* The floor: reads to the empty line and answers, on one thread. floor unix:PATH; prints "ready" when it listens. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENTS 64 /* as libev asks for at first */

struct peer {
	int fd;
	size_t have;
	char input[8192];
};

static const char answer[] = "action=DUNNO\n\n";

static void serve(struct peer *peer)
{
	ssize_t got = recv(peer->fd, peer->input + peer->have, sizeof(peer->input) - peer->have, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		close(peer->fd);
		free(peer);
		return;
	}
	peer->have += (size_t)got;
	if (peer->have < 2 || memcmp(peer->input + peer->have - 2, "\n\n", 2) != 0)
		return;
	peer->have = 0;
	if (send(peer->fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0)
		perror("floor: send");
}

static void admit(int epoll, int listening)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };

	if (peer == NULL)
		exit(EXIT_FAILURE);
	peer->fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (peer->fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, peer->fd, &event) != 0)
		free(peer);
}

static int listen_on(const char *path)
{
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(own.sun_path, sizeof(own.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) != 0 || listen(fd, SOMAXCONN) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	return fd;
}

int main(int argc, char **argv)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), listening;
	struct epoll_event event = { .events = EPOLLIN }, events[EVENTS];
	struct rlimit files;

	if (argc != 2 || strncmp(argv[1], "unix:", 5) != 0) {
		fprintf(stderr, "usage: floor unix:PATH\n");
		return 64;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	listening = listen_on(argv[1] + 5);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &event);
	puts("ready");
	fflush(stdout);
	for (;;) {
		int ready = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < ready; i++) {
			if (events[i].data.ptr == NULL)
				admit(epoll, listening);
			else
				serve(events[i].data.ptr);
		}
	}
}

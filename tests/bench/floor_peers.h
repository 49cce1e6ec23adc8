/* What the floors share: one thread, epoll, a buffer for each peer. Before it is included INPUT is the buffer's size; behind
   it take() reads what came. */
#ifndef MW_BENCH_FLOOR_PEERS_H
#define MW_BENCH_FLOOR_PEERS_H

#include <errno.h>
#include <stdbool.h>
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
	unsigned char input[INPUT];
};

/* Answers, and takes away what it has read. False: the peer is gone. */
static bool take(struct peer *peer);

static void say(struct peer *peer, const void *octets, size_t len)
{
	if (send(peer->fd, octets, len, MSG_NOSIGNAL) < 0)
		perror("send");
}

static void serve(struct peer *peer)
{
	ssize_t got = recv(peer->fd, peer->input + peer->have, sizeof(peer->input) - peer->have, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		peer->have += (size_t)got;
		if (take(peer))
			return;
	}
	close(peer->fd);
	free(peer);
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

/* As a program: NAME unix:PATH; prints "ready" when it listens, and never returns. */
static int serve_at(int argc, char **argv)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), listening;
	struct epoll_event event = { .events = EPOLLIN }, events[EVENTS];
	struct rlimit files;

	if (argc != 2 || strncmp(argv[1], "unix:", 5) != 0) {
		fprintf(stderr, "usage: %s unix:PATH\n", argv[0]);
		return 64;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
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

#endif

/* SPDX-License-Identifier: MIT */
/* A milter that does nothing, on one thread: it negotiates what mailwicketd negotiates, and every message may pass.
   milter_floor unix:PATH; prints "ready" when it listens. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENTS 64
#define ACTIONS 0x101u
#define STEPS 0xff3dau /* as mailwicketd's: no HELO, RCPT, body, end of fields, unknown, DATA; and no answers but one */

struct peer {
	int fd;
	size_t have;
	unsigned char input[131072];
};

static const char *const lists[] = {
	"{client_addr} {client_port} {daemon_addr} {daemon_port}", "i",
	"{auth_authen} {auth_type} {tls_version} {cipher} {cipher_bits} {cert_subject}", "i", "i",
	"i {client_addr} {client_port} {daemon_addr} {daemon_port} {auth_authen} {auth_type}", "i",
};

static size_t put(unsigned char *at, uint32_t number)
{
	number = htonl(number);
	memcpy(at, &number, 4);
	return 4;
}

static void say(struct peer *peer, const void *octets, size_t len)
{
	if (send(peer->fd, octets, len, MSG_NOSIGNAL) < 0)
		perror("milter_floor: send");
}

static void negotiate(struct peer *peer)
{
	unsigned char answer[1024];
	size_t used = 5;

	answer[4] = 'O';
	used += put(answer + used, 6);
	used += put(answer + used, ACTIONS);
	used += put(answer + used, STEPS);
	for (uint32_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		used += put(answer + used, i);
		memcpy(answer + used, lists[i], strlen(lists[i]) + 1);
		used += strlen(lists[i]) + 1;
	}
	put(answer, (uint32_t)(used - 4));
	say(peer, answer, used);
}

/* False: the peer is gone. */
static bool take_packets(struct peer *peer)
{
	size_t at = 0;
	uint32_t len;

	while (peer->have - at >= 5) {
		memcpy(&len, peer->input + at, 4);
		len = ntohl(len);
		if (peer->have - at < 4 + (size_t)len)
			break;
		if (peer->input[at + 4] == 'O')
			negotiate(peer);
		else if (peer->input[at + 4] == 'E')
			say(peer, "\0\0\0\1c", 5);
		else if (peer->input[at + 4] == 'Q')
			return false;
		at += 4 + len;
	}
	memmove(peer->input, peer->input + at, peer->have - at);
	peer->have -= at;
	return true;
}

static void serve(struct peer *peer)
{
	ssize_t got = recv(peer->fd, peer->input + peer->have, sizeof(peer->input) - peer->have, 0);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		peer->have += (size_t)got;
		if (take_packets(peer))
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

int main(int argc, char **argv)
{
	struct sockaddr_un own = { .sun_family = AF_UNIX };
	struct rlimit files;
	int epoll = epoll_create1(EPOLL_CLOEXEC), listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct epoll_event event = { .events = EPOLLIN };

	if (argc != 2 || strncmp(argv[1], "unix:", 5) != 0) {
		fprintf(stderr, "usage: milter_floor unix:PATH\n");
		return EXIT_FAILURE;
	}
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	snprintf(own.sun_path, sizeof(own.sun_path), "%s", argv[1] + 5);
	unlink(own.sun_path);
	if (bind(listening, (struct sockaddr *)&own, sizeof(own)) != 0 || listen(listening, SOMAXCONN) != 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &event) != 0) {
		perror(argv[1]);
		return EXIT_FAILURE;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct epoll_event events[EVENTS];
		int count = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == NULL)
				admit(epoll, listening);
			else
				serve(events[i].data.ptr);
		}
	}
}

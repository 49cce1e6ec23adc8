/* SPDX-License-Identifier: MIT */
/* Logs in to an IMAP server over and over and says how many logins a second there were:
   login_load PORT LOGINS CONNECTIONS USER PASSWORD. No TLS: the less is done elsewhere, the more a login plugin
   shows. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256

struct session {
	int fd;
	bool asked;
	char text[4096];
	size_t used;
};

static struct sockaddr_in server = { .sin_family = AF_INET };
static char commands[512];
static struct session sessions[CONNECTIONS_MAX];

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	fprintf(stderr, "login_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void begin(struct session *session)
{
	session->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (session->fd < 0 || connect(session->fd, (struct sockaddr *)&server, sizeof(server)) != 0)
		fail("connect");
	session->asked = false;
	session->used = 0;
}

/* False once the server closed the connection. */
static bool receive(struct session *session)
{
	ssize_t got = read(session->fd, session->text + session->used, sizeof(session->text) - 1 - session->used);

	if (got < 0)
		fail("read");
	session->used += (size_t)got;
	session->text[session->used] = '\0';
	if (got > 0 && !session->asked && strchr(session->text, '\n') != NULL) {
		session->asked = true;
		if (write(session->fd, commands, strlen(commands)) != (ssize_t)strlen(commands))
			fail("write");
	}
	return got > 0;
}

static void end(struct session *session)
{
	if (strstr(session->text, "\na OK") == NULL) {
		fprintf(stderr, "login_load: no login: %s\n", session->text);
		exit(1);
	}
	close(session->fd);
	session->fd = -1;
}

static void run(unsigned long logins, nfds_t connections)
{
	struct pollfd fds[CONNECTIONS_MAX];
	unsigned long begun = 0, ended = 0;

	for (nfds_t i = 0; i < connections; i++, begun++)
		begin(&sessions[i]);
	while (ended < logins) {
		for (nfds_t i = 0; i < connections; i++)
			fds[i] = (struct pollfd){ .fd = sessions[i].fd, .events = POLLIN };
		if (poll(fds, connections, 20000) <= 0)
			fail("poll");
		for (nfds_t i = 0; i < connections; i++) {
			if (fds[i].fd < 0 || fds[i].revents == 0 || receive(&sessions[i]))
				continue;
			end(&sessions[i]);
			ended++;
			if (begun < logins) {
				begin(&sessions[i]);
				begun++;
			}
		}
	}
}

int main(int argc, char **argv)
{
	unsigned long logins, connections;
	double start;

	if (argc != 6)
		return 64;
	server.sin_port = htons((uint16_t)atoi(argv[1]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	logins = strtoul(argv[2], NULL, 10);
	connections = strtoul(argv[3], NULL, 10);
	if (connections == 0 || connections > CONNECTIONS_MAX || logins < connections)
		return 64;
	snprintf(commands, sizeof(commands), "a LOGIN %s %s\r\nb LOGOUT\r\n", argv[4], argv[5]);
	start = now();
	run(logins, connections);
	printf("%.1f\n", (double)logins / (now() - start));
	return 0;
}

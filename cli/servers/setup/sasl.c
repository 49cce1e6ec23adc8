/* SPDX-License-Identifier: MIT */
#include "servers/setup/sasl.h"

#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "servers/dovecot_sasl.h"

#define WAIT 2000 /* milliseconds, for a service of another host */

/* --- a service of another host, or of a container */

static int connect_to(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	int failed = 1;
	socklen_t len = sizeof(failed);

	if (fd < 0)
		return -1;
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0 ||
	    (poll(&ready, 1, WAIT) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &len) == 0 && failed == 0))
		return fd;
	close(fd);
	return -1;
}

/* Whether Dovecot's auth service is there: 2.3 speaks first, 2.4 once it is greeted. */
static bool greets(int fd)
{
	static const char hello[] = MW_DOVECOT_SASL_HELLO;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char greeting[8];

	return send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(hello) - 1 &&
	       poll(&ready, 1, WAIT) == 1 && recv(fd, greeting, sizeof(greeting), 0) == (ssize_t)sizeof(greeting) &&
	       memcmp(greeting, "VERSION\t", sizeof(greeting)) == 0;
}

static bool answers(struct mw_arena *arena, struct mw_str host, struct mw_str port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	bool any = false;

	if (mw_str_starts_with(host, MW_STR("[")) && host.len > 2)
		host = mw_str_head(mw_str_tail(host, 1), host.len - 2);
	if (getaddrinfo(mw_str_empty(host) ? NULL : mw_arena_text(arena, host), mw_arena_text(arena, port), &hints,
			&found) != 0)
		return false;
	for (const struct addrinfo *one = found; one != NULL && !any; one = one->ai_next) {
		int fd = connect_to(one);

		any = fd >= 0 && greets(fd);
		if (fd >= 0)
			close(fd);
	}
	freeaddrinfo(found);
	return any;
}

static bool inet_works(const struct mw_postfix_endpoint *endpoint, const struct mw_setup_sasl *sasl, struct mw_str path)
{
	struct mw_str place = mw_str_tail(path, sizeof("inet:") - 1);
	size_t colon = mw_str_find_last(place, ':');
	struct mw_str host = colon < place.len ? mw_str_head(place, colon) : MW_STR_EMPTY;
	struct mw_str port = colon < place.len ? mw_str_tail(place, colon + 1) : place;

	return sasl->dovecot == NULL || mw_dovecot_sasl_has_port(sasl->dovecot, port) ||
	       answers(endpoint->site->arena, host, port);
}

/* --- where Postfix asks */

bool mw_setup_sasl_works(const struct mw_postfix_endpoint *endpoint, const struct mw_setup_sasl *sasl)
{
	struct mw_str path = mw_endpoint_value(endpoint, "smtpd_sasl_path");

	if (!mw_endpoint_says(endpoint, "smtpd_sasl_type", "dovecot"))
		return false;
	if (mw_str_starts_with(path, MW_STR("inet:")))
		return inet_works(endpoint, sasl, path);
	if (sasl->dovecot == NULL)
		return mw_endpoint_is_written(endpoint, "smtpd_sasl_path");
	return mw_dovecot_sasl_listener(sasl->dovecot, mw_endpoint_sasl_socket(endpoint)) != NULL;
}

/* Dovecot's socket in Postfix's queue, if it has one. */
static const char *socket_of_dovecot(const struct mw_postfix_endpoint *endpoint, const struct mw_dovecot_site *dovecot)
{
	const char *below = mw_arena_textf(endpoint->site->arena, "%s/", endpoint->site->queue_directory);
	const struct mw_dovecot_node *listener = NULL;

	while ((listener = mw_dovecot_sasl_next(dovecot, listener)) != NULL) {
		struct mw_str path = mw_dovecot_sasl_path(dovecot, listener);

		if (mw_str_starts_with(path, mw_str(below)) && mw_dovecot_sasl_may(dovecot, listener, NULL))
			return mw_arena_text(endpoint->site->arena, mw_str_tail(path, strlen(below)));
	}
	return NULL;
}

const char *mw_setup_sasl_path(const struct mw_postfix_endpoint *endpoint, const struct mw_setup_sasl *sasl)
{
	const char *found = sasl->dovecot != NULL ? socket_of_dovecot(endpoint, sasl->dovecot) : NULL;
	struct mw_str path = mw_endpoint_value(endpoint, "smtpd_sasl_path");

	if (found != NULL)
		return found;
	/* Dovecot can be told to listen there. */
	if (sasl->adds_listener && mw_endpoint_says(endpoint, "smtpd_sasl_type", "dovecot") &&
	    mw_endpoint_is_written(endpoint, "smtpd_sasl_path") && !mw_str_starts_with(path, MW_STR("inet:")))
		return mw_arena_text(endpoint->site->arena, path);
	return "private/auth";
}

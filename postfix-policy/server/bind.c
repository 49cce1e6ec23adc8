/* SPDX-License-Identifier: MIT */
#include "bind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "log.h"
#include "peer.h"

#define INET MW_STR("inet:")

bool mw_bind_failed(int *status_r, int status, const char *name, const char *what, int error)
{
	*status_r = status;
	mw_log(MW_LOG_ERROR, "%s: %s%s%s", name, what, error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
	return false;
}

static void init(struct mw_bound *bound, struct mw_str name)
{
	memset(bound, 0, sizeof(*bound));
	bound->fd = -1;
	snprintf(bound->name, sizeof(bound->name), "%.*s", MW_STR_ARG(name));
}

static socklen_t inet_address(const struct mw_binding *binding, struct sockaddr_storage *address_r)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)address_r;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)address_r;
	bool any_four = binding->kind == MW_BINDING_ANY_IPV4;

	memset(address_r, 0, sizeof(*address_r));
	if (any_four || (binding->kind == MW_BINDING_ADDRESS && binding->ip.family == MW_FAMILY_IPV4)) {
		four->sin_family = AF_INET;
		four->sin_port = htons(binding->port);
		if (!any_four)
			memcpy(&four->sin_addr, binding->ip.bytes, 4);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(binding->port);
	if (binding->kind == MW_BINDING_ADDRESS)
		memcpy(&six->sin6_addr, binding->ip.bytes, 16);
	return sizeof(*six);
}

static bool bind_inet(struct mw_bound *bound, int *status_r)
{
	struct mw_binding binding;
	struct sockaddr_storage address;
	socklen_t len;
	const char *why;
	int on = 1, only_six;

	if (!mw_binding_parse(mw_str(bound->name + INET.len), &binding, &why))
		return mw_bind_failed(status_r, EX_CONFIG, bound->name, why, 0);
	len = inet_address(&binding, &address);
	bound->fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bound->fd < 0)
		return mw_bind_failed(status_r, EX_OSERR, bound->name, "cannot make a socket", errno);
	only_six = binding.kind != MW_BINDING_ANY;
	(void)setsockopt(bound->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address.ss_family == AF_INET6)
		(void)setsockopt(bound->fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_six, sizeof(only_six));
	if (bind(bound->fd, (const struct sockaddr *)&address, len) != 0)
		return mw_bind_failed(status_r, EX_UNAVAILABLE, bound->name, "cannot bind", errno);
	return true;
}

bool mw_bind_own(struct mw_str name, struct mw_bound *bound_r, int *status_r)
{
	return mw_bind(NULL, name, bound_r, status_r);
}

bool mw_bind(const struct mw_policy *policy, struct mw_str name, struct mw_bound *bound_r, int *status_r)
{
	bool fine;

	init(bound_r, name);
	if (mw_str_starts_with(name, MW_BIND_UNIX))
		fine = mw_bind_unix(policy, bound_r, status_r);
	else
		fine = bind_inet(bound_r, status_r);
	if (fine && listen(bound_r->fd, SOMAXCONN) != 0)
		fine = mw_bind_failed(status_r, EX_UNAVAILABLE, bound_r->name, "cannot listen", errno);
	if (!fine)
		mw_unbind(bound_r);
	return fine;
}

/* A passed socket may listen on another address than the policy names: it needs peers_networks just the same. */
static bool is_reached_by_strangers(const struct mw_policy *policy, int fd)
{
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);
	struct mw_ip ip;

	if (getsockname(fd, (struct sockaddr *)&own, &len) != 0 || own.ss_family == AF_UNIX)
		return false;
	ip = mw_peer_of(fd, &own).ip;
	return policy->policy_service.peers_networks.count == 0 && !mw_ip_is_loopback(&ip);
}

bool mw_bind_passed(const struct mw_policy *policy, int fd, struct mw_bound *bound_r, int *status_r)
{
	char name[32];
	int type = 0, listening = 0, flags = fcntl(fd, F_GETFL);
	socklen_t len = sizeof(int);

	snprintf(name, sizeof(name), "passed socket %d", fd);
	init(bound_r, mw_str(name));
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_STREAM ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 || listening == 0)
		return mw_bind_failed(status_r, EX_CONFIG, name, "it is no listening stream socket", 0);
	if (is_reached_by_strangers(policy, fd))
		return mw_bind_failed(status_r, EX_CONFIG, name, "it is reached from other hosts, and peers_networks of "
				      "policy_service does not name those that may ask", 0);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return mw_bind_failed(status_r, EX_OSERR, name, "cannot make it non-blocking", errno);
	bound_r->fd = fd;
	return true;
}

void mw_unbind(struct mw_bound *bound)
{
	/* Removes the path before the socket is closed: a client that connects in between is refused and tries
	   again, instead of waiting for nothing. */
	mw_unbind_unix(bound);
	if (bound->fd >= 0)
		close(bound->fd);
	bound->fd = -1;
	bound->remove = false;
}

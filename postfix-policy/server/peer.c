/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <netdb.h>
#include <netinet/in.h>

#include "log.h"

bool mw_peer_user(int fd, uid_t *user_r, pid_t *process_r)
{
	struct ucred credentials;
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);

	if (getsockname(fd, (struct sockaddr *)&own, &len) != 0 || own.ss_family != AF_UNIX)
		return false;
	len = sizeof(credentials);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) != 0)
		return false;
	*user_r = credentials.uid;
	*process_r = credentials.pid;
	return true;
}

struct mw_peer mw_peer_of(int fd, const struct sockaddr_storage *from)
{
	struct mw_peer peer = { .ip = { .family = MW_FAMILY_UNKNOWN } };

	if (from->ss_family == AF_INET)
		peer.ip = mw_ip_from_bytes(&((const struct sockaddr_in *)(const void *)from)->sin_addr, 4);
	else if (from->ss_family == AF_INET6)
		peer.ip = mw_ip_from_bytes(&((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, 16);
	else
		peer.is_user = mw_peer_user(fd, &peer.user, &peer.process);
	return peer;
}

void mw_peer_print(int fd, struct mw_buf *out)
{
	char host[64], port[8];
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	uid_t user;
	pid_t process;

	if (mw_peer_user(fd, &user, &process))
		mw_buf_printf(out, "process %d of user %u", (int)process, (unsigned)user);
	else if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.ss_family != AF_UNIX &&
		 getnameinfo((struct sockaddr *)&peer, len, host, sizeof(host), port, sizeof(port),
			     NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		mw_buf_printf(out, peer.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	else
		mw_buf_add_text(out, "an unknown peer");
}

void mw_peer_complain(int fd, const char *why)
{
	char memory[MW_PEER_MAX];
	struct mw_buf peer = MW_BUF_OVER(memory);

	mw_peer_print(fd, &peer);
	mw_log_fault("connection of %s closed: %s", peer.data, why);
}

/* SPDX-License-Identifier: MIT */
#include "bind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "log.h"
#include "mail/network.h"

#define UNIX MW_STR("unix:")
#define INET MW_STR("inet:")

static bool fail(int *status_r, int status, const char *name, const char *what, int error)
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

static const char *unix_path(const struct mw_bound *bound)
{
	return bound->name + UNIX.len;
}

/* Whether somebody accepts connections there. */
static bool is_served(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool served;

	if (fd < 0)
		return true;
	served = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno != ECONNREFUSED;
	close(fd);
	return served;
}

/* Only what a dead mailwicketd left is removed. */
static bool make_way(const struct mw_bound *bound, const struct sockaddr_un *address, int *status_r)
{
	struct stat st;

	if (lstat(address->sun_path, &st) != 0) {
		if (errno == ENOENT)
			return true;
		return fail(status_r, EX_OSERR, bound->name, "cannot look at it", errno);
	}
	if (!S_ISSOCK(st.st_mode))
		return fail(status_r, EX_CANTCREAT, bound->name, "there is something that is no socket", 0);
	if (is_served(address))
		return fail(status_r, EX_UNAVAILABLE, bound->name, "another process serves there", 0);
	if (unlink(address->sun_path) != 0)
		return fail(status_r, EX_CANTCREAT, bound->name, "cannot remove the old socket", errno);
	return true;
}

static bool set_access(const struct mw_policy *policy, const struct mw_bound *bound, int *status_r)
{
	char group_name[256];
	const struct group *group;

	snprintf(group_name, sizeof(group_name), "%.*s", MW_STR_ARG(policy->policy_service.socket_group));
	if (group_name[0] != '\0') {
		group = getgrnam(group_name);
		if (group == NULL) {
			mw_log(MW_LOG_ERROR, "%s: socket_group: there is no group %s", policy->file, group_name);
			*status_r = EX_CONFIG;
			return false;
		}
		if (bound->made.st_gid != group->gr_gid && chown(unix_path(bound), (uid_t)-1, group->gr_gid) != 0)
			return fail(status_r, EX_NOPERM, bound->name,
				    "cannot give it to socket_group (under systemd, set Group= of the unit to it)", errno);
	}
	if (chmod(unix_path(bound), policy->policy_service.socket_mode) != 0)
		return fail(status_r, EX_NOPERM, bound->name, "cannot set its mode", errno);
	return true;
}

static bool bind_unix(const struct mw_policy *policy, struct mw_bound *bound, int *status_r)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t before;
	int result;

	if (strlen(unix_path(bound)) >= sizeof(address.sun_path))
		return fail(status_r, EX_CONFIG, bound->name, "the path is too long", 0);
	memcpy(address.sun_path, unix_path(bound), strlen(unix_path(bound)) + 1);
	if (!make_way(bound, &address, status_r))
		return false;
	bound->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bound->fd < 0)
		return fail(status_r, EX_OSERR, bound->name, "cannot make a socket", errno);
	/* Nobody gets in between bind() and chmod(). */
	before = umask(0177);
	result = bind(bound->fd, (const struct sockaddr *)&address, sizeof(address));
	umask(before);
	if (result != 0 || lstat(unix_path(bound), &bound->made) != 0)
		return fail(status_r, EX_CANTCREAT, bound->name, "cannot bind", errno);
	bound->remove = true;
	return set_access(policy, bound, status_r);
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
		return fail(status_r, EX_CONFIG, bound->name, why, 0);
	len = inet_address(&binding, &address);
	bound->fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bound->fd < 0)
		return fail(status_r, EX_OSERR, bound->name, "cannot make a socket", errno);
	only_six = binding.kind != MW_BINDING_ANY;
	(void)setsockopt(bound->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address.ss_family == AF_INET6)
		(void)setsockopt(bound->fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_six, sizeof(only_six));
	if (bind(bound->fd, (const struct sockaddr *)&address, len) != 0)
		return fail(status_r, EX_UNAVAILABLE, bound->name, "cannot bind", errno);
	return true;
}

bool mw_bind(const struct mw_policy *policy, struct mw_str name, struct mw_bound *bound_r, int *status_r)
{
	bool fine;

	init(bound_r, name);
	if (mw_str_starts_with(name, UNIX))
		fine = bind_unix(policy, bound_r, status_r);
	else
		fine = bind_inet(bound_r, status_r);
	if (fine && listen(bound_r->fd, SOMAXCONN) != 0)
		fine = fail(status_r, EX_UNAVAILABLE, bound_r->name, "cannot listen", errno);
	if (!fine)
		mw_unbind(bound_r);
	return fine;
}

bool mw_bind_passed(int fd, struct mw_bound *bound_r, int *status_r)
{
	char name[32];
	int type = 0, listening = 0, flags = fcntl(fd, F_GETFL);
	socklen_t len = sizeof(int);

	snprintf(name, sizeof(name), "passed socket %d", fd);
	init(bound_r, mw_str(name));
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 || type != SOCK_STREAM ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 || listening == 0)
		return fail(status_r, EX_CONFIG, name, "it is no listening stream socket", 0);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return fail(status_r, EX_OSERR, name, "cannot make it non-blocking", errno);
	bound_r->fd = fd;
	return true;
}

void mw_unbind(struct mw_bound *bound)
{
	struct stat st;

	/* The path first: who still connects then is refused and tries again, instead of waiting in vain. */
	if (bound->remove && lstat(unix_path(bound), &st) == 0 && st.st_dev == bound->made.st_dev &&
	    st.st_ino == bound->made.st_ino)
		(void)unlink(unix_path(bound));
	if (bound->fd >= 0)
		close(bound->fd);
	bound->fd = -1;
	bound->remove = false;
}

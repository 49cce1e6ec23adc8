/* SPDX-License-Identifier: MIT */
#include "bind.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/path.h"
#include "identity.h"
#include "log.h"

/* The user and group that make the socket. */
struct maker {
	uid_t user;
	gid_t group;
	bool any_group; /* no socket_group in the policy */
	mode_t mode;
};

static const char *unix_path(const struct mw_bound *bound)
{
	return bound->name + MW_BIND_UNIX.len;
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

/* Only a socket that nobody serves is removed. */
static bool make_way(const struct mw_bound *bound, const struct sockaddr_un *address, int *status_r)
{
	struct stat st;

	if (lstat(address->sun_path, &st) != 0) {
		if (errno == ENOENT)
			return true;
		return mw_bind_failed(status_r, EX_OSERR, bound->name, "cannot look at it", errno);
	}
	if (!S_ISSOCK(st.st_mode))
		return mw_bind_failed(status_r, EX_CANTCREAT, bound->name, "there is something that is no socket", 0);
	if (is_served(address))
		return mw_bind_failed(status_r, EX_UNAVAILABLE, bound->name, "another process serves there", 0);
	if (unlink(address->sun_path) != 0)
		return mw_bind_failed(status_r, EX_CANTCREAT, bound->name, "cannot remove the old socket", errno);
	return true;
}

/* Goes by the descriptor: the path may lead to something else by now. */
static bool correct(const struct mw_bound *bound, int made, const struct maker *maker, int *status_r)
{
	char path[64];

	if (!maker->any_group && bound->made.st_gid != maker->group &&
	    fchownat(made, "", (uid_t)-1, maker->group, AT_EMPTY_PATH) != 0)
		return mw_bind_failed(status_r, EX_NOPERM, bound->name,
			"cannot give it to socket_group (under systemd, set Group= of the unit to it)", errno);
	/* chmod(2) by /proc/self/fd changes the file of the descriptor and follows no link. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", made);
	if ((bound->made.st_mode & 07777) != maker->mode && chmod(path, maker->mode) != 0)
		return mw_bind_failed(status_r, EX_NOPERM, bound->name, "cannot set its mode", errno);
	return true;
}

/* In a folder with the set-group-ID bit a new file gets the folder's group; only root can change that. */
static bool set_access(struct mw_bound *bound, const struct maker *maker, int *status_r)
{
	int made = open(unix_path(bound), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	bool good;

	if (made < 0 || fstat(made, &bound->made) != 0) {
		good = mw_bind_failed(status_r, EX_CANTCREAT, bound->name, "cannot look at it", errno);
	} else {
		/* One link only: the file cannot be another user's socket that was linked here. */
		bound->remove = S_ISSOCK(bound->made.st_mode) && bound->made.st_uid == geteuid() &&
				bound->made.st_nlink == 1;
		if (!bound->remove)
			good = mw_bind_failed(status_r, EX_CANTCREAT, bound->name, "it was replaced while it was made", 0);
		else
			good = correct(bound, made, maker, status_r);
	}
	if (made >= 0)
		close(made);
	return good;
}

/* A socket's file has the mode of its socket and the group of who makes it from the first moment on. */
static bool make(struct mw_bound *bound, const struct maker *maker, const struct sockaddr_un *address, int *status_r)
{
	mode_t before;
	int result;

	if (!make_way(bound, address, status_r))
		return false;
	bound->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bound->fd < 0)
		return mw_bind_failed(status_r, EX_OSERR, bound->name, "cannot make a socket", errno);
	(void)fchmod(bound->fd, maker->mode);
	before = umask(0777 & ~maker->mode);
	result = bind(bound->fd, (const struct sockaddr *)address, sizeof(*address));
	umask(before);
	if (result != 0)
		return mw_bind_failed(status_r, EX_CANTCREAT, bound->name, "cannot bind", errno);
	return set_access(bound, maker, status_r);
}

/* Where another user can change the folder, or the way to it, root makes the socket as that user. So a link that
   this user puts there leads root nowhere that the user could not go. */
static bool choose_user(const struct mw_bound *bound, uid_t *user_r, int *status_r)
{
	char folder[sizeof(bound->name)];
	struct mw_path_owner owner;
	char *slash;

	*user_r = geteuid();
	if (geteuid() != 0)
		return true;
	snprintf(folder, sizeof(folder), "%s", unix_path(bound));
	slash = strrchr(folder, '/');
	slash[slash == folder ? 1 : 0] = '\0';
	if (mw_path_is_ours(folder, 0, &owner))
		return true;
	if (owner.foreign) {
		*user_r = owner.user;
		return true;
	}
	if (!owner.anybody)
		return mw_bind_failed(status_r, EX_CANTCREAT, bound->name, "cannot look at its folder", errno);
	return mw_bind_failed(status_r, EX_NOPERM, bound->name,
			      "others can put another folder in the place of its own: chmod go-w, or +t, the folder above", 0);
}

static bool find_group(const struct mw_policy *policy, struct maker *maker, int *status_r)
{
	char name[256];
	const struct group *group;

	maker->group = getegid();
	maker->any_group = policy == NULL || mw_str_empty(policy->policy_service.socket_group);
	if (maker->any_group)
		return true;
	snprintf(name, sizeof(name), "%.*s", MW_STR_ARG(policy->policy_service.socket_group));
	group = getgrnam(name);
	if (group == NULL) {
		mw_log(MW_LOG_ERROR, "%s: socket_group: there is no group %s", policy->file, name);
		*status_r = EX_CONFIG;
		return false;
	}
	maker->group = group->gr_gid;
	return true;
}

bool mw_bind_unix(const struct mw_policy *policy, struct mw_bound *bound, int *status_r)
{
	struct maker maker = { .mode = policy != NULL ? (mode_t)policy->policy_service.socket_mode : 0600 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct mw_identity before;
	bool made;

	if (strlen(unix_path(bound)) >= sizeof(address.sun_path))
		return mw_bind_failed(status_r, EX_CONFIG, bound->name, "the path is too long", 0);
	memcpy(address.sun_path, unix_path(bound), strlen(unix_path(bound)) + 1);
	if (!find_group(policy, &maker, status_r) || !choose_user(bound, &maker.user, status_r))
		return false;
	if (!mw_identity_take(&before, maker.user, maker.group))
		return mw_bind_failed(status_r, EX_NOPERM, bound->name, "cannot act as who owns its folder", errno);
	made = make(bound, &maker, &address, status_r);
	mw_identity_return(&before);
	return made;
}

void mw_unbind_unix(struct mw_bound *bound)
{
	struct mw_identity before;
	struct stat st;
	uid_t user;
	int status;

	if (!bound->remove || !choose_user(bound, &user, &status) || !mw_identity_take(&before, user, getegid()))
		return;
	if (lstat(unix_path(bound), &st) == 0 && st.st_dev == bound->made.st_dev && st.st_ino == bound->made.st_ino)
		(void)unlink(unix_path(bound));
	mw_identity_return(&before);
	bound->remove = false;
}

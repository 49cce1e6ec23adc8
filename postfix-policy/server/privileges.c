/* SPDX-License-Identifier: MIT */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "log.h"

#define FILES_WANTED 65536
/* For the policy file, a snapshot's change, the log, the loop: a reload works while every connection is taken. */
#define FILES_RESERVED 24
#define CONNECTIONS_LEAST 8

size_t mw_privileges_limit(void)
{
	struct rlimit files;

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return CONNECTIONS_LEAST;
	if (files.rlim_cur < FILES_WANTED && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max < FILES_WANTED ? files.rlim_max : FILES_WANTED;
		if (setrlimit(RLIMIT_NOFILE, &files) != 0)
			(void)getrlimit(RLIMIT_NOFILE, &files);
	}
	if (files.rlim_cur > FILES_WANTED)
		files.rlim_cur = FILES_WANTED;
	if (files.rlim_cur < FILES_RESERVED + CONNECTIONS_LEAST)
		return CONNECTIONS_LEAST;
	return (size_t)files.rlim_cur - FILES_RESERVED;
}

bool mw_privileges_drop(const char *name)
{
	const struct passwd *user;

	if (geteuid() != 0)
		return true;
	user = getpwnam(name);
	if (user == NULL) {
		mw_log(MW_LOG_ERROR, "there is no user %s to run as: make one, or name another with -u", name);
		return false;
	}
	if (initgroups(user->pw_name, user->pw_gid) != 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0) {
		mw_log(MW_LOG_ERROR, "cannot switch to user %s: %s", name, strerror(errno));
		return false;
	}
	return true;
}

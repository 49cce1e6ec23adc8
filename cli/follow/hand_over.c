/* SPDX-License-Identifier: MIT */
#include "follow/hand_over.h"

#include <pwd.h>
#include <unistd.h>

#include "base/clock.h"
#include "directory/follower.h"
#include "setting.h"
#include "ui/output.h"

static int hand_over(const char *folder, uid_t user)
{
	struct mw_errors *errors = mw_errors_new(10);
	bool done;

	if (errors == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	/* First: what stays in that folder would be the user's to lift. */
	done = mw_suspensions_move(folder, mw_clock_date(), errors) && mw_follower_hand_over(folder, user, errors);
	mw_output_errors(errors);
	mw_errors_free(errors);
	return done ? EX_OK : EX_TEMPFAIL;
}

int mw_hand_over(const struct mw_cli *cli, const char *user)
{
	struct passwd *found = getpwnam(user);
	struct mw_policy *policy;
	int status = EX_CONFIG;

	if (geteuid() != 0) {
		mw_complain("--hand-over: only root can give a folder to another user");
		return EX_NOPERM;
	}
	if (found == NULL) {
		mw_complain("--hand-over: there is no user %s", user);
		return EX_NOUSER;
	}
	policy = mw_setting_policy(cli);
	if (policy != NULL)
		status = hand_over(mw_str_empty(policy->directory.path) ? "" : policy->directory.path.ptr, found->pw_uid);
	mw_policy_free(policy);
	return status;
}

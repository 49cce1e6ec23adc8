/* SPDX-License-Identifier: MIT */
#include "identity.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

void mw_identity_return(const struct mw_identity *before)
{
	int error = errno;

	if ((before->user != geteuid() && seteuid(before->user) != 0) ||
	    (before->group != getegid() && setegid(before->group) != 0) ||
	    (before->left_groups && setgroups((size_t)before->group_count, before->groups) != 0))
		abort();
	errno = error;
}

bool mw_identity_take(struct mw_identity *before_r, uid_t user, gid_t group)
{
	*before_r = (struct mw_identity){ .user = geteuid(), .group = getegid() };
	if (geteuid() != 0)
		return true;
	/* Where chown is not permitted, the group is set on each file later. */
	if (user == 0 && setegid(group) != 0)
		errno = 0;
	if (user == 0)
		return true;
	before_r->group_count = getgroups(MW_IDENTITY_GROUPS_MAX, before_r->groups);
	before_r->left_groups = before_r->group_count >= 0 && setgroups(0, NULL) == 0;
	if (before_r->left_groups && setegid(group) == 0 && seteuid(user) == 0)
		return true;
	mw_identity_return(before_r);
	return false;
}

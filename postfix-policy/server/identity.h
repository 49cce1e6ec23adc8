/* Acting as another user for a moment, where root has to change a folder that this user can change too. */
#ifndef MW_POSTFIX_IDENTITY_H
#define MW_POSTFIX_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MW_IDENTITY_GROUPS_MAX 256

struct mw_identity {
	bool left_groups;
	uid_t user;
	gid_t group, groups[MW_IDENTITY_GROUPS_MAX];
	int group_count;
};

/* Root becomes this user and group, and has no other group; files it makes belong to them. For user 0 it stays root, and
   what it makes has the group, where that can be. Does nothing where the process is not root. False with errno, and
   nothing is changed. */
bool mw_identity_take(struct mw_identity *before_r, uid_t user, gid_t group);
/* Ends that. Where this fails, the process ends. */
void mw_identity_return(const struct mw_identity *before);

#endif

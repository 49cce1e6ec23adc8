/* Which users can change what a path leads to. */
#ifndef MW_BASE_PATH_H
#define MW_BASE_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct mw_path_owner {
	uid_t user;           /* the first besides root and `also` who owns a folder or a link on the way, or what is there */
	bool foreign;         /* there is such a user, who can lead root to any other place by this path */
	bool anybody;         /* the group or others may replace a folder on the way */
	char where[PATH_MAX]; /* the folder or link that belongs to that user, or that others may write */
};

/* Walks an absolute path with the links in it. `also`: a user besides root who is trusted, mostly the caller; 0: none. A
   folder with the sticky bit may be written by others: what is in it and belongs to another stays. What does not exist
   yet ends the walk. True where nobody else can change what the path leads to; else *owner_r says who. The last part
   itself may be writable. False with errno ENOENT, ELOOP, ... and neither `foreign` nor `anybody` where the path cannot be
   walked. */
bool mw_path_is_ours(const char *path, uid_t also, struct mw_path_owner *owner_r);

#endif

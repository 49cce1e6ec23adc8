/* The process that follows the sources (`mailwicket sync --follow`), as others see it: it holds a lock in the folder of the
   published directory, and what it says of itself stands in the locked file. */
#ifndef MW_DIRECTORY_FOLLOWER_H
#define MW_DIRECTORY_FOLLOWER_H

#include <sys/types.h>

#include "base/errors.h"

/* Seconds without a sign of life after which it hangs. As WatchdogSec of mailwicket-sync.service: to ask one source that does
   not answer may take nearly as long. */
#define MW_FOLLOWER_SILENT_AFTER 300

struct mw_follower_state {
	int64_t process;   /* its id */
	int64_t alive;     /* when it gave a sign of life last */
	int64_t since;     /* when it started; this and the others: seconds since the epoch, 0: never */
	int64_t tried;     /* when it read the sources last, with or without success */
	int64_t good;      /* when it read them last without an error */
	int64_t failing;   /* since when they cannot be read; 0: they can */
	char policy[17];   /* the digest of the policy that it follows with, model.h */
	char error[512];   /* the first error of that */
};

/* The right to follow: one process for a folder. NULL with errors. */
struct mw_follower;
struct mw_follower *mw_follower_open(const char *folder, struct mw_errors *errors);
/* Says what it has to say; `alive` of the state is now, whatever stands there. */
void mw_follower_tell(struct mw_follower *follower, const struct mw_follower_state *state);
/* A sign of life. One that gives none for five minutes hangs (MW_FOLLOWER_SILENT_AFTER). Where something else stands in the
   place of what it holds, another folder for example, it takes the right to follow there and says what it has to say.
   False with errors: it could not, another follows there for example. It holds nothing then, what it has to say is
   left out, and the next sign of life tries again. */
bool mw_follower_alive(struct mw_follower *follower, const struct mw_follower_state *state, struct mw_errors *errors);
void mw_follower_close(struct mw_follower *follower); /* NULL is allowed */

/* Makes this user the owner of the folder and of what is in it; groups stay, and new files get that of the folder. Refused
   with the name of what Mailwicket did not write there, and where the folder is a third user's. In a folder that is the
   user's already, what root left there is mended. A list of suspensions in the old place is removed: call
   mw_suspensions_move() first. For root. False with errors. */
bool mw_follower_hand_over(const char *folder, uid_t user, struct mw_errors *errors);

enum mw_following {
	MW_FOLLOWING_NEVER,  /* none was ever started there, or the last one ended in order */
	MW_FOLLOWING,        /* one runs: *state_r is what it said last */
	MW_FOLLOWING_ENDED,  /* the last one was killed, or its machine was; *state_r is what it said last */
	MW_FOLLOWING_UNKNOWN /* only root and the follower's user can tell */
};
enum mw_following mw_follower_look(const char *folder, struct mw_follower_state *state_r);

#endif

/* The lock of a directory text: an empty file beside it, ".NAME.lock", that nobody but its owner and root can open. So who may
   only read the text, or nothing at all, can hold up nobody. It is there while a command has it; one that a killed command left
   is taken over. */
#ifndef MW_CLI_TEXT_LOCK_H
#define MW_CLI_TEXT_LOCK_H

#include <sys/types.h>

#include "base/arena.h"

struct mw_text_lock {
	const char *path; /* of the lock */
	int fd;           /* -1: it is not held */
	int why;          /* then: the errno for which it cannot be made; 0: it was never tried */
};

/* Locks the text at this path, which belongs to this user and is there; waits a minute at most. Where there can be no lock, as on
   a file system that is read only, or where root must write nothing, it is EX_OK all the same, and mw_text_lock_is_held() says
   why when something is to be written. EX_OK, or EX_TEMPFAIL or EX_CANTCREAT after a line. */
int mw_text_lock_take(struct mw_text_lock *lock, struct mw_arena *arena, const char *path, uid_t owner);
/* False after a line. */
bool mw_text_lock_is_held(const struct mw_text_lock *lock);
/* May be called of one that is not held. */
void mw_text_lock_release(struct mw_text_lock *lock);

#endif

/* What gives a right that was to be taken away. */
#ifndef MW_CLI_DIRECTORY_RIGHT_LEFT_H
#define MW_CLI_DIRECTORY_RIGHT_LEFT_H

#include "directory/editing.h"

enum mw_right_left {
	MW_RIGHT_LEFT_NOTHING,
	MW_RIGHT_LEFT_SOME,   /* the right, or a part of it */
	MW_RIGHT_LEFT_UNKNOWN /* sync would refuse the directory, or what it has cannot be read */
};

/* Asks the decision whether the trustee has the right of `grant` after the change on anything that it is about: the address, and
   all others of who has it; or any address of the domain or prefix that is not the trustee's own. Notes each grant, of any source,
   that gives it, or that the address is the trustee's own. */
enum mw_right_left mw_right_tell_left(struct mw_editing *editing, const struct mw_grant_record *grant);

#endif

/* What gives a right that was to be taken away. */
#ifndef MW_CLI_DIRECTORY_RIGHT_LEFT_H
#define MW_CLI_DIRECTORY_RIGHT_LEFT_H

#include "directory/editing.h"

/* Notes each grant, of any source, by which the trustee still has the right of `grant` after the change, or that the address is
   its own. False: nothing gives it. */
bool mw_right_tell_left(struct mw_editing *editing, const struct mw_grant_record *grant);

#endif

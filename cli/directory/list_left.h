/* What gives somebody what he was taken out of a list for. */
#ifndef MW_CLI_DIRECTORY_LIST_LEFT_H
#define MW_CLI_DIRECTORY_LIST_LEFT_H

#include "directory/values.h"

/* Notes by what a record of editing->after, of this name, still has what was taken out of one of its lists: another source, a group
   in the list, a wider network, the record's own name. False: nothing gives it. */
bool mw_list_tell_left(struct mw_editing *editing, struct mw_str name, const struct mw_values_taken *taken);

#endif

/* Values of a record's line: KEY=VALUE, KEY=, KEY+=VALUE, KEY-=VALUE. */
#ifndef MW_CLI_DIRECTORY_VALUES_H
#define MW_CLI_DIRECTORY_VALUES_H

#include "directory/editing.h"

/* A record in editing->text. */
struct mw_values_place {
	enum mw_principal_kind kind;
	unsigned line;
};

/* Makes one change. A list that admits what is in it alone (senders=, networks=) is neither begun by += nor emptied by -=:
   it would mean the opposite of what was asked. EX_OK, or EX_USAGE or EX_DATAERR after a line. */
int mw_values_change(struct mw_editing *editing, const struct mw_values_place *place, const char *change);
/* Takes an item out of a list, however it is written; false: the list has no such item. `last_r`: it is the only one, and
   stays. */
bool mw_values_remove(struct mw_editing *editing, const struct mw_values_place *place, const char *key,
		      struct mw_str item, bool *last_r);

#endif

/* Values of a record's line: KEY=VALUE, KEY=, KEY+=VALUE, KEY-=VALUE. */
#ifndef MW_CLI_DIRECTORY_VALUES_H
#define MW_CLI_DIRECTORY_VALUES_H

#include "directory/editing.h"
#include "sync/record/key.h"

/* What was taken out of a list. */
struct mw_values_taken {
	const struct mw_record_key *key;
	struct mw_str item; /* canonical; a network as it was written */
	const struct mw_values_taken *next;
};

/* A record in editing->text. */
struct mw_values_place {
	enum mw_principal_kind kind;
	unsigned line;
	const struct mw_values_taken *taken; /* by mw_values_change(); NULL: nobody was */
};

/* Whether a list has users and groups. */
bool mw_values_name_people(const struct mw_record_key *key);

/* Makes one change. A list that admits what is in it alone (senders=, networks=) is neither begun by += nor emptied by -=:
   it would mean the opposite of what was asked. -= takes every item out that means the same, and what is not there is an
   error. EX_OK, or EX_USAGE or EX_DATAERR after a line. */
int mw_values_change(struct mw_editing *editing, struct mw_values_place *place, const char *change);
/* Takes an item out of a list, however and how often it is written, and by any address of who is meant. How many there were;
   `last_r`: the list has no other, and stays. */
size_t mw_values_remove(struct mw_editing *editing, const struct mw_values_place *place, const struct mw_record_key *key,
			struct mw_str item, bool *last_r);

#endif

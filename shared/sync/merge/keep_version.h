/* The version that a bad record has in its source's last good copy. Private to keep.c. */
#ifndef MW_SYNC_KEEP_VERSION_H
#define MW_SYNC_KEEP_VERSION_H

#include "sync/merge/keep.h"
#include "sync/merge/names.h"

/* Makes `old`, its version in the copy, of a bad record, less what its readable part takes away. `taken`: names and addresses
   of the new records. */
void mw_keep_version(const struct mw_slice *slice, const struct mw_names *taken, struct mw_record *record,
		     const struct mw_record *old);
/* Leaves in the list what is not among `taken`. */
void mw_keep_drop_taken(struct mw_arena *arena, struct mw_strs *list, const struct mw_names *taken);

#endif

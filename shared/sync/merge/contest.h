/* Names that several records of one source claim: who had one in the last good copy keeps it. Private to keep.c. */
#ifndef MW_SYNC_CONTEST_H
#define MW_SYNC_CONTEST_H

#include "sync/merge/keep.h"
#include "sync/merge/names.h"

/* All zero before. The names that are claimed more than once, each with the number of its owner in the slice + 1. 0: none in
   the copy has it; MW_CONTEST_OPEN: several have, or one who has no right to it now. */
#define MW_CONTEST_OPEN UINT32_MAX
struct mw_contest { struct mw_names addresses, logins; };

/* An address that several records claim. */
void mw_contest_add(struct mw_contest *contest, struct mw_str address);
/* Finds the login names that several users claim. False when memory is out. */
bool mw_contest_find_logins(struct mw_contest *contest, const struct mw_slice *slice);
/* What `old`, a record of the copy, had and `now`, its new version (NULL: there is none), still claims, is its own. Returns
   how many of its addresses others claim, and it does not. */
size_t mw_contest_compare(struct mw_contest *contest, const struct mw_slice *slice, const struct mw_record *old,
			  const struct mw_record *now);
/* Adds to `names` those of users and groups whose own address is another's. */
void mw_contest_note(const struct mw_contest *contest, const struct mw_slice *slice, struct mw_names *names);
/* Takes each name that has an owner from all others. A user or group whose own address is another's is left out, and so is
   what its entry says of it (lost.h). False when memory is out. */
bool mw_contest_settle(struct mw_contest *contest, const struct mw_slice *slice);
/* Sets *failed_io where memory was out. */
void mw_contest_deinit(struct mw_contest *contest, bool *failed_io);

#endif

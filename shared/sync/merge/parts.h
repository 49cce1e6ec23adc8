/* Which kinds of records a source has, by `parts` of the policy. Private to sync/. */
#ifndef MW_SYNC_PARTS_H
#define MW_SYNC_PARTS_H

#include "sync/merge/keep.h"

/* Takes records and grants of other parts than these (MW_PART_..., policy/model.h) out of what was read of a source; each is
   a warning in `reports`. What means a record without a name goes with it. Fills in slice->disputed. */
void mw_parts_drop_others(struct mw_slice *slice, uint32_t parts, struct mw_errors *reports);

#endif

/* Users and groups of a source that are left out as another source has their name as an address. Private to merge/. */
#ifndef MW_SYNC_LEFT_OUT_H
#define MW_SYNC_LEFT_OUT_H

#include "sync/merge/names.h"
#include "sync/record/record.h"

/* What a source says by the name of one of its own that is left out is said of that one, and of nobody else: grants to it are
   left out with a report, and it is no member or sender; what a group's networks= and senders_denied= say holds for who has
   the name. `left_out`: number of the record. False when memory is out. */
bool mw_left_out_apply(struct mw_records *records, const struct mw_names *left_out);

#endif

/* Users and groups of a source that are left out as another source has their name. Private to merge/. */
#ifndef MW_SYNC_LEFT_OUT_H
#define MW_SYNC_LEFT_OUT_H

#include "sync/merge/names.h"
#include "sync/record/record.h"

/* All zero before. */
struct mw_left_out {
	struct mw_names names; /* of those that are left out; 1: another source has it as an address alone */
	struct mw_names owned; /* the same names, each with its source */
	bool failed;           /* out of memory */
};

/* `another`: nobody has the name as a name, so that whoever has it is somebody else. */
void mw_left_out_add(struct mw_left_out *left_out, struct mw_records *records, const struct mw_record *record, bool another);
/* What a source says by the name of one of its own that is left out: who may send as that one is left out with a report.
   Where somebody else has the name, so are grants to it, and it is no member or sender; what a group's networks= and
   senders_denied= say holds for who has the name. */
void mw_left_out_apply(struct mw_left_out *left_out, struct mw_records *records);
/* Sets *failed_io where memory was out. */
void mw_left_out_deinit(struct mw_left_out *left_out, bool *failed_io);

#endif

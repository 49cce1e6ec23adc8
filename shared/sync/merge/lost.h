/* Records that lost their name: what their source says by it is of them, and of nobody who has the name. Private to merge/. */
#ifndef MW_SYNC_LOST_H
#define MW_SYNC_LOST_H

#include "sync/record/record.h"

/* All zero before. */
struct mw_lost {
	struct mw_lost_name {
		struct mw_str before; /* the very memory of the record's name */
		struct mw_str now;    /* what the record is called; empty: it is left out */
		struct mw_origin origin;
	} *items;
	size_t count, size;
	bool failed; /* out of memory */
};

/* `record` has the name that it loses. */
void mw_lost_add(struct mw_lost *lost, const struct mw_record *record, struct mw_str now);
/* In the lists of the records from `first_item` on, and in the grants from `first_grant` on: what means one of those (it is
   the memory of its name, or the name in a grant that the record's own entry gave) gets its new name, or is left out. */
void mw_lost_apply(struct mw_lost *lost, struct mw_records *records, size_t first_item, size_t first_grant);
void mw_lost_deinit(struct mw_lost *lost);

#endif

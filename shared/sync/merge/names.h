/* A table from texts to numbers: names of records while sources are put together. For sync/, and for
   who makes a directory out of something else. */
#ifndef MW_SYNC_NAMES_H
#define MW_SYNC_NAMES_H

#include <stdint.h>

#include "base/str.h"

struct mw_names {
	struct mw_name { struct mw_str text; uint32_t value; } *items; /* the texts are the caller's */
	struct mw_name_slot *slots;
	size_t count, size, slot_count;
	bool failed; /* out of memory: nothing more is found */
};

/* The value of the text, 0 and *added_r where it was not there. Valid until the next call; NULL when memory is out. */
uint32_t *mw_names_add(struct mw_names *names, struct mw_str text, bool *added_r);
/* NULL: it is not there. */
uint32_t *mw_names_find(const struct mw_names *names, struct mw_str text);
/* Sets *failed_io where memory was out: what was found and not found counts for nothing. */
void mw_names_deinit(struct mw_names *names, bool *failed_io);

#endif

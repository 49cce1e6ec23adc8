/* networks= and the keys of one service: lists of ranges, each in its place of struct mw_record_networks (key->at). */
#ifndef MW_SYNC_KEY_NETWORKS_H
#define MW_SYNC_KEY_NETWORKS_H

#include "sync/record/key.h"

/* For the table of keys: its functions `read` and `write`. */
void mw_networks_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		      struct mw_str value);
void mw_networks_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record);

/* Leaves in `record` what is in the networks of both; those of the one where the other has none. */
void mw_networks_both(struct mw_arena *arena, struct mw_record *record, const struct mw_record *other);

#endif

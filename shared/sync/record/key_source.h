/* source_key=, the key that a source itself gives a user or group: who changes the name keeps it. */
#ifndef MW_SYNC_KEY_SOURCE_H
#define MW_SYNC_KEY_SOURCE_H

#include "sync/record/key.h"

#define MW_SOURCE_KEY_MAX 128

/* Whether its octets are those that a key is written in; another one of a directory is written in hex. */
bool mw_source_key_is_usual(struct mw_str value);

/* For the table of keys: its functions `read` and `write`. */
void mw_source_key_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
			struct mw_str value);
void mw_source_key_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record);

/* Behind the last record of a source, whose records are those from `first` on: who share a key are bad, since nobody can
   tell whose it is. False when memory is out. mw_source_read() calls it. */
bool mw_source_keys_end(struct mw_records *records, size_t first);

#endif

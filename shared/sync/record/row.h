/* Rows: what a driver hands over that reads no text. A row is a list of keys and values, never a line that is put together:
   values are data, of any octets. key.h reads them, as it reads those of directory text. */
#ifndef MW_SYNC_ROW_H
#define MW_SYNC_ROW_H

#include "sync/record/key.h"

/* An empty value of a list says nothing, as a key that is left out does. Keys match in any case. */
struct mw_column { struct mw_str key, value; };

/* A driver calls mw_reading_begin() for each query, with a name that messages show (source "people", users), then this for
   each row of its answer: it counts the row, adds what it says to the records, and what is wrong with it to their reports.
   A user or group: `name` and the keys of mailwicket-directory(5). A grant: kind, identity, trustee, and `until` where it has an end. The others: `name`,
   which may come before or after them, and one value, which is no list. */
void mw_row_read(struct mw_reading *reading, enum mw_row kind, const struct mw_column *values, size_t count);

/* False: the value has octets that no text may hold, control characters or no UTF-8, which makes the record a bad one. */
bool mw_row_is_text(struct mw_reading *reading, struct mw_str key, struct mw_str value);

/* Behind the last row of a source: gives each of its users and groups the values that had rows of their own, and none of
   another source's. False when memory is out. mw_source_read() calls it. */
bool mw_rows_end(struct mw_records *records);

/* Whether such a row has this key, and the keys: "name, address or login", those that it must have first. */
bool mw_row_has(enum mw_row kind, struct mw_str key);
bool mw_row_needs(enum mw_row kind, struct mw_str key);
void mw_row_print_keys(enum mw_row kind, struct mw_buf *out);

#endif

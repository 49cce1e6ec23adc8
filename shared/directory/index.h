/* A short way to what is asked most, in a snapshot beside its keys: which names there are, and where each principal's
   record lies. LMDB's way down its tree costs a thousand instructions a lookup and, in a large directory, several lines
   of memory that no cache of the processor holds. Private to directory/.

   The value of its key has a head, then buckets of one line of a processor's cache, then places. A name (its kind and
   text) stands in the bucket that its hash chooses, or in the next one that had room. It has the id of the principal where
   it is that principal's name, so that the record itself proves it; otherwise 0: LMDB knows. A place tells how far a
   record is from the first one's: LMDB gives addresses, and the file never changes. Nothing checks where it leads: that of
   a file which another user wrote is not used. */
#ifndef MW_DIRECTORY_INDEX_H
#define MW_DIRECTORY_INDEX_H

#include "directory/content.h"
#include "directory/schema.h"

/* Of its key. */
#define MW_INDEX_NAME MW_STR("index")

struct mw_index_bucket;

/* Points into a value. All zero: there is none, and LMDB has to be asked. */
struct mw_index {
	const struct mw_index_bucket *buckets;
	const int32_t *places; /* by id */
	uint64_t bucket_count;
	uint32_t principals;
	const char *first;     /* the record of id 1 */
};

/* The octets of its value. */
size_t mw_index_size(const struct mw_content *content);
/* Writes it into so many zero bytes, where they will be read: at this address, or at one that differs from it by
   multiples of MW_INDEX_ALIGNMENT. `record` gives the record of an id. False, and no index: a record is not there, or too
   far away. */
#define MW_INDEX_ALIGNMENT 64
bool mw_index_write(const struct mw_content *content, void *out,
		    const void *(*record)(void *context, uint32_t id), void *context);
/* `first`: the record of id 1. False for what is no index, or another release's. */
bool mw_index_read(struct mw_value value, const void *first, struct mw_index *index_r);

/* NONE: no such name. FOUND with 0: LMDB knows; with an id: it is that principal's, if its name is `text`, else LMDB
   knows. UNAVAILABLE: there is no index. */
enum mw_lookup mw_index_name(const struct mw_index *index, enum mw_key_kind kind, struct mw_str text, uint32_t *id_r);
/* The record of a principal. NULL: no principal has the id, or there is no index. */
const void *mw_index_record(const struct mw_index *index, uint32_t id);

#endif

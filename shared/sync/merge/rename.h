/* Whom a source renamed: by source_key, against its last good copy. Private to merge/. */
#ifndef MW_SYNC_RENAME_H
#define MW_SYNC_RENAME_H

#include "sync/merge/keep.h"
#include "sync/merge/names.h"

struct mw_renames {
	const struct mw_slice *slice;
	struct mw_names keys;  /* of the new records: number in the slice + 1; 0: of several */
	bool *renamed;         /* [number in the slice]: it has another name in the copy */
	uint64_t records;      /* of the copy */
	uint64_t found;        /* those of them that have another name now */
	uint64_t held;         /* those of these that were held already */
	uint64_t same, other;  /* whose name is still there, with a key then and now; those of these with another one */
	bool many;             /* so many have another name that they are gone until somebody lets them go */
	bool other_kind;       /* keys are of another kind than before */
	bool counts;           /* after the look at the whole copy: keys tell who is who */
	bool failed;           /* out of memory */
};

/* After `slice` was read. Zeroed memory before; mw_renames_end() leaves that, and sets *failed_io where memory was out. */
void mw_renames_begin(struct mw_renames *renames, const struct mw_slice *slice);
void mw_renames_end(struct mw_renames *renames, bool *failed_io);

/* Looks at a record of the copy; `now`: the new one of its name, or NULL. Before `counts` is known. */
void mw_renames_look(struct mw_renames *renames, const struct mw_record *old, const struct mw_record *now);
/* After the last: tells whether keys count. They do not where most names that stayed have another key now, so that keys of
   another kind are read than before; nor, until an administrator accepts it, where so many have another name as the guard
   would hold back (keep.h): that may be another database in the place of the one before. */
void mw_renames_judge(struct mw_renames *renames, uint64_t max_shrink, bool accepted);
/* Reports where keys do not count. `path`: of the copy. */
void mw_renames_tell(const struct mw_renames *renames, const char *path);

/* The new record of who is `old` in the copy, where that has another name; NULL: none, or keys do not count. */
struct mw_record *mw_renames_find(const struct mw_renames *renames, const struct mw_record *old);
/* The same, whatever its name is. */
struct mw_record *mw_renames_holder(const struct mw_renames *renames, const struct mw_record *old);
/* Whether `now`, the new record of `old`'s name, may be the same person: no key says otherwise. */
bool mw_renames_is_same(const struct mw_renames *renames, const struct mw_record *old, const struct mw_record *now);

/* Gives the new record the former names of `old`, which is the same person in the copy, and, where it is renamed, the name
   and the addresses that `old` had and nobody of `addresses` has. False when memory is out. */
bool mw_renames_give_formers(const struct mw_renames *renames, const struct mw_record *old, struct mw_record *record,
			     const struct mw_names *addresses);

/* 1 << its kind, before anything of it was held. */
unsigned mw_kind_before(const struct mw_record *old);

#endif

/* The pages of an LMDB file, held to its format, so that LMDB may read them whoever wrote them: it trusts what it finds.
   Private to directory/. */
#ifndef MW_DIRECTORY_PAGES_H
#define MW_DIRECTORY_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "directory/schema.h"

/* A value whose place is wanted. */
struct mw_pages_wanted {
	const struct mw_key *key;
	const void *found; /* in the memory; NULL: there is no such key */
	size_t size;
};

/* Whether the main table of the environment in this memory, which nobody changes, can be read without leaving it: both
   meta pages, and each page that its root leads to, with all entries in it and all that lies outside the page, by the
   format of LMDB 0.9 (mdb.c: MDB_meta, MDB_page, MDB_node). The order of the keys is not looked at: a wrong one gives wrong
   answers, no wrong access. *wanted are filled. False with what is wrong. */
bool mw_pages_check(const void *memory, size_t octets, struct mw_pages_wanted *wanted, size_t wanted_count,
		    const char **wrong_r);

#endif

/* The pages of an LMDB file, held to its format, so that LMDB may read them whoever wrote them: it trusts what it finds.
   Private to directory/. */
#ifndef MW_DIRECTORY_PAGES_H
#define MW_DIRECTORY_PAGES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the main table of the environment in this memory, which nobody changes, can be read without leaving it: both
   meta pages, and each page that its root leads to, with all entries in it, which lie beside each other, and all that lies
   outside the page, by the format of LMDB 0.9 (mdb.c: MDB_meta, MDB_page, MDB_node). All keys ascend, so that LMDB finds
   each of them. False with what is wrong. */
bool mw_pages_check(const void *memory, size_t octets, const char **wrong_r);

#endif

/* Drivers of the directory's sources. Each is one table of functions, named in policy/source_driver.def; how to add one is
   in CONTRIBUTING.md, the shortest is source_text.c. */
#ifndef MW_SYNC_SOURCE_H
#define MW_SYNC_SOURCE_H

#include "policy/model.h"
#include "sync/record.h"

#define MW_SOURCE_UNWATCHED (-1)

/* A driver adds to the records what it reads, and to their errors all that is wrong with it, each with where it stands
   (a file with line and column, a table with its row). With any error nothing is published: a source that could not be
   read to its end is one, never a shorter directory. Names are completed with default_domain. */
struct mw_source_driver {
	const char *name; /* the word of the policy's `driver` */
	/* Returns what the other functions are called with; NULL with an error in the records'. The records, the source and
	   default_domain outlive it. */
	void *(*open)(struct mw_records *records, const struct mw_source *source, struct mw_str default_domain);
	/* Reads one more: a line, a row, an entry. False: there is none, or it cannot go on (then with an error). */
	bool (*next)(void *opened);
	/* Frees what open() returned. */
	void (*close)(void *opened);
	/* A descriptor that becomes readable when the source may have changed, good until close(); MW_SOURCE_UNWATCHED
	   where there is none such: it is read when somebody asks. */
	int (*watch)(void *opened);
};

/* The driver of this word in any case; NULL: none is built in. */
const struct mw_source_driver *mw_source_driver_find(struct mw_str word);

/* Reads one source to its end. */
void mw_source_read(struct mw_records *records, const struct mw_source *source, struct mw_str default_domain);

/* All drivers that are built in. */
#define MW_SOURCE_DRIVER(word) extern const struct mw_source_driver mw_source_##word;
#define MW_SOURCE_DRIVER_ABSENT(word)
#include "policy/source_driver.def"
#undef MW_SOURCE_DRIVER
#undef MW_SOURCE_DRIVER_ABSENT

#endif

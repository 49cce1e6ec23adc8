/* Drivers of the directory's sources. Each is one table of functions, named in policy/source_driver.def; how to add one is
   in CONTRIBUTING.md, the shortest is text/source.c. */
#ifndef MW_SYNC_SOURCE_H
#define MW_SYNC_SOURCE_H

#include "mailwicket-config.h"

#include "base/buf.h"
#include "policy/model.h"
#include "sync/record/record.h"

#define MW_SOURCE_UNWATCHED (-1)

enum mw_source_change {
	MW_SOURCE_SAME,    /* nothing changed */
	MW_SOURCE_CHANGED, /* it may have changed: it is to be read */
	MW_SOURCE_LOST     /* the watch cannot tell any more, `why` has the reason: it is closed, and opened again later */
};

/* A driver adds to the records what it reads (text.h, row.h), and all that is wrong with it, each with where it stands (a file
   with line and column, a query with its row). Its errors are of two kinds (record.h): a record that is bad, and a source
   that could not be read to its end, which is never a shorter directory. Names are completed with default_domain. */
struct mw_source_driver {
	const char *name; /* the word of the policy's `driver` */
	/* Returns what the other functions are called with; NULL with an error in the records'. The records, the source and
	   default_domain outlive it. */
	void *(*open)(struct mw_records *records, const struct mw_source *source, struct mw_str default_domain);
	/* Reads one more: a line, a row, an entry. False: there is none, or it cannot go on (then with an error). */
	bool (*next)(void *opened);
	/* Frees what open() returned. */
	void (*close)(void *opened);
	/* The watch of a source, for `mailwicket sync --follow`: a thing of its own, open while the source is read many
	   times. A source is read after its watch was opened, so that no change falls between. All four NULL: the driver
	   cannot tell, and the source is read each interval. */
	/* NULL with the reason in `why`: it is tried again later. The source outlives it. */
	void *(*watch_open)(const struct mw_source *source, struct mw_buf *why);
	/* A descriptor that becomes readable when there is something to ask, for poll(2); it may be another one after each
	   call of watch_ask(). MW_SOURCE_UNWATCHED: there is none. */
	int (*watch_fd)(void *watch);
	/* Whether the source may have changed since the watch was opened or this was called last. Called when the descriptor
	   is readable, and each interval. It takes what is there to be read, and may wait for the source's answer no longer
	   than a few seconds. */
	enum mw_source_change (*watch_ask)(void *watch, struct mw_buf *why);
	void (*watch_close)(void *watch);
	bool whole; /* what is wrong with a record is an error of the whole sync; there is no last good copy */
	unsigned interval; /* seconds: how often the watch is asked, where the source's `interval` is not set */
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

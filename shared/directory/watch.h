/* What a process that reads the directory logs: that another snapshot serves, or, at once and then each minute,
   that the one that serves is old and why. The same words in mailwicketd and in Dovecot's auth process. */
#ifndef MW_DIRECTORY_WATCH_H
#define MW_DIRECTORY_WATCH_H

#include "base/buf.h"
#include "directory/directory.h"

#define MW_DIRECTORY_SAY_SECONDS 60

/* All zero before. */
struct mw_directory_watch {
	char error[512]; /* the last error that was logged; "": none */
	int64_t said;    /* when that was logged */
};

enum mw_directory_word {
	MW_DIRECTORY_QUIET,   /* nothing is to be logged */
	MW_DIRECTORY_TROUBLE, /* an error: `line_r` names the file, what is wrong with it, what serves and how old that is */
	MW_DIRECTORY_READ,    /* `line_r` says what serves from now on */
	MW_DIRECTORY_HEALED   /* the same, after MW_DIRECTORY_TROUBLE */
};

/* Call it after each mw_directory_refresh(), with its result. now: seconds since the epoch. The line has no
   newline. */
enum mw_directory_word mw_directory_watch(struct mw_directory_watch *watch, const struct mw_directory *directory,
					  enum mw_directory_change change, int64_t now, struct mw_buf *line_r);

/* Why it cannot be read, for a log: mw_directory_error(), and what to run where nothing is published. */
void mw_directory_print_error(const struct mw_directory *directory, struct mw_buf *out);

#endif

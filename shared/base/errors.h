/* What is wrong with an input, all of it: a bounded list of messages with their places.
   Every reader of a file takes one of these and goes on after an error as far as sense allows. */
#ifndef MW_BASE_ERRORS_H
#define MW_BASE_ERRORS_H

#include "base/buf.h"

enum mw_severity { MW_WARNING, MW_ERROR };

struct mw_error {
	enum mw_severity severity;
	const char *file;      /* as the administrator named it; "" when there is none */
	unsigned line;         /* from 1; 0: the whole file */
	unsigned column;       /* from 1; 0: the whole line */
	const char *text;      /* what is wrong: the thing and the value */
	const char *expected;  /* what would be right, or "" */
};

struct mw_errors;

/* Keeps the first `most` messages and counts the rest. NULL when memory is out. */
struct mw_errors *mw_errors_new(unsigned most);
void mw_errors_free(struct mw_errors *errors);

/* Copies everything it is given. `expected` may be NULL. */
void mw_errors_add(struct mw_errors *errors, enum mw_severity severity, const char *file, unsigned line,
		   unsigned column, const char *expected, const char *format, ...)
	__attribute__((format(printf, 7, 8)));

/* How many of this severity were added, those that were not kept included. */
unsigned mw_errors_count(const struct mw_errors *errors, enum mw_severity severity);
unsigned mw_errors_kept(const struct mw_errors *errors);
/* In order of file and line (stable) after mw_errors_sort(), else in order of arrival. Owned by `errors`. */
const struct mw_error *mw_errors_get(const struct mw_errors *errors, unsigned index);
void mw_errors_sort(struct mw_errors *errors);
/* "FILE:LINE:COLUMN: error: TEXT (expected EXPECTED)" without a newline; 0 parts are left out. */
void mw_error_print(const struct mw_error *error, struct mw_buf *out);

#endif

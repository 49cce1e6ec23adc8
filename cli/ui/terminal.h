/* What only a person at a terminal gets: colours, tables, a line that shows progress. */
#ifndef MW_CLI_TERMINAL_H
#define MW_CLI_TERMINAL_H

#include <stdio.h>

#include "base/buf.h"

enum mw_colour { MW_PLAIN, MW_GOOD, MW_DOUBTFUL, MW_BAD, MW_STRONG, MW_FAINT };

/* Whether colours go to standard output: it is a terminal that is not dumb, and NO_COLOR is not set (no-color.org). */
bool mw_terminal_has_colours(void);
/* Columns of the terminal on standard output; 0: it is none. */
unsigned mw_terminal_width(void);
/* The text in a colour; as it is where there are none. Bytes that could drive a terminal are escaped. */
void mw_coloured(struct mw_buf *out, enum mw_colour colour, struct mw_str text);

/* A table: on a terminal columns are aligned below a line of titles; elsewhere a row is a line of cells with a tab
   between them and no titles, for cut(1) and awk(1). Cells are copied. */
struct mw_grid;
/* titles: as many as there are columns. NULL: out of memory. */
struct mw_grid *mw_grid_new(const char *const *titles, size_t columns);
void mw_grid_free(struct mw_grid *grid); /* NULL is allowed */
/* The next cell, row by row; a row is complete after the last column. Out of memory shows in mw_grid_print(). */
void mw_grid_cell(struct mw_grid *grid, enum mw_colour colour, struct mw_str text);
void mw_grid_cellf(struct mw_grid *grid, enum mw_colour colour, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* False: out of memory when cells were added. */
bool mw_grid_print(const struct mw_grid *grid, struct mw_buf *out);

/* One line on standard error that is drawn again ten times a second at the most; nothing where that is no terminal. */
struct mw_progress {
	const char *what;
	uint64_t whole; /* 0: not known */
	int64_t drawn;  /* monotonic milliseconds; 0: never */
};
void mw_progress_show(struct mw_progress *progress, uint64_t done);
void mw_progress_clear(struct mw_progress *progress);

#endif

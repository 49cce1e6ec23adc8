/* A file that Export-Csv wrote: rows of text under named columns. All that is read is kept in the arena. */
#ifndef MW_CLI_IMPORT_EXCHANGE_TABLE_H
#define MW_CLI_IMPORT_EXCHANGE_TABLE_H

#include "base/arena.h"
#include "base/errors.h"
#include "policy/model.h"

struct mw_csv_row {
	unsigned line; /* where it begins in the file, from 1 on: a cell in quotes may have line breaks */
	const struct mw_str *cells; /* as many as there are columns; UTF-8 without NUL */
};

struct mw_csv {
	const char *name; /* as messages show it */
	struct mw_strs columns; /* each name once, in any case */
	const struct mw_csv_row *rows;
	size_t row_count;
	bool ascii; /* every octet of the file is: it may be one in which other letters were lost */
};

#define MW_CSV_COLUMNS_MOST 1000

/* Reads the octets of a file: UTF-8 with or without a byte order mark, UTF-16 of either order, with one or known by its
   zero octets; "," ";" or a tab between cells, whichever the first row has most; a first line "#TYPE ...", as Windows
   PowerShell writes it, "sep=;", as Excel does, and empty lines are passed over. A file without a header, as Export-Csv makes it of nothing, has
   no columns and no rows. False with errors, all with their line: no text in these encodings, a quote that does not end
   or stands inside of an unquoted cell (RFC 4180), a row of another length than the header, two columns of one name. */
bool mw_csv_read(struct mw_arena *arena, const char *name, struct mw_str octets, struct mw_errors *errors,
		 struct mw_csv *csv_r);

/* The column of this name, in any case; columns.count: there is none. */
size_t mw_csv_column(const struct mw_csv *csv, struct mw_str name);
/* What a row has there; empty where there is no such column. */
struct mw_str mw_csv_cell(const struct mw_csv *csv, const struct mw_csv_row *row, const char *column);

#endif

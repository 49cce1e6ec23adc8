/* What becomes of each property of Exchange: the rows of property.def, and policy/exchange.def for receive connectors. */
#ifndef MW_CLI_IMPORT_EXCHANGE_PROPERTY_H
#define MW_CLI_IMPORT_EXCHANGE_PROPERTY_H

#include "base/buf.h"

enum mw_exchange_file {
#define MW_EXCHANGE_FILE(id, name, command, needed) MW_EXCHANGE_##id,
#include "import/exchange/property.def"
	MW_EXCHANGE_FILE_COUNT
};

struct mw_exchange_file_row {
	const char *name;    /* without ".csv" */
	const char *command; /* of PowerShell, whose output it has */
	bool needed;
};

extern const struct mw_exchange_file_row mw_exchange_files[MW_EXCHANGE_FILE_COUNT];

enum mw_exchange_fate { MW_EXCHANGE_CARRIED, MW_EXCHANGE_NO_MEANING, MW_EXCHANGE_DECIDE, MW_EXCHANGE_UNKNOWN };

extern const char *const mw_exchange_fates[]; /* "carried over", "no meaning here", "decide", "unknown" */

/* What becomes of a property of a file; *text_r: what it becomes, why it has no meaning here, or what to write. */
enum mw_exchange_fate mw_exchange_property(enum mw_exchange_file file, struct mw_str name, const char **text_r);
/* Calls `found` for each column that the file must have. */
void mw_exchange_needed(enum mw_exchange_file file, void (*found)(const char *name, void *context), void *context);
/* The properties of a file that the exporter asks PowerShell for, as its list: 'Name', 'Alias' ... */
void mw_exchange_print_columns(enum mw_exchange_file file, struct mw_buf *out);
/* The whole table, in Markdown: a section for each file. */
void mw_exchange_print_properties(struct mw_buf *out);

#endif

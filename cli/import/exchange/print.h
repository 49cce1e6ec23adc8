/* What `mailwicket import exchange` tells of what it read. */
#ifndef MW_CLI_IMPORT_EXCHANGE_PRINT_H
#define MW_CLI_IMPORT_EXCHANGE_PRINT_H

#include "import/exchange/model.h"
#include "report/json.h"

/* What a person has to decide, what was left out, columns and files that are not known, files that lack. Of a property with
   many rows the first ten are told. */
void mw_exchange_print(struct mw_exchange *import, struct mw_buf *out);
/* All of it: "decide", "left_out", "unknown", "missing", "properties". */
void mw_exchange_print_json(const struct mw_exchange *import, struct mw_json *json);
/* Sorts what there is to decide: by file, property and line. */
void mw_exchange_sort_notes(struct mw_exchange *import);

#endif

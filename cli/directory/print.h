/* What a command that changes the directory prints when all went well. */
#ifndef MW_CLI_DIRECTORY_PRINT_H
#define MW_CLI_DIRECTORY_PRINT_H

#include "directory/editing.h"

struct mw_sync_result;

struct mw_edit_result {
	struct mw_editing *editing;
	bool changed, written;
	bool followed; /* mailwicket sync --follow runs, and publishes what was written */
	struct mw_sync_result *sync; /* NULL: it was not asked for */
};

/* As text or as JSON. False after a line. */
bool mw_edit_print(const struct mw_cli *cli, const struct mw_edit_result *result);

#endif

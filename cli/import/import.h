/* `mailwicket import KIND`: a directory, and what belongs to it, of what another server has. One file a kind, with a row in
   import.c. */
#ifndef MW_CLI_IMPORT_H
#define MW_CLI_IMPORT_H

#include "command.h"

enum mw_import_option {
	MW_IMPORT_APPLY,
	MW_IMPORT_DIRECTORY,
	MW_IMPORT_POSTFIX_CONFIG,
	MW_IMPORT_DOVECOT_CONFIG,
	MW_IMPORT_SERVER,
	MW_IMPORT_EXPORTER,
	MW_IMPORT_PROPERTIES,
	MW_IMPORT_PAIRS,
	MW_IMPORT_OPTIONS
};

struct mw_import_request {
	struct mw_cli *cli;
	const char *values[MW_IMPORT_OPTIONS]; /* NULL: not given; of a switch: "" */
	const char *word;                      /* what stands behind the kind, where it takes a word; NULL: not given */
};

struct mw_import_kind {
	const char *name;
	const char *word; /* what its word is called, "DIR"; NULL: it takes none */
	unsigned options; /* that it knows: 1 << MW_IMPORT_APPLY */
	int (*run)(const struct mw_import_request *request);
};

extern const struct mw_import_kind mw_import_postfix, mw_import_exchange;

#endif

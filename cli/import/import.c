/* SPDX-License-Identifier: MIT */
#include "import/import.h"

#include <string.h>

#include "ui/arguments.h"
#include "ui/output.h"

static const struct mw_import_kind *const kinds[] = {
	&mw_import_postfix,
	&mw_import_exchange,
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct mw_option options[MW_IMPORT_OPTIONS] = {
	[MW_IMPORT_APPLY] = { "apply", NULL, "write the files; without it, they are only shown" },
	[MW_IMPORT_DIRECTORY] = { "directory", "FILE", "the directory to write (default: \"directory\" beside the policy)" },
	[MW_IMPORT_POSTFIX_CONFIG] = { "postfix-config", "DIR",
				       "postfix: the folder of its main.cf (default: Postfix's own)" },
	[MW_IMPORT_DOVECOT_CONFIG] = { "dovecot-config", "FILE",
				       "postfix: Dovecot's configuration (default: Dovecot's own)" },
	[MW_IMPORT_SERVER] = { "server", "NAME", "exchange: whose receive connectors and IMAP and POP settings are imported" },
	[MW_IMPORT_EXPORTER] = { "exporter", "server|online", "exchange: print the PowerShell that writes DIR" },
	[MW_IMPORT_PROPERTIES] = { "properties", NULL, "exchange: print what becomes of each property" },
	[MW_IMPORT_PAIRS] = { "pairs", NULL, "postfix: with --json, every pair that was compared, not only what differs" },
};

static const struct mw_import_kind *find_kind(const char *name)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	}
	return NULL;
}

/* A word: the kind, and what it takes behind it. */
static int take_word(struct mw_import_request *request, const struct mw_import_kind **kind_io, const char *word)
{
	if (*kind_io == NULL) {
		*kind_io = find_kind(word);
		return *kind_io != NULL ? EX_OK : mw_usage_error("cannot import from %s; expected %s", word,
								 request->cli->command->words);
	}
	if ((*kind_io)->word == NULL || request->word != NULL)
		return mw_usage_error("unexpected argument %s", word);
	request->word = word;
	return EX_OK;
}

static int run_kind(const struct mw_import_kind *kind, const struct mw_import_request *request)
{
	if (kind == NULL)
		return mw_usage_error("name what to import from: %s", request->cli->command->words);
	for (unsigned i = 0; i < MW_IMPORT_OPTIONS; i++) {
		if (request->values[i] != NULL && (kind->options & 1u << i) == 0)
			return mw_usage_error("--%s is not for %s", options[i].name, kind->name);
	}
	return kind->run(request);
}

static int run_import(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct mw_import_request request = { .cli = cli };
	const struct mw_import_kind *kind = NULL;
	const char *value;
	int row, status;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD) {
			status = take_word(&request, &kind, value);
			if (status != EX_OK)
				return status;
		} else if (row < 0) {
			return mw_arguments_exit(row);
		} else {
			request.values[row] = options[row].value != NULL ? value : "";
		}
	}
	return run_kind(kind, &request);
}

const struct mw_command mw_import_command = {
	.name = "import",
	.usage = "postfix|exchange [DIR] [--apply] [--directory FILE]",
	.summary = "a directory of what another server has: Postfix's tables, Exchange",
	.run = run_import,
	.options = options,
	.option_count = MW_IMPORT_OPTIONS,
	.words = "postfix|exchange",
};

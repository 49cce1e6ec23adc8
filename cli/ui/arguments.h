/* Command line options from a table: "--name VALUE", "--name=VALUE", "--switch"; "-" and "_" in names are the same. */
#ifndef MW_CLI_ARGUMENTS_H
#define MW_CLI_ARGUMENTS_H

#include "command.h"

struct mw_arguments {
	struct mw_cli *cli;
	int argc, next;
	char **argv;
	bool words_only; /* "--" was seen */
};

#define MW_ARGUMENT_END (-1)
#define MW_ARGUMENT_WORD (-2) /* value_r: an argument that is no option */
#define MW_ARGUMENT_HELP (-3) /* --help: the help was printed, exit 0 */
#define MW_ARGUMENT_BAD (-4)  /* one line was printed, exit EX_USAGE */

/* Starts after argv[0], with the options of cli->command. --json, -c FILE and --help are understood everywhere. */
struct mw_arguments mw_arguments_over(struct mw_cli *cli, int argc, char **argv);
/* The row of the next option in the command's table, or one of the codes above. */
int mw_arguments_next(struct mw_arguments *arguments, const char **value_r);
/* The exit code after HELP or BAD. */
int mw_arguments_exit(int code);
/* One row of a help text: what is written, in its column, and what it does. */
void mw_help_row(const char *left, const char *text);

#endif

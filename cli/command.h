/* The commands of mailwicket(1): one file each, one row each in the table of main.c, from which the help is made. */
#ifndef MW_CLI_COMMAND_H
#define MW_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sysexits.h>

/* What stands before the command, or among its options. */
struct mw_cli {
	const char *policy_path;
	bool json;
};

/* argv[0] is the command's name. Returns the exit code: 0, 1 or one of sysexits.h. */
struct mw_command {
	const char *name;
	const char *usage; /* what follows the name */
	const char *summary;
	int (*run)(struct mw_cli *cli, int argc, char **argv);
	void (*help)(void); /* lists the options; may be NULL */
};

const struct mw_command *mw_command_find(const char *name);
/* Usage, summary and options of one command, to standard output. */
void mw_command_help(const char *name);

int mw_check_run(struct mw_cli *cli, int argc, char **argv);
int mw_show_run(struct mw_cli *cli, int argc, char **argv);
int mw_explain_run(struct mw_cli *cli, int argc, char **argv);
int mw_lookup_run(struct mw_cli *cli, int argc, char **argv);
int mw_sync_command_run(struct mw_cli *cli, int argc, char **argv);

void mw_check_help(void);
void mw_show_help(void);
void mw_explain_help(void);
void mw_lookup_help(void);
void mw_sync_help(void);

#endif

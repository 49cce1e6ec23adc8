/* The commands of mailwicket(1): one file each, listed in main.c. */
#ifndef MW_CLI_COMMAND_H
#define MW_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sysexits.h>

/* A row of a command's option table: parser, help and completion are made from it. */
struct mw_option {
	const char *name;  /* without the dashes */
	const char *value; /* what the value is called: "FILE", or the words it may be: "yes|no"; NULL: a switch */
	const char *help;
};

struct mw_cli;

struct mw_command {
	const char *name;
	const char *usage; /* what follows the name */
	const char *summary;
	/* argv[0] is the command's name. Returns the exit code: 0, 1 or one of sysexits.h. */
	int (*run)(struct mw_cli *cli, int argc, char **argv);
	const struct mw_option *options;
	size_t option_count;
	const char *words; /* what its first argument may be: "imap|pop3"; NULL: anything */
	const char *note;  /* behind the options in the help; may be NULL */
};

/* What a command is run with: itself, all of them, and what stands before its name or among its options. */
struct mw_cli {
	const struct mw_command *command;
	const struct mw_command *const *commands; /* in the order of the help, ended by NULL */
	const char *policy_path;
	bool json;
};

extern const struct mw_command mw_audit_command, mw_check_command, mw_show_command, mw_explain_command, mw_lookup_command,
	mw_sync_command, mw_client_settings_command, mw_completion_command, mw_suspend_command,
	mw_status_command, mw_resume_command, mw_suspended_command, mw_replay_command, mw_setup_command, mw_why_command, mw_init_command,
	mw_import_command, mw_probe_command, mw_grant_command, mw_revoke_command, mw_user_command, mw_group_command, mw_identities_command;

#endif

/* SPDX-License-Identifier: MIT */
#include "mailwicket-config.h"

#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/inherited.h"
#include "ui/arguments.h"
#include "ui/output.h"
#include "ui/own_command.h"
#include "policy/read.h"

static const struct mw_command *const commands[] = {
	&mw_check_command,
	&mw_status_command,
	&mw_show_command,
	&mw_explain_command,
	&mw_lookup_command,
	&mw_replay_command,
	&mw_audit_command,
	&mw_why_command,
	&mw_sync_command,
	&mw_grant_command,
	&mw_revoke_command,
	&mw_user_command,
	&mw_group_command,
	&mw_identities_command,
	&mw_client_settings_command,
	&mw_suspend_command,
	&mw_resume_command,
	&mw_suspended_command,
	&mw_init_command,
	&mw_import_command,
	&mw_setup_command,
	&mw_probe_command,
	&mw_completion_command,
	NULL,
};

static const struct mw_command *command_find(const char *name)
{
	for (const struct mw_command *const *command = commands; *command != NULL; command++) {
		if (strcmp((*command)->name, name) == 0)
			return *command;
	}
	return NULL;
}

static void print_help(void)
{
	char policy[PATH_MAX + 96];

	printf("usage: mailwicket [-c FILE] [--json] COMMAND [OPTION...]\n\n"
	       "One policy for every service of a mail server.\n\n");
	for (const struct mw_command *const *command = commands; *command != NULL; command++)
		mw_help_row((*command)->name, (*command)->summary);
	snprintf(policy, sizeof(policy), "the policy file (default: %s; the environment's MAILWICKET_CONFIG names another)",
		 mw_policy_default_path());
	puts("");
	mw_help_row("-c FILE", policy);
	mw_help_row("--json", "answer in JSON");
	mw_help_row("--help", "this text; after a command: its options");
	mw_help_row("--version", "print the version");
	puts("\nmailwicket(1), mailwicket-audit(1), mailwicket-import(1), mailwicket-init(1), mailwicket-sync(1),\n"
	     "mailwicket.conf(5), mailwicket-directory(5), mailwicket-log(5), mailwicketd(8)");
}

/* Options before the command. Returns the command's index, or -1 with the exit code. */
static int read_global(struct mw_cli *cli, int argc, char **argv, int *exit_r)
{
	int i;

	*exit_r = EX_OK;
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			cli->json = true;
		} else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
			cli->policy_path = argv[++i];
		} else if (strcmp(argv[i], "-c") == 0) {
			*exit_r = mw_usage_error("option -c needs a file");
			return -1;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help();
			return -1;
		} else if (strcmp(argv[i], "--version") == 0) {
			printf("mailwicket %s\n", PACKAGE_VERSION);
			return -1;
		} else {
			*exit_r = mw_usage_error("unknown option %s; see mailwicket --help", argv[i]);
			return -1;
		}
	}
	if (i < argc)
		return i;
	*exit_r = mw_usage_error("no command; see mailwicket --help");
	return -1;
}

int main(int argc, char **argv)
{
	struct mw_cli cli = { .commands = commands, .policy_path = mw_policy_default_path() };
	int status, at;

	mw_inherited_reset();
	/* An administrator's terminal may not understand UTF-8; sorting and numbers must not depend on it either. */
	setlocale(LC_ALL, "C");
	mw_own_command_init(&cli);
	at = read_global(&cli, argc, argv, &status);
	if (at < 0)
		return mw_output_flush() ? status : EX_IOERR;
	if (strcmp(argv[at], "help") == 0) {
		print_help();
		return mw_output_flush() ? EX_OK : EX_IOERR;
	}
	cli.command = command_find(argv[at]);
	if (cli.command == NULL)
		return mw_usage_error("unknown command %s; see mailwicket --help", argv[at]);
	mw_complain_as("mailwicket", cli.command->name);
	status = cli.command->run(&cli, argc - at, argv + at);
	return mw_output_flush() ? status : EX_IOERR;
}

/* SPDX-License-Identifier: MIT */
/* `mailwicket init`: a policy in audit mode and a directory, made of what
   Postfix and Dovecot do today. */
#include "servers/init/init.h"

#include <limits.h>
#include <sysexits.h>

#include "base/shell.h"
#include "base/text.h"
#include "policy/read.h"
#include "servers/init/databases.h"
#include "servers/init/sender_rules.h"
#include "servers/new_files.h"
#include "servers/setup/diff.h"
#include "ui/arguments.h"
#include "ui/output.h"
#include "ui/own_command.h"

enum { OPTION_APPLY, OPTION_DIRECTORY, OPTION_POSTFIX_CONFIG, OPTION_DOVECOT_CONFIG, OPTION_COUNT };

static const struct mw_option options[OPTION_COUNT] = {
	[OPTION_APPLY] = { "apply", NULL, "write the files; without it, they are only shown" },
	[OPTION_DIRECTORY] = { "directory", "FILE",
			       "the directory to write (default: \"directory\" beside the policy)" },
	[OPTION_POSTFIX_CONFIG] = { "postfix-config", "DIR", "the folder of its main.cf (default: Postfix's own)" },
	[OPTION_DOVECOT_CONFIG] = { "dovecot-config", "FILE", "its configuration (default: Dovecot's own)" },
};

struct request {
	struct mw_cli *cli;
	bool apply;
	const char *directory, *postfix_config, *dovecot_config;
};

struct result {
	const struct request *request;
	struct mw_init init;
	struct mw_new_files files; /* the policy first */
};

/* --- the files */

static int plan_passwords(struct result *result)
{
	int status = EX_OK;

	for (size_t i = 0; i < result->init.database_count && status == EX_OK; i++) {
		const struct mw_init_database *database = &result->init.databases[i];

		if (database->why == NULL && database->password_file != NULL)
			status = mw_new_files_add_secret(&result->files, database->password_file,
							 mw_str(mw_arena_textf(result->init.arena, "%.*s\n",
									       MW_STR_ARG(database->password))));
	}
	return status;
}

static int plan(struct result *result)
{
	struct mw_init *init = &result->init;
	struct mw_str policy = mw_init_policy_text(init), directory = mw_init_directory_text(init);
	struct mw_policy *made;
	int status;

	if (mw_arena_failed(init->arena) || mw_str_empty(policy) || mw_str_empty(directory))
		return EX_OSERR;
	made = mw_init_policy(init, policy);
	if (made == NULL)
		return EX_SOFTWARE;
	mw_policy_free(made);
	status = mw_new_files_add(&result->files, init->policy_path, policy);
	if (status == EX_OK)
		status = mw_new_files_add(&result->files, init->directory_path, directory);
	if (status == EX_OK)
		status = plan_passwords(result);
	return status == EX_OK ? mw_new_files_diff(&result->files) : status;
}

/* --- output */

#define NEXT_MOST 5

/* What comes next; returns how many commands. */
static size_t next_commands(const struct result *result, const char *commands_r[NEXT_MOST])
{
	const struct request *request = result->request;
	struct mw_arena *arena = result->init.arena;
	char text[PATH_MAX * 4 + 256];
	struct mw_buf out = MW_BUF_OVER(text);
	size_t count = 0;

	commands_r[count++] = mw_own_commands_text(arena, "mailwicket check");
	commands_r[count++] = mw_own_commands_text(arena, "mailwicket sync");
	if (strcmp(request->cli->policy_path, MW_POLICY_PATH) == 0)
		commands_r[count++] = "systemctl enable --now mailwicketd";
	if (strcmp(request->cli->policy_path, MW_POLICY_PATH) == 0 && mw_init_reads_database(&result->init))
		commands_r[count++] = "systemctl enable --now mailwicket-sync";
	mw_buf_add_text(&out, mw_own_commands_text(arena, "mailwicket setup"));
	/* A place names its server alone; both are wanted. */
	if (request->postfix_config != NULL || request->dovecot_config != NULL)
		mw_buf_add_text(&out, " --postfix --dovecot");
	if (request->postfix_config != NULL) {
		mw_buf_add_text(&out, " --postfix-config ");
		mw_shell_word(&out, mw_str(request->postfix_config));
	}
	if (request->dovecot_config != NULL) {
		mw_buf_add_text(&out, " --dovecot-config ");
		mw_shell_word(&out, mw_str(request->dovecot_config));
	}
	commands_r[count++] = mw_arena_text(arena, mw_buf_str(&out));
	return count;
}

static void print_next(const struct result *result, struct mw_buf *out)
{
	const char *commands[NEXT_MOST];
	size_t count = next_commands(result, commands);

	mw_new_files_print_written(&result->files, out);
	mw_buf_add_text(out, "next:\n");
	for (size_t i = 0; i < count; i++)
		mw_buf_printf(out, "  %s\n", commands[i]);
}

static void write_text(struct mw_buf *out, const void *context)
{
	const struct result *result = context;
	const struct mw_init *init = &result->init;

	mw_diff_print(result->files.diff, out);
	mw_init_print_unread(init, out);
	mw_init_tell_databases(init, out);
	mw_buf_printf(out, "%sdomains: %zu, users: %zu, groups: %zu, grants: %zu\n",
		      result->files.changes.count > 0 ? "\n" : "", init->domain_count, init->people->users,
		      init->people->groups, init->people->grant_count);
	mw_init_print_without_own(init, out);
	if (mw_new_files_print_outcome(&result->files, "the files are as init would write them", out))
		print_next(result, out);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct result *result = context;
	const struct mw_init *init = &result->init;
	const char *commands[NEXT_MOST];
	size_t count = result->files.applied ? next_commands(result, commands) : 0;

	mw_new_files_json(&result->files, json);
	mw_json_number(json, "domains", init->domain_count);
	mw_json_number(json, "users", init->people->users);
	mw_json_number(json, "groups", init->people->groups);
	mw_json_number(json, "grants", init->people->grant_count);
	mw_init_json_without_own(init, json);
	mw_init_json_unread(init, json);
	mw_init_databases_json(init, json);
	mw_json_array(json, "next");
	for (size_t i = 0; i < count; i++)
		mw_json_string(json, NULL, mw_str(commands[i]));
	mw_json_end_array(json);
}

static int print(const struct result *result, int status)
{
	bool printed =
		result->request->cli->json ? mw_output_json(write_members, result) : mw_output(write_text, result);

	mw_new_files_complain(&result->files, "-c FILE and --directory FILE");
	return printed ? status : EX_OSERR;
}

/* --- the command */

static int read_people(struct mw_init *init)
{
	struct mw_sender_rules *rules = mw_sender_rules_read(init);

	if (rules == NULL)
		return EX_OSERR;
	mw_sender_rules_write(rules, true);
	mw_sender_rules_end(rules);
	mw_init_confirm_domains(init);
	return mw_arena_failed(init->arena) ? EX_OSERR : EX_OK;
}

static int make(struct result *result)
{
	struct mw_init *init = &result->init;
	int status = mw_init_read_servers(init, result->request->postfix_config, result->request->dovecot_config);

	if (status == EX_OK)
		status = read_people(init);
	if (status == EX_OK)
		status = plan(result);
	if (status == EX_OK && result->files.kept_count > 0)
		return print(result, 1);
	if (status == EX_OK && result->request->apply && result->files.changes.count > 0)
		status = mw_new_files_write(&result->files);
	if (status == EX_OSERR)
		mw_complain("out of memory");
	return status == EX_OK ? print(result, EX_OK) : status;
}

static int begin(struct result *result)
{
	const struct request *request = result->request;
	int status = EX_OSERR;

	if (mw_init_begin(&result->init, "init", request->cli->policy_path, request->directory)) {
		mw_new_files_begin(&result->files, result->init.arena);
		result->init.tries_databases = true;
		status = make(result);
	} else {
		mw_complain("out of memory");
	}
	mw_init_end(&result->init);
	return status;
}

static int run_init(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct request request = { .cli = cli };
	struct result result = { .request = &request };
	const char *value;
	int row;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD)
			return mw_usage_error("unexpected argument %s", value);
		if (row < 0)
			return mw_arguments_exit(row);
		request.apply |= row == OPTION_APPLY;
		if (row == OPTION_DIRECTORY)
			request.directory = value;
		if (row == OPTION_POSTFIX_CONFIG)
			request.postfix_config = value;
		if (row == OPTION_DOVECOT_CONFIG)
			request.dovecot_config = value;
	}
	return begin(&result);
}

const struct mw_command mw_init_command = {
	.name = "init",
	.usage = "[--apply] [--directory FILE]",
	.summary = "write a policy in audit mode and a directory, of what Postfix "
		   "and Dovecot do today",
	.run = run_init,
	.options = options,
	.option_count = OPTION_COUNT,
};

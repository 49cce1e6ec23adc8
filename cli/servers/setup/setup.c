/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shell.h"
#include "servers/check/gate.h"
#include "servers/check/servers.h"
#include "servers/setup/diff.h"
#include "servers/guard.h"
#include "servers/setup/in_use.h"
#include "servers/setup/plan.h"
#include "servers/trial.h"
#include "setting.h"
#include "ui/arguments.h"
#include "ui/output.h"
#include "ui/own_command.h"
#include "ui/process.h"
#include "ui/shell_text.h"

#define BACKUP_FOLDER "/var/lib/mailwicket/setup"

enum {
	OPTION_POSTFIX, OPTION_DOVECOT, OPTION_APPLY, OPTION_UNDO, OPTION_IN_USE, OPTION_BACKUP, OPTION_POSTFIX_CONFIG,
	OPTION_DOVECOT_CONFIG, OPTION_COUNT,
};

static const struct mw_option options[OPTION_COUNT] = {
	[OPTION_POSTFIX] = { "postfix", NULL, "main.cf and master.cf alone (default: both servers)" },
	[OPTION_DOVECOT] = { "dovecot", NULL, "Dovecot's configuration alone" },
	[OPTION_APPLY] = { "apply", NULL, "make the change; without it, it is only shown" },
	[OPTION_UNDO] = { "undo", NULL, "undo the last change, byte for byte" },
	[OPTION_IN_USE] = { "in-use", NULL, "say which lines name Mailwicket: before it is removed there must be none" },
	[OPTION_BACKUP] = { "backup", "DIR", "where the files are kept (default: " BACKUP_FOLDER ")" },
	[OPTION_POSTFIX_CONFIG] = { "postfix-config", "DIR", "the folder of its main.cf (default: Postfix's own)" },
	[OPTION_DOVECOT_CONFIG] = { "dovecot-config", "FILE", "its configuration (default: Dovecot's own)" },
};

struct request {
	struct mw_cli *cli;
	struct mw_servers servers;
	bool apply, undo, in_use;
	const char *backup;
};

struct result {
	const struct request *request;
	struct mw_setup_plan plan;
	struct mw_guard guard; /* of the plan's stage */
	const struct mw_findings *findings; /* about the changed files */
	struct mw_str diff;
	const char *postfix_config; /* of an instance that is not Postfix's own; NULL: its own */
	const char *backup; /* NULL: nothing was changed */
	bool undone, refused;
};

/* --- output */

/* An instance in another folder than Postfix's own is named. */
static const char *postfix_reload(const struct result *result)
{
	struct mw_arena *arena = result->plan.changes.arena;
	const char *folder = result->postfix_config;
	char text[PATH_MAX + 64];
	struct mw_buf out = MW_BUF_OVER(text);

	if (folder == NULL)
		return "postfix reload";
	mw_buf_add_text(&out, "postfix -c ");
	mw_shell_word(&out, mw_str(folder));
	mw_buf_add_text(&out, " reload");
	return mw_arena_text(arena, mw_buf_str(&out));
}

/* What makes the servers read their changed files; returns how many commands. */
static size_t reloads(const struct result *result, const char *commands_r[2])
{
	const struct mw_setup_plan *plan = &result->plan;
	size_t count = 0;

	if (plan->changes_dovecot)
		commands_r[count++] = plan->restarts_dovecot ? "systemctl restart dovecot" : "doveadm reload";
	if (plan->changes_postfix)
		commands_r[count++] = postfix_reload(result);
	return count;
}

static void print_reloads(const struct result *result, struct mw_buf *out)
{
	const char *commands[2];
	size_t count = reloads(result, commands);

	mw_buf_add_text(out, "nothing was restarted; now:");
	for (size_t i = 0; i < count; i++)
		mw_buf_printf(out, "%s %s", i > 0 ? " &&" : "", commands[i]);
	mw_buf_add_char(out, '\n');
}

static void print_backup(const struct result *result, struct mw_buf *out)
{
	size_t from = out->used;

	mw_buf_printf(out, "backup: %s; to undo: mailwicket setup --undo", result->backup);
	if (strcmp(result->request->backup, BACKUP_FOLDER) != 0) {
		mw_buf_add_text(out, " --backup ");
		mw_shell_word(out, mw_str(result->request->backup));
	}
	mw_own_commands(out, from);
	mw_buf_add_char(out, '\n');
}

static void write_text(struct mw_buf *out, const void *context)
{
	const struct result *result = context;
	const struct mw_changes *changes = &result->plan.changes;

	if (changes->count == 0) {
		mw_buf_add_text(out, "nothing to do\n");
		return;
	}
	mw_diff_print(result->diff, out);
	if (result->findings != NULL)
		mw_findings_print(result->findings, out);
	for (size_t i = 0; i < changes->count && (result->undone || result->backup != NULL); i++)
		mw_buf_printf(out, "%s %s\n", !result->undone ? changes->items[i].existed ? "changed" : "made"
						: changes->items[i].existed ? "put back" : "removed", changes->items[i].path);
	if (result->backup != NULL)
		print_backup(result, out);
	if (result->undone || result->backup != NULL)
		print_reloads(result, out);
	else if (!result->refused)
		mw_buf_add_text(out, "nothing was changed; --apply does it\n");
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct result *result = context;
	const struct mw_changes *changes = &result->plan.changes;
	const char *commands[2];
	size_t count = reloads(result, commands);

	mw_json_bool(json, "applied", result->backup != NULL);
	mw_json_bool(json, "undone", result->undone);
	mw_json_array(json, "files");
	for (size_t i = 0; i < changes->count; i++) {
		mw_json_object(json, NULL);
		mw_json_string(json, "path", mw_str(changes->items[i].path));
		mw_json_bool(json, "existed", changes->items[i].existed);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
	mw_json_string(json, "diff", result->diff);
	if (result->backup != NULL)
		mw_json_string(json, "backup", mw_str(result->backup));
	if (result->findings != NULL) {
		mw_findings_json(result->findings, json);
		mw_findings_json_not_judged(result->findings, json);
	}
	mw_json_array(json, "reload");
	for (size_t i = 0; i < count; i++)
		mw_json_string(json, NULL, mw_str(commands[i]));
	mw_json_end_array(json);
}

static int print(const struct result *result, int status)
{
	bool printed = result->request->cli->json ? mw_output_json(write_members, result) : mw_output(write_text, result);

	return printed ? status : EX_OSERR;
}

/* --- the change */

/* Dovecot's auth service as it is after the change. */
static bool starts(struct result *result, const struct mw_policy *policy, const char *config)
{
	struct mw_dovecot_site site;
	enum mw_trial trial = MW_TRIAL_NOT_TRIED;
	const char *why;

	if (mw_dovecot_site_try(&site, policy, config, NULL, result->plan.changes.arena))
		trial = mw_dovecot_trial(&site, config, &result->guard, &why);
	if (trial == MW_TRIAL_STARTS || trial == MW_TRIAL_NOT_TRIED)
		return true;
	mw_complain("nothing was changed: nobody could log in any more, as Dovecot's auth service does not start with it: %s",
		    why);
	return false;
}

/* The directory as it is published, beside its sources, and who reads it. */
static void look_at_gate(const struct mw_policy *policy, const struct mw_servers *servers, struct mw_findings *findings)
{
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_sync_report report;
	bool read = errors != NULL && policy->directory.source_count > 0 && mw_sync_run(policy, true, errors, &report);

	mw_check_gate(policy, servers, read ? &report : NULL, findings);
	mw_errors_free(errors);
}

/* Whether the changed files hold what they should, with the server that is not changed: both read them, `check` has no
   error, users can log in and mail is not deferred. */
static int verify(struct result *result, const struct mw_policy *policy, struct mw_findings *findings)
{
	const struct mw_setup_plan *plan = &result->plan;
	struct mw_arena *arena = plan->changes.arena;
	struct mw_servers staged = result->request->servers;
	int status;

	staged.postfix_named = plan->postfix_folder;
	staged.postfix_config = mw_arena_textf(arena, "%s/postfix", plan->stage);
	staged.dovecot_named = plan->dovecot_file;
	staged.dovecot_config = mw_arena_textf(arena, "%s/dovecot/%s", plan->stage, plan->dovecot_name);
	staged.socket_known = true;
	staged.sasl_socket = plan->sasl_socket;
	look_at_gate(policy, &staged, findings);
	status = mw_check_servers(policy, &staged, findings);
	if (status == EX_OK && !staged.dovecot && plan->dovecot != NULL) {
		struct mw_dovecot_site other = *plan->dovecot;

		other.findings = findings;
		if (plan->sasl_socket != NULL && mw_wiring_sasl(policy))
			mw_check_dovecot_sasl(&other, &(struct mw_sasl_socket){ .path = plan->sasl_socket, .listener = "" });
	}
	result->findings = findings;
	if (status != EX_OK)
		return status;
	if (plan->changes_postfix && mw_findings_have(findings, MW_FOUND_DAEMON_AWAY))
		mw_complain("nothing was changed: mailwicketd is not running, all mail would be deferred; run: "
			    "systemctl enable --now mailwicketd");
	else if (mw_findings_laxer(findings) > 0)
		mw_complain("nothing was changed: with it, the policy would not hold yet; fix the errors first");
	else if (!staged.dovecot || starts(result, policy, staged.dovecot_config))
		return staged.postfix && result->request->apply
			       ? mw_setup_postfix_check(staged.postfix_config, mw_shell_text(arena, plan->postfix_folder))
			       : EX_OK;
	result->refused = true;
	return 1;
}

static bool make_stage(struct result *result)
{
	const struct mw_setup_plan *plan = &result->plan;
	struct mw_arena *arena = plan->changes.arena;

	return (plan->postfix_folder == NULL || mw_changes_stage(&plan->changes, plan->postfix_folder,
								 mw_arena_textf(arena, "%s/postfix", plan->stage))) &&
	       (plan->dovecot_folder == NULL ||
		mw_changes_stage(&plan->changes, plan->dovecot_folder, mw_arena_textf(arena, "%s/dovecot", plan->stage)));
}

static int carry_out(struct result *result)
{
	const struct request *request = result->request;
	const char *backup;
	bool as_before;

	if (!request->apply)
		return EX_OK;
	for (size_t i = 0; i < result->plan.changes.count; i++)
		if (!mw_place_is_ours(result->plan.changes.items[i].path))
			return EX_NOPERM;
	if (!mw_place_is_ours(request->backup))
		return EX_NOPERM;
	if (!mw_backup_write(&result->plan.changes, request->backup, &backup))
		return EX_CANTCREAT;
	if (!mw_changes_apply(&result->plan.changes, &as_before)) {
		if (as_before)
			mw_changes_unstage(backup);
		else
			mw_complain("the files as they were: %s", backup);
		return EX_CANTCREAT;
	}
	result->backup = backup;
	return EX_OK;
}

static int change(struct result *result, const struct mw_policy *policy)
{
	struct mw_findings *findings = mw_findings_new();
	int status = EX_CANTCREAT;

	if (findings == NULL)
		return EX_OSERR;
	if (make_stage(result) && mw_setup_diff(&result->plan, result->plan.stage, &result->diff))
		status = verify(result, policy, findings);
	if (status == EX_OK)
		status = carry_out(result);
	/* What is printed may be waited for. */
	mw_guard_end(&result->guard);
	if (status == EX_OK || status == 1)
		status = print(result, status);
	mw_findings_free(findings);
	return status;
}

/* The folder of a main.cf or master.cf; NULL: Postfix's own. */
static const char *folder_of(struct mw_arena *arena, const char *path)
{
	struct mw_str folder = mw_str_head(mw_str(path), mw_str_find_last(mw_str(path), '/'));

	return mw_str_equal(folder, MW_STR(MW_POSTFIX_FOLDER)) ? NULL : mw_arena_text(arena, folder);
}

static int undo(struct result *result)
{
	struct mw_changes *changes = &result->plan.changes;

	/* It says what is written, and where. */
	if (!mw_place_is_ours(result->request->backup))
		return EX_NOPERM;
	switch (mw_backup_undo(result->request->backup, changes)) {
	case MW_BACKUP_UNDONE:
		break;
	case MW_BACKUP_NONE:
		mw_complain("%s: there is no setup to undo", result->request->backup);
		return EX_NOINPUT;
	case MW_BACKUP_CHANGED:
		return 1;
	case MW_BACKUP_FAILED:
		return EX_CANTCREAT;
	}
	for (size_t i = 0; i < changes->count; i++) {
		bool postfix = mw_str_ends_with(mw_str(changes->items[i].path), MW_STR(".cf"));

		result->plan.changes_postfix |= postfix;
		result->plan.changes_dovecot |= !postfix;
		if (postfix)
			result->postfix_config = folder_of(result->plan.changes.arena, changes->items[i].path);
	}
	result->undone = true;
	return print(result, EX_OK);
}

static int set_up(struct result *result)
{
	struct mw_policy *policy = mw_setting_policy(result->request->cli);
	int status;

	if (policy == NULL)
		return EX_CONFIG;
	if (!mw_guard_start(&result->guard)) {
		mw_policy_free(policy);
		return EX_CANTCREAT;
	}
	result->plan.stage = result->guard.folder;
	status = mw_setup_plan(policy, &result->request->servers, &result->plan);
	/* postfix(1) takes no relative one. */
	if (result->request->servers.postfix_config != NULL)
		result->postfix_config = result->request->servers.postfix_config[0] == '/'
			? result->request->servers.postfix_config : result->plan.postfix_folder;
	if (status == EX_OK)
		status = result->plan.changes.count > 0 ? change(result, policy) : print(result, EX_OK);
	mw_guard_end(&result->guard);
	mw_policy_free(policy);
	return status;
}

/* --- the command */

static int read_options(struct request *request, struct mw_arguments *arguments)
{
	const char *value;
	int row;

	while ((row = mw_arguments_next(arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD)
			return mw_usage_error("unexpected argument %s", value);
		if (row < 0)
			return row == MW_ARGUMENT_HELP ? -1 : EX_USAGE;
		request->servers.postfix |= row == OPTION_POSTFIX;
		request->servers.dovecot |= row == OPTION_DOVECOT;
		request->apply |= row == OPTION_APPLY;
		request->undo |= row == OPTION_UNDO;
		request->in_use |= row == OPTION_IN_USE;
		if (row == OPTION_BACKUP)
			request->backup = value;
		if (row == OPTION_POSTFIX_CONFIG)
			request->servers.postfix_config = value;
		if (row == OPTION_DOVECOT_CONFIG)
			request->servers.dovecot_config = value;
	}
	if (request->undo && (request->apply || request->servers.postfix || request->servers.dovecot ||
			      request->servers.postfix_config != NULL || request->servers.dovecot_config != NULL))
		return mw_usage_error("--undo takes no other option: it undoes all of the last setup");
	/* A place names its server too, unless servers are named: then it is where the other one is. */
	if (!request->servers.postfix && !request->servers.dovecot) {
		request->servers.postfix = request->servers.postfix_config != NULL;
		request->servers.dovecot = request->servers.dovecot_config != NULL;
	}
	if (request->in_use && (request->apply || request->undo))
		return mw_usage_error("--in-use changes nothing: not with --apply or --undo");
	if (!request->servers.postfix && !request->servers.dovecot)
		request->servers.postfix = request->servers.dovecot = true;
	return EX_OK;
}

static int run_setup(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct request request = { .cli = cli, .backup = BACKUP_FOLDER };
	struct result result = { .request = &request, .diff = MW_STR_EMPTY };
	int status = read_options(&request, &arguments);

	if (status != EX_OK)
		return status < 0 ? EX_OK : status;
	if (request.in_use)
		return mw_setup_in_use(cli, &request.servers);
	result.plan.changes.arena = mw_arena_new(0);
	if (result.plan.changes.arena == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	status = request.undo ? undo(&result) : set_up(&result);
	mw_arena_free(result.plan.changes.arena);
	return status;
}

const struct mw_command mw_setup_command = {
	.name = "setup",
	.usage = "[--postfix] [--dovecot] [--apply | --undo | --in-use]",
	.summary = "connect Postfix and Dovecot to the policy: show the change, make it, undo it",
	.run = run_setup,
	.options = options,
	.option_count = OPTION_COUNT,
};

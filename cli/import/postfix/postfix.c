/* SPDX-License-Identifier: MIT */
/* `mailwicket import postfix`: a directory of Postfix's sender rules, mailboxes and aliases; and, where there is
   none yet, the policy that belongs to it. */
#include "import/import.h"

#include <limits.h>

#include "import/postfix/proof.h"
#include "import/postfix/remarks.h"
#include "policy/read.h"
#include "servers/new_files.h"
#include "servers/setup/diff.h"
#include "setting.h"
#include "ui/output.h"
#include "ui/own_command.h"

struct result {
	const struct mw_import_request *request;
	struct mw_init init;
	struct mw_sender_rules *senders;
	struct mw_policy *policy; /* the one that is there, or the one that is made */
	struct mw_new_files files;
	struct mw_proof proof;
	struct mw_remarks remarks;
};

/* --- the files */

/* The policy of somebody stays as it is: the directory is what is imported. */
static int plan_policy(struct result *result)
{
	struct mw_init *init = &result->init;
	struct mw_str text;

	/* The directory has the answers of tables that cannot be listed too, for all addresses that are known. */
	for (size_t i = 0; i < init->listener_count; i++)
		init->listeners[i].any_sender = false;
	text = mw_init_policy_text(init);
	if (mw_new_files_is_owned(init->arena, init->policy_path)) {
		result->policy = mw_setting_policy(result->request->cli);
		if (result->policy == NULL)
			return EX_CONFIG;
		result->remarks = mw_remarks_read(init, result->policy);
		return EX_OK;
	}
	if (mw_arena_failed(init->arena) || mw_str_empty(text))
		return EX_OSERR;
	result->policy = mw_init_policy(init, text);
	if (result->policy == NULL)
		return EX_SOFTWARE;
	result->remarks = mw_remarks_read(init, NULL);
	return mw_new_files_add(&result->files, init->policy_path, text);
}

static int plan(struct result *result)
{
	struct mw_init *init = &result->init;
	int status = plan_policy(result);
	struct mw_str directory;

	if (status != EX_OK)
		return status;
	directory = mw_init_directory_text(init);
	if (mw_str_empty(directory))
		return EX_OSERR;
	result->proof = mw_proof_make(result->senders, result->policy, directory);
	if (mw_arena_failed(init->arena))
		return EX_OSERR;
	status = mw_new_files_add(&result->files, init->directory_path, directory);
	return status == EX_OK ? mw_new_files_diff(&result->files) : status;
}

static int read_all(struct result *result)
{
	const char *const *values = result->request->values;
	struct mw_init *init = &result->init;
	int status = mw_init_read_servers(init, values[MW_IMPORT_POSTFIX_CONFIG], values[MW_IMPORT_DOVECOT_CONFIG]);

	if (status != EX_OK)
		return status;
	result->senders = mw_sender_rules_read(init);
	if (result->senders == NULL)
		return EX_OSERR;
	if (mw_owners_unasked(result->senders->owners) != NULL) {
		mw_complain("nothing is imported, as a table of smtpd_sender_login_maps cannot be asked: %s",
			    mw_owners_unasked(result->senders->owners));
		return EX_NOINPUT;
	}
	mw_sender_rules_write(result->senders, false);
	mw_init_confirm_domains(init);
	return mw_arena_failed(init->arena) ? EX_OSERR : EX_OK;
}

/* --- output */

static void print_next(const struct result *result, struct mw_buf *out)
{
	mw_new_files_print_written(&result->files, out);
	mw_buf_printf(out, "next:\n  %s\n  %s\n", mw_own_commands_text(result->init.arena, "mailwicket check"),
		      mw_own_commands_text(result->init.arena, "mailwicket sync"));
}

static void write_text(struct mw_buf *out, const void *context)
{
	const struct result *result = context;
	const struct mw_init *init = &result->init;
	bool changes = result->files.changes.count > 0;

	mw_diff_print(result->files.diff, out);
	mw_init_print_unread(init, out);
	mw_remarks_print(&result->remarks, out);
	mw_buf_printf(out, "%susers: %zu, groups: %zu, grants: %zu\n", changes || result->remarks.count > 0 ? "\n" : "",
		      init->people->users, init->people->groups, init->people->grant_count);
	mw_init_print_without_own(init, out);
	mw_proof_print(&result->proof, out);
	if (mw_new_files_print_outcome(&result->files, "the directory is as import would write it", out))
		print_next(result, out);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct result *result = context;
	const struct mw_init *init = &result->init;

	mw_new_files_json(&result->files, json);
	mw_json_number(json, "users", init->people->users);
	mw_json_number(json, "groups", init->people->groups);
	mw_json_number(json, "grants", init->people->grant_count);
	mw_init_json_without_own(init, json);
	mw_init_json_unread(init, json);
	mw_remarks_json(&result->remarks, json);
	mw_proof_json(&result->proof, result->request->values[MW_IMPORT_PAIRS] != NULL, json);
}

static int print(const struct result *result, int status)
{
	bool printed =
		result->request->cli->json ? mw_output_json(write_members, result) : mw_output(write_text, result);

	mw_new_files_complain(&result->files, "--directory FILE");
	return printed ? status : EX_OSERR;
}

/* --- the command */

static int make(struct result *result)
{
	int status = read_all(result);

	if (status == EX_OK)
		status = plan(result);
	if (status == EX_OK && result->files.kept_count > 0)
		return print(result, 1);
	if (status == EX_OK && result->request->values[MW_IMPORT_APPLY] != NULL && result->files.changes.count > 0)
		status = mw_new_files_write(&result->files);
	if (status == EX_OSERR)
		mw_complain("out of memory");
	return status == EX_OK ? print(result, EX_OK) : status;
}

static int run(const struct mw_import_request *request)
{
	struct result result = { .request = request };
	int status = EX_OSERR;

	if (mw_init_begin(&result.init, "import postfix", request->cli->policy_path, request->values[MW_IMPORT_DIRECTORY])) {
		mw_new_files_begin(&result.files, result.init.arena);
		status = make(&result);
	} else {
		mw_complain("out of memory");
	}
	mw_sender_rules_end(result.senders);
	mw_policy_free(result.policy);
	mw_init_end(&result.init);
	return status;
}

const struct mw_import_kind mw_import_postfix = {
	.name = "postfix",
	.options = 1u << MW_IMPORT_APPLY | 1u << MW_IMPORT_DIRECTORY | 1u << MW_IMPORT_POSTFIX_CONFIG |
		   1u << MW_IMPORT_DOVECOT_CONFIG | 1u << MW_IMPORT_PAIRS,
	.run = run,
};

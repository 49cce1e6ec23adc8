/* SPDX-License-Identifier: MIT */
/* `mailwicket import exchange DIR`: a policy in audit mode and a directory, of what PowerShell told of Exchange. */
#include "import/import.h"

#include "import/exchange/exporter.h"
#include "import/exchange/names.h"
#include "import/exchange/print.h"
#include "policy/read.h"
#include "servers/new_files.h"
#include "servers/setup/diff.h"
#include "sync/sync.h"
#include "ui/output.h"
#include "ui/own_command.h"

#define ERRORS_MOST 1000

struct result {
	const struct mw_import_request *request;
	struct mw_exchange import;
	struct mw_new_files files;
	const char *policy_path, *directory_path;
	struct mw_str policy, directory;
};

/* --- reading */

/* Each part goes on where the one before it found nothing wrong. */
static bool read_all(struct result *result)
{
	static void (*const parts[])(struct mw_exchange *import) = {
		mw_exchange_read,	 mw_exchange_read_default_domain, mw_exchange_read_people, mw_exchange_read_accounts,
		mw_exchange_read_logins, mw_exchange_read_members,	  mw_exchange_read_grants, mw_exchange_read_permissions,
		mw_exchange_open_circles,
	};
	struct mw_exchange *import = &result->import;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (mw_errors_count(import->errors, MW_ERROR) == 0 && !mw_arena_failed(import->arena))
			parts[i](import);
	}
	if (mw_errors_count(import->errors, MW_ERROR) == 0)
		result->policy = mw_exchange_policy_text(import, result->directory_path);
	if (mw_errors_count(import->errors, MW_ERROR) == 0)
		result->directory = mw_exchange_directory_text(import);
	mw_exchange_sort_notes(import);
	return mw_errors_count(import->errors, MW_ERROR) == 0;
}

/* What is written has to be what `check` takes: with two connectors that match alike there is no policy. */
static bool is_valid(const struct result *result)
{
	struct mw_errors *errors = mw_errors_new(100);
	struct mw_policy *policy =
		errors != NULL ? mw_policy_read_text(result->policy_path, result->policy, "localhost", 0, errors) : NULL;
	struct mw_memory_directory *directory =
		policy != NULL ? mw_memory_directory_new(result->directory_path, result->directory,
							 policy->default_domain, errors)
			       : NULL;
	bool valid = directory != NULL;

	if (!valid && errors != NULL) {
		mw_complain("what is made of %s has errors; nothing was written:", result->import.folder);
		mw_output_errors(errors);
	}
	mw_memory_directory_free(directory);
	mw_policy_free(policy);
	mw_errors_free(errors);
	return valid;
}

static int plan(struct result *result)
{
	int status;

	if (!is_valid(result))
		return EX_DATAERR;
	status = mw_new_files_add(&result->files, result->policy_path, result->policy);
	if (status == EX_OK)
		status = mw_new_files_add(&result->files, result->directory_path, result->directory);
	return status == EX_OK ? mw_new_files_diff(&result->files) : status;
}

/* --- output */

static void print_next(const struct result *result, struct mw_buf *out)
{
	mw_new_files_print_written(&result->files, out);
	mw_buf_printf(out, "next:\n  %s\n  %s\n", mw_own_commands_text(result->import.arena, "mailwicket check"),
		      mw_own_commands_text(result->import.arena, "mailwicket sync"));
}

static void write_text(struct mw_buf *out, const void *context)
{
	/* Printing changes nothing of it. */
	struct result *result = (struct result *)context;
	struct mw_exchange *import = &result->import;

	mw_diff_print(result->files.diff, out);
	mw_exchange_print(import, out);
	mw_buf_printf(out, "domains: %zu, connectors: %zu, users: %zu, groups: %zu, grants: %zu\n", import->domains,
		      import->connectors, import->users, import->groups, import->grant_count);
	if (mw_new_files_print_outcome(&result->files, "both files are as import would write them", out))
		print_next(result, out);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct result *result = context;
	const struct mw_exchange *import = &result->import;

	mw_new_files_json(&result->files, json);
	mw_json_number(json, "domains", import->domains);
	mw_json_number(json, "connectors", import->connectors);
	mw_json_number(json, "users", import->users);
	mw_json_number(json, "groups", import->groups);
	mw_json_number(json, "grants", import->grant_count);
	mw_exchange_print_json(import, json);
}

static int print(const struct result *result, int status)
{
	bool printed = result->request->cli->json ? mw_output_json(write_members, result) : mw_output(write_text, result);

	mw_new_files_complain(&result->files, "-c FILE and --directory FILE");
	return printed ? status : EX_OSERR;
}

/* --- the command */

static int make(struct result *result)
{
	struct mw_exchange *import = &result->import;
	int status;

	if (!read_all(result)) {
		mw_output_errors(import->errors);
		return EX_DATAERR;
	}
	if (mw_arena_failed(import->arena) || mw_str_empty(result->policy) || mw_str_empty(result->directory))
		return EX_OSERR;
	status = plan(result);
	if (status == EX_OK && result->files.kept_count > 0)
		return print(result, 1);
	if (status == EX_OK && result->request->values[MW_IMPORT_APPLY] != NULL && result->files.changes.count > 0)
		status = mw_new_files_write(&result->files);
	return status == EX_OK ? print(result, EX_OK) : status;
}

static int import_folder(const struct mw_import_request *request)
{
	struct result result = { .request = request };
	struct mw_exchange *import = &result.import;
	const char *directory = request->values[MW_IMPORT_DIRECTORY];
	int status = EX_OSERR;

	import->arena = mw_arena_new(0);
	import->errors = mw_errors_new(ERRORS_MOST);
	import->names = import->arena != NULL ? mw_exchange_names_new(import->arena) : NULL;
	import->folder = request->word;
	import->server = request->values[MW_IMPORT_SERVER];
	if (import->errors != NULL && import->names != NULL) {
		result.policy_path = mw_new_file_path(import->arena, request->cli->policy_path);
		result.directory_path = directory != NULL ? mw_new_file_path(import->arena, directory)
							  : mw_new_file_beside(import->arena, result.policy_path, "directory");
		mw_new_files_begin(&result.files, import->arena);
		status = make(&result);
	}
	if (status == EX_OSERR)
		mw_complain("out of memory");
	mw_errors_free(import->errors);
	mw_arena_free(import->arena);
	return status;
}

static void write_exporter(struct mw_buf *out, const void *context)
{
	mw_exchange_print_exporter(mw_str(context), out);
}

static void write_properties(struct mw_buf *out, const void *context)
{
	(void)context;
	mw_exchange_print_properties(out);
}

static int run(const struct mw_import_request *request)
{
	const char *exporter = request->values[MW_IMPORT_EXPORTER];
	bool properties = request->values[MW_IMPORT_PROPERTIES] != NULL;

	if ((exporter != NULL) + properties + (request->word != NULL) != 1)
		return mw_usage_error("exchange needs a folder, or --exporter, or --properties");
	if (exporter != NULL && strcmp(exporter, "server") != 0 && strcmp(exporter, "online") != 0)
		return mw_usage_error("--exporter: there is none for %s; expected server or online", exporter);
	if (exporter != NULL)
		return mw_output(write_exporter, exporter) ? EX_OK : EX_OSERR;
	if (properties)
		return mw_output(write_properties, NULL) ? EX_OK : EX_OSERR;
	return import_folder(request);
}

const struct mw_import_kind mw_import_exchange = {
	.name = "exchange",
	.word = "DIR",
	.options = 1u << MW_IMPORT_APPLY | 1u << MW_IMPORT_DIRECTORY | 1u << MW_IMPORT_EXPORTER | 1u << MW_IMPORT_SERVER |
		   1u << MW_IMPORT_PROPERTIES,
	.run = run,
};

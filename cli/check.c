/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "arguments.h"
#include "output.h"
#include "setting.h"
#include "sync/sync.h"

static const struct mw_option options[] = {
	{ "policy-only", NULL, "leave the directory's sources alone" },
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

struct result {
	const struct mw_cli *cli;
	struct mw_errors *errors;
	bool policy_read, directory_read;
	struct mw_sync_report report;
};

static void write_result(struct mw_json *json, const void *context)
{
	const struct result *result = context;

	mw_json_bool(json, "ok", mw_errors_count(result->errors, MW_ERROR) == 0);
	mw_json_string(json, "file", mw_str(result->cli->policy_path));
	mw_json_number(json, "errors", mw_errors_count(result->errors, MW_ERROR));
	mw_json_number(json, "warnings", mw_errors_count(result->errors, MW_WARNING));
	mw_json_errors(json, result->errors);
	if (result->directory_read) {
		mw_json_object(json, "directory");
		mw_json_number(json, "users", result->report.users);
		mw_json_number(json, "groups", result->report.groups);
		mw_json_number(json, "addresses", result->report.addresses);
		mw_json_number(json, "grants", result->report.grants);
		mw_json_end_object(json);
	}
}

static void print_result(const struct result *result)
{
	unsigned wrong = mw_errors_count(result->errors, MW_ERROR);
	unsigned doubtful = mw_errors_count(result->errors, MW_WARNING);

	mw_output_errors(result->errors);
	if (wrong > 0)
		return;
	printf("%s: no error", result->cli->policy_path);
	if (doubtful > 0)
		printf(", %u warning%s", doubtful, doubtful == 1 ? "" : "s");
	if (result->directory_read)
		printf("; the directory's sources: %llu users, %llu groups, %llu grants",
		       (unsigned long long)result->report.users, (unsigned long long)result->report.groups,
		       (unsigned long long)result->report.grants);
	puts("");
}

static int exit_code(const struct result *result)
{
	if (!result->policy_read)
		return EX_CONFIG;
	return mw_errors_count(result->errors, MW_ERROR) > 0 ? EX_DATAERR : EX_OK;
}

static int check(const struct mw_cli *cli, bool policy_only)
{
	struct result result = { .cli = cli, .errors = mw_errors_new(1000) };
	struct mw_policy *policy;
	int status;

	if (result.errors == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	result.policy_read = mw_setting_read(cli, result.errors, &policy);
	if (result.policy_read && !policy_only && policy->directory.source_count > 0)
		result.directory_read = mw_sync_run(policy, true, result.errors, &result.report);
	if (cli->json)
		mw_output_json(write_result, &result);
	else
		print_result(&result);
	status = exit_code(&result);
	mw_policy_free(policy);
	mw_errors_free(result.errors);
	return status;
}

static int run_check(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv, options, OPTION_COUNT);
	bool policy_only = false;
	const char *value;
	int row;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD)
			return mw_usage_error("check: unexpected argument %s", value);
		if (row < 0)
			return mw_arguments_exit(row);
		policy_only = true;
	}
	return check(cli, policy_only);
}

const struct mw_command mw_check_command = {
	.name = "check",
	.usage = "",
	.summary = "read the policy and the directory's sources, report everything that is wrong",
	.run = run_check,
	.options = options,
	.option_count = OPTION_COUNT,
};

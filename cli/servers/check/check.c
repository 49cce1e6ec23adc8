/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/clock.h"
#include "following.h"
#include "ui/arguments.h"
#include "servers/check/gate.h"
#include "servers/check/servers.h"
#include "ui/output.h"
#include "setting.h"
#include "sync/source.h"
#include "sync/sync.h"

enum {
	OPTION_POLICY_ONLY, OPTION_POSTFIX, OPTION_POSTFIX_CONFIG, OPTION_DOVECOT, OPTION_DOVECOT_CONFIG, OPTION_COUNT,
};

static const struct mw_option options[OPTION_COUNT] = {
	[OPTION_POLICY_ONLY] = { "policy-only", NULL, "do not read the directory's sources" },
	[OPTION_POSTFIX] = { "postfix", NULL, "look at Postfix too: whether the policy can take effect there" },
	[OPTION_POSTFIX_CONFIG] = { "postfix-config", "DIR", "the folder of its main.cf (default: Postfix's own)" },
	[OPTION_DOVECOT] = { "dovecot", NULL, "look at Dovecot too" },
	[OPTION_DOVECOT_CONFIG] = { "dovecot-config", "FILE", "its configuration (default: Dovecot's own)" },
};

struct result {
	const struct mw_cli *cli;
	struct mw_errors *errors;
	struct mw_findings *findings; /* NULL: the policy could not be read */
	bool policy_read, directory_read, servers_looked_at;
	enum mw_unlisted_logins unlisted_logins;
	struct mw_sync_report report;
	struct mw_following_view following;
	bool looked_at_following;
	int64_t now;
};

static unsigned found(const struct result *result, enum mw_finding_severity severity)
{
	return result->findings != NULL ? mw_findings_count(result->findings, severity) : 0;
}

static void write_result(struct mw_json *json, const void *context)
{
	const struct result *result = context;

	mw_json_bool(json, "ok", mw_errors_count(result->errors, MW_ERROR) == 0 &&
				 found(result, MW_FINDING_ERROR) == 0);
	mw_json_string(json, "file", mw_str(result->cli->policy_path));
	mw_json_number(json, "errors", mw_errors_count(result->errors, MW_ERROR));
	mw_json_number(json, "warnings", mw_errors_count(result->errors, MW_WARNING));
	mw_json_errors(json, result->errors);
	if (result->policy_read)
		mw_json_string(json, "unlisted_logins", mw_str(mw_table_word(mw_unlisted_logins, result->unlisted_logins)));
	if (result->directory_read) {
		mw_json_object(json, "directory");
		mw_json_number(json, "users", result->report.users);
		mw_json_number(json, "groups", result->report.groups);
		mw_json_number(json, "addresses", result->report.addresses);
		mw_json_number(json, "grants", result->report.grants);
		mw_json_end_object(json);
	}
	if (result->looked_at_following)
		mw_following_json(&result->following, json);
	if (result->findings != NULL && (result->servers_looked_at || mw_findings_kept(result->findings) > 0)) {
		mw_findings_json(result->findings, json);
		mw_findings_json_not_judged(result->findings, json);
	}
}

static void write_following(struct mw_buf *out, const void *context)
{
	const struct result *result = context;

	mw_following_print(&result->following, "sources: ", out);
}

static void print_count(unsigned count, const char *what)
{
	printf(" %u %s%s", count, what, count == 1 ? "" : "s");
}

static void write_findings(struct mw_buf *out, const void *context)
{
	mw_findings_print(context, out);
}

static void print_findings(const struct result *result)
{
	mw_output(write_findings, result->findings);
	if (!result->servers_looked_at)
		return;
	printf("servers:");
	print_count(found(result, MW_FINDING_ERROR), "error");
	printf(",");
	print_count(found(result, MW_FINDING_WARNING), "warning");
	printf(",");
	print_count(found(result, MW_FINDING_NOTE), "note");
	puts(found(result, MW_FINDING_ERROR) > 0 ? ": the policy does not hold" : "");
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
	if (result->unlisted_logins == MW_UNLISTED_OWN_ADDRESS)
		puts("logins that the directory lacks: let in, each with its own address (unlisted_logins = own_address)");
	if (result->looked_at_following)
		mw_output(write_following, result);
	if (result->findings != NULL)
		print_findings(result);
}

static int exit_code(const struct result *result)
{
	if (!result->policy_read)
		return EX_CONFIG;
	if (mw_errors_count(result->errors, MW_ERROR) > 0)
		return EX_DATAERR;
	return found(result, MW_FINDING_ERROR) > 0 ? 1 : EX_OK;
}

static void add_fault(void *context, enum mw_finding_id id, const struct mw_source *source, const char *text,
		      const char *fix)
{
	const struct result *result = context;

	mw_findings_add(result->findings, (struct mw_finding){
		.id = id, .severity = MW_FINDING_WARNING, .file = result->cli->policy_path,
		.line = source != NULL ? source->place.line : 0, .setting = "directory", .what = text,
		.why = "who may send and log in is judged by what was published: a right that was taken away since still holds",
		.fix = mw_fix_run(fix) });
}

/* The sources were read for this; whether anybody does so when they change is another thing. */
static void look_at_following(struct result *result, const struct mw_policy *policy)
{
	struct mw_arena *arena = mw_findings_arena(result->findings);

	result->now = mw_clock_date();
	mw_following_look(&result->following, policy, result->now, arena);
	mw_following_judge(&result->following, arena, add_fault, result);
	result->looked_at_following = true;
}

static int look_further(struct result *result, const struct mw_policy *policy, bool policy_only,
			const struct mw_servers *servers)
{
	int status;

	result->servers_looked_at = servers->postfix || servers->dovecot;
	result->findings = mw_findings_new();
	if (result->findings == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	mw_check_service(policy, result->findings);
	if (!policy_only)
		look_at_following(result, policy);
	if (!result->servers_looked_at)
		return EX_OK;
	mw_check_gate(policy, servers, result->directory_read ? &result->report : NULL, result->findings);
	status = mw_check_servers(policy, servers, result->findings);
	if (status == EX_OK)
		mw_check_start(policy, servers, result->findings);
	return status;
}

/* What `listen` and `changed` promise is tried as `sync --follow` does it. */
static void try_watches(struct result *result, const struct mw_policy *policy)
{
	for (size_t i = 0; i < policy->directory.source_count; i++) {
		const struct mw_source *source = &policy->directory.sources[i];
		const struct mw_source_driver *driver = mw_source_driver_find(source->driver);
		char text[512];
		struct mw_buf why = MW_BUF_OVER(text);
		void *watch;

		if (driver == NULL || (mw_str_empty(source->sql.listen) && mw_str_empty(source->sql.changed)))
			continue;
		watch = driver->watch_open(source, &why);
		if (watch != NULL)
			driver->watch_close(watch);
		else
			mw_errors_add(result->errors, MW_WARNING, source->place.file, source->place.line, 0, NULL,
				      "source \"%.*s\" cannot be watched: %s; mailwicket sync --follow reads it each interval",
				      MW_STR_ARG(source->name), text);
	}
}

static int check(const struct mw_cli *cli, bool policy_only, const struct mw_servers *servers)
{
	struct result result = { .cli = cli, .errors = mw_errors_new(1000) };
	struct mw_policy *policy;
	int status = EX_OK;

	if (result.errors == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	result.policy_read = mw_setting_read(cli, result.errors, &policy);
	if (result.policy_read)
		result.unlisted_logins = policy->unlisted_logins;
	if (result.policy_read && !policy_only && policy->directory.source_count > 0)
		result.directory_read = mw_sync_run(policy, true, result.errors, &result.report);
	/* One that does not answer need not be waited for twice. */
	if (result.directory_read && result.report.old_sources == 0)
		try_watches(&result, policy);
	if (result.policy_read)
		status = look_further(&result, policy, policy_only, servers);
	if (status == EX_OK && cli->json)
		mw_output_json(write_result, &result);
	else if (status == EX_OK)
		print_result(&result);
	if (status == EX_OK)
		status = exit_code(&result);
	mw_policy_free(policy);
	mw_findings_free(result.findings);
	mw_errors_free(result.errors);
	return status;
}

static int run_check(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct mw_servers servers = { 0 };
	bool policy_only = false;
	const char *value;
	int row;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD)
			return mw_usage_error("unexpected argument %s", value);
		if (row < 0)
			return mw_arguments_exit(row);
		if (row == OPTION_POLICY_ONLY)
			policy_only = true;
		servers.postfix |= row == OPTION_POSTFIX || row == OPTION_POSTFIX_CONFIG;
		servers.dovecot |= row == OPTION_DOVECOT || row == OPTION_DOVECOT_CONFIG;
		if (row == OPTION_POSTFIX_CONFIG)
			servers.postfix_config = value;
		if (row == OPTION_DOVECOT_CONFIG)
			servers.dovecot_config = value;
	}
	return check(cli, policy_only, &servers);
}

const struct mw_command mw_check_command = {
	.name = "check",
	.usage = "[--policy-only] [--postfix] [--dovecot]",
	.summary = "read the policy and the directory's sources, report everything that is wrong;"
		   " prove that the servers follow it",
	.run = run_check,
	.options = options,
	.option_count = OPTION_COUNT,
};

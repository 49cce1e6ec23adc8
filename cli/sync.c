/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "ui/arguments.h"
#include "base/clock.h"
#include "directory/suspensions.h"
#include "ui/output.h"
#include "following.h"
#include "follow/follow.h"
#include "follow/hand_over.h"
#include "follow/say.h"
#include "setting.h"
#include "sync.h"
#include "sync/sync.h"

static const struct mw_option options[] = {
	{ "dry-run", NULL, "read and check everything, publish nothing" },
	{ "accept", "SOURCE[=DIGEST]", "let the names of a source vanish that are held back" },
	{ "follow", NULL, "stay, and publish again whenever a source changes" },
	{ "hand-over", "USER", "make USER, whom --follow runs as, the owner of the published directory's folder" },
};

enum { OPTION_DRY_RUN, OPTION_ACCEPT, OPTION_FOLLOW, OPTION_HAND_OVER };

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

#define MESSAGES_AT_MOST 1000
#define EX_HELD EX_NOPERM /* published, but for names that would have vanished */

struct mw_sync_result {
	const struct mw_policy *policy;
	struct mw_errors *errors;
	struct mw_sync_report report;
	bool done, dry_run;
};

static bool has_state(const struct mw_source *source, struct mw_buf *folder, const struct mw_policy *policy,
		      struct mw_source_state *state_r)
{
	mw_buf_reset(folder);
	mw_buf_add(folder, policy->directory.path);
	mw_source_state_read(folder->data, source->name, state_r);
	return state_r->read_at != 0;
}

static void write_sources(struct mw_json *json, const struct mw_policy *policy)
{
	char path[4096];
	struct mw_buf folder = MW_BUF_OVER(path);

	mw_json_array(json, "sources");
	for (size_t i = 0; i < policy->directory.source_count; i++) {
		struct mw_source_state state;

		if (!has_state(&policy->directory.sources[i], &folder, policy, &state))
			continue;
		mw_json_object(json, NULL);
		mw_json_string(json, "source", state.source);
		mw_json_number(json, "read", (uint64_t)state.read_at);
		mw_json_number(json, "failed_since", (uint64_t)state.failed_since);
		mw_json_string(json, "why", mw_str(state.why));
		mw_source_state_json(&state, json);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

static void write_result(struct mw_json *json, const void *context)
{
	const struct mw_sync_result *result = context;
	const struct mw_sync_report *report = &result->report;

	mw_json_bool(json, "ok", result->done);
	mw_json_bool(json, "dry_run", result->dry_run);
	mw_json_bool(json, "published", report->published);
	if (result->done) {
		mw_json_number(json, "users", report->users);
		mw_json_number(json, "groups", report->groups);
		mw_json_number(json, "addresses", report->addresses);
		mw_json_number(json, "logins", report->logins);
		mw_json_number(json, "grants", report->grants);
		mw_json_number(json, "added", report->added);
		mw_json_number(json, "changed", report->changed);
		mw_json_number(json, "removed", report->removed);
	}
	write_sources(json, result->policy);
	mw_json_errors(json, result->errors);
}

void mw_sync_result_json(struct mw_json *json, const struct mw_sync_result *result)
{
	write_result(json, result);
}

static bool is_published(const struct mw_policy *policy)
{
	struct mw_directory *directory = mw_setting_directory(policy);
	bool is = directory == NULL || !mw_directory_is_missing(directory);

	mw_directory_free(directory);
	return is;
}

void mw_sync_result_print(const struct mw_sync_result *result)
{
	const struct mw_sync_report *report = &result->report;
	char text[256];
	struct mw_buf counts = MW_BUF_OVER(text);
	const char *what = report->published ? "published" : result->dry_run ? "checked, nothing published"
									       : "nothing to change";

	mw_output_errors(result->errors);
	if (!result->done) {
		if (is_published(result->policy))
			mw_complain("the directory in %.*s is unchanged", MW_STR_ARG(result->policy->directory.path));
		else
			mw_complain("nothing was published%s",
				    mw_sync_result_code(result) == EX_DATAERR ? ": the sources have errors" : "");
		return;
	}
	mw_say_counts(report, &counts);
	printf("%s: %s\n", what, text);
}

/* A message with a line is about the sources' content; without one it is about reading or writing files. */
int mw_sync_result_code(const struct mw_sync_result *result)
{
	if (result->done)
		return result->report.old_sources > 0 ? EX_TEMPFAIL
						      : result->report.held_sources > 0 && !result->dry_run ? EX_HELD : EX_OK;
	for (unsigned i = 0; i < mw_errors_kept(result->errors); i++) {
		const struct mw_error *error = mw_errors_get(result->errors, i);

		if (error->severity == MW_ERROR && error->line > 0)
			return EX_DATAERR;
	}
	return EX_TEMPFAIL;
}

/* From the place where earlier versions had them. */
static void move_suspensions(const struct mw_policy *policy, struct mw_errors *errors)
{
	struct mw_errors *why = mw_errors_new(1);

	if (why == NULL)
		return;
	if (!mw_str_empty(policy->directory.path) && !mw_suspensions_move(policy->directory.path.ptr, mw_clock_date(), why) &&
	    mw_errors_kept(why) > 0)
		mw_errors_add(errors, MW_WARNING, mw_errors_get(why, 0)->file, 0, 0, NULL,
			      "the suspensions stay where earlier versions had them: %s", mw_errors_get(why, 0)->text);
	mw_errors_free(why);
}

void mw_sync_result_free(struct mw_sync_result *result)
{
	if (result == NULL)
		return;
	mw_errors_free(result->errors);
	free(result);
}

static bool has_source(const struct mw_policy *policy, struct mw_str name)
{
	for (size_t i = 0; i < policy->directory.source_count; i++) {
		if (mw_str_equal(policy->directory.sources[i].name, name))
			return true;
	}
	return false;
}

/* SOURCE or SOURCE=DIGEST; a name may have a "=", too. False: the policy has no such source. */
static bool find_accepted(const struct mw_policy *policy, const char *accept, struct mw_str *source_r,
			  struct mw_str *digest_r)
{
	size_t equals = mw_str_find_last(mw_str(accept), '=');

	*source_r = mw_str(accept);
	*digest_r = MW_STR_EMPTY;
	if (has_source(policy, *source_r))
		return true;
	*source_r = mw_str_head(mw_str(accept), equals);
	*digest_r = mw_str_tail(mw_str(accept), equals + 1);
	if (equals < strlen(accept) && has_source(policy, *source_r) && !mw_str_empty(*digest_r))
		return true;
	mw_complain("the policy has no source \"%s\"", accept);
	return false;
}

static bool sync_with(const struct mw_policy *policy, struct mw_sync_result *result, struct mw_str source,
		      struct mw_str digest)
{
	if (!result->dry_run)
		move_suspensions(policy, result->errors);
	return mw_str_empty(source) ? mw_sync_run(policy, result->dry_run, result->errors, &result->report)
				    : mw_sync_accept(policy, source, digest, result->errors, &result->report);
}

struct mw_sync_result *mw_sync_publish(const struct mw_policy *policy)
{
	struct mw_sync_result *result = calloc(1, sizeof(*result));

	if (result == NULL)
		return NULL;
	result->policy = policy;
	result->errors = mw_errors_new(MESSAGES_AT_MOST);
	if (result->errors == NULL) {
		free(result);
		return NULL;
	}
	move_suspensions(policy, result->errors);
	result->done = mw_sync_beside(policy, result->errors, &result->report);
	return result;
}

static int sync_directory(const struct mw_cli *cli, bool dry_run, const char *accept)
{
	struct mw_sync_result result = { .errors = mw_errors_new(MESSAGES_AT_MOST), .dry_run = dry_run };
	struct mw_policy *policy = mw_setting_policy(cli);
	struct mw_str source = MW_STR_EMPTY, digest = MW_STR_EMPTY;
	int status = EX_CONFIG;

	if (policy != NULL && accept != NULL && !find_accepted(policy, accept, &source, &digest)) {
		status = EX_USAGE;
	} else if (policy != NULL && result.errors != NULL) {
		result.policy = policy;
		result.done = sync_with(policy, &result, source, digest);
		if (cli->json)
			mw_output_json(write_result, &result);
		else
			mw_sync_result_print(&result);
		status = mw_sync_result_code(&result);
	}
	mw_policy_free(policy);
	mw_errors_free(result.errors);
	return status;
}

static int run_sync(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	bool dry_run = false, follow = false;
	const char *user = NULL;
	const char *value, *accept = NULL;
	int row;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD)
			return mw_usage_error("unexpected argument %s", value);
		if (row < 0)
			return mw_arguments_exit(row);
		dry_run = dry_run || row == OPTION_DRY_RUN;
		follow = follow || row == OPTION_FOLLOW;
		user = row == OPTION_HAND_OVER ? value : user;
		if (row == OPTION_ACCEPT)
			accept = value;
	}
	if (accept != NULL && (dry_run || follow))
		return mw_usage_error("--accept goes with neither --dry-run nor --follow");
	if (user != NULL && (follow || dry_run || accept != NULL || cli->json))
		return mw_usage_error("--hand-over stands alone");
	if (user != NULL)
		return mw_hand_over(cli, user);
	if (follow && (dry_run || cli->json))
		return mw_usage_error("--follow goes with neither --dry-run nor --json");
	if (follow)
		return mw_follow(cli);
	return sync_directory(cli, dry_run, accept);
}

const struct mw_command mw_sync_command = {
	.name = "sync",
	.usage = "[--accept SOURCE[=DIGEST] | --dry-run | --follow | --hand-over USER]",
	.summary = "read the sources and publish the directory",
	.run = run_sync,
	.options = options,
	.option_count = OPTION_COUNT,
};

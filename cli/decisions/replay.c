/* SPDX-License-Identifier: MIT */
#include "decisions/replay.h"
#include "base/clock.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>

#include "ui/arguments.h"
#include "logs/source.h"
#include "logs/usual.h"
#include "ui/output.h"
#include "ui/own_command.h"
#include "setting.h"
#include "sync/sync.h"

#define LOGS_MAX 1000
#define USUAL_LIMIT 100
#define MESSAGES_AT_MOST 1000

enum option { OPTION_POLICY, OPTION_DIRECTORY, OPTION_SINCE, OPTION_LIMIT };

static const struct mw_option options[] = {
	[OPTION_POLICY] = { "policy", "FILE", "the policy to decide under (default: -c's)" },
	[OPTION_DIRECTORY] = { "directory", "FILE", "directory text to decide by (default: what is published)" },
	[OPTION_SINCE] = { "since", "TIME", "2h, 7d, 2026-11-25 or \"2026-11-25 09:00\": no earlier lines" },
	[OPTION_LIMIT] = { "limit", "N", "rows to print (default 100; 0: the totals only; unlimited)" },
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

struct request {
	const char *logs[LOGS_MAX];
	size_t log_count;
	const char *directory;
	uint64_t limit;
	int64_t since;
	struct mw_why_clock clock;
};

static int read_log(struct mw_replay *replay, const char *name)
{
	int code;
	struct mw_log_source *source = mw_log_source_open(name, replay->since, &code);
	struct mw_str line;

	if (source == NULL)
		return code;
	while (!replay->unavailable && mw_log_source_next(source, &line))
		mw_replay_line(replay, line);
	return mw_log_source_close(source);
}

/* What to say where the log cannot answer the question. EX_OK: it can. */
static int check_log(const struct mw_replay *replay, const struct request *request)
{
	if (mw_replay_total(replay) == 0) {
		mw_log_complain_empty(request->logs, request->log_count, replay->since, "");
		return EX_DATAERR;
	}
	if (replay->permitted == 0)
		mw_complain("the log has no permitted decision, so nothing can be newly refused: "
			    "log { decisions = all } records them");
	return EX_OK;
}

static int replay_logs(struct mw_replay *replay, const struct request *request, bool json, const char *why)
{
	int code = EX_OK;

	for (size_t i = 0; i < request->log_count && code == EX_OK && !replay->unavailable; i++)
		code = read_log(replay, request->logs[i]);
	if (replay->unavailable) {
		char command[PATH_MAX * 2];
		struct mw_buf room = MW_BUF_OVER(command);

		mw_complain("the directory cannot be read%s%s; publish it with %s, or name one with --directory",
			    why[0] != '\0' ? ": " : "", why, mw_own_commands_in(&room, MW_STR("mailwicket sync")).ptr);
		return EX_TEMPFAIL;
	}
	if (code == EX_OK)
		code = check_log(replay, request);
	if (code != EX_OK)
		return code;
	if (!mw_replay_print(replay, json, request->limit))
		return EX_OSERR;
	return replay->changes[MW_REPLAY_UNCHANGED] + replay->old + replay->cut + replay->malformed ==
		       mw_replay_total(replay) ? EX_OK : 1;
}

/* A message with a line is about the text; without one the file cannot be read. */
static int code_of(const struct mw_errors *errors)
{
	for (unsigned i = 0; i < mw_errors_kept(errors); i++)
		if (mw_errors_get(errors, i)->line > 0)
			return EX_DATAERR;
	return EX_NOINPUT;
}

static struct mw_memory_directory *read_directory(const char *path, const struct mw_policy *policy, int *exit_r)
{
	const struct mw_source source = { .driver = MW_STR("text"), .path = mw_str(path) };
	struct mw_errors *errors = mw_errors_new(MESSAGES_AT_MOST);
	struct mw_memory_directory *directory = NULL;

	if (errors == NULL) {
		mw_complain("out of memory");
		*exit_r = EX_OSERR;
		return NULL;
	}
	directory = mw_memory_directory_read(&source, policy->default_domain, errors);
	if (directory == NULL) {
		*exit_r = code_of(errors);
		mw_output_errors(errors);
	}
	mw_errors_free(errors);
	return directory;
}

static int replay_by(struct mw_replay *replay, const struct request *request, bool json)
{
	struct mw_memory_directory *given = NULL;
	struct mw_directory *published = NULL;
	int code = EX_OSERR;

	if (request->directory != NULL) {
		given = read_directory(request->directory, replay->policy, &code);
		if (given != NULL)
			replay->directory = mw_memory_directory_view(given);
	} else {
		published = mw_setting_directory(replay->policy);
		if (published != NULL)
			replay->directory = mw_directory_view(published);
	}
	if (replay->directory != NULL)
		code = replay_logs(replay, request, json, published != NULL ? mw_directory_error(published) : "");
	mw_memory_directory_free(given);
	mw_directory_free(published);
	return code;
}

static int replay(const struct mw_cli *cli, const struct request *request)
{
	struct mw_replay *replay = calloc(1, sizeof(*replay));
	struct mw_policy *policy = mw_setting_policy(cli);
	int code = policy == NULL ? EX_CONFIG : EX_OSERR;
	uint64_t seed = 0;

	if (replay != NULL && getrandom(&seed, sizeof(seed), 0) == sizeof(seed))
		replay->rows = mw_replay_rows_new(seed);
	if (replay == NULL || replay->rows == NULL) {
		mw_complain("out of memory");
	} else if (policy != NULL) {
		replay->policy = policy;
		replay->clock = request->clock;
		replay->since = request->since;
		replay->today = mw_clock_today();
		code = replay_by(replay, request, cli->json);
	}
	if (replay != NULL)
		mw_replay_rows_free(replay->rows);
	free(replay);
	mw_policy_free(policy);
	return code;
}

/* EX_OK, or EX_USAGE with one line printed. */
static int take(struct mw_cli *cli, struct request *request, int row, const char *value)
{
	switch (row) {
	case OPTION_POLICY:
		cli->policy_path = value;
		return EX_OK;
	case OPTION_DIRECTORY:
		request->directory = value;
		return EX_OK;
	case OPTION_SINCE:
		if (mw_why_since(&request->clock, mw_str(value), &request->since))
			return EX_OK;
		return mw_usage_error("--since %s: expected 90s, 30m, 2h, 7d, 1w, YYYY-MM-DD or \"YYYY-MM-DD HH:MM\"",
				      value);
	case OPTION_LIMIT:
		if (mw_parse_limit(mw_str(value), &request->limit))
			return EX_OK;
		return mw_usage_error("--limit %s: expected a number or unlimited", value);
	case MW_ARGUMENT_WORD:
		if (request->log_count == LOGS_MAX)
			return mw_usage_error("more than %d logs; join them into - (standard input)", LOGS_MAX);
		request->logs[request->log_count++] = value;
		return EX_OK;
	default:
		return mw_arguments_exit(row);
	}
}

static int run_replay(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct request request = { .limit = USUAL_LIMIT, .clock = mw_why_clock_at(mw_clock_date()) };
	const char *value;
	int row, code;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		code = take(cli, &request, row, value);
		if (code != EX_OK || row == MW_ARGUMENT_HELP)
			return code;
	}
	if (request.log_count == 0)
		return mw_usage_error("name a log: a file, - for standard input, or journal");
	return replay(cli, &request);
}

const struct mw_command mw_replay_command = {
	.name = "replay",
	.usage = "LOG... [--policy FILE] [--directory FILE] [--since TIME] [--limit N]",
	.summary = "take recorded decisions again under another policy or directory",
	.run = run_replay,
	.options = options,
	.option_count = OPTION_COUNT,
	.note = "LOG is a file (also compressed: gzip, xz, zstd, bzip2), - for standard input, or journal\n"
		"exit 0: every decision comes out as it was; 1: some do not; else as in sysexits(3)",
};

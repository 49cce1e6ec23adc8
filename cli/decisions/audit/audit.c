/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "decisions/audit/print.h"
#include "decisions/audit/shown.h"
#include "decisions/audit/write.h"
#include "setting.h"
#include "sync/sync.h"
#include "ui/arguments.h"
#include "ui/output.h"
#include "ui/own_command.h"

#define USUAL_SINCE (7 * 86400)
#define USUAL_LIMIT 100
#define ROTATED_MOST 60
#define MESSAGES_AT_MOST 100

enum option { OPTION_SINCE, OPTION_LOG, OPTION_LIMIT, OPTION_HTML, OPTION_WRITE, OPTION_GRANT };

static const struct mw_option options[] = {
	[OPTION_SINCE] = { "since", "WHEN", "2h, 7d, 2026-11-25 or \"2026-11-25 09:00\" (default: 7d)" },
	[OPTION_LOG] = { "log", "FILE|journal",
			 "a log to read, also compressed, or - (default: /var/log/mail.log, else the journal); again for more" },
	[OPTION_LIMIT] = { "limit", "N", "proposals and rows to print (default 100; 0: the totals only; unlimited)" },
	[OPTION_HTML] = { "html", NULL, "a page for whoever decides" },
	[OPTION_WRITE] = { "write", "N,...", "write these proposals, of the list shown last, into the text source" },
	[OPTION_GRANT] = { "grant", NULL, "with --write: also an address that is somebody else's" },
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

struct request {
	struct mw_log_choice choice;
	struct mw_audit_order order;
	uint64_t limit;
	bool html;
};

static int check(const struct mw_audit_day *day, const char *why)
{
	if (day->unavailable) {
		mw_complain_own("the directory cannot be read%s%s; publish it with mailwicket sync",
				why[0] != '\0' ? ": " : "", why);
		return EX_TEMPFAIL;
	}
	if (day->decisions > 0)
		return EX_OK;
	mw_log_complain_empty(day->choice->names, day->choice->count, day->choice->since,
			      ", all of them with log { decisions = all }");
	return EX_DATAERR;
}

static bool print(const struct mw_cli *cli, const struct request *request, const struct mw_audit_day *day)
{
	struct mw_audit_answer answer = { .day = day, .limit = request->limit < SIZE_MAX ? (size_t)request->limit : SIZE_MAX };

	if (request->html)
		return mw_audit_print_html(&answer);
	return cli->json ? mw_audit_print_json(&answer) : mw_audit_print(&answer);
}

static int answer(const struct mw_cli *cli, const struct request *request, const struct mw_audit_day *day)
{
	size_t shown = day->proposal_count < request->limit ? day->proposal_count : (size_t)request->limit;

	if (request->order.count > 0)
		return mw_audit_write(day, &request->order, cli->json);
	if (!print(cli, request, day))
		return EX_OSERR;
	/* Sums alone show no numbers. */
	if (request->limit > 0 && !mw_audit_shown_keep(day, shown))
		return EX_CANTCREAT;
	return day->events + day->apart + day->strangers == 0 ? EX_OK : 1;
}

static int audit_by(const struct mw_cli *cli, struct request *request, const struct mw_policy *policy,
		    const struct mw_directory_view *view, const struct mw_directory *published)
{
	struct mw_audit_day *day = calloc(1, sizeof(*day));
	int code = EX_OSERR;

	if (day != NULL)
		day->world = mw_audit_world_new(policy, view);
	if (day != NULL && day->world != NULL && mw_audit_tally_init(&day->tally)) {
		day->policy = policy;
		day->choice = &request->choice;
		day->today = mw_clock_today();
		code = mw_log_choice_read(&request->choice, mw_audit_line, day);
		if (code == EX_OK)
			code = check(day, published != NULL ? mw_directory_error(published) : "");
		if (code == EX_OK)
			code = mw_audit_settle(day) ? answer(cli, request, day) : EX_OSERR;
	}
	if (code == EX_OSERR)
		mw_complain("out of memory");
	if (day != NULL) {
		mw_audit_tally_deinit(&day->tally);
		mw_audit_world_free(day->world);
		free(day->order);
		free(day->proposals);
	}
	free(day);
	return code;
}

/* By what sync would publish now, so that what was written is not proposed again; without sources, by what is
   published. */
static int audit(const struct mw_cli *cli, struct request *request)
{
	struct mw_policy *policy = mw_setting_policy(cli);
	struct mw_errors *errors = mw_errors_new(MESSAGES_AT_MOST);
	struct mw_memory_directory *sources = NULL;
	struct mw_directory *published = NULL;
	int code = EX_CONFIG;

	if (policy != NULL && errors != NULL && policy->directory.source_count > 0) {
		sources = mw_memory_directory_of(policy, NULL, errors);
		if (sources == NULL) {
			mw_output_errors(errors);
			mw_complain_own("the directory's sources have errors: see mailwicket check");
			code = EX_DATAERR;
		} else {
			code = audit_by(cli, request, policy, mw_memory_directory_view(sources), NULL);
		}
	} else if (policy != NULL) {
		published = mw_setting_directory(policy);
		code = published == NULL ? EX_OSERR : audit_by(cli, request, policy, mw_directory_view(published), published);
	}
	mw_memory_directory_free(sources);
	mw_directory_free(published);
	mw_errors_free(errors);
	mw_policy_free(policy);
	return code;
}

/* EX_OK, or EX_USAGE with one line printed. */
static int take(struct request *request, int row, const char *value)
{
	struct mw_log_choice *choice = &request->choice;

	switch (row) {
	case OPTION_SINCE:
		choice->since_given = true;
		if (mw_why_since(&choice->clock, mw_str(value), &choice->since))
			return EX_OK;
		return mw_usage_error("--since %s: expected 90s, 30m, 2h, 7d, 1w, YYYY-MM-DD or \"YYYY-MM-DD HH:MM\"", value);
	case OPTION_LOG:
		if (choice->count == MW_LOGS_MOST)
			return mw_usage_error("more than %d logs", MW_LOGS_MOST);
		choice->names[choice->count++] = value;
		return EX_OK;
	case OPTION_LIMIT:
		if (mw_parse_limit(mw_str(value), &request->limit))
			return EX_OK;
		return mw_usage_error("--limit %s: expected a number or unlimited", value);
	case OPTION_HTML:
		request->html = true;
		return EX_OK;
	case OPTION_WRITE:
		if (mw_audit_order_read(mw_str(value), &request->order))
			return EX_OK;
		return mw_usage_error("--write %s: expected numbers of proposals, as 3,5", value);
	case OPTION_GRANT:
		request->order.grant = true;
		return EX_OK;
	case MW_ARGUMENT_WORD:
		return mw_usage_error("unexpected argument %s; a log is named with --log", value);
	default:
		return mw_arguments_exit(row);
	}
}

static int run_audit(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct request request = { .limit = USUAL_LIMIT, .choice = { .rotated_most = ROTATED_MOST } };
	const char *value;
	int row, code;

	request.choice.clock = mw_why_clock_at(mw_clock_date());
	request.choice.since = request.choice.clock.now - USUAL_SINCE;
	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		code = take(&request, row, value);
		if (code != EX_OK || row == MW_ARGUMENT_HELP)
			return code;
	}
	if (request.order.grant && request.order.count == 0)
		return mw_usage_error("--grant goes with --write");
	if (request.html && (cli->json || request.order.count > 0))
		return mw_usage_error("--html goes with neither --json nor --write");
	if (request.choice.count == 0)
		mw_log_choose_usual(&request.choice);
	return audit(cli, &request);
}

const struct mw_command mw_audit_command = {
	.name = "audit",
	.usage = "[--since WHEN] [--log FILE|journal ...] [--limit N] [--html] [--write N,... [--grant]]",
	.summary = "who and what would be refused, from the log of audit mode, and what fixes it",
	.run = run_audit,
	.options = options,
	.option_count = OPTION_COUNT,
	.note = "exit 0: nothing would be refused, or --write wrote; 1: something would be; else as in sysexits(3)",
};

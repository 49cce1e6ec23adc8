/* SPDX-License-Identifier: MIT */
#include "status/status.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/units.h"
#include "ui/arguments.h"
#include "ui/output.h"

#define USUAL_REFUSALS 5
#define LOG_SECONDS 86400

enum option { OPTION_LIMIT, OPTION_LOG, OPTION_DOVECOT_CONFIG, OPTION_SOCKET };

static const struct mw_option options[] = {
	[OPTION_LIMIT] = { "limit", "N", "how many refusals to show, up to 50 (default 5; 0: no log is read)" },
	[OPTION_LOG] = { "log", "FILE|journal", "the log they are in (default: /var/log/mail.log, else the journal)" },
	[OPTION_DOVECOT_CONFIG] = { "dovecot-config", "FILE", "Dovecot's configuration (default: Dovecot's own)" },
	[OPTION_SOCKET] = { "socket", "FILE", "mailwicketd's status socket (default: where the policy has it)" },
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

struct request {
	struct mw_log_choice choice;
	uint64_t limit;
	const char *dovecot_config, *socket;
};

static int show(const struct mw_cli *cli, struct request *request)
{
	struct mw_status_view *view = calloc(1, sizeof(*view));
	int code = EX_OSERR;

	if (view != NULL)
		view->arena = mw_arena_new(0);
	if (view != NULL && view->arena != NULL) {
		mw_status_look(view, cli, request->socket, request->dovecot_config);
		if ((request->limit == 0 || mw_status_read_log(view, &request->choice, (size_t)request->limit)) &&
		    !mw_arena_failed(view->arena) && mw_status_print(view, cli->json))
			code = (int)view->level;
		mw_policy_free(view->policy);
		mw_arena_free(view->arena);
	}
	if (code == EX_OSERR)
		mw_complain("out of memory");
	free(view);
	return code;
}

static int take(struct request *request, int row, const char *value)
{
	switch (row) {
	case OPTION_LIMIT:
		if (mw_parse_number(mw_str(value), &request->limit) && request->limit <= MW_STATUS_REFUSALS)
			return EX_OK;
		return mw_usage_error("--limit %s: expected a number from 0 to %d", value, MW_STATUS_REFUSALS);
	case OPTION_LOG:
		request->choice.names[0] = value;
		request->choice.count = 1;
		return EX_OK;
	case OPTION_DOVECOT_CONFIG:
		request->dovecot_config = value;
		return EX_OK;
	case OPTION_SOCKET:
		request->socket = value;
		return EX_OK;
	case MW_ARGUMENT_WORD:
		return mw_usage_error("unexpected argument %s", value);
	default:
		return mw_arguments_exit(row);
	}
}

static int run_status(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct request request = { .limit = USUAL_REFUSALS };
	const char *value;
	int row, code;

	request.choice.clock = mw_why_clock_at(mw_clock_date());
	request.choice.since = request.choice.clock.now - LOG_SECONDS;
	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		code = take(&request, row, value);
		if (code != EX_OK || row == MW_ARGUMENT_HELP)
			return code;
	}
	if (request.choice.count == 0 && request.limit > 0)
		mw_log_choose_usual(&request.choice);
	return show(cli, &request);
}

const struct mw_command mw_status_command = {
	.name = "status",
	.usage = "[--limit N] [--log FILE|journal] [--dovecot-config FILE] [--socket FILE]",
	.summary = "what runs, with which policy and directory, and what is wrong; for monitoring too",
	.run = run_status,
	.options = options,
	.option_count = OPTION_COUNT,
	.note = "exit 0: good; 1: warning; 2: critical; else as in sysexits(3)",
};

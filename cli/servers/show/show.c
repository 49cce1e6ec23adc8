/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ui/arguments.h"
#include "ui/output.h"
#include "ui/process.h"
#include "policy/print.h"
#include "setting.h"
#include "servers/show/show.h"

enum { OPTION_POSTFIX, OPTION_DOVECOT, OPTION_GENERATION, OPTION_COUNT };

static const struct mw_option options[OPTION_COUNT] = {
	[OPTION_POSTFIX] = { "postfix", NULL, "the lines for main.cf and master.cf" },
	[OPTION_DOVECOT] = { "dovecot", NULL, "the lines for Dovecot" },
	[OPTION_GENERATION] = { "generation", "2.3|2.4", "which Dovecot (default: the one of this machine)" },
};

enum form { FORM_POLICY, FORM_POSTFIX, FORM_DOVECOT };

struct request {
	enum form form;
	enum mw_dovecot_generation generation;
	const struct mw_policy *policy;
};

static void write_text(struct mw_buf *out, const void *context)
{
	const struct request *request = context;

	if (request->form == FORM_POSTFIX)
		mw_show_postfix(request->policy, out);
	else if (request->form == FORM_DOVECOT)
		mw_show_dovecot(request->policy, request->generation, out);
	else
		mw_policy_print(request->policy, out);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct request *request = context;
	static char lines[256 * 1024];
	struct mw_buf out = MW_BUF_OVER(lines);

	if (request->form == FORM_POLICY) {
		mw_show_json(request->policy, json);
		return;
	}
	write_text(&out, context);
	mw_json_string(json, request->form == FORM_POSTFIX ? "postfix" : "dovecot", mw_buf_str(&out));
}

/* Of the Dovecot of this machine: "2.4.1-4 (7d8c0e5759)". 2.3 when there is none. */
static enum mw_dovecot_generation installed_generation(void)
{
	static const char *const command[] = { "dovecot", "--version", NULL };
	struct mw_run run;
	bool is_2_3 = !mw_run_program(command, &run) || mw_str_starts_with(run.output, MW_STR("2.3."));

	mw_run_free(&run);
	return is_2_3 ? MW_DOVECOT_2_3 : MW_DOVECOT_2_4;
}

static int read_options(struct request *request, struct mw_arguments *arguments)
{
	const char *value;
	bool named = false, postfix = false, dovecot = false;
	int row;

	while ((row = mw_arguments_next(arguments, &value)) != MW_ARGUMENT_END) {
		named |= row == OPTION_GENERATION;
		if (row == MW_ARGUMENT_WORD)
			return mw_usage_error("unexpected argument %s", value);
		if (row < 0)
			return row == MW_ARGUMENT_HELP ? -1 : EX_USAGE;
		postfix |= row == OPTION_POSTFIX;
		dovecot |= row == OPTION_DOVECOT;
		if (row != OPTION_GENERATION)
			continue;
		if (strcmp(value, "2.3") == 0 || strcmp(value, "2.4") == 0)
			request->generation = value[2] == '4' ? MW_DOVECOT_2_4 : MW_DOVECOT_2_3;
		else
			return mw_usage_error("--generation %s: expected 2.3 or 2.4", value);
	}
	if (postfix && dovecot)
		return mw_usage_error("--postfix and --dovecot: one at a time");
	if (named && !dovecot)
		return mw_usage_error("--generation goes with --dovecot");
	if (postfix || dovecot)
		request->form = postfix ? FORM_POSTFIX : FORM_DOVECOT;
	if (dovecot && !named)
		request->generation = installed_generation();
	return EX_OK;
}

static int run_show(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct request request = { .form = FORM_POLICY };
	struct mw_policy *policy;
	int status = read_options(&request, &arguments);

	if (status != EX_OK)
		return status < 0 ? EX_OK : status;
	policy = mw_setting_policy(cli);
	if (policy == NULL)
		return EX_CONFIG;
	request.policy = policy;
	if (!(cli->json ? mw_output_json(write_members, &request) : mw_output(write_text, &request)))
		status = EX_OSERR;
	mw_policy_free(policy);
	return status;
}

const struct mw_command mw_show_command = {
	.name = "show",
	.usage = "[--postfix | --dovecot [--generation 2.3|2.4]]",
	.summary = "print the effective policy, or the lines that Postfix or Dovecot need",
	.run = run_show,
	.options = options,
	.option_count = OPTION_COUNT,
};

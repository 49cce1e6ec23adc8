/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "ui/arguments.h"
#include "ui/output.h"

#define HELP_COLUMN 26

struct mw_arguments mw_arguments_over(struct mw_cli *cli, int argc, char **argv)
{
	return (struct mw_arguments){ .cli = cli, .argc = argc, .argv = argv, .next = 1 };
}

void mw_help_row(const char *left, const char *text)
{
	if (strlen(left) > HELP_COLUMN)
		printf("  %s\n  %-*s %s\n", left, HELP_COLUMN, "", text);
	else
		printf("  %-*s %s\n", HELP_COLUMN, left, text);
}

static void print_help(const struct mw_command *command)
{
	printf("usage: mailwicket [-c FILE] [--json] %s%s%s\n\n%s\n", command->name,
	       command->usage[0] != '\0' ? " " : "", command->usage, command->summary);
	if (command->option_count > 0 || command->note != NULL)
		puts("");
	for (size_t i = 0; i < command->option_count; i++) {
		const struct mw_option *option = &command->options[i];
		char left[80];

		snprintf(left, sizeof(left), "--%s%s%s", option->name, option->value != NULL ? " " : "",
			 option->value != NULL ? option->value : "");
		mw_help_row(left, option->help);
	}
	if (command->note != NULL)
		printf("%s%s\n", command->option_count > 0 ? "\n" : "", command->note);
}

static bool same_name(const char *name, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len && name[i] != '\0'; i++) {
		char c = text[i] == '_' ? '-' : text[i];

		if (c != name[i])
			return false;
	}
	return i == len && name[i] == '\0';
}

static int option_find(const struct mw_arguments *arguments, const char *text, size_t len)
{
	const struct mw_command *command = arguments->cli->command;

	for (size_t i = 0; i < command->option_count; i++) {
		if (same_name(command->options[i].name, text, len))
			return (int)i;
	}
	return MW_ARGUMENT_BAD;
}

static int take_value(struct mw_arguments *arguments, const char *option, const char **value_r)
{
	if (arguments->next >= arguments->argc) {
		mw_usage_error("option %s needs a value", option);
		return MW_ARGUMENT_BAD;
	}
	*value_r = arguments->argv[arguments->next++];
	return 0;
}

/* Options of every command; returns MW_ARGUMENT_WORD when it is none of them, END when it was taken. */
static int take_common(struct mw_arguments *arguments, const char *text)
{
	const char *value;

	if (strcmp(text, "--json") == 0) {
		arguments->cli->json = true;
		return MW_ARGUMENT_END;
	}
	if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
		print_help(arguments->cli->command);
		return MW_ARGUMENT_HELP;
	}
	if (strcmp(text, "-c") == 0) {
		if (take_value(arguments, text, &value) < 0)
			return MW_ARGUMENT_BAD;
		arguments->cli->policy_path = value;
		return MW_ARGUMENT_END;
	}
	return MW_ARGUMENT_WORD;
}

static int take_option(struct mw_arguments *arguments, const char *text, const char **value_r)
{
	const char *name = text + 2;
	const char *equals = strchr(name, '=');
	size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct mw_option *options = arguments->cli->command->options;
	int row = strncmp(text, "--", 2) == 0 ? option_find(arguments, name, len) : MW_ARGUMENT_BAD;

	if (row < 0) {
		mw_usage_error("unknown option %s; see mailwicket %s --help", text, arguments->argv[0]);
		return MW_ARGUMENT_BAD;
	}
	if (options[row].value == NULL) {
		if (equals == NULL)
			return row;
		mw_usage_error("option --%s takes no value", options[row].name);
		return MW_ARGUMENT_BAD;
	}
	if (equals != NULL) {
		*value_r = equals + 1;
		return row;
	}
	return take_value(arguments, text, value_r) < 0 ? MW_ARGUMENT_BAD : row;
}

int mw_arguments_next(struct mw_arguments *arguments, const char **value_r)
{
	*value_r = "";
	while (arguments->next < arguments->argc) {
		const char *text = arguments->argv[arguments->next++];
		int common;

		*value_r = text;
		if (arguments->words_only || text[0] != '-' || text[1] == '\0')
			return MW_ARGUMENT_WORD;
		if (strcmp(text, "--") == 0) {
			arguments->words_only = true;
			continue;
		}
		common = take_common(arguments, text);
		if (common == MW_ARGUMENT_END)
			continue;
		return common == MW_ARGUMENT_WORD ? take_option(arguments, text, value_r) : common;
	}
	return MW_ARGUMENT_END;
}

int mw_arguments_exit(int code)
{
	return code == MW_ARGUMENT_HELP ? EX_OK : EX_USAGE;
}

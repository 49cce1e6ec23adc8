/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "ui/arguments.h"
#include "ui/output.h"

static const char before[] =
	"# Completion of mailwicket(1) for bash, printed by `mailwicket completion bash`.\n\n";

static const char after[] =
	"_mailwicket()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tlocal command='' first='' prefix='' options='' words='' files='' i\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\t# \"--name=value\" comes as three words where \"=\" breaks words, else as one.\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=''\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\telif [[ $cur == --*=* ]]; then\n"
	"\t\tprev=${cur%%=*} prefix=${cur%%=*}= cur=${cur#*=}\n"
	"\tfi\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tif [[ ${COMP_WORDS[i]} == -* ]]; then\n"
	"\t\t\t_mailwicket_value \"$command\" \"${COMP_WORDS[i]}\" || continue\n"
	"\t\t\t[[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))\n"
	"\t\t\t((i++))\n"
	"\t\telif [[ -z $command ]]; then\n"
	"\t\t\tcommand=${COMP_WORDS[i]}\n"
	"\t\telse\n"
	"\t\t\tfirst=${COMP_WORDS[i]}\n"
	"\t\tfi\n"
	"\tdone\n"
	"\tif ! _mailwicket_value \"$command\" \"$prev\"; then\n"
	"\t\t_mailwicket_command \"$command\"\n"
	"\t\tif [[ $cur == -* || -n $first || -z $words$files ]]; then\n"
	"\t\t\twords=$options files=''\n"
	"\t\tfi\n"
	"\tfi\n"
	"\t[[ -n $words ]] && mapfile -t COMPREPLY < <(compgen -P \"$prefix\" -W \"$words\" -- \"$cur\")\n"
	"\tif [[ -n $files ]]; then\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -P \"$prefix\" -f -- \"$cur\")\n"
	"\tfi\n"
	"}\n"
	"complete -F _mailwicket mailwicket\n";

/* The next name or word of a value, up to "|"; false at the end. What follows a blank is about other words. */
static bool next_alternative(struct mw_str *rest_io, struct mw_str *one_r)
{
	*rest_io = mw_str_head(*rest_io, mw_str_find(*rest_io, ' '));
	return mw_str_split(rest_io, '|', one_r);
}

static bool is_file(struct mw_str name)
{
	static const char *const names[] = { "FILE", "DIR", "LOG", "PATH" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (mw_str_equal(name, mw_str(names[i])))
			return true;
	}
	return false;
}

/* Names of values are in capitals, the words they may be are not; options begin with a dash. */
static bool is_word(struct mw_str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if ((name.ptr[i] >= 'A' && name.ptr[i] <= 'Z') || name.ptr[i] == '[' || name.ptr[i] == '"')
			return false;
	}
	return name.len > 0 && name.ptr[0] != '-';
}

/* Assignments to `words` and `files`: what may stand where the help says `value`. */
static void add_value(struct mw_buf *out, struct mw_str value)
{
	struct mw_str rest = value, one;
	bool files = false, words = false;

	while (next_alternative(&rest, &one)) {
		files = files || is_file(one);
		if (!is_word(one))
			continue;
		mw_buf_printf(out, "%s%.*s", words ? " " : " words='", MW_STR_ARG(one));
		words = true;
	}
	mw_buf_add_text(out, words ? "'" : "");
	mw_buf_add_text(out, files ? " files=yes" : "");
}

static void add_values(struct mw_buf *out, const struct mw_command *const *commands)
{
	mw_buf_add_text(out, "# What may follow an option of a command, into words and files. False: nothing follows it.\n"
			     "_mailwicket_value()\n{\n\twords='' files=''\n\tcase \"$1 $2\" in\n"
			     "\t*' -c') files=yes ;;\n");
	for (const struct mw_command *const *command = commands; *command != NULL; command++) {
		for (size_t i = 0; i < (*command)->option_count; i++) {
			const struct mw_option *option = &(*command)->options[i];

			if (option->value == NULL)
				continue;
			mw_buf_printf(out, "\t'%s --%s')", (*command)->name, option->name);
			add_value(out, mw_str(option->value));
			mw_buf_add_text(out, " ;;\n");
		}
	}
	mw_buf_add_text(out, "\t*) return 1 ;;\n\tesac\n}\n\n");
}

static void add_commands(struct mw_buf *out, const struct mw_command *const *commands)
{
	mw_buf_add_text(out, "# The options of a command, and what its first word may be.\n"
			     "_mailwicket_command()\n{\n\toptions='-c --json --help' words='' files=''\n\tcase $1 in\n"
			     "\t'')\n\t\toptions+=' --version'\n\t\twords='");
	for (const struct mw_command *const *command = commands; *command != NULL; command++)
		mw_buf_printf(out, "%s ", (*command)->name);
	mw_buf_add_text(out, "help'\n\t\t;;\n");
	for (const struct mw_command *const *command = commands; *command != NULL; command++) {
		const char *first = (*command)->words != NULL ? (*command)->words : (*command)->usage;

		mw_buf_printf(out, "\t%s)\n\t\toptions+='", (*command)->name);
		for (size_t i = 0; i < (*command)->option_count; i++)
			mw_buf_printf(out, " --%s", (*command)->options[i].name);
		mw_buf_add_char(out, '\'');
		add_value(out, mw_str(first));
		mw_buf_add_text(out, "\n\t\t;;\n");
	}
	mw_buf_add_text(out, "\tesac\n}\n\n");
}

static void write_script(struct mw_buf *out, const void *context)
{
	const struct mw_cli *cli = context;

	mw_buf_add_text(out, before);
	add_values(out, cli->commands);
	add_commands(out, cli->commands);
	mw_buf_add_text(out, after);
}

static void write_members(struct mw_json *json, const void *context)
{
	static char script[256 * 1024];
	struct mw_buf out = MW_BUF_OVER(script);

	write_script(&out, context);
	mw_json_string(json, "bash", mw_buf_str(&out));
}

static int run_completion(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	const char *value, *shell = NULL;
	int row;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row != MW_ARGUMENT_WORD)
			return mw_arguments_exit(row);
		if (shell != NULL || strcmp(value, "bash") != 0)
			return mw_usage_error("unexpected argument %s; expected bash", value);
		shell = value;
	}
	if (shell == NULL)
		return mw_usage_error("for which shell? expected bash");
	return (cli->json ? mw_output_json(write_members, cli) : mw_output(write_script, cli)) ? EX_OK : EX_OSERR;
}

const struct mw_command mw_completion_command = {
	.name = "completion",
	.usage = "bash",
	.summary = "print the script that completes this command line in bash",
	.run = run_completion,
	.words = "bash",
};

/* SPDX-License-Identifier: MIT */
/* `mailwicket init`: a policy in audit mode and a directory, made of what
   Postfix and Dovecot do today. */
#include "servers/init/init.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <xxhash.h>

#include "base/shell.h"
#include "base/text.h"
#include "policy/read.h"
#include "servers/init/passdbs.h"
#include "servers/init/sample.h"
#include "servers/setup/diff.h"
#include "servers/guard.h"
#include "ui/arguments.h"
#include "ui/output.h"
#include "ui/own_command.h"

enum { OPTION_APPLY, OPTION_DIRECTORY, OPTION_POSTFIX_CONFIG, OPTION_DOVECOT_CONFIG, OPTION_COUNT };

static const struct mw_option options[OPTION_COUNT] = {
	[OPTION_APPLY] = { "apply", NULL, "write the files; without it, they are only shown" },
	[OPTION_DIRECTORY] = { "directory", "FILE",
			       "the directory to write (default: \"directory\" beside the policy)" },
	[OPTION_POSTFIX_CONFIG] = { "postfix-config", "DIR", "the folder of its main.cf (default: Postfix's own)" },
	[OPTION_DOVECOT_CONFIG] = { "dovecot-config", "FILE", "its configuration (default: Dovecot's own)" },
};

struct request {
	struct mw_cli *cli;
	bool apply;
	const char *directory, *postfix_config, *dovecot_config;
};

struct result {
	const struct request *request;
	struct mw_init init;
	struct mw_changes changes; /* what is to be written; the policy first */
	struct mw_guard guard;
	struct mw_str diff;
	const char *kept[MW_CHANGES_MOST]; /* files that are somebody's own and differ */
	size_t kept_count;
	bool applied;
};

/* --- reading */

/* The place of a thing, or a free one for it. */
static size_t *unread_place(const struct mw_init *init, const struct mw_init_unread *unread)
{
	XXH64_hash_t at = XXH3_64bits_withSeed(unread->what, strlen(unread->what),
					       XXH3_64bits(unread->setting, strlen(unread->setting)));

	for (;; at++) {
		size_t *place = &init->unread_places[at % init->unread_room];

		if (*place == 0 || (strcmp(init->unread[*place - 1].setting, unread->setting) == 0 &&
				    strcmp(init->unread[*place - 1].what, unread->what) == 0))
			return place;
	}
}

/* Room for one more. False: out of memory, and there are none any more. */
static bool grow_unread(struct mw_init *init)
{
	size_t room = init->unread_room == 0 ? 64 : init->unread_room * 2;

	init->unread = mw_init_grown(init->arena, init->unread, init->unread_count, sizeof(*init->unread));
	if (init->unread != NULL && (init->unread_count + 1) * 2 <= init->unread_room)
		return true;
	init->unread_places = MW_ARENA_ARRAY(init->arena, size_t, room);
	init->unread_room = room;
	if (init->unread == NULL || init->unread_places == NULL) {
		init->unread_count = init->unread_room = 0;
		return false;
	}
	for (size_t i = 0; i < init->unread_count; i++)
		*unread_place(init, &init->unread[i]) = i + 1;
	return true;
}

void mw_init_unread_add(struct mw_init *init, struct mw_init_unread unread)
{
	if ((init->unread_room > 0 && *unread_place(init, &unread) != 0) || !grow_unread(init))
		return;
	init->unread[init->unread_count] = unread;
	*unread_place(init, &unread) = ++init->unread_count;
}

/* Dovecot may be elsewhere: then its users are not known here. */
static int load_dovecot(struct mw_init *init, const char *config)
{
	if (config != NULL) {
		int status = mw_dovecot_site_load(&init->dovecot, init->nothing, config, NULL, init->arena);

		init->has_dovecot = status == EX_OK;
		return status;
	}
	init->has_dovecot = mw_dovecot_site_try(&init->dovecot, init->nothing, NULL, NULL, init->arena);
	if (!init->has_dovecot)
		mw_init_unread_add(init, (struct mw_init_unread){ "Dovecot", "",
								  "doveconf does not tell its configuration here",
								  "run init where Dovecot runs, or write login "
								  "rules and users by hand" });
	return EX_OK;
}

static int load(struct mw_init *init, const struct request *request)
{
	int status = mw_postfix_site_load(&init->postfix, init->nothing, request->postfix_config, init->arena);

	if (status != EX_OK)
		return status;
	init->wiring = mw_wiring_new(init->nothing, init->postfix.queue_directory);
	if (init->wiring == NULL)
		return EX_OSERR;
	init->postfix.wiring = init->wiring;
	init->postfix.findings = init->aside;
	return load_dovecot(init, request->dovecot_config);
}

static int read_servers(struct mw_init *init, const struct request *request)
{
	int status = load(init, request);

	if (status != EX_OK)
		return status;
	init->people = mw_people_new(init->arena);
	if (init->people == NULL)
		return EX_OSERR;
	init->system_users = mw_init_has_system_users(init);
	mw_init_read_logins(init);
	status = mw_init_read_domains(init);
	if (status != EX_OK)
		return status;
	mw_init_read_listeners(init);
	mw_init_read_people(init);
	mw_init_read_addresses(init);
	mw_init_confirm_domains(init);
	return mw_arena_failed(init->arena) ? EX_OSERR : EX_OK;
}

/* --- the files */

/* What is written has to be what `check` takes. */
static bool is_valid(const struct mw_init *init, struct mw_str text)
{
	struct mw_errors *errors = mw_errors_new(100);
	struct mw_policy *policy =
		errors != NULL ? mw_policy_read_text(init->policy_path, text, "localhost", 0, errors) : NULL;
	bool valid = policy != NULL;

	if (!valid && errors != NULL) {
		mw_complain("the policy made of these servers has errors; nothing "
			    "was written:");
		mw_output_errors(errors);
	}
	mw_policy_free(policy);
	mw_errors_free(errors);
	return valid;
}

/* Whether nobody has written anything into a file yet: it has comments only, or
   is the sample that packages install. */
static bool is_untouched(struct mw_str text)
{
	struct mw_str line, rest = text;
	bool comments = true;

	while (mw_postfix_line_next(&rest, &line))
		comments = comments &&
			   (mw_str_empty(mw_str_trim(line)) || mw_str_starts_with(mw_str_trim(line), MW_STR("#")));
	return comments || mw_init_is_sample(text);
}

static int plan_file(struct result *result, const char *path, struct mw_str text)
{
	struct mw_changes *changes = &result->changes;
	size_t before = changes->count;

	if (!mw_changes_add(changes, path, text))
		return EX_NOINPUT;
	if (changes->count > before && changes->items[before].existed && !is_untouched(changes->items[before].before))
		result->kept[result->kept_count++] = path;
	return EX_OK;
}

/* Through a copy of the new form, as diff(1) reads files. */
static bool make_diff(struct result *result)
{
	struct mw_arena *arena = result->init.arena;

	if (!mw_guard_start(&result->guard))
		return false;
	for (size_t i = 0; i < result->changes.count; i++) {
		const struct mw_change *change = &result->changes.items[i];
		const char *staged = mw_arena_textf(arena, "%s/%zu", result->guard.folder, i);

		if (!mw_file_put(staged, change->after, 0600, geteuid(), getegid()) ||
		    !mw_change_diff(arena, change, staged, &result->diff))
			return false;
	}
	return true;
}

static int plan(struct result *result)
{
	struct mw_init *init = &result->init;
	struct mw_str policy = mw_init_policy_text(init), directory = mw_init_directory_text(init);
	bool made;
	int status;

	if (mw_arena_failed(init->arena) || mw_str_empty(policy) || mw_str_empty(directory))
		return EX_OSERR;
	if (!is_valid(init, policy))
		return EX_SOFTWARE;
	status = plan_file(result, init->policy_path, policy);
	if (status == EX_OK)
		status = plan_file(result, init->directory_path, directory);
	if (status != EX_OK || result->changes.count == 0)
		return status;
	made = make_diff(result);
	mw_guard_end(&result->guard);
	return made ? EX_OK : EX_CANTCREAT;
}

/* The folder of the policy may not be there yet. */
static bool make_folder(struct mw_arena *arena, const char *path)
{
	const char *folder = mw_arena_text(arena, mw_str_head(mw_str(path), mw_str_find_last(mw_str(path), '/')));

	if (folder[0] == '\0' || mkdir(folder, 0755) == 0 || errno == EEXIST)
		return true;
	mw_complain("%s: %s", folder, strerror(errno));
	return false;
}

static int write_files(struct result *result)
{
	const struct mw_changes *changes = &result->changes;
	bool as_before;

	for (size_t i = 0; i < changes->count; i++)
		if (!mw_place_is_ours(changes->items[i].path))
			return EX_NOPERM;
	for (size_t i = 0; i < changes->count; i++)
		if (!make_folder(changes->arena, changes->items[i].path))
			return EX_CANTCREAT;
	if (!mw_changes_apply(changes, &as_before))
		return EX_CANTCREAT;
	result->applied = true;
	return EX_OK;
}

/* --- output */

#define NEXT_MOST 4

/* What comes next; returns how many commands. */
static size_t next_commands(const struct result *result, const char *commands_r[NEXT_MOST])
{
	const struct request *request = result->request;
	struct mw_arena *arena = result->init.arena;
	char text[PATH_MAX * 4 + 256];
	struct mw_buf out = MW_BUF_OVER(text);
	size_t count = 0;

	commands_r[count++] = mw_own_commands_text(arena, "mailwicket check");
	commands_r[count++] = mw_own_commands_text(arena, "mailwicket sync");
	if (strcmp(request->cli->policy_path, MW_POLICY_PATH) == 0)
		commands_r[count++] = "systemctl enable --now mailwicketd";
	mw_buf_add_text(&out, mw_own_commands_text(arena, "mailwicket setup"));
	/* A place names its server alone; both are wanted. */
	if (request->postfix_config != NULL || request->dovecot_config != NULL)
		mw_buf_add_text(&out, " --postfix --dovecot");
	if (request->postfix_config != NULL) {
		mw_buf_add_text(&out, " --postfix-config ");
		mw_shell_word(&out, mw_str(request->postfix_config));
	}
	if (request->dovecot_config != NULL) {
		mw_buf_add_text(&out, " --dovecot-config ");
		mw_shell_word(&out, mw_str(request->dovecot_config));
	}
	commands_r[count++] = mw_arena_text(arena, mw_buf_str(&out));
	return count;
}

static void print_unread(const struct result *result, struct mw_buf *out)
{
	const struct mw_init *init = &result->init;

	for (size_t i = 0; i < init->unread_count; i++) {
		const struct mw_init_unread *unread = &init->unread[i];

		mw_buf_printf(out, "%snot read: %s%s", i == 0 ? "\n" : "", unread->setting,
			      unread->what[0] != '\0' ? ", " : "");
		mw_text_show(out, mw_str(unread->what));
		mw_buf_add_text(out, ": ");
		mw_text_show(out, mw_str(unread->why));
		mw_buf_printf(out, "\n  %s\n", unread->fix);
	}
}

static void print_next(const struct result *result, struct mw_buf *out)
{
	const char *commands[NEXT_MOST];
	size_t count = next_commands(result, commands);

	for (size_t i = 0; i < result->changes.count; i++)
		mw_buf_printf(out, "wrote %s\n", result->changes.items[i].path);
	mw_buf_add_text(out, "next:\n");
	for (size_t i = 0; i < count; i++)
		mw_buf_printf(out, "  %s\n", commands[i]);
}

static void write_text(struct mw_buf *out, const void *context)
{
	const struct result *result = context;
	const struct mw_init *init = &result->init;

	mw_diff_print(result->diff, out);
	print_unread(result, out);
	mw_buf_printf(out, "%sdomains: %zu, users: %zu, groups: %zu, grants: %zu\n",
		      result->changes.count > 0 ? "\n" : "", init->domain_count, init->people->users,
		      init->people->groups, init->people->grant_count);
	if (result->changes.count == 0)
		mw_buf_add_text(out, "nothing to do: both files are as init would write them\n");
	else if (result->applied)
		print_next(result, out);
	else if (result->kept_count == 0)
		mw_buf_add_text(out, "nothing was written; --apply does it\n");
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct result *result = context;
	const struct mw_init *init = &result->init;
	const char *commands[NEXT_MOST];
	size_t count = result->applied ? next_commands(result, commands) : 0;

	mw_json_bool(json, "applied", result->applied);
	mw_json_array(json, "files");
	for (size_t i = 0; i < result->changes.count; i++) {
		mw_json_object(json, NULL);
		mw_json_string(json, "path", mw_str(result->changes.items[i].path));
		mw_json_bool(json, "existed", result->changes.items[i].existed);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
	mw_json_array(json, "kept");
	for (size_t i = 0; i < result->kept_count; i++)
		mw_json_string(json, NULL, mw_str(result->kept[i]));
	mw_json_end_array(json);
	mw_json_string(json, "diff", result->diff);
	mw_json_number(json, "domains", init->domain_count);
	mw_json_number(json, "users", init->people->users);
	mw_json_number(json, "groups", init->people->groups);
	mw_json_number(json, "grants", init->people->grant_count);
	mw_json_array(json, "unread");
	for (size_t i = 0; i < init->unread_count; i++) {
		mw_json_object(json, NULL);
		mw_json_string(json, "setting", mw_str(init->unread[i].setting));
		mw_json_string(json, "what", mw_str(init->unread[i].what));
		mw_json_string(json, "why", mw_str(init->unread[i].why));
		mw_json_string(json, "fix", mw_str(init->unread[i].fix));
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
	mw_json_array(json, "next");
	for (size_t i = 0; i < count; i++)
		mw_json_string(json, NULL, mw_str(commands[i]));
	mw_json_end_array(json);
}

static int print(const struct result *result, int status)
{
	bool printed =
		result->request->cli->json ? mw_output_json(write_members, result) : mw_output(write_text, result);

	for (size_t i = 0; i < result->kept_count; i++)
		mw_complain("%s is there already and stays as it is: move it away, "
			    "or write another with -c FILE and "
			    "--directory FILE; nothing was written",
			    result->kept[i]);
	return printed ? status : EX_OSERR;
}

/* --- the command */

static int make(struct result *result)
{
	int status = read_servers(&result->init, result->request);

	if (status == EX_OK)
		status = plan(result);
	if (status == EX_OK && result->kept_count > 0)
		return print(result, 1);
	if (status == EX_OK && result->request->apply && result->changes.count > 0)
		status = write_files(result);
	if (status == EX_OSERR)
		mw_complain("out of memory");
	return status == EX_OK ? print(result, EX_OK) : status;
}

static const char *absolute(struct mw_arena *arena, const char *path)
{
	char here[PATH_MAX];

	return path[0] == '/' || getcwd(here, sizeof(here)) == NULL ? path : mw_arena_textf(arena, "%s/%s", here, path);
}

static const char *beside(struct mw_arena *arena, const char *path)
{
	return mw_arena_textf(arena, "%.*s/directory", (int)mw_str_find_last(mw_str(path), '/'), path);
}

static int begin(struct result *result)
{
	const struct request *request = result->request;
	struct mw_init *init = &result->init;
	struct mw_errors *errors = mw_errors_new(10);
	int status = EX_OSERR;

	init->arena = result->changes.arena = mw_arena_new(0);
	init->aside = mw_findings_new();
	if (errors != NULL)
		init->nothing = mw_policy_read_text("built-in", MW_STR_EMPTY, "localhost", 0, errors);
	if (init->arena != NULL && init->aside != NULL && init->nothing != NULL) {
		init->policy_path = absolute(init->arena, request->cli->policy_path);
		init->directory_path = request->directory != NULL ? absolute(init->arena, request->directory)
								  : beside(init->arena, init->policy_path);
		status = make(result);
	} else {
		mw_complain("out of memory");
	}
	mw_wiring_free(init->wiring);
	mw_policy_free(init->nothing);
	mw_errors_free(errors);
	mw_findings_free(init->aside);
	mw_arena_free(init->arena);
	return status;
}

static int run_init(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct request request = { .cli = cli };
	struct result result = { .request = &request, .diff = MW_STR_EMPTY };
	const char *value;
	int row;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD)
			return mw_usage_error("unexpected argument %s", value);
		if (row < 0)
			return mw_arguments_exit(row);
		request.apply |= row == OPTION_APPLY;
		if (row == OPTION_DIRECTORY)
			request.directory = value;
		if (row == OPTION_POSTFIX_CONFIG)
			request.postfix_config = value;
		if (row == OPTION_DOVECOT_CONFIG)
			request.dovecot_config = value;
	}
	return begin(&result);
}

const struct mw_command mw_init_command = {
	.name = "init",
	.usage = "[--apply] [--directory FILE]",
	.summary = "write a policy in audit mode and a directory, of what Postfix "
		   "and Dovecot do today",
	.run = run_init,
	.options = options,
	.option_count = OPTION_COUNT,
};

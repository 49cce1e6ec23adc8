/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ui/arguments.h"
#include "base/clock.h"
#include "named.h"
#include "ui/output.h"
#include "base/text.h"
#include "setting.h"
#include "suspend/sessions.h"
#include "suspension.h"
#include "ui/when.h"

static const struct mw_option options[] = {
	{ "sending", NULL, "the user reads mail, submits none, and changes no Sieve script" },
	{ "all", NULL, "the user logs in nowhere" },
	{ "until", "WHEN", "it ends by itself: " MW_WHEN_FORMS },
	{ "reason", "TEXT", "why, for other administrators" },
};

enum { OPTION_SENDING, OPTION_ALL, OPTION_UNTIL, OPTION_REASON, OPTION_COUNT };

/* What the command line asks for, and what became of it. */
struct order {
	const char *name;
	struct mw_suspension suspension;
	struct mw_named_user user;
	struct mw_sessions sessions;
	bool replaced; /* one for the same thing was there */
};

/* As a text of fixed length in the file. */
static void keep(char *to, size_t size, struct mw_str text)
{
	text = mw_text_cut(text, size - 1);
	memset(to, 0, size);
	memcpy(to, text.ptr, text.len);
}

/* Who runs it: behind sudo the one who called that. */
static void name_caller(struct mw_suspension *suspension)
{
	const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *user = getpwuid(getuid());
	char number[32];

	snprintf(number, sizeof(number), "uid %u", (unsigned)getuid());
	keep(suspension->by, sizeof(suspension->by),
	     mw_str(sudo != NULL && sudo[0] != '\0' ? sudo : user != NULL ? user->pw_name : number));
}

static int set_reason(struct order *order, const char *text)
{
	struct mw_str reason = mw_str(text);

	if (reason.len > MW_SUSPENSION_REASON_MAX)
		return mw_usage_error("--reason: %zu octets; at most %d", reason.len, MW_SUSPENSION_REASON_MAX);
	if (mw_text_harmless_head(reason, '\0', '\0') < reason.len)
		return mw_usage_error("--reason: one line of UTF-8 without control characters");
	keep(order->suspension.reason, sizeof(order->suspension.reason), reason);
	return EX_OK;
}

static int set_until(struct order *order, const char *text)
{
	char memory[256];
	struct mw_buf shown = MW_BUF_OVER(memory);

	mw_text_show(&shown, mw_str(text));
	if (!mw_when_parse(mw_str(text), order->suspension.since, &order->suspension.until))
		return mw_usage_error("--until %s: expected " MW_WHEN_FORMS, memory);
	if (order->suspension.until <= order->suspension.since)
		return mw_usage_error("--until %s: that is past", memory);
	return EX_OK;
}

static int set_what(struct order *order, enum mw_suspended what)
{
	if (order->suspension.what != 0 && order->suspension.what != (uint32_t)what)
		return mw_usage_error("--sending or --all, not both");
	order->suspension.what = (uint32_t)what;
	return EX_OK;
}

static int set_option(struct order *order, int row, const char *value)
{
	switch (row) {
	case OPTION_SENDING:
		return set_what(order, MW_SUSPENDED_SENDING);
	case OPTION_ALL:
		return set_what(order, MW_SUSPENDED_ALL);
	case OPTION_UNTIL:
		return set_until(order, value);
	default:
		return set_reason(order, value);
	}
}

/* Whoever copied the address from a message may mean who sent it. */
static void warn_of_extension(const struct mw_policy *policy, const struct mw_named *named)
{
	struct mw_address base;

	if (mw_address_without_extension(&named->address, policy->recipient_delimiter, &base))
		mw_complain("%.*s: not %.*s; suspend that one too if it is who sends as this address",
			    MW_STR_ARG(named->principal.name), MW_STR_ARG(base.whole));
}

static void complain_unknown(const char *name, struct mw_directory *directory, const struct mw_named *named)
{
	char memory[1024];
	struct mw_buf former = MW_BUF_OVER(memory);

	mw_named_print_former(directory, mw_directory_view(directory), named, &former);
	mw_complain("%s: the directory has no such user%.*s", name, MW_STR_ARG(mw_buf_str(&former)));
}

static int find_user(struct order *order, const struct mw_policy *policy, struct mw_directory *directory)
{
	char memory[512];
	struct mw_buf shown = MW_BUF_OVER(memory);
	struct mw_named_user *user = &order->user;

	mw_text_show(&shown, mw_str(order->name));
	mw_named_user_find(policy, mw_directory_view(directory), order->name, user);
	if (user->found == MW_LOOKUP_UNAVAILABLE) {
		mw_setting_complain(directory);
		return EX_TEMPFAIL;
	}
	if (user->found == MW_LOOKUP_FOUND) {
		if (user->named.unlisted)
			warn_of_extension(policy, &user->named);
		keep(order->suspension.user, sizeof(order->suspension.user), user->principal.name);
		return EX_OK;
	}
	if (user->ambiguous)
		mw_named_complain("suspend", order->name, &user->named);
	else if (user->is_group)
		mw_complain("%s: a group; only users can be suspended", memory);
	else
		complain_unknown(memory, directory, &user->named);
	return EX_NOUSER;
}

struct noting { struct mw_suspensions_edit *edit; struct mw_str user; bool full; };

static void note_name(void *context, struct mw_str login)
{
	struct noting *noting = context;

	noting->full |= !mw_suspensions_edit_name(noting->edit, noting->user, login);
}

/* So that it holds while no snapshot can be read, and for who gets another address, too. */
static bool note_names(const struct order *order, const struct mw_directory *directory,
		       struct mw_suspensions_edit *edit)
{
	struct noting noting = { edit, mw_str(order->suspension.user), false };

	return mw_directory_each_login(directory, order->user.principal.id, note_name, &noting) && !noting.full;
}

static int store(struct order *order, const struct mw_directory *directory, const char *folder)
{
	struct mw_errors *errors = mw_errors_new(10);
	int error = ENOMEM, code = EX_OK;
	struct mw_suspensions_edit *edit =
		errors == NULL ? NULL : mw_suspensions_edit_open(folder, order->suspension.since, errors, &error);
	bool done = false;

	if (edit != NULL) {
		size_t before = mw_suspensions_edit_list(edit)->count;

		if (!mw_suspensions_edit_set(edit, &order->suspension)) {
			mw_complain("%d suspensions are in force, the most there can be", MW_SUSPENSIONS_MAX);
			code = EX_UNAVAILABLE;
		} else if (!note_names(order, directory, edit)) {
			mw_complain("the login names of %s cannot be noted: those who are suspended may have %d at most",
				    order->suspension.user, MW_SUSPENDED_NAMES_MAX);
			code = EX_UNAVAILABLE;
		} else {
			order->replaced = mw_suspensions_edit_list(edit)->count == before;
			done = mw_suspensions_edit_save(edit, errors, &error);
		}
	}
	if (!done && code == EX_OK)
		code = errors == NULL ? EX_OSERR : mw_suspension_failed("suspend", errors, error);
	mw_suspensions_edit_close(edit);
	mw_errors_free(errors);
	return code;
}

/* Dovecot knows a session by the name that was logged in with. */
static struct mw_str session_name(const struct order *order)
{
	return order->user.by_login ? mw_str(order->name) : order->user.principal.name;
}

static void write_result(struct mw_json *json, const void *context)
{
	const struct order *order = context;

	mw_json_string(json, "user", mw_str(order->suspension.user));
	mw_suspension_json(&order->suspension, json);
	mw_json_bool(json, "replaced", order->replaced);
	mw_json_bool(json, "unlisted", order->user.named.unlisted);
	mw_sessions_json(&order->sessions, session_name(order), json);
}

static void print_result(struct mw_buf *out, const void *context)
{
	const struct order *order = context;

	mw_buf_printf(out, "%s: suspended ", order->suspension.user);
	mw_suspension_print(&order->suspension, out);
	mw_buf_add_text(out, order->replaced ? " (in place of an earlier suspension)\n" : "\n");
	if (order->user.named.unlisted)
		mw_buf_add_text(out, "The directory lacks this address: it is suspended as an unlisted login (unlisted_logins = "
				     "own_address).\n");
	/* Postfix asks again at each message. */
	mw_sessions_print(&order->sessions, session_name(order), out);
}

/* Once it is stored: who logs in later is refused. */
static int tell(const struct mw_cli *cli, struct order *order, const struct mw_policy *policy,
		struct mw_directory *directory)
{
	struct mw_arena *arena = mw_arena_new(0);

	if (arena == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	mw_sessions_find(arena, policy, mw_directory_view(directory), &order->user.principal, &order->sessions);
	if (cli->json)
		mw_output_json(write_result, order);
	else
		mw_output(print_result, order);
	mw_arena_free(arena);
	return EX_OK;
}

static int suspend(const struct mw_cli *cli, struct order *order)
{
	struct mw_policy *policy = mw_setting_policy(cli);
	struct mw_directory *directory = policy != NULL ? mw_setting_directory(policy) : NULL;
	int code = policy == NULL ? EX_CONFIG : EX_OSERR;

	if (directory != NULL)
		code = find_user(order, policy, directory);
	if (directory != NULL && code == EX_OK)
		code = store(order, directory, policy->directory.path.ptr);
	if (code == EX_OK)
		code = tell(cli, order, policy, directory);
	mw_directory_free(directory);
	mw_policy_free(policy);
	return code;
}

static int run_suspend(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct order order = { .suspension = { .since = mw_clock_date() } };
	const char *value;
	int row, code;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD) {
			if (order.name != NULL)
				return mw_usage_error("one user at a time, not also %s", value);
			order.name = value;
		} else if (row < 0) {
			return mw_arguments_exit(row);
		} else {
			code = set_option(&order, row, value);
			if (code != EX_OK)
				return code;
		}
	}
	if (order.name == NULL || order.name[0] == '\0')
		return mw_usage_error("name a user");
	if (order.suspension.what == 0)
		return mw_usage_error("name what to suspend from: --sending or --all");
	name_caller(&order.suspension);
	return suspend(cli, &order);
}

const struct mw_command mw_suspend_command = {
	.name = "suspend",
	.usage = "USER --sending|--all [--until WHEN] [--reason TEXT]",
	.summary = "stop a user at every service, whatever the sources say",
	.run = run_suspend,
	.options = options,
	.option_count = OPTION_COUNT,
	.note = "exit 0: suspended; 67: no such user; 77: no permission; 75: the directory cannot be read or written",
};

/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "ui/arguments.h"
#include "base/clock.h"
#include "named.h"
#include "ui/output.h"
#include "base/text.h"
#include "setting.h"
#include "suspension.h"

static const struct mw_option options[] = {
	{ "sending", NULL, "only what --sending suspended" },
	{ "all", NULL, "only what --all suspended" },
};

enum { OPTION_SENDING, OPTION_ALL, OPTION_COUNT };

/* A user has one suspension of each kind, and may have had another primary address for each. */
#define MATCHES_MAX 16

struct order {
	const char *name;
	char shown[512]; /* the name, for a terminal */
	unsigned what;   /* of enum mw_suspended, or-ed */
	struct mw_named_user user;
	struct mw_suspension ended[MATCHES_MAX], left[MATCHES_MAX];
	size_t ended_count, left_count;
};

static bool is_user(const struct order *order, enum mw_lookup found, const struct mw_principal *owner)
{
	return found == MW_LOOKUP_FOUND && owner->id == order->user.principal.id;
}

/* Whether the user had the address of the suspension as a name before. */
static bool had(const struct order *order, const struct mw_directory *directory, const struct mw_directory_view *view,
		const struct mw_suspension *one)
{
	struct mw_former_name former = { 0, 0 };
	struct mw_principal owner;
	bool is_somebodys = view->by_address(view->context, mw_str(one->user), &owner, NULL) == MW_LOOKUP_FOUND &&
		owner.kind == MW_USER;

	while (mw_directory_former_next(directory, mw_str(one->user), &former)) {
		if (former.id == order->user.principal.id)
			return mw_suspension_is_of_former(one, former.until, is_somebodys);
	}
	return false;
}

/* The address itself, for whom the directory has no more; else who has it now, or had it, or a login name that its user
   had. */
static bool means(const struct order *order, const struct mw_directory *directory, const struct mw_directory_view *view,
		  const struct mw_suspensions *list, const struct mw_suspension *one)
{
	struct mw_str address = mw_str(one->user);
	struct mw_principal owner;

	if (order->user.named.is_address && mw_str_equal(address, order->user.named.address.whole))
		return true;
	if (order->user.found != MW_LOOKUP_FOUND || order->user.named.unlisted)
		return false;
	if (is_user(order, view->by_address(view->context, address, &owner, NULL), &owner) ||
	    had(order, directory, view, one))
		return true;
	for (size_t i = 0; i < list->name_count; i++) {
		const struct mw_suspended_name *name = &list->names[i];

		if (mw_str_equal(mw_str(name->user), address) &&
		    is_user(order, view->by_login(view->context, mw_str(name->login), &owner), &owner))
			return true;
	}
	return false;
}

static void sort_out(struct order *order, const struct mw_directory *directory, const struct mw_directory_view *view,
		     const struct mw_suspensions *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct mw_suspension *one = &list->items[i];

		if (!means(order, directory, view, list, one))
			continue;
		if ((one->what & order->what) != 0 && order->ended_count < MATCHES_MAX)
			order->ended[order->ended_count++] = *one;
		else if ((one->what & order->what) == 0 && order->left_count < MATCHES_MAX)
			order->left[order->left_count++] = *one;
	}
}

static int nothing_to_do(const struct order *order)
{
	if (order->user.found == MW_LOOKUP_UNAVAILABLE) {
		mw_complain("%s: no such address is suspended, and the directory cannot be read", order->shown);
		return EX_TEMPFAIL;
	}
	if (order->left_count > 0) {
		mw_complain("%s is not suspended %s, but %s", order->shown,
			    order->what == MW_SUSPENDED_ALL ? "from every login" : "from sending alone",
			    mw_suspension_what(&order->left[0]));
		return 1;
	}
	if (order->user.found == MW_LOOKUP_FOUND) {
		mw_complain("%s is not suspended", order->shown);
		return 1;
	}
	mw_complain("%s: neither suspended nor in the directory", order->shown);
	return EX_NOUSER;
}

static int take_off(struct order *order, const struct mw_directory *directory, const struct mw_directory_view *view,
		    struct mw_suspensions_edit *edit, struct mw_errors *errors)
{
	int error;

	sort_out(order, directory, view, mw_suspensions_edit_list(edit));
	if (order->ended_count == 0)
		return nothing_to_do(order);
	for (size_t i = 0; i < order->ended_count; i++)
		mw_suspensions_edit_remove(edit, mw_str(order->ended[i].user), (enum mw_suspended)order->ended[i].what);
	return mw_suspensions_edit_save(edit, errors, &error) ? EX_OK : mw_suspension_failed("resume", errors, error);
}

static int change(struct order *order, const struct mw_policy *policy, struct mw_directory *directory)
{
	const struct mw_directory_view *view = mw_directory_view(directory);
	struct mw_errors *errors = mw_errors_new(10);
	struct mw_suspensions_edit *edit;
	int code, error;

	if (errors == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	mw_named_user_find(policy, view, order->name, &order->user);
	if (order->user.ambiguous) {
		mw_named_complain("resume", order->name, &order->user.named);
		mw_errors_free(errors);
		return EX_NOUSER;
	}
	edit = mw_suspensions_edit_open(policy->directory.path.ptr, mw_clock_date(), errors, &error);
	if (edit != NULL)
		code = take_off(order, directory, view, edit, errors);
	else
		code = mw_suspension_failed("resume", errors, error);
	mw_suspensions_edit_close(edit);
	mw_errors_free(errors);
	return code;
}

static void write_list(struct mw_json *json, const char *key, const struct mw_suspension *list, size_t count)
{
	mw_json_array(json, key);
	for (size_t i = 0; i < count; i++) {
		mw_json_object(json, NULL);
		mw_json_string(json, "user", mw_str(list[i].user));
		mw_suspension_json(&list[i], json);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

static void write_result(struct mw_json *json, const void *context)
{
	const struct order *order = context;

	write_list(json, "ended", order->ended, order->ended_count);
	write_list(json, "left", order->left, order->left_count);
}

static void print_result(struct mw_buf *out, const void *context)
{
	const struct order *order = context;

	for (size_t i = 0; i < order->ended_count; i++) {
		mw_buf_printf(out, "%s: no longer suspended ", order->ended[i].user);
		mw_suspension_print(&order->ended[i], out);
		mw_buf_add_char(out, '\n');
	}
	for (size_t i = 0; i < order->left_count; i++) {
		mw_buf_printf(out, "%s: still suspended ", order->left[i].user);
		mw_suspension_print(&order->left[i], out);
		mw_buf_add_char(out, '\n');
	}
}

static int resume(const struct mw_cli *cli, struct order *order)
{
	struct mw_policy *policy = mw_setting_policy(cli);
	struct mw_directory *directory = policy != NULL ? mw_setting_directory(policy) : NULL;
	int code = policy == NULL ? EX_CONFIG : EX_OSERR;

	if (directory != NULL)
		code = change(order, policy, directory);
	if (code == EX_OK) {
		if (cli->json)
			mw_output_json(write_result, order);
		else
			mw_output(print_result, order);
	}
	mw_directory_free(directory);
	mw_policy_free(policy);
	return code;
}

static int run_resume(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct order order = { .name = NULL };
	struct mw_buf shown = MW_BUF_OVER(order.shown);
	const char *value;
	int row;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD) {
			if (order.name != NULL)
				return mw_usage_error("one user at a time, not also %s", value);
			order.name = value;
		} else if (row < 0) {
			return mw_arguments_exit(row);
		} else {
			order.what |= row == OPTION_ALL ? MW_SUSPENDED_ALL : MW_SUSPENDED_SENDING;
		}
	}
	if (order.name == NULL || order.name[0] == '\0')
		return mw_usage_error("name a user");
	if (order.what == 0)
		order.what = MW_SUSPENDED_ALL | MW_SUSPENDED_SENDING;
	mw_text_show(&shown, mw_str(order.name));
	return resume(cli, &order);
}

const struct mw_command mw_resume_command = {
	.name = "resume",
	.usage = "USER [--sending|--all]",
	.summary = "end a user's suspension",
	.run = run_resume,
	.options = options,
	.option_count = OPTION_COUNT,
	.note = "exit 0: ended; 1: not suspended; 67: no such user; 77: no permission",
};

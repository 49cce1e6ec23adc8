/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "ui/arguments.h"
#include "ui/output.h"
#include "base/text.h"
#include "setting.h"
#include "suspension.h"
#include "ui/terminal.h"
#include "ui/when.h"

static const char *const titles[] = { "USER", "WHAT", "SINCE", "UNTIL", "BY", "REASON" };

struct listing {
	const struct mw_policy *policy;
	struct mw_directory *directory;
	const struct mw_suspensions *suspensions;
	bool open; /* the directory tells whether it has a user */
	struct mw_grid *grid;
};

/* The directory lacks it, and an unlisted login may be the user. */
static bool is_unlisted(const struct listing *listing, size_t index)
{
	return mw_directory_suspended_id(listing->directory, index) == 0 &&
	       !mw_suspension_is_lost(listing->policy, listing->directory, index);
}

/* Calls `found` with each user of the directory that a suspension holds for. */
static void each_holder(const struct listing *listing, size_t index,
			void (*found)(void *context, const struct mw_suspension *suspension, struct mw_str name), void *context)
{
	const struct mw_directory_view *view = mw_directory_view(listing->directory);
	struct mw_principal user;

	for (uint32_t id = 0; (id = mw_directory_suspended_next(listing->directory, index, id)) != 0;) {
		if (view->by_id(view->context, id, &user) == MW_LOOKUP_FOUND)
			found(context, &listing->suspensions->items[index], user.name);
	}
}

static void write_holder(void *context, const struct mw_suspension *suspension, struct mw_str name)
{
	(void)suspension;
	mw_json_string(context, NULL, name);
}

static void write_holders(const struct listing *listing, size_t index, struct mw_json *json)
{
	mw_json_array(json, "holds_for");
	if (listing->open)
		each_holder(listing, index, write_holder, json);
	mw_json_end_array(json);
}

static void write_list(struct mw_json *json, const void *context)
{
	const struct listing *listing = context;

	mw_json_array(json, "suspended");
	for (size_t i = 0; i < listing->suspensions->count; i++) {
		mw_json_object(json, NULL);
		mw_json_string(json, "user", mw_str(listing->suspensions->items[i].user));
		if (listing->open)
			mw_json_bool(json, "known", mw_directory_suspended_id(listing->directory, i) != 0);
		else
			mw_json_null(json, "known");
		mw_json_bool(json, "unlisted", listing->open && is_unlisted(listing, i));
		write_holders(listing, i, json);
		mw_suspension_json(&listing->suspensions->items[i], json);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

static void add_when(struct mw_grid *grid, int64_t when)
{
	char memory[40];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (when == 0)
		mw_buf_add_char(&text, '-');
	else
		mw_when_print(when, &text);
	mw_grid_cell(grid, MW_PLAIN, mw_buf_str(&text));
}

static void add_row(struct mw_grid *grid, const struct mw_suspension *one)
{
	bool all = one->what == MW_SUSPENDED_ALL;

	mw_grid_cell(grid, MW_STRONG, mw_str(one->user));
	mw_grid_cell(grid, all ? MW_BAD : MW_DOUBTFUL, all ? MW_STR("all") : MW_STR("sending"));
	add_when(grid, one->since);
	add_when(grid, one->until);
	mw_grid_cell(grid, MW_PLAIN, mw_str(one->by));
	mw_grid_cell(grid, MW_PLAIN, mw_str(one->reason));
}

static void print_grid(struct mw_buf *out, const void *context)
{
	mw_grid_print(((const struct listing *)context)->grid, out);
}

static void name_holder(void *context, const struct mw_suspension *suspension, struct mw_str name)
{
	(void)context;
	if (!mw_str_equal(name, mw_str(suspension->user)))
		mw_complain("%s: it holds for %.*s, who has this address now, had it formerly, or has a login name that the "
			    "suspended user had",
			    suspension->user, MW_STR_ARG(name));
}

static void warn_of_others(const struct listing *listing)
{
	for (size_t i = 0; listing->open && i < listing->suspensions->count; i++) {
		const struct mw_suspension *one = &listing->suspensions->items[i];

		each_holder(listing, i, name_holder, NULL);
		if (mw_suspension_is_lost(listing->policy, listing->directory, i))
			mw_complain("%s: the directory has no such user, and nobody with a login name of that user; the suspension "
				    "stays", one->user);
	}
}

static int print_list(const struct mw_cli *cli, struct listing *listing)
{
	bool done;

	if (cli->json) {
		done = mw_output_json(write_list, listing);
	} else if (listing->suspensions->count == 0) {
		done = true;
		if (mw_terminal_width() > 0)
			puts("nobody is suspended");
	} else {
		listing->grid = mw_grid_new(titles, sizeof(titles) / sizeof(titles[0]));
		for (size_t i = 0; listing->grid != NULL && i < listing->suspensions->count; i++)
			add_row(listing->grid, &listing->suspensions->items[i]);
		done = listing->grid != NULL && mw_output(print_grid, listing);
		mw_grid_free(listing->grid);
	}
	warn_of_others(listing);
	return done ? EX_OK : EX_OSERR;
}

static int list(const struct mw_cli *cli)
{
	struct mw_policy *policy = mw_setting_policy(cli);
	struct listing listing = { .policy = policy, .directory = policy != NULL ? mw_setting_directory(policy) : NULL };
	struct mw_directory_status status;
	int code = policy == NULL ? EX_CONFIG : EX_OSERR;

	if (listing.directory != NULL) {
		mw_directory_status(listing.directory, &status);
		listing.open = status.open;
		listing.suspensions = mw_directory_suspensions(listing.directory);
		if (listing.suspensions == NULL) {
			mw_setting_complain(listing.directory);
			code = EX_TEMPFAIL;
		} else {
			code = print_list(cli, &listing);
		}
	}
	mw_directory_free(listing.directory);
	mw_policy_free(policy);
	return code;
}

static int run_suspended(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	const char *value;
	int row;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD)
			return mw_usage_error("unexpected argument %s", value);
		return mw_arguments_exit(row);
	}
	return list(cli);
}

const struct mw_command mw_suspended_command = {
	.name = "suspended",
	.usage = "",
	.summary = "list who is suspended, from what, until when, by whom, why",
	.run = run_suspended,
	.note = "exit 0: listed, also when nobody is suspended; 75: the list of suspensions cannot be read",
};

/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "decide/identity.h"
#include "directory/editing.h"
#include "directory/right.h"
#include "directory/right_left.h"
#include "named.h"
#include "policy/choose.h"
#include "sync/text/edit.h"
#include "ui/arguments.h"
#include "ui/output.h"
#include "ui/own_command.h"

enum { OPTION_UNTIL = MW_EDIT_OPTION_COUNT };

static const struct mw_option grant_options[] = {
	MW_EDIT_OPTIONS,
	[OPTION_UNTIL] = { "until", "YYYY-MM-DD", "the last day of the grant (default: it has no end)" },
};
static const struct mw_option revoke_options[] = { MW_EDIT_OPTIONS };

/* What the command line asks for, and what became of it. */
struct order {
	bool revoke;
	const char *words[3]; /* kind, identity, trustee */
	size_t word_count;
	const char *until;
	struct mw_edit_order edit;
	struct mw_grant_record grant; /* by names */
	struct mw_grant_record asked; /* the same with the identity as it was asked for */
	struct mw_grant_record typed; /* the same as it was typed, maybe at a local name */
	enum mw_right_left left;      /* what the trustee has all the same */
};

/* A grant of a text that is the one asked for. */
struct found { struct mw_text_file *file; unsigned line; const struct mw_grant_record *grant; };

#define FOUND_MOST 64

/* --- who and what */

/* The trustee by any of its names. */
static int find_trustee(struct mw_editing *editing, struct order *order, const char **trustee_r)
{
	const struct mw_directory_view *view = mw_edit_view(editing);
	char memory[1024];
	struct mw_buf shown = MW_BUF_OVER(memory);
	struct mw_named named;
	enum mw_lookup found;

	*trustee_r = order->words[2];
	if (view == NULL)
		return EX_OK;
	found = mw_identity_named(editing->policy, view, mw_str(order->words[2]), &named);
	if (found == MW_LOOKUP_FOUND && !named.unlisted) {
		*trustee_r = mw_arena_text(editing->arena, named.principal.name);
		return EX_OK;
	}
	if (named.ambiguous) {
		mw_named_complain(order->revoke ? "revoke" : "grant", order->words[2], &named);
		return EX_NOUSER;
	}
	/* A line that names nobody can be taken away all the same. */
	if (order->revoke)
		return EX_OK;
	mw_text_show(&shown, mw_str(order->words[2]));
	mw_complain("%s: the directory has no such user or group; nothing was written", memory);
	return EX_NOUSER;
}

/* What is below a local name is judged at its accepted domain, and a grant has to be there. */
static void name_domain(struct mw_editing *editing, struct order *order)
{
	struct mw_grant_record *grant = &order->grant;
	size_t at = grant->domain ? 0 : mw_str_find_last(grant->identity, '@') + 1;
	const struct mw_accepted_domain *domain =
		mw_choose_local_name(editing->policy, mw_str_tail(grant->identity, at));

	if (domain == NULL)
		return;
	mw_edit_note(editing, "%.*s is a local name of %.*s", MW_STR_ARG(mw_str_tail(grant->identity, at)),
		     MW_STR_ARG(domain->domain));
	grant->identity = mw_str(mw_arena_textf(editing->arena, "%.*s%.*s", (int)at, grant->identity.ptr,
						MW_STR_ARG(domain->domain)));
}

/* A grant on an address of a user or group is one on all of it, and is written so. */
static void name_owner(struct mw_editing *editing, struct order *order)
{
	struct mw_grant_record *grant = &order->grant;
	struct mw_principal owner;

	if (grant->domain || !mw_right_owner(mw_edit_view(editing), grant->identity, &owner) ||
	    mw_str_equal(owner.name, grant->identity))
		return;
	mw_edit_note(editing, "%.*s is an address of %.*s: a grant is on all its addresses", MW_STR_ARG(grant->identity),
		     MW_STR_ARG(owner.name));
	grant->identity = mw_arena_copy(editing->arena, owner.name);
}

/* By the reader of the text itself. */
static int read_grant(struct mw_editing *editing, struct order *order)
{
	const char *trustee;
	struct mw_records records;
	int code = find_trustee(editing, order, &trustee);

	if (code != EX_OK)
		return code;
	code = mw_edit_read_line(editing,
				 mw_str(mw_arena_textf(editing->arena, "grant %s %s %s%s%s", order->words[0], order->words[1], trustee,
						       order->until != NULL ? " until=" : "",
						       order->until != NULL ? order->until : "")), &records);
	if (code != EX_OK)
		return code;
	order->grant = order->typed = records.grants[0];
	mw_records_deinit(&records);
	name_domain(editing, order);
	order->asked = order->grant;
	name_owner(editing, order);
	return EX_OK;
}

/* --- lines */

static size_t find_lines(struct mw_editing *editing, const struct order *order, struct found *found)
{
	size_t count = 0;

	for (size_t i = 0; i < editing->files.count; i++) {
		struct mw_text_file *file = &editing->files.items[i];

		for (size_t k = 0; k < file->records.grant_count && count < FOUND_MOST; k++) {
			const struct mw_grant_record *grant = &file->records.grants[k];

			/* sync refuses one at a local name, but it can be taken away. */
			if (!mw_edit_leaves_out(editing, file) &&
			    (mw_right_same_grant(mw_edit_view(editing), grant, &order->grant) ||
			     (order->revoke && mw_right_same_grant(mw_edit_view(editing), grant, &order->typed))))
				found[count++] = (struct found){ file, grant->origin.line, grant };
		}
	}
	return count;
}

/* Where the identity's record stands, else the trustee's; NULL: in no text. */
static struct mw_text_file *file_of(struct mw_editing *editing, const struct order *order)
{
	const struct mw_str names[] = { order->grant.domain ? MW_STR_EMPTY : order->grant.identity, order->grant.trustee };

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		for (size_t i = 0; i < editing->files.count; i++) {
			struct mw_text_file *file = &editing->files.items[i];

			for (size_t k = 0; k < file->records.count && !mw_edit_leaves_out(editing, file); k++)
				if (mw_str_equal(file->records.items[k].principal.name, names[n]))
					return file;
		}
	}
	return NULL;
}

static void note_line(struct mw_editing *editing, const char *what, const struct mw_text_file *file, unsigned line,
		      struct mw_str text)
{
	mw_edit_note(editing, "%s %s:%u: %.*s", what, file->path, line, MW_STR_ARG(text));
}

/* From the last to the first, so that the numbers of the others stay. */
static void remove_lines(struct mw_editing *editing, const struct found *found, size_t from, size_t count)
{
	for (size_t i = count; i > from; i--) {
		if (found[i - 1].file != editing->file)
			continue;
		note_line(editing, "removed", editing->file, found[i - 1].line, mw_text_line(editing->text, found[i - 1].line));
		editing->text = mw_text_without_line(editing->arena, editing->text, found[i - 1].line);
	}
}

/* --- grant */

static bool is_own(struct mw_editing *editing, const struct mw_grant_record *grant)
{
	const struct mw_directory_view *view = mw_edit_view(editing);
	struct mw_principal owner, user;

	return !grant->domain && mw_right_owner(view, grant->identity, &owner) && owner.kind == MW_USER &&
	       mw_right_owner(view, grant->trustee, &user) && user.id == owner.id;
}

static int add_line(struct mw_editing *editing, struct order *order)
{
	char memory[2048];
	struct mw_buf line = MW_BUF_OVER(memory);
	int code = EX_OK;

	editing->file = file_of(editing, order);
	if (editing->file == NULL)
		code = mw_edit_new_place(editing, &editing->file);
	if (code != EX_OK)
		return code;
	mw_right_print(&order->grant, &line);
	editing->text = mw_text_with_line(editing->arena, editing->file->text, mw_buf_str(&line));
	mw_edit_note(editing, "%s", memory);
	return EX_OK;
}

/* One line says when it ends. */
static void change_line(struct mw_editing *editing, const struct order *order, const struct found *found, size_t count)
{
	char memory[32] = "";
	struct mw_buf until = MW_BUF_OVER(memory);

	editing->file = found[0].file;
	editing->text = editing->file->text;
	remove_lines(editing, found, 1, count);
	if (found[0].grant->until == order->grant.until) {
		mw_edit_note(editing, "it stands in %s:%u", editing->file->path, found[0].line);
		return;
	}
	if (order->grant.until != 0)
		mw_print_date(order->grant.until, &until);
	editing->text = mw_text_with_setting(editing->arena, editing->text, found[0].line, "until", mw_buf_str(&until));
	note_line(editing, "changed", editing->file, found[0].line, mw_text_line(editing->text, found[0].line));
}

static int change_grant(struct mw_editing *editing, void *context)
{
	struct order *order = context;
	struct found found[FOUND_MOST];
	int code = read_grant(editing, order);
	size_t count;

	if (code != EX_OK)
		return code;
	if (order->grant.until != 0 && order->grant.until < mw_clock_today())
		return mw_usage_error("--until %s: that is past", order->until);
	count = find_lines(editing, order, found);
	if (count == 0 && is_own(editing, &order->grant) && editing->policy->aliases_grant_send_as) {
		mw_edit_note(editing, "%.*s may send as itself without a grant", MW_STR_ARG(order->grant.trustee));
		return EX_OK;
	}
	if (count == 0)
		return add_line(editing, order);
	change_line(editing, order, found, count);
	for (size_t i = 1; i < count; i++)
		if (found[i].file != editing->file)
			mw_edit_note(editing, "the same grant stands in %s:%u, too", found[i].file->path, found[i].line);
	return EX_OK;
}

/* --- revoke */

static int several_files(const struct found *first, const struct found *other)
{
	return mw_usage_error("the grant stands in several sources (%s:%u, %s:%u): revoke it in each, with --source NAME",
			      first->file->path, first->line, other->file->path, other->line);
}

static int change_revoke(struct mw_editing *editing, void *context)
{
	struct order *order = context;
	struct found found[FOUND_MOST];
	int code = read_grant(editing, order);
	size_t count;

	if (code != EX_OK)
		return code;
	count = find_lines(editing, order, found);
	if (count == 0) {
		mw_edit_note(editing, "no such grant stands in %s",
			     editing->files.count == 1 ? editing->files.items[0].path : "a text source");
		return EX_OK;
	}
	for (size_t i = 1; i < count; i++)
		if (found[i].file != found[0].file)
			return several_files(&found[0], &found[i]);
	editing->file = found[0].file;
	editing->text = editing->file->text;
	remove_lines(editing, found, 0, count);
	return EX_OK;
}

static int look_after_revoke(struct mw_editing *editing, void *context)
{
	struct order *order = context;

	order->left = mw_right_tell_left(editing, &order->asked);
	if (order->left != MW_RIGHT_LEFT_UNKNOWN)
		return EX_OK;
	mw_complain_own("sync would refuse the directory, so that nobody can tell who has the right: mailwicket sync "
			"--dry-run says why; nothing was written");
	return EX_DATAERR;
}

static int code_of_revoke(const struct mw_editing *editing, const void *context)
{
	(void)editing;
	return ((const struct order *)context)->left == MW_RIGHT_LEFT_SOME ? 1 : EX_OK;
}

/* --- the command lines */

static int take(struct order *order, int row, const char *value)
{
	if (row == MW_ARGUMENT_WORD && order->word_count < 3) {
		order->words[order->word_count++] = value;
		return mw_edit_check_word(value);
	}
	if (row == MW_ARGUMENT_WORD)
		return mw_usage_error("one grant at a time, not also %s", value);
	if (row == OPTION_UNTIL) {
		order->until = value;
		return mw_edit_check_word(value);
	}
	mw_edit_option_take(&order->edit, (enum mw_edit_option)row, value);
	return EX_OK;
}

static int run(struct mw_cli *cli, int argc, char **argv, struct order *order, const struct mw_edit *edit)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	const char *value;
	int row, code;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row < 0 && row != MW_ARGUMENT_WORD)
			return mw_arguments_exit(row);
		code = take(order, row, value);
		if (code != EX_OK)
			return code;
	}
	if (order->word_count < 3)
		return mw_usage_error("expected send-as or send-on-behalf, IDENTITY and TRUSTEE");
	return mw_edit_run(cli, &order->edit, edit, order);
}

static int run_grant(struct mw_cli *cli, int argc, char **argv)
{
	static const struct mw_edit edit = { .change = change_grant };
	struct order order = { .revoke = false };

	return run(cli, argc, argv, &order, &edit);
}

static int run_revoke(struct mw_cli *cli, int argc, char **argv)
{
	static const struct mw_edit edit = { .change = change_revoke, .look = look_after_revoke, .code = code_of_revoke };
	struct order order = { .revoke = true };

	return run(cli, argc, argv, &order, &edit);
}

const struct mw_command mw_grant_command = {
	.name = "grant",
	.usage = "send-as|send-on-behalf IDENTITY TRUSTEE [--until YYYY-MM-DD] [--source NAME] [--dry-run] [--sync]",
	.summary = "let a user or group send as an address, in the text source",
	.run = run_grant,
	.options = grant_options,
	.option_count = sizeof(grant_options) / sizeof(grant_options[0]),
	.words = "send-as|send-on-behalf",
	.note = "exit 0: the grant stands there; 65: sync would refuse it; 67: no such user; 69: not in a text source",
};

const struct mw_command mw_revoke_command = {
	.name = "revoke",
	.usage = "send-as|send-on-behalf IDENTITY TRUSTEE [--source NAME] [--dry-run] [--sync]",
	.summary = "take such a grant away, and say what gives the right all the same",
	.run = run_revoke,
	.options = revoke_options,
	.option_count = sizeof(revoke_options) / sizeof(revoke_options[0]),
	.words = "send-as|send-on-behalf",
	.note = "exit 0: the right is gone; 1: something else gives it, which is named; else as in sysexits(3)",
};

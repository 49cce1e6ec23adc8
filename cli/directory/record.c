/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/text.h"
#include "decide/identity.h"
#include "decide/unlisted.h"
#include "directory/editing.h"
#include "directory/list_left.h"
#include "directory/named_by.h"
#include "directory/right.h"
#include "directory/values.h"
#include "named.h"
#include "sync/text/edit.h"
#include "ui/arguments.h"
#include "ui/output.h"
#include "ui/own_command.h"

#define VALUES_MOST 200

enum what { ADD, SET, DEL };
static const struct mw_word what_words[] = { { "add", ADD }, { "set", SET }, { "del", DEL } };

enum { OPTION_FORCE = MW_EDIT_OPTION_COUNT };

static const struct mw_option options[] = {
	MW_EDIT_OPTIONS,
	[OPTION_FORCE] = { "force", NULL, "del: take the name out of the text's other lines, too" },
};

/* What the command line asks for. */
struct order {
	enum mw_principal_kind kind;
	int what;
	const char *name;
	struct mw_str canonical; /* the name in the directory */
	const char *values[VALUES_MOST];
	size_t value_count;
	bool has_what, force;
	struct mw_edit_order edit;
	const struct mw_values_taken *taken; /* out of lists */
	bool stays;                          /* something else gives one of them */
};

static const char *kind_word(enum mw_principal_kind kind)
{
	return kind == MW_USER ? "user" : "group";
}

/* --- add */

/* The line as one record, by the reader of the text. */
static int read_new(struct mw_editing *editing, struct order *order, struct mw_str line)
{
	struct mw_records records;
	int code = mw_edit_read_line(editing, line, &records);

	if (code != EX_OK)
		return code;
	order->canonical = records.items[0].principal.name;
	mw_records_deinit(&records);
	return EX_OK;
}

static int refuse_taken(struct mw_editing *editing, const struct order *order)
{
	const struct mw_directory_view *view = mw_edit_view(editing);
	struct mw_principal owner;

	if (view == NULL || view->by_address(view->context, order->canonical, &owner, NULL) != MW_LOOKUP_FOUND)
		return EX_OK;
	if (mw_str_equal(owner.name, order->canonical))
		mw_complain_own("%.*s: the directory has this %s; mailwicket %s set changes it; nothing was written",
				MW_STR_ARG(owner.name), kind_word(owner.kind), kind_word(owner.kind));
	else
		mw_complain("%.*s: is an address of %.*s; nothing was written", MW_STR_ARG(order->canonical),
			    MW_STR_ARG(owner.name));
	return EX_DATAERR;
}

static int add(struct mw_editing *editing, struct order *order)
{
	const char *line = mw_arena_textf(editing->arena, "%s %s", kind_word(order->kind), order->name);
	int code;

	for (size_t i = 0; i < order->value_count; i++)
		line = mw_arena_textf(editing->arena, "%s %s", line, order->values[i]);
	code = read_new(editing, order, mw_str(line));
	if (code == EX_OK)
		code = refuse_taken(editing, order);
	if (code == EX_OK)
		code = mw_edit_new_place(editing, &editing->file);
	if (code != EX_OK)
		return code;
	editing->text = mw_text_with_line(editing->arena, editing->file->text, mw_str(line));
	mw_edit_note(editing, "%s", line);
	return EX_OK;
}

/* --- the record that is there */

static bool has_address(const struct mw_directory_view *view, struct mw_str address)
{
	struct mw_principal owner;

	return view->by_address(view->context, address, &owner, NULL) == MW_LOOKUP_FOUND;
}

/* By any of its names; where sync would refuse the directory, by its own. */
static int find_name(struct mw_editing *editing, struct order *order)
{
	const struct mw_directory_view *view = mw_edit_view(editing);
	struct mw_address address;
	struct mw_named named;

	if (view == NULL) {
		mw_address_parse_completed(mw_str(order->name), editing->policy->default_domain, &address);
		order->canonical = mw_arena_copy(editing->arena, address.whole);
		return EX_OK;
	}
	if (mw_identity_named(editing->policy, view, mw_str(order->name), &named) == MW_LOOKUP_FOUND && !named.unlisted) {
		if (named.by_address && !named.by_login && !has_address(view, named.address.whole)) {
			mw_complain("%.*s: is an address of %.*s with an extension: name it without; nothing was written",
				    MW_STR_ARG(named.address.whole), MW_STR_ARG(named.principal.name));
			return EX_NOUSER;
		}
		order->canonical = mw_arena_copy(editing->arena, named.principal.name);
		return EX_OK;
	}
	order->canonical = named.is_address ? mw_arena_copy(editing->arena, named.address.whole) : mw_str(order->name);
	if (!named.ambiguous)
		return EX_OK;
	mw_named_complain(kind_word(order->kind), order->name, &named);
	return EX_NOUSER;
}

/* The line of the record in the text that has it. */
static int find_record(struct mw_editing *editing, struct order *order, unsigned *line_r)
{
	int code = find_name(editing, order);

	for (size_t i = 0; i < editing->files.count && code == EX_OK; i++) {
		struct mw_text_file *file = &editing->files.items[i];

		for (size_t k = 0; k < file->records.count && !mw_edit_leaves_out(editing, file); k++) {
			const struct mw_record *record = &file->records.items[k];

			if (!mw_str_equal(record->principal.name, order->canonical))
				continue;
			if (record->principal.kind != order->kind) {
				mw_complain_own("%.*s is a %s: use mailwicket %s %s", MW_STR_ARG(order->canonical),
					    kind_word(record->principal.kind), kind_word(record->principal.kind),
					    what_words[order->what].word);
				return EX_USAGE;
			}
			editing->file = file;
			editing->text = file->text;
			*line_r = record->origin.line;
			return EX_OK;
		}
	}
	return code == EX_OK ? mw_edit_not_here(editing, order->canonical) : code;
}

/* --- set */

static int set(struct mw_editing *editing, struct order *order)
{
	struct mw_values_place place = { .kind = order->kind };
	int code = find_record(editing, order, &place.line);

	for (size_t i = 0; i < order->value_count && code == EX_OK; i++)
		code = mw_values_change(editing, &place, order->values[i]);
	order->taken = place.taken;
	if (code == EX_OK && !mw_str_equal(editing->text, editing->file->text)) {
		struct mw_str line = mw_text_line(editing->text, place.line);

		mw_edit_note(editing, "%s:%u: %.*s", editing->file->path, place.line, MW_STR_ARG(line));
	}
	return code;
}

/* --- del */

static int del(struct mw_editing *editing, struct order *order)
{
	unsigned line;
	int code = find_record(editing, order, &line);

	if (code == EX_OK)
		code = mw_named_by(editing, order->canonical, line, order->force);
	return code;
}

/* Who may log in and send without being there. */
static void tell_unlisted(struct mw_editing *editing, const struct order *order)
{
	struct mw_address address;

	if (order->kind == MW_USER && mw_unlisted_address(editing->policy, order->canonical, &address))
		mw_edit_note(editing, "unlisted_logins = own_address: whoever Dovecot still lets in as %.*s may send as that "
			     "address; to stop that: mailwicket suspend", MW_STR_ARG(order->canonical));
}

/* --- all three */

static int change(struct mw_editing *editing, void *context)
{
	struct order *order = context;

	return order->what == ADD ? add(editing, order) : order->what == SET ? set(editing, order) : del(editing, order);
}

/* An address that is the record's no more: a grant on it is on that address alone. */
static void tell_of_grants(struct mw_editing *editing, const struct order *order)
{
	const struct mw_records *records = mw_memory_directory_records(editing->after);
	const struct mw_directory_view *after = mw_memory_directory_view(editing->after);
	struct mw_principal owner;

	for (size_t i = 0; i < records->grant_count; i++) {
		const struct mw_grant_record *grant = &records->grants[i];

		if (mw_right_identity_owner(editing->policy, mw_edit_view(editing), grant, &owner) &&
		    mw_str_equal(owner.name, order->canonical) &&
		    !mw_right_identity_owner(editing->policy, after, grant, &owner))
			mw_edit_note(editing, "%s: the grant there is now on %.*s alone, which %.*s does not have",
				     mw_edit_place(editing, records, grant->origin), MW_STR_ARG(grant->identity),
				     MW_STR_ARG(order->canonical));
	}
}

/* The line may have no effect. */
static int look(struct mw_editing *editing, void *context)
{
	struct order *order = context;
	const struct mw_records *records;

	if (order->what == DEL)
		tell_unlisted(editing, order);
	if (editing->after == NULL)
		return EX_OK;
	tell_of_grants(editing, order);
	order->stays = mw_list_tell_left(editing, order->canonical, order->taken);
	records = mw_memory_directory_records(editing->after);
	for (size_t i = 0; i < records->count; i++) {
		const struct mw_record *record = &records->items[i];

		if (mw_str_equal(record->principal.name, order->canonical) && record->owner != editing->file->source)
			mw_edit_note(editing, "source \"%.*s\" has %.*s, too%s",
				     MW_STR_ARG(editing->policy->directory.sources[record->owner].name),
				     MW_STR_ARG(order->canonical),
				     order->what == DEL ? ", who stays" : ", and comes first in the policy: this line has no effect");
	}
	return EX_OK;
}

static int code_of(const struct mw_editing *editing, const void *context)
{
	(void)editing;
	return ((const struct order *)context)->stays ? 1 : EX_OK;
}

static int take_word(struct order *order, const char *value)
{
	if (!order->has_what) {
		order->has_what = mw_table_find((struct mw_table)MW_TABLE(what_words), mw_str(value), &order->what);
		return order->has_what ? EX_OK : mw_usage_error("%s: expected add, set or del", value);
	}
	if (order->name == NULL) {
		order->name = value;
		return mw_edit_check_word(value);
	}
	if (order->what == DEL)
		return mw_usage_error("one %s at a time, not also %s", kind_word(order->kind), value);
	if (strchr(value, '=') == NULL || value[0] == '=')
		return mw_usage_error("%s: expected %s", value,
				      order->what == ADD ? "key=value" : "key=value, key+=value or key-=value");
	if (order->value_count == VALUES_MOST)
		return mw_usage_error("more than %d values", VALUES_MOST);
	order->values[order->value_count++] = value;
	return mw_edit_check_word(value);
}

static int take(struct order *order, int row, const char *value)
{
	if (row == MW_ARGUMENT_WORD)
		return take_word(order, value);
	if (row != OPTION_FORCE) {
		mw_edit_option_take(&order->edit, (enum mw_edit_option)row, value);
		return EX_OK;
	}
	order->force = true;
	return EX_OK;
}

static int run(struct mw_cli *cli, int argc, char **argv, enum mw_principal_kind kind)
{
	static const struct mw_edit edit = { .change = change, .look = look, .code = code_of };
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct order order = { .kind = kind };
	const char *value;
	int row, code;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row < 0 && row != MW_ARGUMENT_WORD)
			return mw_arguments_exit(row);
		code = take(&order, row, value);
		if (code != EX_OK)
			return code;
	}
	if (!order.has_what || order.name == NULL)
		return mw_usage_error("expected add, set or del, and a name");
	if (order.what == SET && order.value_count == 0)
		return mw_usage_error("set what? key=value, key+=value or key-=value");
	if (order.force && order.what != DEL)
		return mw_usage_error("--force goes with del");
	return mw_edit_run(cli, &order.edit, &edit, &order);
}

static int run_user(struct mw_cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, MW_USER);
}

static int run_group(struct mw_cli *cli, int argc, char **argv)
{
	return run(cli, argc, argv, MW_GROUP);
}

#define USAGE \
	"add|set|del NAME [KEY=VALUE | KEY+=VALUE | KEY-=VALUE ...] [--force] [--source NAME] [--dry-run] [--sync]"
#define NOTE \
	"KEY= takes a key out; += and -= change a list\n" \
	"exit 0: it stands there; 1: something else gives what was taken out of a list, which is named; 65: sync would " \
	"refuse it, the name is in use, or not in the list; 67: no such name; 69: not in a text source"

const struct mw_command mw_user_command = {
	.name = "user",
	.usage = USAGE,
	.summary = "add, change or remove a user, in the text source",
	.run = run_user,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.words = "add|set|del",
	.note = NOTE,
};

const struct mw_command mw_group_command = {
	.name = "group",
	.usage = USAGE,
	.summary = "add, change or remove a group, in the text source",
	.run = run_group,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.words = "add|set|del",
	.note = NOTE,
};

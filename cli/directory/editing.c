/* SPDX-License-Identifier: MIT */
#include "directory/editing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "directory/follower.h"
#include "directory/print.h"
#include "setting.h"
#include "sync.h"
#include "sync/text/field.h"
#include "sync/text/text.h"
#include "ui/output.h"

void mw_edit_option_take(struct mw_edit_order *order, enum mw_edit_option option, const char *value)
{
	switch (option) {
	case MW_EDIT_SOURCE:
		order->source = value;
		break;
	case MW_EDIT_DRY_RUN:
		order->dry_run = true;
		break;
	case MW_EDIT_SYNC:
		order->sync = true;
		break;
	case MW_EDIT_OPTION_COUNT:
		break;
	}
}

void mw_edit_note(struct mw_editing *editing, const char *format, ...)
{
	char text[4096];
	va_list arguments;

	if (editing->note_count == MW_NOTES_MOST)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	editing->notes[editing->note_count++] = mw_arena_text(editing->arena, mw_str(text));
}

/* --- places */

bool mw_edit_leaves_out(const struct mw_editing *editing, const struct mw_text_file *file)
{
	return editing->order->source != NULL && !mw_str_equal(mw_str(editing->order->source), file->name);
}

static int several(const struct mw_editing *editing)
{
	char memory[1024];
	struct mw_buf names = MW_BUF_OVER(memory);

	for (size_t i = 0; i < editing->files.count; i++) {
		mw_buf_add_text(&names, i == 0 ? "" : ", ");
		mw_text_show(&names, editing->files.items[i].name);
	}
	return mw_usage_error("into which source? --source NAME, of %s", memory);
}

int mw_edit_new_place(const struct mw_editing *editing, struct mw_text_file **file_r)
{
	*file_r = NULL;
	for (size_t i = 0; i < editing->files.count; i++) {
		if (mw_edit_leaves_out(editing, &editing->files.items[i]))
			continue;
		if (*file_r != NULL)
			return several(editing);
		*file_r = &editing->files.items[i];
	}
	return EX_OK;
}

const char *mw_edit_place(struct mw_editing *editing, const struct mw_records *records, struct mw_origin origin)
{
	return mw_arena_textf(editing->arena, "%s:%u", mw_origin_file(records, origin), origin.line);
}

const struct mw_directory_view *mw_edit_view(const struct mw_editing *editing)
{
	return editing->before != NULL ? mw_memory_directory_view(editing->before) : NULL;
}

int mw_edit_not_here(struct mw_editing *editing, struct mw_str name)
{
	const struct mw_records *records = editing->before != NULL ? mw_memory_directory_records(editing->before) : NULL;

	const struct mw_record *record = records == NULL ? NULL : mw_records_find(records, name);

	if (record != NULL) {
		const struct mw_source *source = &editing->policy->directory.sources[record->owner];

		if (mw_source_is_text(source))
			mw_complain("%.*s stands in source \"%.*s\" (%s), not in \"%s\"; nothing was written", MW_STR_ARG(name),
				    MW_STR_ARG(source->name), mw_edit_place(editing, records, record->origin),
				    editing->order->source);
		else
			mw_complain("%.*s comes from source \"%.*s\" (driver %.*s), which this command does not write: change "
				    "it there; nothing was written", MW_STR_ARG(name), MW_STR_ARG(source->name),
				    MW_STR_ARG(source->driver));
		return EX_UNAVAILABLE;
	}
	mw_complain("%.*s: no user or group of this name; nothing was written", MW_STR_ARG(name));
	return EX_NOUSER;
}

/* --- words */

int mw_edit_check_word(const char *word)
{
	char memory[1024];
	struct mw_buf shown = MW_BUF_OVER(memory);
	struct mw_str rest = mw_str(word), field;

	if (strpbrk(word, "\r\n") == NULL && mw_text_next(&rest, &field) == MW_TEXT_FIELD &&
	    mw_str_equal(field, mw_str(word)))
		return EX_OK;
	mw_text_show(&shown, mw_text_cut(mw_str(word), 200));
	return mw_usage_error("\"%s\": expected a word without blanks, line ends and # at its beginning", memory);
}

int mw_edit_read_line(struct mw_editing *editing, struct mw_str line, struct mw_records *records)
{
	struct mw_errors *errors = mw_errors_new(20);

	if (errors == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	mw_records_init(records, editing->arena, errors);
	mw_text_read(records, "", line, editing->policy->default_domain);
	records->errors = NULL;
	for (unsigned i = 0; i < mw_errors_kept(errors); i++) {
		const struct mw_error *error = mw_errors_get(errors, i);

		if (error->severity == MW_ERROR)
			mw_complain("%s%s%s%s", error->text, error->expected[0] != '\0' ? " (expected " : "", error->expected,
				    error->expected[0] != '\0' ? ")" : "");
	}
	if (mw_errors_count(errors, MW_ERROR) == 0) {
		mw_errors_free(errors);
		return EX_OK;
	}
	mw_errors_free(errors);
	mw_records_deinit(records);
	return EX_DATAERR;
}

/* --- the command */

/* --source names a text. */
static int check_source(const struct mw_policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->directory.source_count; i++) {
		const struct mw_source *source = &policy->directory.sources[i];

		if (!mw_str_equal(source->name, mw_str(name)))
			continue;
		if (mw_source_is_text(source))
			return EX_OK;
		mw_complain("--source %s: its driver is %.*s, which this command does not write: change it there", name,
			    MW_STR_ARG(source->driver));
		return EX_UNAVAILABLE;
	}
	return mw_usage_error("--source %s: the policy has no such source", name);
}

static int open_files(struct mw_editing *editing)
{
	int code = editing->order->source != NULL ? check_source(editing->policy, editing->order->source) : EX_OK;

	if (code == EX_OK)
		code = mw_text_files_open(&editing->files, editing->policy, !editing->order->dry_run, editing->arena);
	if (code != EX_OK || editing->files.count > 0)
		return code;
	mw_complain("%s names no text source, and this command writes nothing else: change the directory where it comes "
		    "from", editing->policy->file);
	return EX_UNAVAILABLE;
}

static void read_before(struct mw_editing *editing)
{
	struct mw_errors *errors = mw_errors_new(1);

	if (errors == NULL)
		mw_arena_fail(editing->arena);
	else
		editing->before = mw_memory_directory_of(editing->policy, NULL, errors);
	mw_errors_free(errors);
}

static bool is_changed(const struct mw_editing *editing)
{
	return editing->file != NULL && !mw_str_equal(editing->text, editing->file->text);
}

static int check_memory(const struct mw_editing *editing)
{
	if (!mw_arena_failed(editing->arena))
		return EX_OK;
	mw_complain("out of memory");
	return EX_OSERR;
}

static int change(struct mw_editing *editing, const struct mw_edit *edit, void *context)
{
	int code = edit->change(editing, context);

	if (code == EX_OK)
		code = check_memory(editing);
	if (code == EX_OK && is_changed(editing))
		code = mw_text_file_check(editing->file, editing->policy, editing->text, &editing->after);
	if (code == EX_OK && edit->look != NULL)
		code = edit->look(editing, context);
	/* Something that is to be told may lack. */
	if (code == EX_OK)
		code = check_memory(editing);
	if (code == EX_OK && is_changed(editing) && !editing->order->dry_run)
		code = mw_text_file_put(editing->file, editing->text);
	return code;
}

/* By itself or by whom. */
static void tell_of_sync(const struct mw_editing *editing, struct mw_edit_result *result)
{
	struct mw_follower_state state;

	result->followed = !mw_str_empty(editing->policy->directory.path) &&
			   mw_follower_look(editing->policy->directory.path.ptr, &state) == MW_FOLLOWING;
}

static int finish(const struct mw_cli *cli, struct mw_editing *editing, int code)
{
	struct mw_edit_result result = {
		.editing = editing, .changed = is_changed(editing), .written = is_changed(editing) && !editing->order->dry_run,
	};

	tell_of_sync(editing, &result);
	if (editing->order->sync && !editing->order->dry_run)
		result.sync = mw_sync_publish(editing->policy);
	if (!mw_edit_print(cli, &result))
		code = EX_OSERR;
	else if (result.sync != NULL && mw_sync_result_code(result.sync) != EX_OK)
		code = mw_sync_result_code(result.sync);
	mw_sync_result_free(result.sync);
	return code;
}

static void end(struct mw_editing *editing)
{
	mw_text_files_close(&editing->files);
	mw_memory_directory_free(editing->before);
	mw_memory_directory_free(editing->after);
	mw_arena_free(editing->arena);
	free(editing);
}

int mw_edit_run(const struct mw_cli *cli, const struct mw_edit_order *order, const struct mw_edit *edit, void *context)
{
	struct mw_policy *policy = mw_setting_policy(cli);
	struct mw_editing *editing = calloc(1, sizeof(*editing));
	int code = policy == NULL ? EX_CONFIG : EX_OSERR;

	if (editing != NULL)
		editing->arena = mw_arena_new(0);
	if (policy != NULL && editing != NULL && editing->arena != NULL) {
		editing->policy = policy;
		editing->order = order;
		code = open_files(editing);
		if (code == EX_OK)
			read_before(editing);
		if (code == EX_OK)
			code = change(editing, edit, context);
		if (code == EX_OK)
			code = finish(cli, editing, edit->code != NULL ? edit->code(editing, context) : EX_OK);
	} else if (policy != NULL) {
		mw_complain("out of memory");
	}
	if (editing != NULL)
		end(editing);
	mw_policy_free(policy);
	return code;
}

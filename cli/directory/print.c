/* SPDX-License-Identifier: MIT */
#include "directory/print.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "file.h"
#include "file_diff.h"
#include "sync.h"
#include "ui/output.h"
#include "ui/own_command.h"

struct told {
	const struct mw_edit_result *result;
	struct mw_str diff;
};

/* In memory: the program diff(1) reads it through this process. */
static bool find_diff(const struct mw_editing *editing, struct mw_str *diff_r)
{
	int fd = memfd_create("mailwicket", MFD_CLOEXEC);
	bool done = false;

	*diff_r = MW_STR_EMPTY;
	if (fd < 0 || !mw_file_write(fd, editing->text))
		mw_complain("%s: %s", editing->file->path, strerror(errno));
	else
		done = mw_diff_files(editing->arena, editing->file->path,
				     mw_arena_textf(editing->arena, "/proc/%d/fd/%d", (int)getpid(), fd), editing->file->path,
				     diff_r);
	if (fd >= 0)
		close(fd);
	return done;
}

static void print_end(const struct mw_edit_result *result, struct mw_buf *out)
{
	size_t from = out->used;

	if (!result->changed)
		mw_buf_add_text(out, "nothing to change\n");
	else if (!result->written)
		mw_buf_add_text(out, "nothing was written (--dry-run)\n");
	else if (result->sync != NULL)
		mw_buf_printf(out, "written to %s\n", result->editing->file->path);
	else if (result->followed)
		mw_buf_printf(out, "written to %s; mailwicket sync --follow publishes it\n", result->editing->file->path);
	else
		mw_buf_printf(out, "written to %s; to publish it: mailwicket sync\n", result->editing->file->path);
	mw_own_commands(out, from);
}

static void print_text(struct mw_buf *out, const void *context)
{
	const struct told *told = context;
	const struct mw_editing *editing = told->result->editing;

	mw_diff_print(told->diff, out);
	for (size_t i = 0; i < editing->note_count; i++) {
		mw_text_show(out, mw_str(editing->notes[i]));
		mw_buf_add_char(out, '\n');
	}
	print_end(told->result, out);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct told *told = context;
	const struct mw_edit_result *result = told->result;
	const struct mw_editing *editing = result->editing;

	if (editing->file != NULL) {
		mw_json_string(json, "source", editing->file->name);
		mw_json_string(json, "file", mw_str(editing->file->path));
	} else {
		mw_json_null(json, "source");
		mw_json_null(json, "file");
	}
	mw_json_bool(json, "changed", result->changed);
	mw_json_bool(json, "written", result->written);
	mw_json_bool(json, "followed", result->followed);
	mw_json_string(json, "diff", told->diff);
	mw_json_array(json, "notes");
	for (size_t i = 0; i < editing->note_count; i++)
		mw_json_string(json, NULL, mw_str(editing->notes[i]));
	mw_json_end_array(json);
	if (result->sync == NULL) {
		mw_json_null(json, "sync");
		return;
	}
	mw_json_object(json, "sync");
	mw_sync_result_json(json, result->sync);
	mw_json_end_object(json);
}

bool mw_edit_print(const struct mw_cli *cli, const struct mw_edit_result *result)
{
	struct told told = { .result = result, .diff = MW_STR_EMPTY };
	bool printed;

	if (result->changed && !result->written && !find_diff(result->editing, &told.diff))
		return false;
	printed = cli->json ? mw_output_json(write_members, &told) : mw_output(print_text, &told);
	if (printed && result->sync != NULL && !cli->json)
		mw_sync_result_print(result->sync);
	return printed;
}

/* SPDX-License-Identifier: MIT */
#include "decisions/audit/write.h"

#include <stdlib.h>
#include <sysexits.h>

#include "decisions/audit/shown.h"
#include "base/text.h"
#include "text_file.h"
#include "sync/sync.h"
#include "sync/text/edit.h"
#include "ui/output.h"
#include "ui/own_command.h"

struct writing {
	const struct mw_audit_day *day;
	struct mw_arena *arena;
	const struct mw_audit_entry *entries[MW_AUDIT_WRITES_MOST];
	const struct mw_audit_order *order;
	struct mw_text_files files; /* locked */
	struct mw_text_file *file; /* that is changed */
	struct mw_str after;
};

static bool has_number(const struct mw_audit_order *order, unsigned number)
{
	for (size_t i = 0; i < order->count; i++)
		if (order->numbers[i] == number)
			return true;
	return false;
}

bool mw_audit_order_read(struct mw_str text, struct mw_audit_order *order)
{
	struct mw_str item;
	uint64_t number;

	if (mw_str_empty(text) || text.ptr[text.len - 1] == ',')
		return false;
	while (mw_str_split(&text, ',', &item)) {
		if (!mw_parse_number(item, &number) || number == 0 || number > MW_AUDIT_SHOWN_MOST ||
		    order->count == MW_AUDIT_WRITES_MOST)
			return false;
		if (!has_number(order, (unsigned)number))
			order->numbers[order->count++] = (unsigned)number;
	}
	return true;
}

static const struct mw_audit_entry *find_entry(const struct mw_audit_day *day, const char *digest)
{
	for (size_t i = 0; i < day->proposal_count; i++) {
		const struct mw_audit_entry *entry = &day->tally.entries[day->proposals[i]];
		char own[33];

		mw_audit_digest(entry, own);
		if (strcmp(own, digest) == 0)
			return entry;
	}
	return NULL;
}

static int find_entries(struct writing *writing)
{
	struct mw_audit_shown *shown = calloc(1, sizeof(*shown));
	int code = EX_OK;

	if (shown == NULL || !mw_audit_shown_read(writing->day->policy, shown)) {
		free(shown);
		mw_complain_own("--write takes numbers of the list that was shown last, and none is kept in %.*s: run "
				"mailwicket audit first", MW_STR_ARG(writing->day->policy->directory.path));
		return EX_USAGE;
	}
	for (size_t i = 0; i < writing->order->count && code == EX_OK; i++) {
		unsigned number = writing->order->numbers[i];

		if (number > shown->count) {
			code = mw_usage_error("--write %u: the list that was shown last has %zu proposals", number,
					      shown->count);
			continue;
		}
		writing->entries[i] = find_entry(writing->day, shown->digests[number - 1]);
		if (writing->entries[i] != NULL)
			continue;
		mw_complain_own("--write %u: it is not proposed any more (it may be written already, or the log says "
				"otherwise now): run mailwicket audit; nothing was written", number);
		code = EX_DATAERR;
	}
	free(shown);
	return code;
}

/* What this option does not write. */
static int check_entry(const struct writing *writing, size_t i)
{
	const struct mw_audit_change *change = &writing->entries[i]->change;
	unsigned number = writing->order->numbers[i];

	if (change->kind == MW_AUDIT_CONNECTOR)
		return mw_usage_error("--write %u: a connector is of the policy: write it into %s yourself; nothing was "
				      "written", number, writing->day->policy->file);
	if (mw_audit_needs_grant(change) && !writing->order->grant)
		return mw_usage_error("--write %u: it gives %.*s the address of somebody else: --grant too, if that is "
				      "meant; nothing was written", number, MW_STR_ARG(change->user));
	return EX_OK;
}

/* --- the source */

/* The text source that has the user; for a new one, the first. NULL: none. */
static struct mw_text_file *file_of(struct writing *writing, const struct mw_audit_change *change)
{
	struct mw_text_file *first = writing->files.count > 0 ? &writing->files.items[0] : NULL;

	if (change->kind == MW_AUDIT_USER)
		return first;
	for (size_t i = 0; i < writing->files.count; i++)
		if (mw_text_find_user(writing->files.items[i].text, change->user, writing->day->policy->default_domain) > 0)
			return &writing->files.items[i];
	return change->kind == MW_AUDIT_GRANT ? first : NULL;
}

static int find_file(struct writing *writing)
{
	const struct mw_policy *policy = writing->day->policy;
	int code = mw_text_files_open(&writing->files, policy, true, writing->arena);

	for (size_t i = 0; i < writing->order->count && code == EX_OK; i++) {
		struct mw_text_file *file = file_of(writing, &writing->entries[i]->change);

		if (file == NULL) {
			mw_complain("--write %u: %.*s stands in no text source of %s, and others are not written by this "
				    "command: write it where the user is", writing->order->numbers[i],
				    MW_STR_ARG(writing->entries[i]->change.user), policy->file);
			return EX_UNAVAILABLE;
		}
		if (i > 0 && file != writing->file)
			return mw_usage_error("--write: %u and %u belong into two sources: write them one by one",
					      writing->order->numbers[0], writing->order->numbers[i]);
		writing->file = file;
		writing->after = file->text;
	}
	return code;
}

static void edit(struct writing *writing, const struct mw_audit_entry *entry)
{
	const struct mw_audit_change *change = &entry->change;
	unsigned line;

	if (change->kind == MW_AUDIT_GRANT || change->kind == MW_AUDIT_USER) {
		writing->after = mw_text_with_line(writing->arena, writing->after, mw_str(entry->text));
		return;
	}
	line = mw_text_find_user(writing->after, change->user, writing->day->policy->default_domain);
	writing->after = mw_text_with_value(writing->arena, writing->after, line,
					    change->kind == MW_AUDIT_LOGIN ? "login" : "address", change->value);
}

/* As sync will read it, before it stands there. */
static int put(struct writing *writing)
{
	struct mw_memory_directory *directory;
	int code = mw_arena_failed(writing->arena) ? EX_OSERR
						    : mw_text_file_check(writing->file, writing->day->policy, writing->after,
									 &directory);

	if (code != EX_OK)
		return code;
	mw_memory_directory_free(directory);
	return mw_text_file_put(writing->file, writing->after);
}

/* --- what was done */

static void print(struct mw_buf *out, const void *context)
{
	const struct writing *writing = context;

	for (size_t i = 0; i < writing->order->count; i++) {
		mw_buf_printf(out, "%u: ", writing->order->numbers[i]);
		mw_text_show(out, mw_str(writing->entries[i]->text));
		mw_buf_add_char(out, '\n');
	}
	mw_buf_printf(out, "written to %s; to publish it: mailwicket sync\n", writing->file->path);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct writing *writing = context;

	mw_json_string(json, "file", mw_str(writing->file->path));
	mw_json_array(json, "written");
	for (size_t i = 0; i < writing->order->count; i++) {
		mw_json_object(json, NULL);
		mw_json_number(json, "number", writing->order->numbers[i]);
		mw_json_string(json, "write", mw_str(writing->entries[i]->text));
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

static int write_all(struct writing *writing)
{
	int code = find_entries(writing);

	for (size_t i = 0; i < writing->order->count && code == EX_OK; i++)
		code = check_entry(writing, i);
	if (code == EX_OK)
		code = find_file(writing);
	for (size_t i = 0; i < writing->order->count && code == EX_OK; i++)
		edit(writing, writing->entries[i]);
	return code == EX_OK ? put(writing) : code;
}

int mw_audit_write(const struct mw_audit_day *day, const struct mw_audit_order *order, bool json)
{
	struct writing *writing = calloc(1, sizeof(*writing));
	int code = EX_OSERR;

	if (writing != NULL)
		writing->arena = mw_arena_new(0);
	if (writing == NULL || writing->arena == NULL) {
		mw_complain("out of memory");
	} else {
		writing->day = day;
		writing->order = order;
		code = write_all(writing);
		if (code == EX_OK && !(json ? mw_output_json(write_members, writing) : mw_output(print, writing)))
			code = EX_OSERR;
	}
	if (writing != NULL) {
		mw_text_files_close(&writing->files);
		mw_arena_free(writing->arena);
	}
	free(writing);
	return code;
}

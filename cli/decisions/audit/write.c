/* SPDX-License-Identifier: MIT */
#include "decisions/audit/write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "decisions/audit/shown.h"
#include "file.h"
#include "base/text.h"
#include "sync/sync.h"
#include "sync/text/edit.h"
#include "ui/output.h"

#define MESSAGES_AT_MOST 100

struct writing {
	const struct mw_audit_day *day;
	struct mw_arena *arena;
	const struct mw_audit_entry *entries[MW_AUDIT_WRITES_MOST];
	const struct mw_audit_order *order;
	size_t source; /* whose file is changed */
	const char *path;
	struct stat status;
	struct mw_str before, after;
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
		return mw_usage_error("--write takes numbers of the list that was shown last, and none is kept in %.*s: "
				      "run mailwicket audit first", MW_STR_ARG(writing->day->policy->directory.path));
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
		mw_complain("--write %u: it is not proposed any more (it may be written already, or the log says "
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

static int read_text(struct writing *writing, size_t number, struct mw_str *text_r)
{
	const struct mw_source *source = &writing->day->policy->directory.sources[number];
	const char *path = mw_arena_text(writing->arena, source->path);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *memory = NULL;
	ssize_t got = -1;

	*text_r = MW_STR_EMPTY;
	if (fd >= 0 && fstat(fd, &writing->status) == 0 && S_ISREG(writing->status.st_mode)) {
		memory = mw_arena_alloc(writing->arena, (size_t)writing->status.st_size + 1);
		got = memory != NULL ? read(fd, memory, (size_t)writing->status.st_size) : -1;
	}
	if (fd < 0 || got != writing->status.st_size)
		mw_complain("%s: %s", path, fd < 0 ? strerror(errno) : "cannot be read whole");
	if (fd >= 0)
		close(fd);
	if (fd < 0 || got != writing->status.st_size)
		return EX_NOINPUT;
	*text_r = (struct mw_str){ memory, (size_t)got };
	return EX_OK;
}

static bool is_text(const struct mw_source *source)
{
	return mw_str_equal_nocase(source->driver, MW_STR("text"));
}

static size_t first_text(const struct mw_policy *policy)
{
	size_t number = 0;

	while (number < policy->directory.source_count && !is_text(&policy->directory.sources[number]))
		number++;
	return number;
}

/* The text source that has the user; for a new one, the first. policy->directory.source_count: none. */
static size_t source_of(struct writing *writing, const struct mw_audit_change *change)
{
	const struct mw_policy *policy = writing->day->policy;
	struct mw_str text;

	if (change->kind == MW_AUDIT_USER)
		return first_text(policy);
	for (size_t i = 0; i < policy->directory.source_count; i++)
		if (is_text(&policy->directory.sources[i]) && read_text(writing, i, &text) == EX_OK &&
		    mw_text_find_user(text, change->user, policy->default_domain) > 0)
			return i;
	return change->kind == MW_AUDIT_GRANT ? first_text(policy) : policy->directory.source_count;
}

static int find_source(struct writing *writing)
{
	const struct mw_policy *policy = writing->day->policy;

	for (size_t i = 0; i < writing->order->count; i++) {
		size_t source = source_of(writing, &writing->entries[i]->change);

		if (source == policy->directory.source_count) {
			mw_complain("--write %u: %.*s stands in no text source of %s, and others are not written by this "
				    "command: write it where the user is", writing->order->numbers[i],
				    MW_STR_ARG(writing->entries[i]->change.user), policy->file);
			return EX_UNAVAILABLE;
		}
		if (i > 0 && source != writing->source)
			return mw_usage_error("--write: %u and %u belong into two sources: write them one by one",
					      writing->order->numbers[0], writing->order->numbers[i]);
		writing->source = source;
	}
	writing->path = mw_arena_text(writing->arena, policy->directory.sources[writing->source].path);
	return read_text(writing, writing->source, &writing->before);
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
static int check_text(const struct writing *writing)
{
	struct mw_errors *errors = mw_errors_new(MESSAGES_AT_MOST);
	const struct mw_text_change change = { .source = writing->source, .text = writing->after };
	struct mw_memory_directory *directory = NULL;

	if (errors != NULL && !mw_arena_failed(writing->arena))
		directory = mw_memory_directory_of(writing->day->policy, &change, errors);
	if (directory == NULL) {
		if (errors != NULL)
			mw_output_errors(errors);
		mw_complain("with these lines sync would refuse the directory; nothing was written");
	}
	mw_errors_free(errors);
	mw_memory_directory_free(directory);
	return directory != NULL ? EX_OK : EX_DATAERR;
}

static int put(struct writing *writing)
{
	struct stat first = writing->status;
	struct mw_str now;

	if (!mw_place_is_ours(writing->path))
		return EX_NOPERM;
	if (read_text(writing, writing->source, &now) != EX_OK)
		return EX_NOINPUT;
	if (!mw_str_equal(now, writing->before) || first.st_ino != writing->status.st_ino) {
		mw_complain("%s: was changed by somebody else just now; nothing was written", writing->path);
		return EX_TEMPFAIL;
	}
	return mw_file_put(writing->path, writing->after, first.st_mode & 07777, first.st_uid, first.st_gid) ? EX_OK
													    : EX_CANTCREAT;
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
	mw_buf_printf(out, "written to %s; to publish it: mailwicket sync\n", writing->path);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct writing *writing = context;

	mw_json_string(json, "file", mw_str(writing->path));
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
		code = find_source(writing);
	writing->after = writing->before;
	for (size_t i = 0; i < writing->order->count && code == EX_OK; i++)
		edit(writing, writing->entries[i]);
	if (code == EX_OK)
		code = check_text(writing);
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
	if (writing != NULL)
		mw_arena_free(writing->arena);
	free(writing);
	return code;
}

/* SPDX-License-Identifier: MIT */
#include "sync/gather.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/shell.h"
#include "policy/choose.h"
#include "sync/expand/expand.h"
#include "sync/merge/former.h"
#include "sync/merge/keep.h"
#include "sync/merge/merge.h"
#include "sync/merge/parts.h"
#include "sync/prefix_grants.h"
#include "sync/source.h"
#include "sync/text/text.h"

#define REPORTS_MAX 100

struct gather {
	struct mw_gathering *order;
	struct mw_records records;
	struct mw_errors *reports;
	bool *lenient; /* [source] */
	const char *folder;
};

static void warn(const struct gather *gather, const struct mw_source *source, const char *text)
{
	mw_errors_add(gather->order->errors, MW_WARNING, source->place.file, source->place.line, 0, NULL,
		      "source \"%.*s\": %s", MW_STR_ARG(source->name), text);
}

static const char *moment_text(struct gather *gather, int64_t moment)
{
	time_t seconds = (time_t)moment;
	char text[64];
	struct tm tm;

	if (moment == 0 || gmtime_r(&seconds, &tm) == NULL || strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		return "an unknown time";
	return mw_arena_text(gather->order->arena, mw_str(text));
}

/* --- one source */

/* All that is wrong with it, as warnings or as errors of the sync. */
static void tell(const struct gather *gather, const struct mw_errors *own, enum mw_severity severity)
{
	for (unsigned i = 0; i < mw_errors_kept(own); i++) {
		const struct mw_error *error = mw_errors_get(own, i);

		mw_errors_add(gather->order->errors, error->severity == MW_WARNING ? MW_WARNING : severity, error->file,
			      error->line, error->column, error->expected, "%s", error->text);
	}
}

static void cut_back(const struct mw_slice *slice)
{
	slice->records->count = slice->first_item;
	slice->records->grant_count = slice->first_grant;
	slice->records->value_count = 0;
}

/* NONE without a reason: it was never read. */
static enum mw_copy_result open_copy(const struct gather *gather, const struct mw_source *source,
				     const struct mw_source_state *state, struct mw_copy *copy_r, struct mw_buf *why)
{
	enum mw_copy_result result = mw_copy_read(gather->order->arena, gather->folder, source, copy_r, why);

	if (result == MW_COPY_NONE && state->read_at != 0)
		mw_buf_printf(why, "%s is gone", copy_r->path);
	return result;
}

/* Its records as they were. False: it has none. */
static bool read_copy(struct gather *gather, const struct mw_source *source, struct mw_slice *slice,
		      const struct mw_source_state *state, struct mw_buf *why)
{
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_copy copy;
	bool good = errors != NULL && open_copy(gather, source, state, &copy, why) == MW_COPY_READ;

	if (good && copy.of_another) {
		mw_buf_add_text(why, "what is kept under this name was read by another driver or from another place");
		mw_copy_free(&copy);
		good = false;
	}
	if (good) {
		gather->records.errors = errors;
		gather->records.reports = NULL;
		gather->records.copy = true;
		gather->records.complete = source->complete;
		mw_text_read(&gather->records, copy.path, copy.text, gather->order->policy->default_domain);
		gather->records.complete = gather->records.copy = false;
		gather->records.errors = gather->order->errors;
		gather->records.reports = gather->reports;
		good = mw_errors_count(errors, MW_ERROR) == 0;
		/* One that an earlier version wrote may have a name twice. */
		if (good) {
			mw_records_join(&gather->records, slice->first_item, MW_JOIN_ALL);
			mw_parts_drop_others(slice, source->parts, gather->reports);
		} else {
			mw_buf_reset(why);
			mw_error_print(mw_errors_get(errors, 0), why);
			cut_back(slice);
		}
		mw_copy_free(&copy);
	}
	mw_errors_free(errors);
	return good;
}

static const char *first_error(const struct mw_errors *errors)
{
	for (unsigned i = 0; i < mw_errors_kept(errors); i++) {
		if (mw_errors_get(errors, i)->severity == MW_ERROR)
			return mw_errors_get(errors, i)->text;
	}
	return "it could not be read";
}

static void tell_old(struct gather *gather, const struct mw_source *source, const struct mw_source_state *state)
{
	gather->order->old++;
	warn(gather, source, mw_arena_textf(gather->order->arena, "cannot be read; its content of %s stands",
					    moment_text(gather, state->read_at)));
}

static void stand_in(struct gather *gather, const struct mw_source *source, struct mw_slice *slice,
		     const struct mw_errors *own, struct mw_source_state *state)
{
	char text[1024];
	struct mw_buf why = MW_BUF_OVER(text), kept = MW_BUF_OVER(state->why);

	cut_back(slice);
	if (!read_copy(gather, source, slice, state, &why)) {
		tell(gather, own, MW_ERROR);
		mw_errors_add(gather->order->errors, MW_ERROR, source->place.file, 0, 0, NULL,
			      "source \"%.*s\" cannot be read, and it has no last good content%s%s", MW_STR_ARG(source->name),
			      why.used > 0 ? ": " : "", text);
		return;
	}
	tell(gather, own, gather->order->dry_run ? MW_ERROR : MW_WARNING);
	mw_buf_add_text(&kept, first_error(own));
	if (state->failed_since == 0)
		state->failed_since = mw_clock_date();
	tell_old(gather, source, state);
}

/* "mailwicket sync --accept NAME=DIGEST", to be pasted. */
static const char *accept_command(const struct gather *gather, const struct mw_source *source, const char *digest)
{
	char words[2048], text[4096];
	struct mw_buf word = MW_BUF_OVER(words), command = MW_BUF_OVER(text);

	mw_buf_add(&word, source->name);
	mw_buf_printf(&word, "=%s", digest);
	mw_buf_add_text(&command, "mailwicket sync --accept ");
	mw_shell_word(&command, mw_buf_str(&word));
	return mw_arena_text(gather->order->arena, mw_buf_str(&command));
}

static void tell_held(struct gather *gather, const struct mw_source *source, const struct mw_source_state *state)
{
	const char *command = accept_command(gather, source, state->digest);

	gather->order->held++;
	warn(gather, source,
	     mw_arena_textf(gather->order->arena, "%llu users, %llu groups and %llu addresses would vanish: they stay, "
			    "without their grants and members; if it is right that they go: %s", (unsigned long long)state->held_users,
			    (unsigned long long)state->held_groups, (unsigned long long)state->held_addresses, command));
}

static bool is_accepted(const struct gather *gather, const struct mw_source *source)
{
	return mw_str_equal(gather->order->accept, source->name) && !mw_str_empty(source->name);
}

/* The digest that an administrator accepts, of what is held of a source; NULL: there is none. Without a digest in the
   command it is that of the one content that was told: of several, nobody knows which one was read. */
static const char *accepted_digest(const struct gather *gather, const struct mw_source *source,
				   const struct mw_source_state *state)
{
	const struct mw_gathering *order = gather->order;

	if (!is_accepted(gather, source))
		return NULL;
	if (!mw_str_empty(order->accept_digest))
		return mw_arena_text(order->arena, order->accept_digest);
	return state->several ? NULL : mw_arena_text(order->arena, mw_str(state->digest));
}

/* Without its last good content nobody can tell what vanished. False: it is an error of the sync. */
static bool goes_without_copy(struct gather *gather, const struct mw_source *source, const struct mw_slice *slice,
			      const char *accept, const char *why)
{
	char digest[MW_TEXT_DIGEST_SIZE];

	if (!mw_keep_digest(slice, digest)) {
		gather->records.failed = true;
		return false;
	}
	if (accept != NULL && strcmp(accept, digest) == 0)
		return true;
	mw_errors_add(gather->order->errors, MW_ERROR, source->place.file, 0, 0, NULL,
		      "source \"%.*s\": its last good content cannot be read, so that nobody can tell what has vanished: %s; put "
		      "the file right; or, if all that the source says now is right: %s", MW_STR_ARG(source->name), why,
		      accept_command(gather, source, digest));
	return false;
}

/* Holds the new records against the copy. False: they are not to be used, with an error. */
static bool look_at_copy(struct gather *gather, const struct mw_source *source, const struct mw_slice *slice,
			 struct mw_source_state *state)
{
	const struct mw_gathering *order = gather->order;
	const char *accept = accepted_digest(gather, source, state);
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);
	struct mw_copy copy;
	bool done;

	open_copy(gather, source, state, &copy, &why);
	gather->records.complete = source->complete;
	done = mw_keep(slice, copy.memory == NULL ? NULL : &copy, source->max_shrink, accept,
		       order->policy->default_domain, state, &why);
	gather->records.complete = false;
	mw_copy_free(&copy);
	gather->records.failed = gather->records.failed || !done;
	return done && (why.used == 0 || goes_without_copy(gather, source, slice, accept, text));
}

static void tell_not_accepted(const struct gather *gather, const struct mw_source *source,
			      const struct mw_source_state *state)
{
	if (!mw_str_empty(gather->order->accept_digest))
		warn(gather, source, "--accept takes the content with that digest: this is another one");
	else if (state->several)
		warn(gather, source, "it has said different things since its names are held, so that --accept needs the digest of "
		     "the content that is meant");
	else
		warn(gather, source, "--accept takes what was told before: nothing was");
}

/* Writes what will stand in its place when it cannot be read. False: a copy of it would not read as it is. */
static bool write_copy(struct gather *gather, const struct mw_source *source, const struct mw_slice *slice,
		       struct mw_errors *own)
{
	struct mw_gathering *order = gather->order;
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);

	if (order->copies == NULL)
		return true;
	switch (mw_copies_write(order->copies, source, slice->records, slice->owner, order->errors, &why)) {
	case MW_COPY_READ:
		return true;
	case MW_COPY_NONE:
		order->failed = true;
		return true;
	case MW_COPY_BAD:
		break;
	}
	mw_errors_add(own, MW_ERROR, source->place.file, 0, 0, NULL,
		      "source \"%.*s\": its content cannot be kept: %s", MW_STR_ARG(source->name), text);
	return false;
}

static void use(struct gather *gather, const struct mw_source *source, struct mw_slice *slice,
		struct mw_errors *own, struct mw_source_state *state)
{
	struct mw_source_state before = *state;

	mw_parts_drop_others(slice, source->parts, gather->reports);
	if (!look_at_copy(gather, source, slice, state)) {
		*state = before;
		return;
	}
	if (!write_copy(gather, source, slice, own)) {
		*state = before;
		stand_in(gather, source, slice, own, state);
		return;
	}
	if (state->digest[0] != '\0') {
		tell_held(gather, source, state);
		if (is_accepted(gather, source))
			tell_not_accepted(gather, source, state);
	}
	state->read_at = mw_clock_date();
	state->failed_since = 0;
	state->why[0] = '\0';
}

/* Its last good copy in place of its content, which nobody asks for. False: there is none that can be used. */
static bool rest(struct gather *gather, const struct mw_source *source, struct mw_slice *slice,
		 const struct mw_source_state *state, struct mw_buf *why)
{
	bool done = read_copy(gather, source, slice, state, why);

	gather->records.reports = NULL;
	if (!done)
		return false;
	if (state->digest[0] != '\0')
		tell_held(gather, source, state);
	if (state->failed_since != 0)
		tell_old(gather, source, state);
	return true;
}

static void ask(struct gather *gather, const struct mw_source *source, struct mw_slice *slice,
		struct mw_source_state *state)
{
	struct mw_errors *own = mw_errors_new(20);

	if (own == NULL) {
		gather->records.failed = true;
		return;
	}
	gather->records.errors = own;
	gather->records.reports = gather->reports;
	gather->records.unnamed = gather->records.unnamed_keyed = gather->records.twins = 0;
	gather->records.unnamed_rows = 0;
	mw_source_read(&gather->records, source, gather->order->policy->default_domain);
	gather->records.errors = gather->order->errors;
	if (mw_errors_count(own, MW_ERROR) > 0) {
		stand_in(gather, source, slice, own, state);
	} else {
		tell(gather, own, MW_WARNING);
		use(gather, source, slice, own, state);
	}
	gather->records.reports = NULL;
	mw_errors_free(own);
}

static void read_lenient(struct gather *gather, const struct mw_source *source, struct mw_slice *slice,
			 struct mw_source_turn *turn, struct mw_source_state *state)
{
	struct mw_gathering *order = gather->order;
	char text[1024] = "";
	struct mw_buf why = MW_BUF_OVER(text);
	bool rests = (turn->rest || order->asks_nobody) && rest(gather, source, slice, state, &why);

	if (!rests && order->asks_nobody) {
		order->unread++;
		mw_errors_add(order->errors, MW_ERROR, source->place.file, source->place.line, 0, NULL,
			      "source \"%.*s\": %s%s", MW_STR_ARG(source->name),
			      why.used > 0 ? "its last good content cannot be read: " : "it was never read", text);
	} else if (!rests) {
		ask(gather, source, slice, state);
	}
	if (!order->beside)
		mw_source_state_tried(state, mw_clock_date(), order->turns != NULL);
	turn->failed = state->failed_since != 0;
}

static void read_source(struct gather *gather, size_t number)
{
	struct mw_gathering *order = gather->order;
	const struct mw_source *source = &order->policy->directory.sources[number];
	struct mw_slice slice = { .records = &gather->records,
				  .first_item = gather->records.count,
				  .first_grant = gather->records.grant_count,
				  .owner = (uint32_t)number };
	struct mw_source_state state = { .source = source->name };
	struct mw_source_turn all = { .rest = false }, *turn = order->turns != NULL ? &order->turns[number] : &all;

	gather->records.owner = (uint32_t)number;
	if (order->change != NULL && order->change->source == number) {
		mw_text_read(&gather->records, mw_arena_text(order->arena, source->path), order->change->text,
			     order->policy->default_domain);
	} else if (gather->lenient[number]) {
		mw_source_state_read(gather->folder, source->name, &state);
		read_lenient(gather, source, &slice, turn, &state);
		if (order->states != NULL)
			order->states[number] = state;
	} else {
		mw_source_read(&gather->records, source, order->policy->default_domain);
	}
}

/* --- all of them */

/* What former names mean is known when all sources are. Of one that could not be read it may be what changed. */
static void settle_formers(struct gather *gather)
{
	struct mw_gathering *order = gather->order;
	bool unread = mw_errors_count(order->errors, MW_ERROR) > gather->records.errors_before;
	bool *changed = calloc(order->policy->directory.source_count + 1, sizeof(bool));

	if (changed == NULL || !mw_formers_settle(&gather->records, unread, changed))
		gather->records.failed = true;
	for (size_t i = 0; !gather->records.failed && i < order->policy->directory.source_count; i++) {
		const struct mw_source *source = &order->policy->directory.sources[i];
		struct mw_slice slice = { .records = &gather->records, .owner = (uint32_t)i };

		if (changed[i] && !write_copy(gather, source, &slice, order->errors))
			order->failed = true;
	}
	free(changed);
}

static bool find_lenient(struct gather *gather)
{
	const struct mw_policy *policy = gather->order->policy;
	bool any = false;

	for (size_t i = 0; i < policy->directory.source_count; i++) {
		const struct mw_source_driver *driver = mw_source_driver_find(policy->directory.sources[i].driver);

		gather->lenient[i] = driver != NULL && !driver->whole;
		any = any || gather->lenient[i];
	}
	return any;
}

static void tell_reports(const struct gather *gather)
{
	unsigned all = mw_errors_count(gather->reports, MW_WARNING), kept = mw_errors_kept(gather->reports);

	tell(gather, gather->reports, MW_WARNING);
	if (all > kept)
		mw_errors_add(gather->order->errors, MW_WARNING, "", 0, 0, NULL,
			      "%u more records or names of the sources were left out or blocked", all - kept);
}

static void keep_rest(struct gather *gather, struct mw_records *records_r)
{
	const struct mw_records kept = *records_r;

	mw_records_deinit(&(struct mw_records){ .items = gather->records.items });
	*records_r = gather->records;
	records_r->items = kept.items;
	records_r->count = kept.count;
	records_r->size = kept.size;
	records_r->lenient = NULL;
	records_r->reports = records_r->errors = NULL;
	memset(&gather->records, 0, sizeof(gather->records));
}

struct mw_content *mw_gather(struct mw_gathering *order)
{
	size_t count = order->policy->directory.source_count;
	struct gather gather = {
		.order = order,
		.reports = mw_errors_new(REPORTS_MAX),
		.lenient = calloc(count + 1, sizeof(bool)),
		.folder = mw_arena_text(order->arena, order->policy->directory.path),
	};
	struct mw_content *content = NULL;
	bool any;

	mw_records_init(&gather.records, order->arena, order->errors);
	gather.records.login_domain = mw_choose_login_domain(order->policy);
	if (gather.reports == NULL || gather.lenient == NULL) {
		mw_errors_add(order->errors, MW_ERROR, "", 0, 0, NULL, "directory: out of memory");
		gather.records.failed = true;
	} else {
		any = find_lenient(&gather);
		for (size_t i = 0; i < count; i++)
			read_source(&gather, i);
		if (any)
			settle_formers(&gather);
		gather.records.lenient = any ? gather.lenient : NULL;
		gather.records.reports = any ? gather.reports : NULL;
		mw_sync_refuse_local_names(order->policy, &gather.records);
		if (any && !mw_merge(&gather.records))
			gather.records.failed = true;
		/* For who wants the records: mw_expand() makes the content out of them. */
		if (order->records_r != NULL && !mw_records_copy_items(&gather.records, order->records_r))
			gather.records.failed = true;
		content = mw_expand(&gather.records);
		if (content != NULL)
			mw_sync_look_at_prefixes(order->policy, &gather.records, content, order->errors);
		tell_reports(&gather);
	}
	order->failed = order->failed || gather.records.failed || mw_arena_failed(order->arena);
	if (order->records_r != NULL)
		keep_rest(&gather, order->records_r);
	mw_records_deinit(&gather.records);
	free(gather.lenient);
	mw_errors_free(gather.reports);
	return content;
}

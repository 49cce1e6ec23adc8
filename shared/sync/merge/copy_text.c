/* SPDX-License-Identifier: MIT */
/* The text of a last good copy, record by record. */
#include "sync/merge/copy.h"
#include "sync/text/text.h"

#define LINES_AT_ONCE 4096

/* One reading of so many lines, so that all that it takes is the text and these. */
static struct mw_str read_some(struct mw_records *records, struct mw_str text, const char *path,
			       struct mw_str default_domain, mw_copy_found *found, void *context)
{
	struct mw_text_reader reader;

	mw_text_begin(&reader, records, path, text, default_domain);
	for (size_t i = 0; i < LINES_AT_ONCE && mw_text_next_line(&reader); i++) {
		const char *line = text.ptr;

		text = reader.rest;
		if (records->count + records->grant_count > 0)
			found(context, records, (struct mw_str){ line, (size_t)(text.ptr - line) });
		records->count = records->grant_count = 0;
	}
	return text;
}

bool mw_copy_each(struct mw_str text, const char *path, struct mw_str default_domain, mw_copy_found *found,
		  void *context, struct mw_buf *why)
{
	struct mw_errors *errors = mw_errors_new(1);
	bool done = errors != NULL;

	while (done && text.len > 0 && mw_errors_count(errors, MW_ERROR) == 0) {
		struct mw_arena *arena = mw_arena_new(0);
		struct mw_records records;

		done = arena != NULL;
		if (!done)
			break;
		mw_records_init(&records, arena, errors);
		records.copy = true;
		text = read_some(&records, text, path, default_domain, found, context);
		done = !records.failed && !mw_arena_failed(arena);
		mw_records_deinit(&records);
		mw_arena_free(arena);
	}
	if (!done)
		mw_buf_add_text(why, "out of memory");
	else if (mw_errors_count(errors, MW_ERROR) > 0)
		mw_error_print(mw_errors_get(errors, 0), why);
	done = done && mw_errors_count(errors, MW_ERROR) == 0;
	mw_errors_free(errors);
	return done;
}

struct again { struct mw_text_out *out; bool failed; };

static void write_again(void *context, const struct mw_records *line, struct mw_str text)
{
	struct again *again = context;

	(void)text;
	again->failed = !mw_text_write(again->out, line, line->owner) || again->failed;
}

bool mw_copy_reads_back(struct mw_str text, const char *path, struct mw_str head, struct mw_str default_domain,
			const char *digest, struct mw_buf *why)
{
	struct again again = { .out = mw_text_digest_begin() };
	char found[MW_TEXT_DIGEST_SIZE];
	bool done;

	if (again.out == NULL) {
		mw_buf_add_text(why, "out of memory");
		return false;
	}
	mw_text_out_add(again.out, head);
	done = mw_copy_each(text, path, default_domain, write_again, &again, why);
	mw_text_digest_end(again.out, found);
	if (done && (again.failed || strcmp(found, digest) != 0)) {
		mw_buf_printf(why, "%s: its records are not read as they were written", path);
		done = false;
	}
	return done;
}

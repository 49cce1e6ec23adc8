/* SPDX-License-Identifier: MIT */
#include "sync/text/write.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

#include "directory/content.h"
#include "sync/record/key.h"

/* --- octets */

bool mw_text_out_begin(struct mw_text_out *out, int fd)
{
	XXH3_state_t *digest = XXH3_createState();

	out->fd = fd;
	out->brief = false;
	out->error = 0;
	out->used = 0;
	out->digest = digest;
	return digest != NULL && XXH3_128bits_reset(digest) != XXH_ERROR;
}

static void flush(struct mw_text_out *out)
{
	size_t done = 0;

	XXH3_128bits_update(out->digest, out->buffer, out->used);
	while (out->fd >= 0 && out->error == 0 && done < out->used) {
		ssize_t put = write(out->fd, out->buffer + done, out->used - done);

		if (put >= 0)
			done += (size_t)put;
		else if (errno != EINTR)
			out->error = errno;
	}
	out->used = 0;
}

void mw_text_out_add(struct mw_text_out *out, struct mw_str text)
{
	while (text.len > 0) {
		size_t room = sizeof(out->buffer) - out->used, len = text.len < room ? text.len : room;

		memcpy(out->buffer + out->used, text.ptr, len);
		out->used += len;
		text = mw_str_tail(text, len);
		if (out->used == sizeof(out->buffer))
			flush(out);
	}
}

void mw_text_out_key(struct mw_text_out *out, const char *key)
{
	mw_text_out_add(out, MW_STR(" "));
	mw_text_out_add(out, mw_str(key));
	mw_text_out_add(out, MW_STR("="));
}

int mw_text_out_end(struct mw_text_out *out, char digest_r[MW_TEXT_DIGEST_SIZE])
{
	XXH128_canonical_t canonical;

	flush(out);
	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(out->digest));
	for (size_t i = 0; i < sizeof(canonical.digest); i++)
		snprintf(digest_r + 2 * i, 3, "%02x", canonical.digest[i]);
	XXH3_freeState(out->digest);
	out->digest = NULL;
	return out->error;
}

struct mw_text_out *mw_text_digest_begin(void)
{
	struct mw_text_out *out = malloc(sizeof(*out));

	if (out != NULL && mw_text_out_begin(out, -1))
		return out;
	free(out);
	return NULL;
}

void mw_text_digest_end(struct mw_text_out *out, char digest_r[MW_TEXT_DIGEST_SIZE])
{
	mw_text_out_end(out, digest_r);
	free(out);
}

/* --- records */

/* At the beginning of a field "#" would begin a comment. */
static void add_name(struct mw_text_out *out, struct mw_str name)
{
	size_t at = mw_str_find_last(name, '@');

	if (name.len == 0 || name.ptr[0] != '#') {
		mw_text_out_add(out, name);
		return;
	}
	mw_text_out_add(out, MW_STR("\""));
	mw_text_out_add(out, mw_str_head(name, at));
	mw_text_out_add(out, MW_STR("\""));
	mw_text_out_add(out, mw_str_tail(name, at));
}

static void write_record(struct mw_text_out *out, const struct mw_record *record)
{
	unsigned rows = 1u << mw_row_of(record->principal.kind) | 1u << MW_ROW_COPY;

	mw_text_out_add(out, record->principal.kind == MW_USER ? MW_STR("user ") : MW_STR("group "));
	add_name(out, record->principal.name);
	for (size_t i = 0; i < mw_record_key_count; i++) {
		if ((mw_record_keys[i].rows & rows) != 0)
			mw_record_keys[i].write(out, &mw_record_keys[i], record);
	}
	mw_text_out_add(out, MW_STR("\n"));
}

static void write_grant(struct mw_text_out *out, const struct mw_grant_record *grant)
{
	char memory[32];
	struct mw_buf until = MW_BUF_OVER(memory);

	mw_text_out_add(out, MW_STR("grant "));
	mw_text_out_add(out, mw_str(mw_grant_word(grant)));
	mw_text_out_add(out, grant->domain ? MW_STR(" *@") : MW_STR(" "));
	if (grant->domain)
		mw_text_out_add(out, grant->identity);
	else
		add_name(out, grant->identity);
	mw_text_out_add(out, MW_STR(" "));
	add_name(out, grant->trustee);
	if (grant->until != 0) {
		mw_print_date(grant->until, &until);
		mw_text_out_key(out, "until");
		mw_text_out_add(out, mw_buf_str(&until));
	}
	mw_text_out_add(out, MW_STR("\n"));
}

static int compare_records(const void *left, const void *right)
{
	const struct mw_record *a = *(const struct mw_record *const *)left, *b = *(const struct mw_record *const *)right;
	int order = mw_content_compare_text(a->principal.name, b->principal.name);

	return order != 0 ? order : mw_origin_compare(a->origin, b->origin);
}

static int compare_grants(const void *left, const void *right)
{
	const struct mw_grant_record *a = *(const struct mw_grant_record *const *)left;
	const struct mw_grant_record *b = *(const struct mw_grant_record *const *)right;
	int order = a->domain - b->domain;

	if (order == 0)
		order = mw_content_compare_text(a->identity, b->identity);
	if (order == 0)
		order = mw_content_compare_text(a->trustee, b->trustee);
	if (order == 0)
		order = a->on_behalf - b->on_behalf;
	return order != 0 ? order : (a->until > b->until) - (a->until < b->until);
}

static bool write_records(struct mw_text_out *out, const struct mw_records *records, uint32_t owner)
{
	const struct mw_record **sorted = calloc(records->count + 1, sizeof(*sorted));
	size_t count = 0;

	if (sorted == NULL)
		return false;
	for (size_t i = 0; i < records->count; i++) {
		if (records->items[i].owner == owner)
			sorted[count++] = &records->items[i];
	}
	qsort(sorted, count, sizeof(*sorted), compare_records);
	for (size_t i = 0; i < count; i++)
		write_record(out, sorted[i]);
	free(sorted);
	return true;
}

bool mw_text_write(struct mw_text_out *out, const struct mw_records *records, uint32_t owner)
{
	const struct mw_grant_record **sorted = calloc(records->grant_count + 1, sizeof(*sorted));
	size_t count = 0;
	bool done = sorted != NULL && write_records(out, records, owner);

	for (size_t i = 0; done && i < records->grant_count; i++) {
		if (records->grants[i].owner == owner)
			sorted[count++] = &records->grants[i];
	}
	if (done)
		qsort(sorted, count, sizeof(*sorted), compare_grants);
	for (size_t i = 0; done && i < count; i++)
		write_grant(out, sorted[i]);
	free(sorted);
	return done;
}

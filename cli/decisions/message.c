/* SPDX-License-Identifier: MIT */
#include "decisions/message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/complain.h"

#define FIELD_MAX 102400 /* header_size_limit: what is behind it is not in the field */

struct header {
	struct mw_originators_reader *reader;
	struct mw_buf field; /* the one that is read; empty: none yet */
	bool is_resent, has_resent_from;
};

/* The length of a field's name, 0: the line begins no field. Postfix's is_header(). */
static size_t name_length(struct mw_str line)
{
	size_t len = 0, at;

	while (len < line.len && line.ptr[len] > ' ' && line.ptr[len] < 0x7f && line.ptr[len] != ':')
		len++;
	for (at = len; at < line.len && (line.ptr[at] == ' ' || line.ptr[at] == '\t');)
		at++;
	return at < line.len && line.ptr[at] == ':' ? len : 0;
}

static void add_field(struct header *header, struct mw_str name, struct mw_str value)
{
	const struct mw_str resent = MW_STR("resent-");

	if (mw_str_starts_with_nocase(name, resent))
		header->is_resent = true;
	if (mw_str_equal_nocase(name, MW_STR("resent-from")))
		header->has_resent_from = true;
	mw_originators_add(header->reader, name, value);
}

static void end_field(struct header *header)
{
	struct mw_str field = mw_buf_str(&header->field);

	if (!mw_str_empty(field))
		add_field(header, mw_str_head(field, name_length(field)), mw_str_tail(field, mw_str_find(field, ':') + 1));
	mw_buf_reset(&header->field);
}

static bool is_blank(struct mw_str line)
{
	return line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
}

/* What mail stores put in front of a message: smtpd makes a field of it. */
static bool is_mailbox_line(struct mw_str line)
{
	size_t at = 0;

	while (at < line.len && line.ptr[at] == '>')
		at++;
	return mw_str_starts_with(mw_str_tail(line, at), MW_STR("From "));
}

/* False: the header ends here. */
static bool add_line(struct header *header, struct mw_str line)
{
	if (is_blank(line) && header->field.used > 0) {
		mw_buf_add_char(&header->field, '\n');
		mw_buf_add(&header->field, line);
		return true;
	}
	end_field(header);
	if (name_length(line) == 0)
		return false;
	mw_buf_add(&header->field, line);
	return true;
}

static void read_lines(FILE *file, struct header *header)
{
	char *text = NULL;
	size_t size = 0;
	ssize_t len;
	bool first = true;

	while ((len = getline(&text, &size, file)) >= 0) {
		struct mw_str line = { text, (size_t)len };

		if (mw_str_ends_with(line, MW_STR("\n")))
			line.len--;
		if (mw_str_ends_with(line, MW_STR("\r")))
			line.len--;
		/* Postfix cuts each line at a NUL, for its milters and in the queue. */
		line = mw_str_head(line, mw_str_find(line, '\0'));
		if (first && is_mailbox_line(line))
			continue;
		first = false;
		if (!add_line(header, line))
			break;
	}
	end_field(header);
	free(text);
}

/* The originator of a message that names none. */
static void add_missing(struct header *header, const struct mw_message_rewriting *rewriting)
{
	char memory[512];
	struct mw_buf value = MW_BUF_OVER(memory);

	if (!rewriting->is_local || (header->is_resent ? header->has_resent_from : header->reader->from_count > 0))
		return;
	mw_buf_add(&value, mw_str_empty(rewriting->sender) ? MW_STR("MAILER-DAEMON") : rewriting->sender);
	add_field(header, header->is_resent ? MW_STR("Resent-From") : MW_STR("From"), mw_buf_str(&value));
}

int mw_message_read(const char *path, const struct mw_message_rewriting *rewriting,
		    struct mw_originators_reader *reader)
{
	static char memory[FIELD_MAX];
	struct header header = { .reader = reader, .field = MW_BUF_OVER(memory) };
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	int status = EX_OK;

	if (file == NULL) {
		mw_complain("%s: %s", path, strerror(errno));
		return EX_NOINPUT;
	}
	if (rewriting->is_local)
		reader->domain = rewriting->domain;
	read_lines(file, &header);
	add_missing(&header, rewriting);
	if (ferror(file)) {
		mw_complain("%s: %s", path, strerror(errno));
		status = EX_NOINPUT;
	}
	if (file != stdin)
		fclose(file);
	return status;
}

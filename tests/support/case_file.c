/* SPDX-License-Identifier: MIT */
#include "case_file.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "case_run.h"
#include "report/logline.h"

#define FILE_MAX (1 << 20)

struct reader {
	struct mw_cases *cases;
	struct mw_errors *errors;
	const char *path, *name;
	struct mw_str rest;
	unsigned line;
	struct mw_str policy, directory;
	bool unavailable, unreadable;
	struct mw_case_suspension suspended[MW_CASE_SUSPENDED_MAX];
	size_t suspended_count;
	struct mw_case_world *world; /* NULL: a block changed since the last case */
	struct mw_case *current;
};

static void wrong(struct reader *reader, const char *expected, struct mw_str text)
{
	mw_errors_add(reader->errors, MW_ERROR, reader->path, reader->line, 0, expected, "\"%.*s\"", MW_STR_ARG(text));
}

static bool next_line(struct reader *reader, struct mw_str *line_r)
{
	size_t end = mw_str_find(reader->rest, '\n');

	if (mw_str_empty(reader->rest))
		return false;
	*line_r = mw_str_head(reader->rest, end);
	reader->rest = mw_str_tail(reader->rest, end + 1);
	reader->line++;
	return true;
}

static bool is_indented(struct mw_str line)
{
	return line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t');
}

/* The indented and empty lines that follow. */
static struct mw_str read_block(struct reader *reader)
{
	struct mw_str block = reader->rest, line;
	size_t len = 0;

	for (;;) {
		size_t end = mw_str_find(reader->rest, '\n');

		line = mw_str_head(reader->rest, end);
		if (mw_str_empty(reader->rest) || (!mw_str_empty(line) && !is_indented(line)))
			break;
		next_line(reader, &line);
		len = (size_t)(reader->rest.ptr - block.ptr);
	}
	reader->world = NULL;
	return mw_arena_copy(reader->cases->arena, mw_str_head(block, len));
}

static struct mw_case_world *open_world(struct reader *reader)
{
	char memory[256];
	struct mw_buf name = MW_BUF_OVER(memory);

	if (reader->world != NULL)
		return reader->world;
	mw_buf_printf(&name, "%s:%u", reader->name, reader->line);
	reader->world = MW_ARENA_NEW(reader->cases->arena, struct mw_case_world);
	reader->world->name = mw_arena_text(reader->cases->arena, mw_buf_str(&name));
	reader->world->policy_text = reader->policy;
	reader->world->directory_text = reader->directory;
	reader->world->unavailable = reader->unavailable;
	reader->world->unreadable = reader->unreadable;
	memcpy(reader->world->suspended, reader->suspended, sizeof(reader->suspended));
	reader->world->suspended_count = reader->suspended_count;
	mw_case_world_open(reader->world, reader->errors);
	return reader->world;
}

static void begin_case(struct reader *reader, struct mw_str name)
{
	struct mw_cases *cases = reader->cases;
	struct mw_case_world *world = open_world(reader);

	if (cases->count == cases->size) {
		cases->size = cases->size == 0 ? 256 : cases->size * 2;
		cases->items = realloc(cases->items, cases->size * sizeof(*cases->items));
		if (cases->items == NULL)
			abort();
	}
	reader->current = &cases->items[cases->count++];
	*reader->current = (struct mw_case){
		.file = reader->name,
		.line = reader->line,
		.name = mw_arena_text(cases->arena, name),
		.world = world,
		.protocol = MW_PROTOCOL_SMTP,
		.decision = MW_CASE_SUBMISSION,
	};
}

static void set_protocol(struct reader *reader, struct mw_str value)
{
	struct mw_case *one = reader->current;
	int protocol;

	if (!mw_table_find(mw_protocols, value, &protocol)) {
		wrong(reader, "imap, pop3, sieve, submission or smtp", value);
		return;
	}
	one->protocol = (enum mw_protocol)protocol;
	if (one->decision != MW_CASE_ACCOUNT)
		one->decision = one->protocol == MW_PROTOCOL_SMTP ? MW_CASE_SUBMISSION : MW_CASE_LOGIN;
}

static void set_fact(struct reader *reader, struct mw_str key, struct mw_str value)
{
	struct mw_case *one = reader->current;
	const char *option = mw_case_option(key);

	if (mw_str_equal(key, MW_STR("protocol"))) {
		set_protocol(reader, value);
	} else if (mw_str_equal(key, MW_STR("decision"))) {
		if (!mw_str_equal(value, MW_STR("account")))
			wrong(reader, "account", value);
		one->decision = MW_CASE_ACCOUNT;
	} else if (option == NULL || one->fact_count == MW_CASE_FACTS_MAX) {
		wrong(reader, "a fact of mailwicket explain", key);
	} else {
		one->facts[one->fact_count].option = option;
		one->facts[one->fact_count].value = mw_arena_text(reader->cases->arena, value);
		one->fact_count++;
	}
}

static void set_expected(struct reader *reader, struct mw_str key, struct mw_str value)
{
	struct mw_case *one = reader->current;
	const char *text = mw_arena_text(reader->cases->arena, value);

	if (mw_str_equal(key, MW_STR("verdict")))
		one->verdict = text;
	else if (mw_str_equal(key, MW_STR("reason")))
		one->reason = text;
	else if (mw_str_equal(key, MW_STR("reply")))
		one->reply = text;
	else if (mw_str_equal(key, MW_STR("rule")))
		one->rule = text;
	else
		wrong(reader, "verdict, reason, reply or rule", key);
}

/* Pairs are written as in the decision log. */
static void read_pairs(struct reader *reader, struct mw_str text,
		       void (*set)(struct reader *reader, struct mw_str key, struct mw_str value))
{
	char memory[8192];
	struct mw_buf value = MW_BUF_OVER(memory);
	struct mw_str key;

	if (reader->current == NULL) {
		wrong(reader, "case NAME before it", text);
		return;
	}
	while (mw_logline_next(&text, &key, &value))
		set(reader, key, mw_buf_str(&value));
	if (!mw_str_empty(text))
		wrong(reader, "key=value or key=\"value\", one blank between two", text);
}

/* "USER sending" or "USER all" */
static void read_suspended(struct reader *reader, struct mw_str text)
{
	struct mw_str user = mw_str_head(text, mw_str_find(text, ' '));
	struct mw_str what = mw_str_trim(mw_str_tail(text, user.len));
	bool all = mw_str_equal(what, MW_STR("all"));

	if ((!all && !mw_str_equal(what, MW_STR("sending"))) || reader->suspended_count == MW_CASE_SUSPENDED_MAX) {
		wrong(reader, "suspended USER sending, or all", text);
		return;
	}
	reader->suspended[reader->suspended_count++] =
		(struct mw_case_suspension){ mw_arena_copy(reader->cases->arena, user), all };
	reader->world = NULL;
}

static bool take(struct mw_str *line_io, const char *word)
{
	if (!mw_str_starts_with(*line_io, mw_str(word)))
		return false;
	*line_io = mw_str_trim(mw_str_tail(*line_io, strlen(word)));
	return true;
}

static void read_line(struct reader *reader, struct mw_str line)
{
	bool indented = is_indented(line);
	struct mw_str text = mw_str_trim(line);

	if (mw_str_empty(text) || text.ptr[0] == '#')
		return;
	if (indented) {
		if (take(&text, "when "))
			read_pairs(reader, text, set_fact);
		else if (take(&text, "expect "))
			read_pairs(reader, text, set_expected);
		else
			wrong(reader, "when or expect", text);
	} else if (mw_str_equal(text, MW_STR("policy <<"))) {
		reader->policy = read_block(reader);
	} else if (mw_str_equal(text, MW_STR("directory <<"))) {
		reader->directory = read_block(reader);
		reader->unavailable = reader->unreadable = false;
		reader->suspended_count = 0;
	} else if (mw_str_equal(text, MW_STR("directory unavailable"))) {
		reader->unavailable = true;
		reader->unreadable = false;
		reader->suspended_count = 0;
		reader->world = NULL;
	} else if (mw_str_equal(text, MW_STR("suspensions unreadable"))) {
		reader->unavailable = reader->unreadable = true;
		reader->suspended_count = 0;
		reader->world = NULL;
	} else if (take(&text, "suspended ")) {
		read_suspended(reader, text);
	} else if (take(&text, "case ")) {
		begin_case(reader, text);
	} else {
		wrong(reader, "policy <<, directory <<, directory unavailable, suspensions unreadable, suspended or "
			      "case NAME", text);
	}
}

static void check_complete(const struct mw_case *one, const char *path, struct mw_errors *errors)
{
	if (one->verdict == NULL || one->reason == NULL)
		mw_errors_add(errors, MW_ERROR, path, one->line, 0, "expect verdict=... reason=...", "case %s", one->name);
}

static struct mw_str read_file(struct mw_cases *cases, const char *path, struct mw_errors *errors)
{
	char *memory = malloc(FILE_MAX);
	FILE *file = fopen(path, "re");
	struct mw_str text = MW_STR_EMPTY;

	if (file == NULL || memory == NULL)
		mw_errors_add(errors, MW_ERROR, path, 0, 0, NULL, "%s", strerror(errno));
	else
		text = mw_arena_copy(cases->arena, (struct mw_str){ memory, fread(memory, 1, FILE_MAX, file) });
	if (file != NULL)
		fclose(file);
	free(memory);
	return text;
}

void mw_cases_read(struct mw_cases *cases, const char *path, struct mw_errors *errors)
{
	struct reader reader = { .cases = cases, .errors = errors };
	size_t first = cases->count;
	struct mw_str line;

	if (cases->arena == NULL)
		cases->arena = mw_arena_new(0);
	reader.path = mw_arena_text(cases->arena, mw_str(path));
	reader.name = strrchr(reader.path, '/') == NULL ? reader.path : strrchr(reader.path, '/') + 1;
	reader.rest = read_file(cases, path, errors);
	while (next_line(&reader, &line))
		read_line(&reader, line);
	for (size_t i = first; i < cases->count; i++)
		check_complete(&cases->items[i], path, errors);
}

void mw_cases_read_folder(struct mw_cases *cases, const char *folder, struct mw_errors *errors)
{
	char memory[4096];
	struct mw_buf pattern = MW_BUF_OVER(memory);
	glob_t found;

	mw_buf_printf(&pattern, "%s/*.case", folder);
	if (glob(pattern.data, 0, NULL, &found) != 0) {
		mw_errors_add(errors, MW_ERROR, folder, 0, 0, NULL, "no *.case there");
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		mw_cases_read(cases, found.gl_pathv[i], errors);
	globfree(&found);
}

void mw_cases_free(struct mw_cases *cases)
{
	for (size_t i = 0; i < cases->count; i++)
		if (i == 0 || cases->items[i].world != cases->items[i - 1].world)
			mw_case_world_close(cases->items[i].world);
	free(cases->items);
	mw_arena_free(cases->arena);
	*cases = (struct mw_cases){ .arena = NULL };
}

/* SPDX-License-Identifier: MIT */
#include "servers/dovecot_source.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#define DEEPEST 16 /* files within files, sections within sections */

struct item {
	struct mw_dovecot_source source;
	struct item *next;
};

struct name {
	const char *path, *shown;
};

struct reader {
	struct mw_arena *arena;
	struct mw_str folder, named;      /* names that begin with the one are shown with the other */
	struct item *first, **last;
	size_t count;
	unsigned files, sections;         /* how many are open */
	const char *around[DEEPEST + 1];  /* the paths of the open sections */
};

/* Quotes of titles are Dovecot's, and blanks between two words are one. */
static const char *tidy(struct mw_arena *arena, struct mw_str text)
{
	char *copy = mw_arena_alloc(arena, text.len + 1);
	size_t len = 0;

	if (copy == NULL)
		return "";
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i] == '\t' ? ' ' : text.ptr[i];

		if (c != '"' && (c != ' ' || (len > 0 && copy[len - 1] != ' ')))
			copy[len++] = c;
	}
	len -= len > 0 && copy[len - 1] == ' ';
	return mw_arena_text(arena, (struct mw_str){ copy, len });
}

static const char *within(const struct reader *reader, const char *name)
{
	const char *around = reader->around[reader->sections];

	return around != NULL ? mw_arena_textf(reader->arena, "%s/%s", around, name) : name;
}

static void keep(struct reader *reader, struct mw_dovecot_source source)
{
	struct item *item = MW_ARENA_NEW(reader->arena, struct item);

	if (item == NULL)
		return;
	item->source = source;
	*reader->last = item;
	reader->last = &item->next;
	reader->count++;
}

static void read_file(struct reader *reader, const char *path);

static void include(struct reader *reader, const char *from, struct mw_str pattern)
{
	size_t slash = mw_str_find_last(mw_str(from), '/');
	const char *name = tidy(reader->arena, pattern);
	glob_t found;

	if (name[0] != '/' && slash < strlen(from))
		name = mw_arena_textf(reader->arena, "%.*s/%s", (int)slash, from, name);
	if (glob(name, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_file(reader, mw_arena_text(reader->arena, mw_str(found.gl_pathv[i])));
	globfree(&found);
}

/* Up to a "#" that begins a comment. */
static struct mw_str without_comment(struct mw_str line)
{
	for (size_t i = 0; i < line.len; i++) {
		if (line.ptr[i] == '#' && (i == 0 || line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t'))
			return mw_str_trim(mw_str_head(line, i));
	}
	return mw_str_trim(line);
}

static void read_line(struct reader *reader, struct name file, unsigned number, struct mw_str line)
{
	struct mw_dovecot_source source = { .file = file.shown, .line = number };
	size_t equals;

	line = without_comment(line);
	equals = mw_str_find(line, '=');
	if (mw_str_starts_with(line, MW_STR("!include_try"))) {
		include(reader, file.path, mw_str_tail(line, strlen("!include_try")));
	} else if (mw_str_starts_with(line, MW_STR("!include"))) {
		include(reader, file.path, mw_str_tail(line, strlen("!include")));
	} else if (mw_str_equal(line, MW_STR("}"))) {
		reader->sections -= reader->sections > 0;
	} else if (mw_str_ends_with(line, MW_STR("{")) && equals == line.len) {
		source.is_section = true;
		source.path = within(reader, tidy(reader->arena, mw_str_head(line, line.len - 1)));
		keep(reader, source);
		reader->sections += reader->sections < DEEPEST;
		reader->around[reader->sections] = source.path;
	} else if (equals < line.len) {
		source.path = within(reader, tidy(reader->arena, mw_str_head(line, equals)));
		source.value = mw_arena_copy(reader->arena, mw_str_trim(mw_str_tail(line, equals + 1)));
		keep(reader, source);
	}
}

static struct mw_str folder_of(const char *file)
{
	return mw_str_head(mw_str(file), mw_str_find_last(mw_str(file), '/'));
}

static const char *shown(const struct reader *reader, const char *path)
{
	if (!mw_str_starts_with(mw_str(path), reader->folder) || path[reader->folder.len] != '/')
		return path;
	return mw_arena_textf(reader->arena, "%.*s%s", MW_STR_ARG(reader->named), path + reader->folder.len);
}

static void read_file(struct reader *reader, const char *path)
{
	FILE *file = reader->files < DEEPEST ? fopen(path, "re") : NULL;
	const char *name = shown(reader, path);
	char *line = NULL;
	size_t size = 0;
	ssize_t got;

	if (file == NULL)
		return;
	reader->files++;
	for (unsigned number = 1; (got = getline(&line, &size, file)) >= 0; number++) {
		while (got > 0 && (line[got - 1] == '\n' || line[got - 1] == '\r'))
			got--;
		read_line(reader, (struct name){ path, name }, number, (struct mw_str){ line, (size_t)got });
	}
	reader->files--;
	free(line);
	fclose(file);
}

struct mw_dovecot_sources mw_dovecot_sources_read(struct mw_arena *arena, const char *file, const char *named)
{
	struct reader reader = { .arena = arena, .folder = folder_of(file), .named = folder_of(named != NULL ? named : file) };
	struct mw_dovecot_source *items;
	size_t count = 0;

	reader.last = &reader.first;
	read_file(&reader, file);
	items = MW_ARENA_ARRAY(arena, struct mw_dovecot_source, reader.count + 1);
	if (items == NULL)
		return (struct mw_dovecot_sources){ NULL, 0 };
	for (const struct item *item = reader.first; item != NULL; item = item->next)
		items[count++] = item->source;
	return (struct mw_dovecot_sources){ items, count };
}

const struct mw_dovecot_source *mw_dovecot_source_last(const struct mw_dovecot_sources *sources, const char *path)
{
	for (size_t i = sources->count; i > 0; i--) {
		if (strcmp(sources->items[i - 1].path, path) == 0)
			return &sources->items[i - 1];
	}
	return NULL;
}

const struct mw_dovecot_source *mw_dovecot_source_first(const struct mw_dovecot_sources *sources, const char *path)
{
	for (size_t i = 0; i < sources->count; i++) {
		if (strcmp(sources->items[i].path, path) == 0)
			return &sources->items[i];
	}
	return NULL;
}

static bool has_key(const char *path, const char *key)
{
	size_t len = strlen(key);

	return strncmp(path, key, len) == 0 && (path[len] == '\0' || path[len] == ' ') && strchr(path, '/') == NULL;
}

const struct mw_dovecot_source *mw_dovecot_source_nth(const struct mw_dovecot_sources *sources, const char *key,
	size_t nth)
{
	for (size_t i = 0; i < sources->count; i++) {
		if (sources->items[i].is_section && has_key(sources->items[i].path, key) && nth-- == 0)
			return &sources->items[i];
	}
	return NULL;
}

const struct mw_dovecot_source *mw_dovecot_source_first_passdb(const struct mw_dovecot_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		const char *slash = strrchr(sources->items[i].path, '/');

		if (sources->items[i].is_section && has_key(slash != NULL ? slash + 1 : sources->items[i].path, "passdb"))
			return &sources->items[i];
	}
	return NULL;
}

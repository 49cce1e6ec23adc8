/* SPDX-License-Identifier: MIT */
#include "base/errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/text.h"

struct kept {
	struct mw_error error;
	unsigned arrival;
};

struct mw_errors {
	struct mw_arena *arena;
	struct kept *list;
	unsigned most, kept, room;
	unsigned counts[MW_ERROR + 1];
};

struct mw_errors *mw_errors_new(unsigned most)
{
	struct mw_errors *errors = calloc(1, sizeof(*errors));

	if (errors == NULL)
		return NULL;
	errors->most = most;
	errors->arena = mw_arena_new(0);
	if (errors->arena == NULL) {
		free(errors);
		return NULL;
	}
	return errors;
}

void mw_errors_free(struct mw_errors *errors)
{
	if (errors == NULL)
		return;
	mw_arena_free(errors->arena);
	free(errors->list);
	free(errors);
}

static struct kept *next_place(struct mw_errors *errors)
{
	unsigned room = errors->room == 0 ? 16 : errors->room * 2;
	struct kept *list;

	if (errors->kept >= errors->most)
		return NULL;
	if (errors->kept == errors->room) {
		list = reallocarray(errors->list, room, sizeof(*list));
		if (list == NULL)
			return NULL;
		errors->list = list;
		errors->room = room;
	}
	return &errors->list[errors->kept];
}

/* Most errors of a run are in one file: its name is stored once. */
static const char *keep_file(struct mw_errors *errors, const char *file)
{
	if (errors->kept > 0 && strcmp(errors->list[errors->kept - 1].error.file, file) == 0)
		return errors->list[errors->kept - 1].error.file;
	return mw_arena_text(errors->arena, mw_str(file));
}

static const char *keep_formatted(struct mw_errors *errors, const char *format, va_list args)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		return "";
	text = mw_arena_alloc(errors->arena, (size_t)len + 1);
	if (text == NULL)
		return "";
	vsnprintf(text, (size_t)len + 1, format, args);
	return text;
}

void mw_errors_add(struct mw_errors *errors, enum mw_severity severity, const char *file, unsigned line,
		   unsigned column, const char *expected, const char *format, ...)
{
	struct kept *place = next_place(errors);
	va_list args;

	errors->counts[severity]++;
	if (place == NULL)
		return;
	va_start(args, format);
	place->error = (struct mw_error){
		.severity = severity,
		.file = keep_file(errors, file == NULL ? "" : file),
		.line = line,
		.column = column,
		.text = keep_formatted(errors, format, args),
		.expected = expected == NULL ? "" : mw_arena_text(errors->arena, mw_str(expected)),
	};
	va_end(args);
	place->arrival = errors->kept++;
}

unsigned mw_errors_count(const struct mw_errors *errors, enum mw_severity severity)
{
	return errors->counts[severity];
}

unsigned mw_errors_kept(const struct mw_errors *errors)
{
	return errors->kept;
}

const struct mw_error *mw_errors_get(const struct mw_errors *errors, unsigned index)
{
	return index < errors->kept ? &errors->list[index].error : NULL;
}

static int compare(const void *left, const void *right)
{
	const struct kept *a = left, *b = right;
	int files = strcmp(a->error.file, b->error.file);

	if (files != 0)
		return files;
	if (a->error.line != b->error.line)
		return a->error.line < b->error.line ? -1 : 1;
	return a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

void mw_errors_sort(struct mw_errors *errors)
{
	if (errors->kept > 1)
		qsort(errors->list, errors->kept, sizeof(*errors->list), compare);
}

/* Messages quote their input, which must not drive the administrator's terminal. */
void mw_error_print(const struct mw_error *error, struct mw_buf *out)
{
	if (error->file[0] != '\0') {
		mw_text_show(out, mw_str(error->file));
		mw_buf_add_char(out, ':');
		if (error->line > 0)
			mw_buf_printf(out, "%u:", error->line);
		if (error->line > 0 && error->column > 0)
			mw_buf_printf(out, "%u:", error->column);
		mw_buf_add_char(out, ' ');
	}
	mw_buf_add_text(out, error->severity == MW_ERROR ? "error: " : "warning: ");
	mw_text_show(out, mw_str(error->text));
	if (error->expected[0] != '\0') {
		mw_buf_add_text(out, " (expected ");
		mw_text_show(out, mw_str(error->expected));
		mw_buf_add_char(out, ')');
	}
}

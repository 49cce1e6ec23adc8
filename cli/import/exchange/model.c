/* SPDX-License-Identifier: MIT */
#include "import/exchange/model.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "import/exchange/value.h"

void *mw_exchange_grown(struct mw_arena *arena, void *items, size_t count, size_t size)
{
	void *grown;

	/* It is full at 0, and at each power of two. */
	if ((count & (count - 1)) != 0)
		return items;
	grown = mw_arena_alloc_array(arena, size, count == 0 ? 1 : count * 2);
	if (grown != NULL && count > 0)
		memcpy(grown, items, count * size);
	return grown;
}

void mw_exchange_add_person(struct mw_exchange *import, struct mw_exchange_people *people,
			    struct mw_exchange_person *person)
{
	people->items = mw_exchange_grown(import->arena, people->items, people->count, sizeof(*people->items));
	if (people->items != NULL)
		people->items[people->count++] = person;
	else
		people->count = 0;
}

void mw_exchange_note(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
		      const char *property, const char *what, const char *fix)
{
	const char *text;

	if (fix == NULL) {
		mw_exchange_property(file, mw_str(property), &text);
		fix = text;
	}
	import->notes = mw_exchange_grown(import->arena, import->notes, import->note_count, sizeof(*import->notes));
	if (import->notes != NULL)
		import->notes[import->note_count++] =
			(struct mw_exchange_note){ file, row != NULL ? row->line : 0, property, what, fix };
	else
		import->note_count = 0;
}

void mw_exchange_count(struct mw_exchange *import, const char *what)
{
	for (size_t i = 0; i < import->count_count; i++) {
		if (strcmp(import->counts[i].what, what) == 0) {
			import->counts[i].count++;
			return;
		}
	}
	import->counts = mw_exchange_grown(import->arena, import->counts, import->count_count, sizeof(*import->counts));
	if (import->counts != NULL)
		import->counts[import->count_count++] = (struct mw_exchange_count){ what, 1 };
	else
		import->count_count = 0;
}

void mw_exchange_error(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
		       const char *property, const char *expected, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	mw_errors_add(import->errors, MW_ERROR, import->tables[file].csv.name, row != NULL ? row->line : 0, 0, expected,
		      "%s%s%s", property != NULL ? property : "", property != NULL ? ": " : "", text);
}

/* --- cells */

struct mw_str mw_exchange_cell(const struct mw_exchange *import, enum mw_exchange_file file,
			       const struct mw_csv_row *row, const char *property)
{
	return row == NULL ? MW_STR_EMPTY : mw_str_trim(mw_csv_cell(&import->tables[file].csv, row, property));
}

static const char *shown(struct mw_exchange *import, struct mw_str text)
{
	char memory[512];
	struct mw_buf out = MW_BUF_OVER(memory);

	mw_text_show(&out, mw_text_cut(text, 100));
	return mw_arena_text(import->arena, mw_buf_str(&out));
}

static void wrong(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
		  const char *property, struct mw_str value, const char *expected)
{
	mw_exchange_error(import, file, row, property, expected, "bad value \"%s\"", shown(import, value));
}

void mw_exchange_switch_cell(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			     const char *property, bool *on_io)
{
	struct mw_str value = mw_exchange_cell(import, file, row, property);

	if (value.len > 0 && !mw_exchange_switch(value, on_io))
		wrong(import, file, row, property, value, "True or False");
}

bool mw_exchange_has_column(const struct mw_exchange *import, enum mw_exchange_file file, const char *property)
{
	const struct mw_csv *csv = &import->tables[file].csv;

	return mw_csv_column(csv, mw_str(property)) < csv->columns.count;
}

void mw_exchange_needed_switch(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			       const char *property, bool *on_r)
{
	struct mw_str value = mw_exchange_cell(import, file, row, property);

	if (!mw_exchange_switch(value, on_r))
		wrong(import, file, row, property, value, "True or False");
}

void mw_exchange_size_cell(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			   const char *property, uint64_t *octets_io)
{
	struct mw_str value = mw_exchange_cell(import, file, row, property);

	if (value.len > 0 && !mw_exchange_size(value, octets_io))
		wrong(import, file, row, property, value, "a size as 10 MB (10,485,760 bytes), or Unlimited");
}

void mw_exchange_limit_cell(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			    const char *property, uint64_t *limit_io)
{
	struct mw_str value = mw_exchange_cell(import, file, row, property);

	if (value.len > 0 && !mw_exchange_limit(value, limit_io))
		wrong(import, file, row, property, value, "a number or Unlimited");
}

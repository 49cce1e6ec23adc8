/* SPDX-License-Identifier: MIT */
#include "import/exchange/print.h"

#include <stdlib.h>

#include "base/text.h"

#define TOLD_MOST 10

static int compare_notes(const void *left, const void *right)
{
	const struct mw_exchange_note *a = left, *b = right;
	int order = (a->file > b->file) - (a->file < b->file);

	if (order == 0)
		order = strcmp(a->property, b->property);
	if (order == 0)
		order = strcmp(a->fix, b->fix);
	if (order == 0)
		order = (a->line > b->line) - (a->line < b->line);
	return order != 0 ? order : strcmp(a->what, b->what);
}

void mw_exchange_sort_notes(struct mw_exchange *import)
{
	size_t kept = 0;

	if (import->note_count > 0)
		qsort(import->notes, import->note_count, sizeof(*import->notes), compare_notes);
	for (size_t i = 0; i < import->note_count; i++) {
		if (kept == 0 || compare_notes(&import->notes[kept - 1], &import->notes[i]) != 0)
			import->notes[kept++] = import->notes[i];
	}
	import->note_count = kept;
}

static bool is_alike(const struct mw_exchange_note *a, const struct mw_exchange_note *b)
{
	return a->file == b->file && strcmp(a->property, b->property) == 0 && strcmp(a->fix, b->fix) == 0;
}

/* --- for people */

static void print_decide(const struct mw_exchange *import, struct mw_buf *out)
{
	size_t next;

	for (size_t i = 0; i < import->note_count; i = next) {
		const struct mw_exchange_note *note = &import->notes[i];

		for (next = i + 1; next < import->note_count && is_alike(note, &import->notes[next]); next++)
			;
		mw_buf_printf(out, "\ndecide: %s.csv, %s (%zu)\n  %s\n", mw_exchange_files[note->file].name, note->property, next - i,
			      note->fix);
		for (size_t j = i; j < next && j < i + TOLD_MOST; j++) {
			mw_buf_add_text(out, "  ");
			if (import->notes[j].line > 0)
				mw_buf_printf(out, "line %u: ", import->notes[j].line);
			mw_text_show(out, mw_str(import->notes[j].what));
			mw_buf_add_char(out, '\n');
		}
		if (next - i > TOLD_MOST)
			mw_buf_printf(out, "  and %zu more: --json has all\n", next - i - TOLD_MOST);
	}
}

static void print_left_out(const struct mw_exchange *import, struct mw_buf *out)
{
	for (size_t i = 0; i < import->count_count; i++)
		mw_buf_printf(out, "%sleft out: %s (%llu)\n", i == 0 ? "\n" : "", import->counts[i].what,
			      (unsigned long long)import->counts[i].count);
}

static void print_unknown(const struct mw_exchange *import, struct mw_buf *out)
{
	const char *text;

	for (unsigned file = 0; file < MW_EXCHANGE_FILE_COUNT; file++) {
		const struct mw_exchange_table *table = &import->tables[file];

		for (size_t i = 0; i < table->csv.columns.count; i++) {
			if (mw_exchange_property((enum mw_exchange_file)file, table->csv.columns.items[i], &text) != MW_EXCHANGE_UNKNOWN)
				continue;
			mw_buf_printf(out, "unknown: %s.csv, column ", mw_exchange_files[file].name);
			mw_text_show(out, table->csv.columns.items[i]);
			mw_buf_printf(out, ", which says something in %llu rows: nothing is made of it\n",
				      (unsigned long long)table->says[i]);
		}
	}
	for (size_t i = 0; i < import->strange.count; i++) {
		mw_buf_add_text(out, "unknown: ");
		mw_text_show(out, import->strange.items[i]);
		mw_buf_add_text(out, " is none of the exporter's files: nothing is made of it\n");
	}
}

/* One of the two has Send-As; receive connectors and settings are of Exchange servers only. */
static bool is_missing(const struct mw_exchange *import, enum mw_exchange_file file)
{
	bool online = import->tables[MW_EXCHANGE_RECIPIENT_PERMISSION].there,
	     server = import->tables[MW_EXCHANGE_AD_PERMISSION].there;

	switch (file) {
	case MW_EXCHANGE_AD_PERMISSION: return !server && !online;
	case MW_EXCHANGE_RECIPIENT_PERMISSION: return false;
	case MW_EXCHANGE_SECURITY_GROUP:
	case MW_EXCHANGE_CONNECTOR:
	case MW_EXCHANGE_CONNECTOR_PERMISSION:
	case MW_EXCHANGE_IMAP:
	case MW_EXCHANGE_POP: return !import->tables[file].there && !online;
	default: return !import->tables[file].there;
	}
}

static void print_missing(const struct mw_exchange *import, struct mw_buf *out)
{
	for (unsigned file = 0; file < MW_EXCHANGE_FILE_COUNT; file++) {
		if (is_missing(import, (enum mw_exchange_file)file))
			mw_buf_printf(out, "not read: there is no %s.csv (%s)\n", mw_exchange_files[file].name,
				      mw_exchange_files[file].command);
	}
}

void mw_exchange_print(struct mw_exchange *import, struct mw_buf *out)
{
	print_decide(import, out);
	print_left_out(import, out);
	mw_buf_add_char(out, '\n');
	print_unknown(import, out);
	print_missing(import, out);
}

/* --- for programs */

static void add_properties(const struct mw_exchange *import, struct mw_json *json)
{
	mw_json_array(json, "properties");
	for (unsigned file = 0; file < MW_EXCHANGE_FILE_COUNT; file++) {
		const struct mw_exchange_table *table = &import->tables[file];

		for (size_t i = 0; i < table->csv.columns.count; i++) {
			const char *text;
			enum mw_exchange_fate fate =
				mw_exchange_property((enum mw_exchange_file)file, table->csv.columns.items[i], &text);

			mw_json_object(json, NULL);
			mw_json_string(json, "file", mw_str(mw_exchange_files[file].name));
			mw_json_string(json, "name", table->csv.columns.items[i]);
			mw_json_string(json, "fate", mw_str(mw_exchange_fates[fate]));
			mw_json_string(json, "text", mw_str(text));
			mw_json_number(json, "rows", table->csv.row_count);
			mw_json_number(json, "says", table->says[i]);
			mw_json_end_object(json);
		}
	}
	mw_json_end_array(json);
}

void mw_exchange_print_json(const struct mw_exchange *import, struct mw_json *json)
{
	mw_json_array(json, "decide");
	for (size_t i = 0; i < import->note_count; i++) {
		const struct mw_exchange_note *note = &import->notes[i];

		mw_json_object(json, NULL);
		mw_json_string(json, "file", mw_str(mw_exchange_files[note->file].name));
		mw_json_number(json, "line", note->line);
		mw_json_string(json, "property", mw_str(note->property));
		mw_json_string(json, "what", mw_str(note->what));
		mw_json_string(json, "fix", mw_str(note->fix));
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
	mw_json_array(json, "left_out");
	for (size_t i = 0; i < import->count_count; i++) {
		mw_json_object(json, NULL);
		mw_json_string(json, "what", mw_str(import->counts[i].what));
		mw_json_number(json, "count", import->counts[i].count);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
	mw_json_array(json, "unknown_files");
	for (size_t i = 0; i < import->strange.count; i++)
		mw_json_string(json, NULL, import->strange.items[i]);
	mw_json_end_array(json);
	mw_json_array(json, "missing");
	for (unsigned file = 0; file < MW_EXCHANGE_FILE_COUNT; file++) {
		if (is_missing(import, (enum mw_exchange_file)file))
			mw_json_string(json, NULL, mw_str(mw_exchange_files[file].name));
	}
	mw_json_end_array(json);
	add_properties(import, json);
}

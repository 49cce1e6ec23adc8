/* SPDX-License-Identifier: MIT */
/* Invariant: what was read of a file of Export-Csv, written again with every cell in quotes and another delimiter, is
   read as the same; no cell is cut, and every row has as many as there are columns. */
#include <stdint.h>
#include <stdlib.h>

#include "import/exchange/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void write_cells(const struct mw_str *cells, size_t count, struct mw_buf *out)
{
	for (size_t i = 0; i < count; i++) {
		mw_buf_add_text(out, i > 0 ? ";\"" : "\"");
		for (size_t j = 0; j < cells[i].len; j++) {
			if (cells[i].ptr[j] == '"')
				mw_buf_add_char(out, '"');
			mw_buf_add_char(out, cells[i].ptr[j]);
		}
		mw_buf_add_char(out, '"');
	}
	mw_buf_add_text(out, "\r\n");
}

static void compare(const struct mw_csv *a, const struct mw_csv *b)
{
	must(a->columns.count == b->columns.count && a->row_count == b->row_count);
	for (size_t i = 0; i < a->columns.count; i++)
		must(mw_str_equal(a->columns.items[i], b->columns.items[i]) && mw_csv_column(a, a->columns.items[i]) == i);
	for (size_t i = 0; i < a->row_count; i++) {
		must(a->rows[i].line > 0 && (i == 0 || a->rows[i].line >= a->rows[i - 1].line));
		for (size_t j = 0; j < a->columns.count; j++)
			must(mw_str_equal(a->rows[i].cells[j], b->rows[i].cells[j]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_errors *errors = mw_errors_new(20);
	static char memory[1024 * 1024];
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_csv csv, again;

	if (!mw_csv_read(arena, "input", (struct mw_str){ (const char *)data, size }, errors, &csv)) {
		must(mw_errors_count(errors, MW_ERROR) > 0);
	} else if (csv.columns.count > 1) {
		write_cells(csv.columns.items, csv.columns.count, &out);
		for (size_t i = 0; i < csv.row_count; i++)
			write_cells(csv.rows[i].cells, csv.columns.count, &out);
		if (!out.truncated) {
			must(mw_csv_read(arena, "again", mw_buf_str(&out), errors, &again));
			compare(&csv, &again);
		}
	}
	mw_errors_free(errors);
	mw_arena_free(arena);
	return 0;
}

/* SPDX-License-Identifier: MIT */
#include "ui/terminal.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <uniwidth.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/text.h"

#define CELL_MAX 1024
#define BETWEEN_COLUMNS "  "
#define PROGRESS_EVERY 100 /* milliseconds */
#define BAR_WIDTH 30

bool mw_terminal_has_colours(void)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') &&
	       (term == NULL || strcmp(term, "dumb") != 0);
}

unsigned mw_terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static const char *escape_of(enum mw_colour colour)
{
	static const char *const escapes[] = {
		[MW_PLAIN] = "", [MW_GOOD] = "\033[32m", [MW_DOUBTFUL] = "\033[33m", [MW_BAD] = "\033[1;31m",
		[MW_STRONG] = "\033[1m", [MW_FAINT] = "\033[2m",
	};

	return escapes[colour];
}

void mw_coloured(struct mw_buf *out, enum mw_colour colour, struct mw_str text)
{
	bool coloured = colour != MW_PLAIN && mw_terminal_has_colours();

	if (coloured)
		mw_buf_add_text(out, escape_of(colour));
	mw_text_show(out, text);
	if (coloured)
		mw_buf_add_text(out, "\033[0m");
}

/* --- tables */

struct cell {
	struct mw_str text;
	enum mw_colour colour;
	struct cell *next;
};

struct mw_grid {
	struct mw_arena *arena;
	size_t columns, cells;
	unsigned *widths;
	struct cell *first, **last;
};

/* In columns of the screen: a Chinese character takes two, an accent that combines none. */
static unsigned width_of(struct mw_str text)
{
	return (unsigned)u8_width((const uint8_t *)text.ptr, text.len, "UTF-8");
}

struct mw_grid *mw_grid_new(const char *const *titles, size_t columns)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_grid *grid = arena != NULL ? MW_ARENA_NEW(arena, struct mw_grid) : NULL;

	if (grid == NULL) {
		mw_arena_free(arena);
		return NULL;
	}
	grid->arena = arena;
	grid->columns = columns;
	grid->last = &grid->first;
	grid->widths = MW_ARENA_ARRAY(arena, unsigned, columns);
	for (size_t i = 0; i < columns && grid->widths != NULL; i++)
		mw_grid_cell(grid, MW_STRONG, mw_str(titles[i]));
	if (grid->widths != NULL)
		return grid;
	mw_arena_free(arena);
	return NULL;
}

void mw_grid_free(struct mw_grid *grid)
{
	if (grid != NULL)
		mw_arena_free(grid->arena);
}

void mw_grid_cell(struct mw_grid *grid, enum mw_colour colour, struct mw_str text)
{
	struct cell *cell = MW_ARENA_NEW(grid->arena, struct cell);
	char shown[CELL_MAX];
	struct mw_buf out = MW_BUF_OVER(shown);
	size_t column = grid->cells % grid->columns;
	unsigned width;

	if (cell == NULL)
		return;
	mw_text_show(&out, text);
	cell->text = mw_arena_copy(grid->arena, mw_buf_str(&out));
	cell->colour = colour;
	*grid->last = cell;
	grid->last = &cell->next;
	grid->cells++;
	width = width_of(cell->text);
	if (width > grid->widths[column])
		grid->widths[column] = width;
}

void mw_grid_cellf(struct mw_grid *grid, enum mw_colour colour, const char *format, ...)
{
	char text[CELL_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	mw_grid_cell(grid, colour, mw_str(text));
}

static void print_aligned(const struct mw_grid *grid, const struct cell *cell, size_t column, struct mw_buf *out)
{
	mw_coloured(out, cell->colour, cell->text);
	if (column + 1 == grid->columns)
		return;
	for (unsigned width = width_of(cell->text); width < grid->widths[column]; width++)
		mw_buf_add_char(out, ' ');
	mw_buf_add_text(out, BETWEEN_COLUMNS);
}

bool mw_grid_print(const struct mw_grid *grid, struct mw_buf *out)
{
	bool aligned = mw_terminal_width() > 0;
	size_t at = 0;

	for (const struct cell *cell = grid->first; cell != NULL; cell = cell->next, at++) {
		size_t column = at % grid->columns;

		if (!aligned && at < grid->columns)
			continue;
		if (aligned)
			print_aligned(grid, cell, column, out);
		else
			mw_buf_printf(out, "%s%.*s", column > 0 ? "\t" : "", MW_STR_ARG(cell->text));
		if (column + 1 == grid->columns)
			mw_buf_add_char(out, '\n');
	}
	return !mw_arena_failed(grid->arena);
}

/* --- progress */

void mw_progress_show(struct mw_progress *progress, uint64_t done)
{
	int64_t now;
	unsigned filled;

	if (!isatty(STDERR_FILENO))
		return;
	now = mw_clock_milliseconds();
	if (progress->drawn != 0 && now - progress->drawn < PROGRESS_EVERY)
		return;
	progress->drawn = now;
	if (progress->whole == 0) {
		fprintf(stderr, "\r\033[K%s: %llu MB", progress->what, (unsigned long long)(done >> 20));
		return;
	}
	filled = done >= progress->whole ? BAR_WIDTH : (unsigned)((double)done * BAR_WIDTH / (double)progress->whole);
	fprintf(stderr, "\r\033[K%s [%.*s%*s] %llu of %llu MB", progress->what, (int)filled,
		"##############################", (int)(BAR_WIDTH - filled), "", (unsigned long long)(done >> 20),
		(unsigned long long)(progress->whole >> 20));
}

void mw_progress_clear(struct mw_progress *progress)
{
	if (progress->drawn != 0)
		fputs("\r\033[K", stderr);
	progress->drawn = 0;
}

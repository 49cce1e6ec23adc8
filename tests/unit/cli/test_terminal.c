/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "ui/terminal.h"

static char memory[4096];
static int saved;

/* What standard output is must not depend on where the tests run. */
static void away_from_a_terminal(void)
{
	int file = open("/dev/null", O_WRONLY);

	saved = dup(STDOUT_FILENO);
	ck_assert_int_ge(dup2(file, STDOUT_FILENO), 0);
	close(file);
}

static void back(void)
{
	dup2(saved, STDOUT_FILENO);
	close(saved);
}

START_TEST(without_a_terminal_there_is_no_colour_and_no_width)
{
	struct mw_buf out = MW_BUF_OVER(memory);

	ck_assert(!mw_terminal_has_colours());
	ck_assert_uint_eq(mw_terminal_width(), 0);
	mw_coloured(&out, MW_BAD, MW_STR("bad"));
	ck_assert_slice(mw_buf_str(&out), MW_STR("bad"));
}
END_TEST

START_TEST(a_text_cannot_drive_the_terminal)
{
	struct mw_buf out = MW_BUF_OVER(memory);

	mw_coloured(&out, MW_PLAIN, MW_STR("\033[2Jb\xc3\xbc\n"));
	ck_assert_slice(mw_buf_str(&out), MW_STR("\\x1b[2Jb\xc3\xbc\\x0a"));
}
END_TEST

START_TEST(a_table_without_a_terminal_is_rows_of_cells_with_tabs_and_no_titles)
{
	static const char *const titles[] = { "NAME", "PORT", "NOTE" };
	struct mw_grid *grid = mw_grid_new(titles, MW_COUNT(titles));
	struct mw_buf out = MW_BUF_OVER(memory);

	ck_assert_ptr_nonnull(grid);
	mw_grid_cell(grid, MW_STRONG, MW_STR("a\tb"));
	mw_grid_cellf(grid, MW_BAD, "%u", 993U);
	mw_grid_cell(grid, MW_GOOD, MW_STR(""));
	mw_grid_cell(grid, MW_PLAIN, MW_STR("b\xc3\xbc" "cher"));
	mw_grid_cellf(grid, MW_PLAIN, "%s", "\xff");
	mw_grid_cell(grid, MW_FAINT, MW_STR("two words"));
	ck_assert(mw_grid_print(grid, &out));
	mw_grid_free(grid);
	ck_assert_slice(mw_buf_str(&out), MW_STR("a\\x09b\t993\t\nb\xc3\xbc" "cher\t\\xff\ttwo words\n"));
}
END_TEST

/* Chinese characters take two columns, the accent of "e\u0301" none. */
START_TEST(a_table_on_a_terminal_is_aligned_by_columns_of_the_screen)
{
	static const char *const titles[] = { "NAME", "PORT" };
	static const char *const names[] = { "\xe7\x8e\x8b\xe8\x8a\xb3", "Andr" "e\xcc\x81", "b\xc3\xbc" "cher", "longest1" };
	struct mw_grid *grid = mw_grid_new(titles, MW_COUNT(titles));
	struct mw_buf out = MW_BUF_OVER(memory);
	int master = posix_openpt(O_RDWR | O_NOCTTY), terminal;

	ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(dup2(terminal, STDOUT_FILENO), 0);
	setenv("NO_COLOR", "1", 1);
	for (size_t i = 0; i < MW_COUNT(names); i++) {
		mw_grid_cell(grid, MW_PLAIN, mw_str(names[i]));
		mw_grid_cellf(grid, MW_PLAIN, "%zu", i);
	}
	ck_assert(mw_grid_print(grid, &out));
	mw_grid_free(grid);
	close(terminal);
	close(master);
	ck_assert_slice(mw_buf_str(&out), MW_STR("NAME      PORT\n"
						 "\xe7\x8e\x8b\xe8\x8a\xb3      0\n"
						 "Andr" "e\xcc\x81     1\n"
						 "b\xc3\xbc" "cher    2\n"
						 "longest1  3\n"));
}
END_TEST

START_TEST(a_table_without_rows_prints_nothing)
{
	static const char *const titles[] = { "NAME" };
	struct mw_grid *grid = mw_grid_new(titles, MW_COUNT(titles));
	struct mw_buf out = MW_BUF_OVER(memory);

	ck_assert(mw_grid_print(grid, &out));
	mw_grid_free(grid);
	mw_grid_free(NULL);
	ck_assert_uint_eq(out.used, 0);
}
END_TEST

MW_UNIT_TESTS("terminal")
{
	tcase_add_checked_fixture(tcase, away_from_a_terminal, back);
	tcase_add_test(tcase, without_a_terminal_there_is_no_colour_and_no_width);
	tcase_add_test(tcase, a_text_cannot_drive_the_terminal);
	tcase_add_test(tcase, a_table_without_a_terminal_is_rows_of_cells_with_tabs_and_no_titles);
	tcase_add_test(tcase, a_table_on_a_terminal_is_aligned_by_columns_of_the_screen);
	tcase_add_test(tcase, a_table_without_rows_prints_nothing);
}

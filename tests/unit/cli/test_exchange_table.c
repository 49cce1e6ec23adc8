/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "import/exchange/table.h"

#define OCTETS(literal) { (literal), sizeof(literal) - 1 }

static struct mw_arena *arena;
static struct mw_errors *errors;
static struct mw_csv csv;

static void setup(void)
{
	arena = mw_arena_new(0);
	errors = mw_errors_new(20);
}

static void teardown(void)
{
	mw_errors_free(errors);
	mw_arena_free(arena);
}

/* All of them have Name and Mail, and of Jörg two addresses in one cell. */
static const struct {
	struct mw_str octets;
	unsigned line; /* of his row */
} same[] = {
	{ OCTETS("Name,Mail\nJ\xc3\xb6rg,\"a@x\nb@x\"\n"), 2 },
	{ OCTETS("\xef\xbb\xbf\"Name\",\"Mail\"\r\n\"J\xc3\xb6rg\",\"a@x\nb@x\"\r\n"), 2 },
	{ OCTETS("#TYPE "
		 "Microsoft.Exchange.Data.Directory.Management.Mailbox\r\n\"Name\";\"Mail\"\r\n\"J\xc3\xb6rg\";\"a@"
		 "x\nb@x\""),
	  3 },
	{ OCTETS("Name\tMail\n\n\nJ\xc3\xb6rg\t\"a@x\nb@x\"\n\n"), 4 },
	{ OCTETS("\xff\xfeN\0a\0m\0e\0,\0M\0a\0i\0l\0\n\0J\0\xf6\0r\0g\0,\0\"\0a\0@\0x\0\n\0b\0@\0x\0\"\0\n\0"), 2 },
	{ OCTETS("N\0a\0m\0e\0,\0M\0a\0i\0l\0\n\0J\0\xf6\0r\0g\0,\0\"\0a\0@\0x\0\n\0b\0@\0x\0\"\0\n\0"), 2 },
	{ OCTETS("\xfe\xff\0N\0a\0m\0e\0,\0M\0a\0i\0l\0\n\0J\0\xf6\0r\0g\0,\0\"\0a\0@\0x\0\n\0b\0@\0x\0\"\0\n"), 2 },
	{ OCTETS("\0N\0a\0m\0e\0,\0M\0a\0i\0l\0\n\0J\0\xf6\0r\0g\0,\0\"\0a\0@\0x\0\n\0b\0@\0x\0\"\0\n"), 2 },
};

START_TEST(every_form_of_a_file_is_the_same_table)
{
	ck_assert(mw_csv_read(arena, "f.csv", same[_i].octets, errors, &csv));
	ck_assert_uint_eq(csv.columns.count, 2);
	ck_assert_uint_eq(csv.row_count, 1);
	ck_assert_uint_eq(csv.rows[0].line, same[_i].line);
	ck_assert_slice(mw_csv_cell(&csv, &csv.rows[0], "name"), MW_STR("J\xc3\xb6rg"));
	ck_assert_slice(mw_csv_cell(&csv, &csv.rows[0], "Mail"), MW_STR("a@x\nb@x"));
	ck_assert_slice(mw_csv_cell(&csv, &csv.rows[0], "Alias"), MW_STR_EMPTY);
}
END_TEST

START_TEST(rows_know_their_lines_behind_cells_with_line_breaks)
{
	const struct mw_str text = MW_STR("a,b\n\"1\n2\",x\n\n3,\"\n\n\"\n4,y\n");
	static const unsigned lines[] = { 2, 5, 8 };

	ck_assert(mw_csv_read(arena, "f.csv", text, errors, &csv));
	ck_assert_uint_eq(csv.row_count, 3);
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(csv.rows[i].line, lines[i]);
}
END_TEST

START_TEST(what_export_csv_makes_of_nothing_is_a_table_without_rows)
{
	ck_assert(mw_csv_read(arena, "f.csv", MW_STR_EMPTY, errors, &csv));
	ck_assert_uint_eq(csv.columns.count, 0);
	ck_assert_uint_eq(csv.row_count, 0);
}
END_TEST

static const struct {
	struct mw_str octets;
	const char *error;
} wrong[] = {
	{ OCTETS("a,b\nJ\xf6rg,x\n"), "f.csv:2: error: this line is no UTF-8 (expected Export-Csv -Encoding UTF8)" },
	{ OCTETS("+ACI-a+ACI-,+ACI-b+ACI-\n"), "f.csv:1: error: this is UTF-7 (expected Export-Csv -Encoding UTF8)" },
	{ OCTETS("a,b\nx,y\0z\n"), "f.csv:2: error: a zero octet in the text (expected Export-Csv -Encoding UTF8)" },
	{ OCTETS("\xff\xfe" "a\0\0\xd8"), "f.csv: error: it is no whole text in UTF-16 (expected Export-Csv -Encoding UTF8)" },
	{ OCTETS("\xff\xfe" "a"), "f.csv: error: it is no whole text in UTF-16 (expected Export-Csv -Encoding UTF8)" },
	{ OCTETS("a,b\n1,2\n1,2,3\n"), "f.csv:3: error: this row has 3 cells, and there are 2 columns" },
	{ OCTETS("a,b\n1\n"), "f.csv:2: error: this row has 1 cells, and there are 2 columns" },
	{ OCTETS("a,b\n\"x\"y,2\n"), "f.csv:2: error: a quote inside of a cell (expected \"a \"\"word\"\" in quotes\")" },
	{ OCTETS("a,b\n1,2\n\"x,2\n\n3,4\n"), "f.csv:3: error: a quote that does not end, in the row that begins here" },
	{ OCTETS("a,A\n1,2\n"), "f.csv:1: error: two columns have the name \"A\"" },
	{ OCTETS("a,\n1,2\n"), "f.csv:1: error: a column without a name" },
};

START_TEST(what_is_wrong_with_a_file_is_told_with_its_line)
{
	char memory[512];
	struct mw_buf out = MW_BUF_OVER(memory);

	ck_assert(!mw_csv_read(arena, "f.csv", wrong[_i].octets, errors, &csv));
	ck_assert_uint_eq(mw_errors_kept(errors), 1);
	mw_error_print(mw_errors_get(errors, 0), &out);
	ck_assert_str_eq(out.data, wrong[_i].error);
}
END_TEST

START_TEST(a_header_cell_with_a_line_break_does_not_hide_the_delimiter)
{
	ck_assert(mw_csv_read(arena, "f.csv", MW_STR("\"a\nb\";\"c,d,e\"\n1;2\n"), errors, &csv));
	ck_assert_uint_eq(csv.columns.count, 2);
	ck_assert_slice(csv.rows[0].cells[1], MW_STR("2"));
}
END_TEST

MW_UNIT_TESTS("import exchange: table")
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	MW_LOOP(tcase, every_form_of_a_file_is_the_same_table, same);
	tcase_add_test(tcase, rows_know_their_lines_behind_cells_with_line_breaks);
	tcase_add_test(tcase, what_export_csv_makes_of_nothing_is_a_table_without_rows);
	MW_LOOP(tcase, what_is_wrong_with_a_file_is_told_with_its_line, wrong);
	tcase_add_test(tcase, a_header_cell_with_a_line_break_does_not_hide_the_delimiter);
}

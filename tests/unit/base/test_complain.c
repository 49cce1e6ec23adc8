/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#include "base/complain.h"

static const struct {
	const char *program, *command, *text, *line;
} cases[] = {
	{ "mailwicket", NULL, "no command", "mailwicket: no command\n" },
	{ "mailwicket", "explain", "name the protocol", "mailwicket: explain: name the protocol\n" },
	{ "mailwicketd", NULL, "unexpected argument x", "mailwicketd: unexpected argument x\n" },
	{ "mailwicket", "why", "a\nb\033[2J", "mailwicket: why: a\\x0ab\\x1b[2J\n" },
	{ "mailwicket", "why", "b\303\274cher \342\200\256 \377", "mailwicket: why: b\303\274cher \\xe2\\x80\\xae \\xff\n" },
};

/* What goes to standard error meanwhile. */
static void complain(const char *text, char *line_r, size_t size)
{
	int ends[2], kept = dup(STDERR_FILENO);
	ssize_t got;

	ck_assert_int_eq(pipe(ends), 0);
	fflush(stderr);
	dup2(ends[1], STDERR_FILENO);
	mw_complain("%s", text);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(ends[1]);
	got = read(ends[0], line_r, size - 1);
	close(ends[0]);
	ck_assert_int_ge(got, 0);
	line_r[got] = '\0';
}

START_TEST(a_complaint_is_one_line_that_names_who_complains)
{
	char line[512];

	mw_complain_as(cases[_i].program, cases[_i].command);
	complain(cases[_i].text, line, sizeof(line));
	ck_assert_str_eq(line, cases[_i].line);
}
END_TEST

MW_UNIT_TESTS("complain")
{
	MW_LOOP(tcase, a_complaint_is_one_line_that_names_who_complains, cases);
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "ui/process.h"

static const struct {
	const char *errors, *said;
} failures[] = {
	{ "warning: a\nfatal: b\nwarning: c", "fatal: b" },
	{ "doveadm: Error: a\nb", "doveadm: Error: a" },
	{ "a\nb", "b" },
	{ "", "" },
	/* Names of functions are no words. */
	{ "Error: Raw backtrace: #0 default_fatal_handler[0x7f1] -> #1 i_fatal[0x7f2]\nFatal: user listing failed",
	  "Fatal: user listing failed" },
	{ "doveadm: Error: not found\ndoveadm: Error: Raw backtrace: #0 i_fatal[0x7f2]", "doveadm: Error: not found" },
};

START_TEST(what_was_fatal_is_said_before_all_else)
{
	const struct mw_run run = { .errors = mw_str(failures[_i].errors) };

	ck_assert_slice(mw_run_said(&run), mw_str(failures[_i].said));
}
END_TEST

MW_UNIT_TESTS("programs")
{
	MW_LOOP(tcase, what_was_fatal_is_said_before_all_else, failures);
}

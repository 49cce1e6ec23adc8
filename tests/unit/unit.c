/* SPDX-License-Identifier: MIT */
/* A program of unit tests: runs what its files registered. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>

static struct mw_unit_tests *registered;

void mw_unit_register(struct mw_unit_tests *tests)
{
	tests->next = registered;
	registered = tests;
}

int main(void)
{
	Suite *suite = suite_create(program_invocation_short_name);
	SRunner *runner = srunner_create(suite);
	int failed;

	if (registered == NULL) {
		fputs("there are no tests in this program\n", stderr);
		return EXIT_FAILURE;
	}
	for (struct mw_unit_tests *tests = registered; tests != NULL; tests = tests->next) {
		TCase *tcase = tcase_create(tests->name);

		/* For what does not end at all. Check's own four seconds are over on a busy machine that pauses. */
		tcase_set_timeout(tcase, 300);
		tests->fill(tcase);
		suite_add_tcase(suite, tcase);
	}
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

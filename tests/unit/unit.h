/* What every program of unit tests does: run its cases, and say how it went. */
#ifndef MW_TESTS_UNIT_H
#define MW_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

#include "base/str.h"

#define MW_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MW_LOOP(tcase, test, array) tcase_add_loop_test((tcase), (test), 0, (int)MW_COUNT(array))

/* Bytes and length are the same. */
#define ck_assert_slice(got, wanted)                                                                        \
	do {                                                                                                \
		struct mw_str got_ = (got), wanted_ = (wanted);                                             \
		ck_assert_msg(mw_str_equal(got_, wanted_), "\"%.*s\" instead of \"%.*s\"", MW_STR_ARG(got_), \
			      MW_STR_ARG(wanted_));                                                         \
	} while (0)

static inline int mw_unit_run(const char *name, TCase *(*const cases[])(void), size_t count)
{
	Suite *suite = suite_create(name);
	SRunner *runner;
	int failed;

	for (size_t i = 0; i < count; i++)
		suite_add_tcase(suite, cases[i]());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "postfix_support.h"

int main(void)
{
	SRunner *runner = srunner_create(mw_test_request());
	int failed;

	srunner_add_suite(runner, mw_test_facts());
	srunner_add_suite(runner, mw_test_answer());
	srunner_add_suite(runner, mw_test_deadline());
	srunner_add_suite(runner, mw_test_lookup_cache());
	srunner_add_suite(runner, mw_test_work());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

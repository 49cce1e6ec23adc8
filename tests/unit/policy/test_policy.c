/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "policy_support.h"

int main(void)
{
	Suite *suite = suite_create("policy");
	SRunner *runner;
	int failed;

	suite_add_tcase(suite, mw_test_defaults_case());
	suite_add_tcase(suite, mw_test_mistakes_case());
	suite_add_tcase(suite, mw_test_ties_case());
	suite_add_tcase(suite, mw_test_choose_case());
	suite_add_tcase(suite, mw_test_print_case());
	suite_add_tcase(suite, mw_test_file_case());
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: MIT */
#include "cli_support.h"

int main(void)
{
	static TCase *(*const cases[])(void) = {
		mw_test_log_source_case,
		mw_test_postfix_file_case,
		mw_test_dovecot_file_case,
		mw_test_setup_text_case,
	};

	return mw_unit_run("cli", cases, MW_COUNT(cases));
}

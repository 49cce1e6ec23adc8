/* SPDX-License-Identifier: MIT */
#include "cli_support.h"

int main(void)
{
	static TCase *(*const cases[])(void) = {
		mw_test_log_source_case,
		mw_test_why_line_case,
		mw_test_why_event_case,
		mw_test_why_story_case,
	};

	return mw_unit_run("cli", cases, MW_COUNT(cases));
}

/* SPDX-License-Identifier: MIT */
#include "base_support.h"

int main(void)
{
	static TCase *(*const cases[])(void) = { mw_test_arena_case, mw_test_buf_case,   mw_test_errors_case,
						 mw_test_path_case,  mw_test_str_case,   mw_test_table_case,
						 mw_test_units_case };

	return mw_unit_run("base", cases, MW_COUNT(cases));
}

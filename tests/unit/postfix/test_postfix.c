/* SPDX-License-Identifier: MIT */
#include "postfix_support.h"

int main(void)
{
	static TCase *(*const cases[])(void) = { mw_test_request, mw_test_facts, mw_test_answer };

	return mw_unit_run("postfix", cases, MW_COUNT(cases));
}

/* SPDX-License-Identifier: MIT */
#include "postfix_policy_support.h"

int main(void)
{
	static TCase *(*const cases[])(void) = { mw_test_deadline, mw_test_lookup_cache, mw_test_loop,
						     mw_test_question };

	return mw_unit_run("postfix-policy", cases, MW_COUNT(cases));
}

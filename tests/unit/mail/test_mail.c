/* SPDX-License-Identifier: MIT */
#include "mail_support.h"

int main(void)
{
	static TCase *(*const cases[])(void) = { mw_test_address_case,	  mw_test_binding_case, mw_test_domain_case,
						 mw_test_login_name_case, mw_test_network_case, mw_test_words_case };

	return mw_unit_run("mail", cases, MW_COUNT(cases));
}

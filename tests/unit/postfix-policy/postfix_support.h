/* What the suites of mailwicketd's tests share. */
#ifndef TEST_POSTFIX_SUPPORT_H
#define TEST_POSTFIX_SUPPORT_H

#include <check.h>

#include "base/str.h"

Suite *mw_test_request(void);
Suite *mw_test_facts(void);
Suite *mw_test_answer(void);
Suite *mw_test_deadline(void);
Suite *mw_test_lookup_cache(void);
Suite *mw_test_work(void);

#endif

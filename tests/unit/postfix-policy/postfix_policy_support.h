/* The cases of mailwicketd's parts. */
#ifndef TEST_POSTFIX_POLICY_SUPPORT_H
#define TEST_POSTFIX_POLICY_SUPPORT_H

#include "unit.h"

TCase *mw_test_deadline(void);
TCase *mw_test_lookup_cache(void);
TCase *mw_test_loop(void);
TCase *mw_test_question(void);

#endif

/* The cases of shared/postfix. */
#ifndef TEST_POSTFIX_SUPPORT_H
#define TEST_POSTFIX_SUPPORT_H

#include "unit.h"

TCase *mw_test_request(void);
TCase *mw_test_facts(void);
TCase *mw_test_answer(void);

#endif

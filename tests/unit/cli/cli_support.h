/* The cases of test_cli. */
#ifndef MW_TESTS_CLI_SUPPORT_H
#define MW_TESTS_CLI_SUPPORT_H

#include "unit.h"

TCase *mw_test_log_source_case(void);
TCase *mw_test_why_event_case(void);
TCase *mw_test_why_line_case(void);
TCase *mw_test_why_story_case(void);

#endif

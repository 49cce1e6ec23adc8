/* The cases of the tests of shared/base. */
#ifndef MW_TESTS_BASE_SUPPORT_H
#define MW_TESTS_BASE_SUPPORT_H

#include "../unit.h"

TCase *mw_test_arena_case(void);
TCase *mw_test_buf_case(void);
TCase *mw_test_errors_case(void);
TCase *mw_test_path_case(void);
TCase *mw_test_str_case(void);
TCase *mw_test_table_case(void);
TCase *mw_test_units_case(void);

#endif

/* The cases of the tests of shared/mail. */
#ifndef MW_TESTS_MAIL_SUPPORT_H
#define MW_TESTS_MAIL_SUPPORT_H

#include "../unit.h"

TCase *mw_test_address_case(void);
TCase *mw_test_binding_case(void);
TCase *mw_test_domain_case(void);
TCase *mw_test_login_name_case(void);
TCase *mw_test_network_case(void);
TCase *mw_test_words_case(void);

#endif

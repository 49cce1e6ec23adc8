/* What the tests of the policy share. */
#ifndef MW_TESTS_POLICY_SUPPORT_H
#define MW_TESTS_POLICY_SUPPORT_H

#include "unit.h"
#include "policy/read.h"

/* Reads a text as "test.conf"; messages stay in mw_test_errors until the next call. */
struct mw_policy *mw_test_read(const char *text);
struct mw_policy *mw_test_read_on(const char *text, int64_t today);
/* The same for a text that must read. */
struct mw_policy *mw_test_good(const char *text);
/* All messages, one a line. */
const char *mw_test_messages(void);
struct mw_ip mw_test_ip(const char *text);
extern struct mw_errors *mw_test_errors;
void mw_test_end(void);

#endif

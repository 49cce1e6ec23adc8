/* What the tests of the decisions share: a policy and a directory from text. The bulk of the decisions is in
   tests/policy-cases; here is what cases cannot say. */
#ifndef MW_TESTS_DECIDE_SUPPORT_H
#define MW_TESTS_DECIDE_SUPPORT_H

#include "unit.h"
#include "decide/verdict.h"
#include "policy/read.h"
#include "sync/sync.h"

extern struct mw_policy *mw_test_policy;
extern const struct mw_directory_view *mw_test_view;
/* Checked fixture. */
void mw_test_world(void);
void mw_test_world_end(void);

/* bob at 587 with TLS 1.3 and PLAIN, sending as himself. */
struct mw_facts mw_test_facts(void);
/* A view that answers nothing but UNAVAILABLE. */
extern const struct mw_directory_view mw_test_away;

#endif

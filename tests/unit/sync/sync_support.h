/* What the tests of the sync share. */
#ifndef MW_TESTS_SYNC_SUPPORT_H
#define MW_TESTS_SYNC_SUPPORT_H

#include "unit.h"
#include "sync/expand/expand.h"
#include "sync/source.h"
#include "sync/sync.h"
#include "sync/text/text.h"

/* Reads a text as "users" with default_domain example.test; messages in mw_test_messages() until the next call. */
const struct mw_content *mw_test_content(const char *text);
/* All messages, one a line. */
const char *mw_test_messages(void);
void mw_test_end(void);
/* The principal with this name. */
const struct mw_principal *mw_test_principal(const struct mw_content *content, const char *name);
/* Names of ids, blanks between. */
const char *mw_test_names(const struct mw_content *content, struct mw_ids ids);

#endif

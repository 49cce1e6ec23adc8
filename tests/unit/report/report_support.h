/* What the tests of shared/report share. */
#ifndef MW_TESTS_REPORT_SUPPORT_H
#define MW_TESTS_REPORT_SUPPORT_H

#include "unit.h"
#include "decide/verdict.h"


/* Bytes that somebody chose to do harm, always the same for one `seed`; never none. Returns how many, at most
   `most`. */
size_t mw_test_hostile(uint64_t *seed, char *out, size_t most);

/* Whether a text is UTF-8 without a control character. */
bool mw_test_is_printable(struct mw_str text);

/* A refused submission on a connector of this name. */
void mw_test_verdict(const struct mw_connector *connector, struct mw_verdict *verdict_r);
extern const struct mw_connector mw_test_connector;

#endif

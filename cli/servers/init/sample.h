/* The sample policy that packages install: packaging/examples/mailwicket.conf.
 */
#ifndef MW_CLI_INIT_SAMPLE_H
#define MW_CLI_INIT_SAMPLE_H

#include "base/str.h"

/* Whether a policy is the sample, octet for octet. */
bool mw_init_is_sample(struct mw_str text);

#endif

/* The largest message that a policy lets somebody send. */
#ifndef MW_CLI_WIRING_SIZES_H
#define MW_CLI_WIRING_SIZES_H

#include "policy/model.h"

/* In octets, or MW_UNLIMITED: of the enabled connectors, and of the users of the published directory whose own limit counts
   instead. A directory that cannot be read counts as one without such users. */
uint64_t mw_wiring_largest_size(const struct mw_policy *policy);

#endif

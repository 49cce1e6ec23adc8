/* Grants on addresses that begin alike which have no effect. Private to sync/. */
#ifndef MW_SYNC_PREFIX_GRANTS_H
#define MW_SYNC_PREFIX_GRANTS_H

#include "directory/content.h"
#include "sync/record/record.h"

/* Warns of each grant on "list-*@domain" where the policy's recipient_delimiter makes all such addresses extensions of one
   that somebody has: there the grants on who has it decide. */
void mw_sync_look_at_prefixes(const struct mw_policy *policy, const struct mw_records *records,
			      const struct mw_content *content, struct mw_errors *errors);

#endif

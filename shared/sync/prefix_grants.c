/* SPDX-License-Identifier: MIT */
#include "sync/prefix_grants.h"

#include "mail/prefix.h"
#include "sync/text/field.h"

void mw_sync_look_at_prefixes(const struct mw_policy *policy, const struct mw_records *records,
			      const struct mw_content *content, struct mw_errors *errors)
{
	for (size_t i = 0; i < records->grant_count; i++) {
		const struct mw_grant_record *grant = &records->grants[i];
		struct mw_address base;

		if (grant->domain || !mw_prefix_is(grant->identity) ||
		    !mw_prefix_base(grant->identity, policy->recipient_delimiter, &base) ||
		    mw_content_find(content->addresses, content->address_count, sizeof(content->addresses[0]), base.whole) == NULL)
			continue;
		mw_errors_add(errors, MW_WARNING, mw_origin_file(records, grant->origin), grant->origin.line, 0,
			      "a grant on that address", "the grant on %.*s has no effect: by recipient_delimiter these are "
			      "extensions of %.*s, which somebody has", MW_STR_ARG(mw_text_shown(grant->identity)),
			      MW_STR_ARG(base.whole));
	}
}

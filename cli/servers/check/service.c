/* SPDX-License-Identifier: MIT */
#include "servers/check/servers.h"

#include "base/arena.h"
#include "policy/service.h"

void mw_check_service(const struct mw_policy *policy, struct mw_findings *findings)
{
	struct mw_arena *arena = mw_findings_arena(findings);

	for (size_t i = 0; i < policy->policy_service.listen.count; i++) {
		struct mw_str listener = policy->policy_service.listen.items[i];

		if (mw_listener_reach(listener) != MW_REACH_LOOPBACK)
			continue;
		mw_findings_add(findings, (struct mw_finding){
			.id = MW_FOUND_ASKED_BY_ALL, .severity = MW_FINDING_NOTE, .file = policy->file, .setting = "policy_service/listen",
			.what = mw_arena_textf(arena, "every user of this host can ask at %.*s", MW_STR_ARG(listener)),
			.why = "the answers tell which accounts, grants and senders= there are; on a unix socket only Postfix, "
			       "root and peers can ask",
			.fix = mw_fix_words("listen = { \"unix:/var/spool/postfix/mailwicket/policy\" }") });
	}
}

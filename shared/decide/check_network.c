/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/trace_write.h"

static enum mw_lookup find_networks(const struct mw_directory_view *directory, const struct mw_principal *who,
				    struct mw_networks *networks_r)
{
	if (directory == NULL || directory->networks == NULL)
		return MW_LOOKUP_UNAVAILABLE;
	return directory->networks(directory->context, who->networks, networks_r);
}

static bool contain(struct mw_ranges ranges, const struct mw_ip *ip)
{
	for (size_t i = 0; i < ranges.count; i++)
		if (mw_range_contains(&ranges.items[i], ip))
			return true;
	return false;
}

/* Not inlined: few users have networks, and the others should not pay for its memory. */
__attribute__((noinline)) static bool judge(const struct mw_policy *policy, const struct mw_directory_view *directory,
					    const struct mw_facts *facts, const struct mw_principal *who,
					    struct mw_verdict *verdict)
{
	enum mw_service service = mw_service_of(facts->endpoints.protocol);
	const struct mw_ip *client = &facts->endpoints.remote_ip;
	struct mw_step step = { .check = MW_CHECK_NETWORK, .note = MW_NOTE_NETWORK_INSIDE,
				.value = mw_service_name(facts->endpoints.protocol), .other = who->name };
	struct mw_networks networks;

	if (find_networks(directory, who, &networks) != MW_LOOKUP_FOUND) {
		mw_verdict_unavailable(verdict, MW_CHECK_NETWORK);
		return false;
	}
	if (networks.of[service].count == 0)
		return true;
	if (client->family == MW_FAMILY_UNKNOWN) {
		step.outcome = MW_UNKNOWN;
		step.note = MW_NOTE_NETWORK_CLIENT_UNKNOWN;
		mw_verdict_undecided(verdict, &step);
		verdict->reason = MW_REASON_CLIENT_UNKNOWN;
		return false;
	}
	if (!contain(networks.of[service], client)) {
		step.outcome = MW_FAILED;
		step.note = MW_NOTE_NETWORK_OUTSIDE;
	}
	mw_trace_write(&verdict->trace, &step);
	if (step.outcome == MW_FAILED)
		mw_verdict_refuse(policy, verdict, MW_REASON_NETWORK_REFUSED);
	return step.outcome != MW_FAILED;
}

bool mw_network_permits(const struct mw_policy *policy, const struct mw_directory_view *directory,
			const struct mw_facts *facts, const struct mw_principal *user,
			const struct mw_principal *master, struct mw_verdict *verdict)
{
	if (user->networks != 0 && !judge(policy, directory, facts, user, verdict))
		return false;
	return master == NULL || master->networks == 0 || judge(policy, directory, facts, master, verdict);
}

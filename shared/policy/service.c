/* SPDX-License-Identifier: MIT */
#include "policy/service.h"

#define INET MW_STR("inet:")

enum mw_reach mw_listener_reach(struct mw_str listener)
{
	struct mw_binding binding;
	const char *why;

	if (!mw_str_starts_with(listener, INET))
		return MW_REACH_FILE;
	if (!mw_binding_parse(mw_str_tail(listener, INET.len), &binding, &why) || binding.kind != MW_BINDING_ADDRESS)
		return MW_REACH_NETWORK;
	return mw_ip_is_loopback(&binding.ip) ? MW_REACH_LOOPBACK : MW_REACH_NETWORK;
}

bool mw_service_admits(const struct mw_policy *policy, const struct mw_ip *ip)
{
	const struct mw_ranges *networks = &policy->policy_service.peers_networks;

	for (size_t i = 0; i < networks->count; i++)
		if (mw_range_contains(&networks->items[i], ip))
			return true;
	return networks->count == 0 && mw_ip_is_loopback(ip);
}

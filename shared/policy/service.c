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

void mw_service_status_path(const struct mw_policy *policy, struct mw_buf *out)
{
	struct mw_str unix_prefix = MW_STR("unix:");

	for (size_t i = 0; i < policy->policy_service.listen.count; i++) {
		struct mw_str listener = policy->policy_service.listen.items[i];

		if (!mw_str_starts_with(listener, unix_prefix))
			continue;
		mw_buf_add(out, mw_str_tail(listener, unix_prefix.len));
		mw_buf_add_text(out, ".status");
		return;
	}
	mw_buf_add_text(out, MW_STATUS_PATH);
}

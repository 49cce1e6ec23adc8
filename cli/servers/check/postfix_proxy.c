/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix_interfaces.h"

/* The PROXY line that smtpd or postscreen reads before the greeting has the client's address, and the address and port
   that it connected to. Postfix believes it from everybody (postconf(5), smtpd_upstream_proxy_protocol). */

static bool holds_all(const struct mw_ranges *ranges, const char *network)
{
	struct mw_range all;
	const char *why;

	if (!mw_range_parse(mw_str(network), &all, &why))
		return false;
	for (size_t i = 0; i < ranges->count; i++) {
		if (mw_range_contains(&ranges->items[i], &all.first) && mw_range_contains(&ranges->items[i], &all.last))
			return true;
	}
	return false;
}

/* A connector for some addresses alone, at whatever port: the line names that too. */
static const struct mw_connector *narrow_connector(const struct mw_policy *policy)
{
	for (size_t i = 0; i < policy->connector_count; i++) {
		const struct mw_connector *connector = &policy->connectors[i];

		if (connector->enabled && !holds_all(&connector->remote, "0.0.0.0/0") &&
		    !holds_all(&connector->remote, "::/0"))
			return connector;
	}
	return NULL;
}

void mw_check_postfix_proxy(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_postfix_site *site = endpoint->site;
	const struct mw_connector *narrow = narrow_connector(site->policy);
	const char *setting = endpoint->front != endpoint->service ? "postscreen_upstream_proxy_protocol"
								   : "smtpd_upstream_proxy_protocol";
	struct mw_str value = mw_postfix_service_value(site, endpoint->front, setting);
	bool local = mw_postfix_is_loopback(site, &endpoint->binding);
	const char *who = local ? "whoever is on this machine" : "every client";

	if (mw_str_empty(value))
		return;
	if (narrow != NULL)
		mw_setting_finding(site, endpoint->front, MW_FOUND_PROXY_LINE, local ? MW_FINDING_WARNING : MW_FINDING_ERROR, setting,
			mw_arena_textf(site->arena, "%s of this listener may claim any address and port (%.*s)", who,
				       MW_STR_ARG(value)),
			mw_arena_textf(site->arena, "a PROXY line makes a stranger one of the remote_ip_ranges of connector \"%.*s\", "
				       "with all that those hosts may do", MW_STR_ARG(narrow->name)),
			mw_fix_or(mw_fix_setting(site, endpoint->front, setting, ""),
				  "a listener for the proxy alone, on 127.0.0.1"));
	else
		mw_setting_finding(site, endpoint->front, MW_FOUND_PROXY_LINE, MW_FINDING_NOTE, setting,
			mw_arena_textf(site->arena, "%s of this listener may claim any address and port (%.*s)", who,
				       MW_STR_ARG(value)),
			"no connector goes by the client's address; limits by address and the log believe what is claimed", MW_NO_FIX);
}

/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix_interfaces.h"
#include "servers/check/stake.h"

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

static const char *setting_of(bool postscreen)
{
	return postscreen ? "postscreen_upstream_proxy_protocol" : "smtpd_upstream_proxy_protocol";
}

static bool has_postscreen(const struct mw_postfix_endpoint *endpoint)
{
	return endpoint->front != endpoint->service;
}

static struct mw_str protocol_of(const struct mw_postfix_endpoint *endpoint)
{
	return has_postscreen(endpoint) ? mw_postfix_service_value(endpoint->site, endpoint->front, setting_of(true))
					: mw_endpoint_value(endpoint, setting_of(false));
}

bool mw_endpoint_is_proxied(const struct mw_postfix_endpoint *endpoint)
{
	return !mw_str_empty(protocol_of(endpoint));
}

static bool has_binding(const struct mw_connector *connector, const struct mw_binding *binding)
{
	for (size_t i = 0; i < connector->bindings.count; i++) {
		if (mw_wiring_same_binding(&connector->bindings.items[i], binding))
			return true;
	}
	return false;
}

static bool share_connector(const struct mw_policy *policy, const struct mw_binding *a, const struct mw_binding *b)
{
	for (size_t i = 0; i < policy->connector_count; i++) {
		const struct mw_connector *connector = &policy->connectors[i];

		if (connector->enabled && has_binding(connector, a) && has_binding(connector, b))
			return true;
	}
	return false;
}

bool mw_postfix_is_before_proxy(struct mw_postfix_site *site, const struct mw_binding *binding)
{
	for (size_t i = 0; i < site->services.count; i++) {
		const struct mw_postfix_service *service = &site->services.items[i], *smtpd = mw_postfix_smtpd_of(site, service);
		struct mw_binding own;

		if (smtpd != NULL && mw_postfix_binding(service->name, &own) && !mw_wiring_same_binding(&own, binding) &&
		    share_connector(site->policy, &own, binding) &&
		    !mw_str_empty(mw_postfix_service_value(site, service, setting_of(smtpd != service))))
			return true;
	}
	return false;
}

/* Postfix asks with the address and port of the PROXY line, which are not those of a listener on loopback: whether a
   connector of the listener may have them. */
static bool names_clients_port(const struct mw_postfix_endpoint *endpoint)
{
	const struct mw_policy *policy = endpoint->site->policy;
	const struct mw_binding *own = &endpoint->binding;

	if (own->kind != MW_BINDING_ADDRESS || !mw_ip_is_loopback(&own->ip))
		return true;
	for (size_t i = 0; i < policy->connector_count; i++) {
		const struct mw_connector *connector = &policy->connectors[i];

		for (size_t k = 0; connector->enabled && has_binding(connector, own) && k < connector->bindings.count; k++) {
			if (!mw_wiring_same_binding(&connector->bindings.items[k], own))
				return true;
		}
	}
	return false;
}

static void check_binding(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_postfix_site *site = endpoint->site;

	if (endpoint->need.connected && !names_clients_port(endpoint))
		mw_setting_finding(site, endpoint->front, MW_FOUND_PROXY_BINDING, MW_FINDING_ERROR,
			setting_of(has_postscreen(endpoint)),
			"the connector has no binding for the port that the proxy's clients use",
			"the policy is asked with the address and port of the PROXY line, where it knows no rule: those sessions are "
			"deferred (450 4.3.5)",
			mw_fix_words(mw_arena_textf(site->arena, "the proxy's port too in bindings of connector \"%.*s\", as \"*:587\"",
						    MW_STR_ARG(endpoint->need.connector))));
}

/* What goes by the address that a PROXY line names; NULL: nothing does. */
static const char *gained_by_address(const struct mw_postfix_site *site)
{
	const struct mw_connector *narrow = narrow_connector(site->policy);

	if (narrow != NULL)
		return mw_arena_textf(site->arena, "a PROXY line makes a stranger one of the remote_ip_ranges of connector "
				      "\"%.*s\", with all that those hosts may do", MW_STR_ARG(narrow->name));
	if (mw_stake_networks(site->policy) > 0)
		return "a PROXY line takes a client into the networks= that users may log in from";
	return NULL;
}

/* Who gets a greeting sent a PROXY line: a proxy is there. Without the setting all of its clients have its address. */
static struct mw_fix proxy_fix(bool local)
{
	if (local)
		return mw_fix_words("none where all users of this machine may do what those hosts may; else a firewall "
				    "that lets only the proxy's user connect there");
	return mw_fix_words("a firewall that lets only the proxy connect there, or a listener for the proxy alone, on "
			    "127.0.0.1 or a network of its own; without the setting all of its clients have its address");
}

void mw_check_postfix_proxy(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_postfix_site *site = endpoint->site;
	const char *gained, *setting = setting_of(has_postscreen(endpoint));
	struct mw_str value = protocol_of(endpoint);
	bool local = mw_postfix_is_loopback(site, &endpoint->binding);
	const char *what = mw_arena_textf(site->arena, "%s may claim any address and port (%.*s)",
					  local ? "whoever is on this machine" : "every client of this listener",
					  MW_STR_ARG(value));

	if (mw_str_empty(value))
		return;
	check_binding(endpoint);
	gained = gained_by_address(site);
	if (gained != NULL)
		mw_setting_finding(site, endpoint->front, MW_FOUND_PROXY_LINE, local ? MW_FINDING_WARNING : MW_FINDING_ERROR, setting,
				   what, gained, proxy_fix(local));
	else
		mw_setting_finding(site, endpoint->front, MW_FOUND_PROXY_LINE, MW_FINDING_NOTE, setting, what,
			"no connector and no networks= go by the client's address; limits by address and the log believe what is "
			"claimed", MW_NO_FIX);
}

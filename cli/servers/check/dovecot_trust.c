/* SPDX-License-Identifier: MIT */
/* Whose word Dovecot takes for who the client is: login rules and networks= go by that address. */
#include "servers/check/dovecot.h"
#include "servers/check/stake.h"

#define LOGIN_NETWORKS "login_trusted_networks"
#define PROXY_NETWORKS "haproxy_trusted_networks"

struct mw_str mw_dovecot_next_network(struct mw_str *list)
{
	struct mw_str network;
	size_t len = 0;

	while (!mw_str_empty(*list) && (list->ptr[0] == ' ' || list->ptr[0] == ','))
		*list = mw_str_tail(*list, 1);
	while (len < list->len && list->ptr[len] != ' ' && list->ptr[len] != ',')
		len++;
	network = mw_str_head(*list, len);
	*list = mw_str_tail(*list, len);
	return network;
}

static bool holds(const struct mw_range *outer, const struct mw_range *inner)
{
	return mw_range_contains(outer, &inner->first) && mw_range_contains(outer, &inner->last);
}

/* Whether a list of networks, with blanks or commas between them, holds a range. */
static bool covers(struct mw_str list, const struct mw_range *range)
{
	struct mw_str network;

	while (!mw_str_empty(network = mw_dovecot_next_network(&list))) {
		struct mw_range trusted;
		const char *why;

		if (mw_range_parse(network, &trusted, &why) && holds(&trusted, range))
			return true;
	}
	return false;
}

static bool has_proxy_listener(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_node *service = NULL, *listener;

	while ((service = mw_dovecot_next(site->root, service, "service")) != NULL) {
		listener = NULL;
		while ((listener = mw_dovecot_next(service, listener, "inet_listener")) != NULL) {
			if (mw_str_equal(mw_dovecot_value(listener, "haproxy"), MW_STR("yes")))
				return true;
		}
	}
	return false;
}

static void check_proxies(const struct mw_dovecot_site *site)
{
	struct mw_str trusted = mw_dovecot_value(site->root, PROXY_NETWORKS);
	bool any = false;

	for (size_t i = 0; i < site->policy->login_rule_count; i++) {
		const struct mw_ranges *proxies = &site->policy->login_rules[i].tls.proxies;

		for (size_t k = 0; k < proxies->count; k++) {
			char text[128];
			struct mw_buf out = MW_BUF_OVER(text);

			any = true;
			if (covers(trusted, &proxies->items[k]))
				continue;
			mw_range_print(&proxies->items[k], &out);
			mw_dovecot_finding(site, MW_FOUND_UNTRUSTED_PROXY, MW_FINDING_ERROR, PROXY_NETWORKS,
				mw_arena_textf(site->arena, "Dovecot does not trust %s", text),
				"the policy's tls_proxies do: sessions through that HAProxy are dropped",
				mw_fix_dovecot(site, NULL, mw_arena_textf(site->arena, PROXY_NETWORKS " = %.*s%s%s",
					   MW_STR_ARG(trusted), mw_str_empty(trusted) ? "" : " ", text)));
		}
	}
	if (any && !has_proxy_listener(site))
		mw_dovecot_finding(site, MW_FOUND_NO_PROXY_LISTENER, MW_FINDING_WARNING, "service/inet_listener/haproxy",
			"no listener speaks HAProxy's protocol",
			"the policy's tls_proxies have no effect", 
			mw_fix_words("haproxy = yes in the inet_listener the proxy connects to"));
	if (!any && has_proxy_listener(site))
		mw_dovecot_finding(site, MW_FOUND_PROXY_LISTENER, MW_FINDING_NOTE, "service/inet_listener/haproxy",
			"a listener speaks HAProxy's protocol",
			"no rule has tls_proxies: TLS that ends in the proxy does not count",
			mw_fix_words("tls_proxies, with the proxy's address, in the login rule"));
}

/* --- who may claim to be another */

/* More than anybody's own network: 0.0.0.0/0, or one half of it. Dovecot takes networks with host bits too. */
static bool is_everybody(struct mw_str network)
{
	struct mw_range range;
	const char *why;

	return mw_range_parse_host_bits(network, &range, &why) && mw_ranges_are_everywhere(&range, 1);
}

/* A rule for some clients only; NULL: which one holds does not depend on the client. */
static const struct mw_login_rule *rule_by_client(const struct mw_policy *policy)
{
	for (size_t i = 0; i < policy->login_rule_count; i++)
		if (policy->login_rules[i].remote.count > 0)
			return &policy->login_rules[i];
	return NULL;
}

/* What is lost where anybody can claim an address; NULL: nothing goes by it. */
static const char *lost_to_anybody(const struct mw_dovecot_site *site)
{
	const struct mw_login_rule *rule = rule_by_client(site->policy);

	if (rule != NULL)
		return mw_arena_textf(site->arena, "any client can claim an address that the login rule \"%.*s\" "
				      "is for, or one that it is not for", MW_STR_ARG(rule->name));
	if (mw_stake_networks(site->policy) > 0)
		return "any client can claim an address of the networks= that users may log in from";
	return NULL;
}

/* all: the whole setting, whose other networks the fix keeps. */
static void report_trust(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node, const char *name,
			 struct mw_str networks, struct mw_str all)
{
	const char *place = mw_dovecot_place(site, node, name);
	const char *what = mw_arena_textf(site->arena, "%.*s may say which client they speak for", MW_STR_ARG(networks));
	const char *fix = mw_arena_textf(site->arena, "%s =", name);
	const char *lost;
	struct mw_str network;
	bool everybody = false;

	while (!mw_str_empty(network = mw_dovecot_next_network(&networks)))
		everybody |= is_everybody(network);
	while (!mw_str_empty(network = mw_dovecot_next_network(&all))) {
		if (!is_everybody(network))
			fix = mw_arena_textf(site->arena, "%s %.*s", fix, MW_STR_ARG(network));
	}
	lost = everybody ? lost_to_anybody(site) : NULL;
	if (lost != NULL)
		mw_dovecot_finding(site, MW_FOUND_TRUSTED_CLIENTS, MW_FINDING_ERROR, place, what, lost,
			mw_fix_dovecot(site, node, fix));
	else
		mw_dovecot_finding(site, MW_FOUND_TRUSTED_CLIENTS, MW_FINDING_NOTE, place, what,
			"the address that a login rule's remote, and networks=, are compared with is what they claim", MW_NO_FIX);
}

static void look_at_trusted(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			    const struct mw_dovecot_node *node)
{
	struct mw_str networks = mw_dovecot_value(node, LOGIN_NETWORKS);

	(void)filter;
	if (!mw_str_empty(networks))
		report_trust(site, node, LOGIN_NETWORKS, networks, networks);
}

static bool is_named(const struct mw_policy *policy, struct mw_str network)
{
	struct mw_range range;
	const char *why;

	if (!mw_range_parse(network, &range, &why))
		return false;
	for (size_t i = 0; i < policy->login_rule_count; i++) {
		const struct mw_ranges *proxies = &policy->login_rules[i].tls.proxies;

		for (size_t k = 0; k < proxies->count; k++)
			if (holds(&proxies->items[k], &range))
				return true;
	}
	return false;
}

/* HAProxy's word for the client counts from every network that Dovecot trusts, though tls_proxies may not name it. */
static void check_other_proxies(const struct mw_dovecot_site *site)
{
	const struct mw_str all = mw_dovecot_value(site->root, PROXY_NETWORKS);
	struct mw_str list = all, network;
	const char *others = "";

	while (!mw_str_empty(network = mw_dovecot_next_network(&list)))
		if (!is_named(site->policy, network))
			others = mw_arena_textf(site->arena, "%s%s%.*s", others, others[0] == '\0' ? "" : " ", MW_STR_ARG(network));
	if (others[0] != '\0' && has_proxy_listener(site))
		report_trust(site, site->root, PROXY_NETWORKS, mw_str(others), all);
}

void mw_check_dovecot_trust(const struct mw_dovecot_site *site)
{
	check_proxies(site);
	check_other_proxies(site);
	mw_dovecot_each_filter(site, look_at_trusted);
}

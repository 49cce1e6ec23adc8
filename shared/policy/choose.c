/* SPDX-License-Identifier: MIT */
#include "policy/choose.h"

#include "mail/domain.h"

/* How narrowly a rule matches a connection. */
struct match {
	const struct mw_range *range; /* NULL: any client, wider than every range */
	int binding;                  /* 2: an address and port, 1: a port, 0: any listener */
	bool names_protocols;
};

static bool holds_all_of(const struct mw_ranges *ranges, enum mw_family family, size_t len)
{
	for (size_t i = 0; i < ranges->count; i++) {
		const struct mw_range *range = &ranges->items[i];
		bool all = range->first.family == family;

		for (size_t j = 0; all && j < len; j++)
			all = range->first.bytes[j] == 0 && range->last.bytes[j] == 0xff;
		if (all)
			return true;
	}
	return false;
}

/* The narrowest range that holds the client; *range_r is NULL for a rule for any client. */
static bool match_remote(const struct mw_ranges *ranges, const struct mw_ip *client, const struct mw_range **range_r)
{
	*range_r = NULL;
	if (ranges->count == 0)
		return true;
	for (size_t i = 0; i < ranges->count; i++)
		if (mw_range_contains(&ranges->items[i], client) &&
		    (*range_r == NULL || mw_range_compare_width(&ranges->items[i], *range_r) < 0))
			*range_r = &ranges->items[i];
	return *range_r != NULL;
}

static bool is_for_every_client(const struct mw_connector *connector)
{
	return connector->remote.count == 0 || (holds_all_of(&connector->remote, MW_FAMILY_IPV4, 4) &&
						holds_all_of(&connector->remote, MW_FAMILY_IPV6, 16));
}

static bool match_connector_remote(const struct mw_connector *connector, const struct mw_ip *client,
				   const struct mw_range **range_r)
{
	if (client->family != MW_FAMILY_UNKNOWN)
		return match_remote(&connector->remote, client, range_r);
	*range_r = NULL;
	return is_for_every_client(connector);
}

static bool match_binding(const struct mw_bindings *bindings, const struct mw_ip *local, uint16_t port, int *kind_r)
{
	*kind_r = 0;
	if (bindings->count == 0)
		return true;
	for (size_t i = 0; i < bindings->count && port != 0; i++) {
		if (!mw_binding_matches(&bindings->items[i], local, port))
			continue;
		if (bindings->items[i].kind == MW_BINDING_ADDRESS)
			*kind_r = 2;
		else if (*kind_r == 0)
			*kind_r = 1;
	}
	return *kind_r != 0;
}

static int compare_width(const struct mw_range *a, const struct mw_range *b)
{
	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	return mw_range_compare_width(a, b);
}

static bool narrower(const struct match *a, const struct match *b)
{
	int width = compare_width(a->range, b->range);

	if (width != 0)
		return width < 0;
	if (a->binding != b->binding)
		return a->binding > b->binding;
	return a->names_protocols && !b->names_protocols;
}

static bool match_login_rule(const struct mw_login_rule *rule, const struct mw_endpoints *endpoints,
			     struct match *match_r)
{
	match_r->names_protocols = rule->names_protocols;
	return (unsigned)endpoints->protocol < MW_PROTOCOL_COUNT && rule->protocols[endpoints->protocol] &&
	       match_binding(&rule->local, &endpoints->local_ip, endpoints->local_port, &match_r->binding) &&
	       match_remote(&rule->remote, &endpoints->remote_ip, &match_r->range);
}

const struct mw_login_rule *mw_choose_login_rule(const struct mw_policy *policy, const struct mw_endpoints *endpoints)
{
	const struct mw_login_rule *best = NULL;
	struct match best_match = { .range = NULL }, match;

	for (size_t i = 0; i + 1 < policy->login_rule_count; i++) {
		if (match_login_rule(&policy->login_rules[i], endpoints, &match) &&
		    (best == NULL || narrower(&match, &best_match))) {
			best = &policy->login_rules[i];
			best_match = match;
		}
	}
	return best != NULL ? best : &policy->login_rules[policy->login_rule_count - 1];
}

/* Whether a session may have come through this listener, as far as its address and port are known. */
static bool binding_possible(const struct mw_binding *binding, const struct mw_endpoints *endpoints)
{
	uint16_t port = endpoints->local_port != 0 ? endpoints->local_port : binding->port;

	if (endpoints->local_ip.family == MW_FAMILY_UNKNOWN)
		return binding->port == port;
	return mw_binding_matches(binding, &endpoints->local_ip, port);
}

static bool may_serve(const struct mw_connector *connector, const struct mw_endpoints *endpoints)
{
	for (size_t i = 0; connector->enabled && i < connector->bindings.count; i++)
		if (binding_possible(&connector->bindings.items[i], endpoints))
			return true;
	return false;
}

/* A client of unknown address may be in the range of any connector of the listener. It makes no difference only
   where one connector takes every client. */
static const struct mw_connector *choose_for_unknown(const struct mw_policy *policy,
						     const struct mw_endpoints *endpoints)
{
	const struct mw_connector *only = NULL;
	int kind;

	for (size_t i = 0; i < policy->connector_count; i++) {
		if (!may_serve(&policy->connectors[i], endpoints))
			continue;
		if (only != NULL)
			return NULL;
		only = &policy->connectors[i];
	}
	return only != NULL && is_for_every_client(only) &&
	       match_binding(&only->bindings, &endpoints->local_ip, endpoints->local_port, &kind) ? only : NULL;
}

const struct mw_connector *mw_choose_connector(const struct mw_policy *policy, const struct mw_endpoints *endpoints)
{
	const struct mw_connector *best = NULL;
	struct match best_match = { .range = NULL }, match = { .names_protocols = false };

	if (endpoints->remote_ip.family == MW_FAMILY_UNKNOWN)
		return choose_for_unknown(policy, endpoints);
	for (size_t i = 0; i < policy->connector_count; i++) {
		const struct mw_connector *connector = &policy->connectors[i];

		if (connector->enabled &&
		    match_binding(&connector->bindings, &endpoints->local_ip, endpoints->local_port, &match.binding) &&
		    match_remote(&connector->remote, &endpoints->remote_ip, &match.range) &&
		    (best == NULL || narrower(&match, &best_match))) {
			best = connector;
			best_match = match;
		}
	}
	return best;
}

static bool lists_service(const struct mw_connector *connector, struct mw_str service)
{
	for (size_t i = 0; i < connector->sasl_services.count; i++)
		if (mw_str_equal(connector->sasl_services.items[i], service))
			return true;
	return false;
}

static bool service_is_listed(const struct mw_policy *policy, struct mw_str service)
{
	for (size_t i = 0; i < policy->connector_count; i++)
		if (policy->connectors[i].enabled && lists_service(&policy->connectors[i], service))
			return true;
	return false;
}

static bool covers(const struct mw_binding *wide, const struct mw_binding *narrow)
{
	if (wide->port != narrow->port)
		return false;
	if (wide->kind == MW_BINDING_ANY || (wide->kind == narrow->kind && wide->kind != MW_BINDING_ADDRESS))
		return true;
	if (narrow->kind != MW_BINDING_ADDRESS)
		return false;
	if (wide->kind == MW_BINDING_ADDRESS)
		return mw_ip_equal(&wide->ip, &narrow->ip);
	return wide->kind == (narrow->ip.family == MW_FAMILY_IPV4 ? MW_BINDING_ANY_IPV4 : MW_BINDING_ANY_IPV6);
}

struct sasl_question {
	const struct mw_policy *policy;
	const struct mw_endpoints *endpoints;
	struct mw_str service;
	bool listed;
};

static bool in_question(const struct sasl_question *question, const struct mw_connector *connector,
			const struct mw_range **range_r)
{
	if (!connector->enabled)
		return false;
	if (question->listed ? !lists_service(connector, question->service) : connector->sasl_services.count > 0)
		return false;
	return match_connector_remote(connector, &question->endpoints->remote_ip, range_r);
}

/* Whether another connector takes all that comes through this listener, because its range is narrower. */
static bool is_shadowed(const struct sasl_question *question, const struct mw_binding *binding,
			const struct mw_range *range)
{
	for (size_t i = 0; i < question->policy->connector_count; i++) {
		const struct mw_connector *other = &question->policy->connectors[i];
		const struct mw_range *other_range;

		if (!in_question(question, other, &other_range) || compare_width(other_range, range) >= 0)
			continue;
		for (size_t j = 0; j < other->bindings.count; j++)
			if (covers(&other->bindings.items[j], binding))
				return true;
	}
	return false;
}

static bool could_be_meant(const struct sasl_question *question, const struct mw_connector *connector)
{
	const struct mw_range *range;

	if (!in_question(question, connector, &range))
		return false;
	for (size_t i = 0; i < connector->bindings.count; i++)
		if (binding_possible(&connector->bindings.items[i], question->endpoints) &&
		    !is_shadowed(question, &connector->bindings.items[i], range))
			return true;
	return false;
}

size_t mw_choose_connectors_for_sasl(const struct mw_policy *policy, const struct mw_endpoints *endpoints,
				     struct mw_str sasl_service, const struct mw_connector **out, size_t most)
{
	struct sasl_question question = { policy, endpoints, sasl_service, false };
	size_t count = 0;

	question.listed = service_is_listed(policy, sasl_service);
	for (size_t i = 0; i < policy->connector_count && count < most; i++)
		if (could_be_meant(&question, &policy->connectors[i]))
			out[count++] = &policy->connectors[i];
	return count;
}

static int compare_domain(const struct mw_accepted_domain *accepted, struct mw_str domain, bool subdomains)
{
	int order = mw_str_compare(accepted->domain, domain);

	return order != 0 ? order : (int)accepted->subdomains - (int)subdomains;
}

static const struct mw_accepted_domain *find_domain(const struct mw_policy *policy, struct mw_str domain,
						    bool subdomains)
{
	size_t low = 0, high = policy->accepted_domain_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_domain(&policy->accepted_domains[middle], domain, subdomains);

		if (order == 0)
			return &policy->accepted_domains[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct mw_accepted_domain *mw_choose_local_name(const struct mw_policy *policy, struct mw_str name)
{
	size_t low = 0, high = policy->local_name_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = mw_str_compare(policy->local_names[middle].name, name);

		if (order == 0)
			return policy->local_names[middle].domain;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct mw_accepted_domain *mw_choose_accepted_domain(const struct mw_policy *policy, struct mw_str domain)
{
	const struct mw_accepted_domain *found;

	if (mw_str_empty(domain))
		return NULL;
	found = find_domain(policy, domain, false);
	if (found == NULL)
		found = mw_choose_local_name(policy, domain);
	while (found == NULL && !mw_str_empty(domain)) {
		domain = mw_str_tail(domain, mw_str_find(domain, '.') + 1);
		if (!mw_str_empty(domain))
			found = find_domain(policy, domain, true);
	}
	return found;
}

struct mw_str mw_choose_login_domain(const struct mw_policy *policy)
{
	const struct mw_accepted_domain *stands_for =
		policy->local_name_count > 0 ? mw_choose_local_name(policy, policy->default_domain) : NULL;

	return stands_for != NULL ? stands_for->domain : policy->default_domain;
}

/* SPDX-License-Identifier: MIT */
#include "policy/build.h"

#include "policy/choose.h"

/* A bound for the search: it only leads to a warning. */
#define STEPS_MAX 1000000ul

struct search {
	const struct mw_policy *policy;
	const struct mw_login_rule *rule;       /* one of the two */
	const struct mw_connector *connector;
	unsigned long steps;
};

static bool applies(struct search *search, struct mw_endpoints *endpoints)
{
	if (search->connector != NULL) {
		search->steps += search->policy->connector_count;
		return mw_choose_connector(search->policy, endpoints) == search->connector;
	}
	for (int i = 0; i < MW_PROTOCOL_COUNT; i++) {
		if (!search->rule->protocols[i])
			continue;
		endpoints->protocol = (enum mw_protocol)i;
		search->steps += search->policy->login_rule_count;
		if (mw_choose_login_rule(search->policy, endpoints) == search->rule)
			return true;
	}
	return false;
}

/* An address that stands for "any other than those in bindings": of the blocks 240.0.0.0/4 and 100::/64. */
static struct mw_ip some_address(enum mw_family family)
{
	struct mw_ip ip = { .family = family };

	ip.bytes[0] = family == MW_FAMILY_IPV4 ? 240 : 1;
	ip.bytes[3] = 77;
	return ip;
}

static bool applies_at(struct search *search, const struct mw_bindings *bindings, const struct mw_ip *client)
{
	struct mw_endpoints endpoints = { .remote_ip = *client };

	if (bindings->count == 0)
		return applies(search, &endpoints);
	for (size_t i = 0; i < bindings->count; i++) {
		const struct mw_binding *binding = &bindings->items[i];

		endpoints.local_port = binding->port;
		endpoints.local_ip = binding->kind == MW_BINDING_ADDRESS    ? binding->ip
				     : binding->kind == MW_BINDING_ANY_IPV6 ? some_address(MW_FAMILY_IPV6)
									    : some_address(MW_FAMILY_IPV4);
		if (applies(search, &endpoints))
			return true;
		endpoints.local_ip = some_address(MW_FAMILY_IPV6);
		if (binding->kind == MW_BINDING_ANY && applies(search, &endpoints))
			return true;
	}
	return false;
}

static bool next_ip(struct mw_ip *ip)
{
	for (int i = ip->family == MW_FAMILY_IPV4 ? 3 : 15; i >= 0; i--)
		if (++ip->bytes[i] != 0)
			return true;
	return false;
}

static const struct mw_ranges *ranges_of(const struct search *search, size_t rule)
{
	return search->connector != NULL ? &search->policy->connectors[rule].remote
					 : &search->policy->login_rules[rule].remote;
}

/* If narrower ranges do not cover a range, then its first address, or one just after a narrower range, is not
   covered. */
static bool reachable_in(struct search *search, const struct mw_bindings *bindings, const struct mw_range *range)
{
	size_t rules = search->connector != NULL ? search->policy->connector_count : search->policy->login_rule_count;

	if (applies_at(search, bindings, &range->first))
		return true;
	for (size_t i = 0; i < rules; i++) {
		const struct mw_ranges *others = ranges_of(search, i);

		for (size_t j = 0; j < others->count && search->steps < STEPS_MAX; j++) {
			struct mw_ip ip = others->items[j].last;

			search->steps++;
			if (next_ip(&ip) && mw_range_contains(range, &ip) && applies_at(search, bindings, &ip))
				return true;
		}
	}
	return false;
}

static bool reachable(struct search *search, const struct mw_bindings *bindings, const struct mw_ranges *ranges)
{
	struct mw_ip unknown = { .family = MW_FAMILY_UNKNOWN };

	if (ranges->count == 0 && applies_at(search, bindings, &unknown))
		return true;
	for (size_t i = 0; i < ranges->count; i++)
		if (reachable_in(search, bindings, &ranges->items[i]))
			return true;
	return search->steps >= STEPS_MAX;
}

static void warn(struct mw_reader *reader, const char *section, struct mw_str name, struct mw_place place)
{
	mw_reader_warn(reader, (struct mw_spot){ place.line, 0 },
		       "%s \"%.*s\" never applies: narrower rules take all its connections", section, MW_STR_ARG(name));
}

void mw_validate_reach(struct mw_reader *reader)
{
	const struct mw_policy *policy = reader->policy;
	struct search search = { .policy = policy };

	for (size_t i = 0; i + 1 < policy->login_rule_count; i++) {
		search.rule = &policy->login_rules[i];
		if (!reachable(&search, &search.rule->local, &search.rule->remote))
			warn(reader, "login", search.rule->name, search.rule->place);
	}
	for (size_t i = 0; i < policy->connector_count; i++) {
		search.connector = &policy->connectors[i];
		if (search.connector->enabled &&
		    !reachable(&search, &search.connector->bindings, &search.connector->remote))
			warn(reader, "connector", search.connector->name, search.connector->place);
	}
}

/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix_interfaces.h"

#include "servers/restriction.h"

static bool has_family(const struct mw_postfix_site *site, const char *family)
{
	struct mw_str list = mw_postfix_site_value(site, "inet_protocols");
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		if (mw_str_equal_nocase(item.name, MW_STR("all")) || mw_str_equal_nocase(item.name, mw_str(family)))
			return true;
	}
	return false;
}

static bool is_opened(const struct mw_postfix_site *site, const struct mw_binding *binding)
{
	return binding->kind != MW_BINDING_ADDRESS ||
	       has_family(site, binding->ip.family == MW_FAMILY_IPV4 ? "ipv4" : "ipv6");
}

static void add(const struct mw_postfix_site *site, struct mw_postfix_addresses *addresses, const char *service)
{
	struct mw_binding *item = &addresses->items[addresses->count];

	if (addresses->count < MW_POSTFIX_ADDRESSES_MOST && mw_postfix_binding(mw_str(service), item) &&
	    is_opened(site, item))
		addresses->count++;
}

static struct mw_postfix_addresses alone(const struct mw_postfix_site *site, const struct mw_binding *binding)
{
	struct mw_postfix_addresses addresses = { .items = { *binding }, .count = 1 };

	if (binding->kind == MW_BINDING_ANY && !has_family(site, "ipv6"))
		addresses.items[0].kind = MW_BINDING_ANY_IPV4;
	else if (binding->kind == MW_BINDING_ANY && !has_family(site, "ipv4"))
		addresses.items[0].kind = MW_BINDING_ANY_IPV6;
	return addresses;
}

struct mw_postfix_addresses mw_postfix_addresses_of(const struct mw_postfix_site *site,
						    const struct mw_binding *binding)
{
	struct mw_str list = mw_postfix_site_value(site, "inet_interfaces");
	struct mw_postfix_addresses addresses = { .count = 0 };
	struct mw_restriction item;

	if (binding->kind != MW_BINDING_ANY)
		return alone(site, binding);
	while (mw_restriction_next(&list, &item)) {
		if (mw_str_equal_nocase(item.name, MW_STR("all")))
			return alone(site, binding);
		if (mw_str_equal_nocase(item.name, MW_STR("loopback-only"))) {
			add(site, &addresses, mw_arena_textf(site->arena, "127.0.0.1:%u", binding->port));
			add(site, &addresses, mw_arena_textf(site->arena, "[::1]:%u", binding->port));
		} else if (mw_str_find(item.name, ':') < item.name.len && !mw_str_starts_with(item.name, MW_STR("["))) {
			add(site, &addresses, mw_arena_textf(site->arena, "[%.*s]:%u", MW_STR_ARG(item.name), binding->port));
		} else {
			add(site, &addresses, mw_arena_textf(site->arena, "%.*s:%u", MW_STR_ARG(item.name), binding->port));
		}
	}
	return addresses;
}

bool mw_postfix_addresses_meet(const struct mw_postfix_addresses *a, const struct mw_postfix_addresses *b)
{
	for (size_t i = 0; i < a->count; i++) {
		for (size_t k = 0; k < b->count; k++) {
			if (mw_binding_overlaps(&a->items[i], &b->items[k]))
				return true;
		}
	}
	return false;
}

static bool is_loopback(const struct mw_binding *binding)
{
	static const struct mw_ip six = { MW_FAMILY_IPV6, { [15] = 1 } };

	return binding->kind == MW_BINDING_ADDRESS &&
	       (mw_ip_equal(&binding->ip, &six) ||
		(binding->ip.family == MW_FAMILY_IPV4 && binding->ip.bytes[0] == 127));
}

bool mw_postfix_is_loopback(const struct mw_postfix_site *site, const struct mw_binding *binding)
{
	struct mw_postfix_addresses addresses = mw_postfix_addresses_of(site, binding);
	bool all = addresses.count > 0;

	for (size_t i = 0; i < addresses.count; i++)
		all &= is_loopback(&addresses.items[i]);
	return all;
}

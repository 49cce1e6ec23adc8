/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix_interfaces.h"

#include <ifaddrs.h>
#include <netinet/in.h>

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
	return binding->kind == MW_BINDING_ADDRESS && mw_ip_is_loopback(&binding->ip);
}

bool mw_postfix_is_loopback(const struct mw_postfix_site *site, const struct mw_binding *binding)
{
	struct mw_postfix_addresses addresses = mw_postfix_addresses_of(site, binding);
	bool all = addresses.count > 0;

	for (size_t i = 0; i < addresses.count; i++)
		all &= is_loopback(&addresses.items[i]);
	return all;
}

bool mw_ip_of_sockaddr(const struct sockaddr *address, struct mw_ip *ip_r)
{
	if (address != NULL && address->sa_family == AF_INET)
		*ip_r = mw_ip_from_bytes(&((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	else if (address != NULL && address->sa_family == AF_INET6)
		*ip_r = mw_ip_from_bytes(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
	else
		return false;
	return true;
}

bool mw_machine_has(const struct mw_ip *ip)
{
	struct ifaddrs *interfaces = NULL;
	struct mw_ip own;
	bool has = mw_ip_is_loopback(ip);

	if (getifaddrs(&interfaces) != 0)
		return has;
	for (const struct ifaddrs *one = interfaces; one != NULL; one = one->ifa_next)
		has |= mw_ip_of_sockaddr(one->ifa_addr, &own) && mw_ip_equal(&own, ip);
	freeifaddrs(interfaces);
	return has;
}

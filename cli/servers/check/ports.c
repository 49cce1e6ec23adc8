/* SPDX-License-Identifier: MIT */
#include "servers/check/ports.h"

#include <unistd.h>

#include "base/units.h"
#include "servers/check/postfix_interfaces.h"
#include "servers/restriction.h"
#include "servers/check/sockets.h"
#include "servers/wiring.h"

/* --- other instances of Postfix (postmulti(1)) */

static bool is_disabled(const struct mw_postfix_site *site)
{
	struct mw_str list = mw_postfix_site_value(site, "master_service_disable");
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		if (mw_str_equal(item.name, MW_STR("inet")))
			return true;
	}
	return false;
}

static const char *in_instance(const struct mw_postfix_site *site, const struct mw_postfix_addresses *wanted,
			       const char *folder)
{
	struct mw_postfix_site other;

	if (!mw_postfix_site_try(&other, site->policy, folder, site->arena) || is_disabled(&other) ||
	    mw_str_equal(mw_str(other.queue_directory), mw_str(site->queue_directory)))
		return NULL;
	for (size_t i = 0; i < other.services.count; i++) {
		const struct mw_postfix_service *service = &other.services.items[i];
		struct mw_binding binding;
		struct mw_postfix_addresses addresses;

		if (!mw_str_equal(service->type, MW_STR("inet")) || !mw_postfix_binding(service->name, &binding))
			continue;
		addresses = mw_postfix_addresses_of(&other, &binding);
		if (mw_postfix_addresses_meet(wanted, &addresses))
			return mw_arena_textf(site->arena, "another Postfix has it, by the entry %.*s in %s",
					      MW_STR_ARG(service->name), other.master_path);
	}
	return NULL;
}

/* Read once for all ports. Where it has no main.cf, postconf would wait a second before it says so. */
static const struct mw_postfix_site *first_instance(struct mw_postfix_site *site)
{
	struct mw_postfix_site *first;

	if (site->first_instance_known)
		return site->first_instance;
	site->first_instance_known = true;
	first = MW_ARENA_ARRAY(site->arena, struct mw_postfix_site, 1);
	if (first != NULL && access(MW_POSTFIX_FOLDER "/main.cf", F_OK) == 0 &&
	    mw_postfix_site_try(first, site->policy, NULL, site->arena))
		site->first_instance = first;
	return site->first_instance;
}

/* All instances: the list is in main.cf of the first, which is in none. */
static const char *in_instances(struct mw_postfix_site *site, const struct mw_postfix_addresses *wanted)
{
	const struct mw_postfix_site *first = first_instance(site);
	struct mw_str listed = first != NULL ? mw_postfix_site_value(first, "multi_instance_directories") : MW_STR_EMPTY;
	struct mw_str lists[] = { mw_postfix_site_value(site, "multi_instance_directories"), listed };
	const char *holder = NULL;
	struct mw_restriction item;

	for (size_t i = 0; i < 2; i++) {
		while (holder == NULL && mw_restriction_next(&lists[i], &item))
			holder = in_instance(site, wanted, mw_arena_text(site->arena, item.name));
	}
	/* The first one, where this one is of its instances. */
	if (holder == NULL && !mw_str_empty(listed))
		holder = in_instance(site, wanted, mw_arena_text(site->arena, mw_postfix_site_value(first, "config_directory")));
	return holder;
}

/* --- Dovecot */

static bool is_served(const struct mw_dovecot_site *dovecot, const struct mw_dovecot_node *service)
{
	struct mw_str protocol = mw_dovecot_value(service, "protocol");

	return mw_str_empty(protocol) ||
	       mw_dovecot_lists(dovecot->root, "protocols", mw_arena_text(dovecot->arena, protocol));
}

static bool takes(const struct mw_dovecot_node *listener, enum mw_dovecot_generation generation,
		  const struct mw_postfix_addresses *wanted)
{
	struct mw_str address = mw_dovecot_value(listener, mw_dovecot_address_name(generation));
	uint64_t port;

	if (!mw_parse_number(mw_dovecot_value(listener, "port"), &port) || wanted->count == 0 ||
	    port != wanted->items[0].port)
		return false;
	for (size_t i = 0; i < wanted->count; i++) {
		struct mw_ip ip;

		/* Whatever is not one other address. */
		if (wanted->items[i].kind != MW_BINDING_ADDRESS || !mw_ip_parse(address, &ip) ||
		    mw_ip_equal(&ip, &wanted->items[i].ip))
			return true;
	}
	return false;
}

static const char *in_dovecot(const struct mw_postfix_site *site, const struct mw_postfix_addresses *wanted,
			      const struct mw_dovecot_site *dovecot)
{
	const struct mw_dovecot_node *service = NULL, *listener;

	while (dovecot != NULL && (service = mw_dovecot_next(dovecot->root, service, "service")) != NULL) {
		listener = NULL;
		while (is_served(dovecot, service) &&
		       (listener = mw_dovecot_next(service, listener, "inet_listener")) != NULL) {
			if (takes(listener, dovecot->generation, wanted))
				return mw_arena_textf(site->arena, "Dovecot's service %.*s has port %u",
						      MW_STR_ARG(service->value), wanted->items[0].port);
		}
	}
	return NULL;
}

const char *mw_port_holder(struct mw_postfix_site *site, const struct mw_binding *binding,
				 const struct mw_dovecot_site *dovecot)
{
	struct mw_postfix_addresses wanted = mw_postfix_addresses_of(site, binding);
	const char *holder = in_instances(site, &wanted);

	if (holder == NULL)
		holder = in_dovecot(site, &wanted, dovecot);
	for (size_t i = 0; i < wanted.count && holder == NULL; i++)
		holder = mw_socket_holder(&wanted.items[i], site->queue_directory, site->arena);
	return holder;
}

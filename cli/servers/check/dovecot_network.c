/* SPDX-License-Identifier: MIT */
/* Services of Dovecot that are for Postfix, and that other hosts can connect to: there nobody is asked about them. */
#include "servers/check/dovecot.h"
#include "servers/check/stake.h"

/* "*" and "::" are every address; a name may be any. */
static bool is_loopback(struct mw_str address)
{
	struct mw_ip ip;

	if (mw_str_starts_with(address, MW_STR("[")) && mw_str_ends_with(address, MW_STR("]")))
		address = (struct mw_str){ address.ptr + 1, address.len - 2 };
	return mw_str_equal_nocase(address, MW_STR("localhost")) || (mw_ip_parse(address, &ip) && mw_ip_is_loopback(&ip));
}

/* Without addresses of its own a listener has those of `listen`. */
static struct mw_str addresses_of(const struct mw_dovecot_site *site, const struct mw_dovecot_node *listener)
{
	struct mw_str own = mw_dovecot_value(listener, mw_dovecot_address_name(site->generation));

	return mw_str_empty(own) ? mw_dovecot_value(site->root, "listen") : own;
}

static bool is_on_network(const struct mw_dovecot_site *site, const struct mw_dovecot_node *listener)
{
	struct mw_str addresses = addresses_of(site, listener), address;
	uint64_t port;

	if (!mw_parse_number(mw_dovecot_value(listener, "port"), &port) || port == 0)
		return false;
	while (!mw_str_empty(address = mw_dovecot_next_network(&addresses)))
		if (!is_loopback(address))
			return true;
	return false;
}

static void report(const struct mw_dovecot_site *site, const struct mw_dovecot_node *listener, enum mw_finding_id id,
		   const char *what, const char *why)
{
	struct mw_str service = listener->parent->value, addresses = addresses_of(site, listener);

	mw_dovecot_finding(site, id, MW_FINDING_WARNING,
		mw_arena_textf(site->arena, "service %.*s/inet_listener%s%.*s", MW_STR_ARG(service),
			       mw_str_empty(listener->value) ? "" : " ", MW_STR_ARG(listener->value)),
		mw_arena_textf(site->arena, "%s (%.*s, port %.*s)", what, MW_STR_ARG(addresses),
			       MW_STR_ARG(mw_dovecot_value(listener, "port"))), why,
		mw_fix_words(mw_arena_textf(site->arena, "%s = 127.0.0.1 in that listener, or where Postfix is on another host "
					    "a firewall that lets that host in alone", mw_dovecot_address_name(site->generation))));
}

static void look_at(const struct mw_dovecot_site *site, const char *service, enum mw_finding_id id, const char *what,
		    const char *why)
{
	const struct mw_dovecot_node *block = NULL, *listener;

	while ((block = mw_dovecot_next(site->root, block, "service")) != NULL) {
		listener = NULL;
		while (mw_str_equal(block->value, mw_str(service)) &&
		       (listener = mw_dovecot_next(block, listener, "inet_listener")) != NULL)
			if (is_on_network(site, listener))
				report(site, listener, id, what, why);
	}
}

void mw_check_dovecot_network(const struct mw_dovecot_site *site)
{
	look_at(site, "auth", MW_FOUND_AUTH_ON_NETWORK, "other hosts may connect to the auth service",
		"whoever can connect tries passwords there, and says himself which address he has and whether there is TLS: "
		"neither login rules nor networks= hold him up");
	if (mw_dovecot_lists(site->root, "protocols", "lmtp") && mw_stake_of(site->policy, site->arena).restricted > 0)
		look_at(site, "lmtp", MW_FOUND_LMTP_ON_NETWORK, "other hosts may connect to LMTP",
			"whoever can connect delivers to every mailbox: nobody is asked about senders= or senders_denied=");
}

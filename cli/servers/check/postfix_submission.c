/* SPDX-License-Identifier: MIT */
/* Dovecot's submission service checks the password and gives the message to an SMTP server, as a client without a login
   of its own (submission_relay_host, .._port, .._trusted, .._user). */
#include "servers/check/postfix_interfaces.h"

#include <sysexits.h>

#include "base/clock.h"
#include "mail/network.h"
#include "policy/audit.h"
#include "policy/choose.h"
#include "servers/check/dovecot.h"
#include "servers/check/permitted.h"
#include "servers/restriction.h"

struct relay {
	struct mw_postfix_site *site;
	const char *named;          /* "127.0.0.1:10587" */
	struct mw_binding binding;
	bool trusted;               /* it says by XCLIENT who its user is */
	struct mw_str user;         /* of all its sessions; empty: it does not log in */
};

static bool is_loopback(const struct relay *relay)
{
	return relay->binding.kind == MW_BINDING_ADDRESS && mw_postfix_is_loopback(relay->site, &relay->binding);
}

/* At another address of loopback, it is reached by the name of the host. */
static bool leads_to(const struct relay *relay, const struct mw_binding *listener)
{
	struct mw_postfix_addresses addresses = mw_postfix_addresses_of(relay->site, listener);

	for (size_t i = 0; i < addresses.count; i++) {
		if (mw_binding_overlaps(&addresses.items[i], &relay->binding) ||
		    (is_loopback(relay) && addresses.items[i].port == relay->binding.port &&
		     addresses.items[i].kind == MW_BINDING_ADDRESS && mw_postfix_is_loopback(relay->site, &addresses.items[i])))
			return true;
	}
	return false;
}

/* Whether the address is one of this machine, where any listener may be meant. */
static bool is_here(const struct relay *relay)
{
	return relay->binding.kind != MW_BINDING_ADDRESS || mw_machine_has(&relay->binding.ip);
}

static bool find_listener(const struct relay *relay, struct mw_postfix_endpoint *endpoint_r)
{
	struct mw_postfix_site *site = relay->site;

	for (size_t i = 0; i < site->services.count && is_here(relay); i++) {
		struct mw_binding binding;

		if (mw_postfix_smtpd_of(site, &site->services.items[i]) != NULL &&
		    mw_postfix_binding(site->services.items[i].name, &binding) && leads_to(relay, &binding))
			return mw_postfix_endpoint_of(site, &site->services.items[i], endpoint_r);
	}
	return false;
}

/* --- what a client of this machine may do there */

static bool has_loopback(const struct mw_postfix_endpoint *endpoint)
{
	static const struct mw_ip four = { MW_FAMILY_IPV4, { 127, 0, 0, 1 } };
	struct mw_str list = mw_endpoint_value(endpoint, "mynetworks");
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		struct mw_range range;

		if (mw_postfix_network(endpoint->site->arena, item.name, &range) && mw_range_contains(&range, &four))
			return true;
	}
	return false;
}

/* As smtpd goes through the list; an empty one decides nothing. */
static bool relays_for_this_host(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str list = mw_endpoint_value(endpoint, MW_RELAY_RESTRICTIONS);
	struct mw_restriction item;

	if (mw_str_empty(list))
		list = mw_endpoint_value(endpoint, "smtpd_recipient_restrictions");
	while (mw_restriction_next(&list, &item)) {
		if (mw_str_equal_nocase(item.name, MW_STR("permit")) ||
		    (mw_str_equal_nocase(item.name, MW_STR("permit_mynetworks")) && has_loopback(endpoint)))
			return true;
		if (!item.only_warns && (mw_str_equal_nocase(item.name, MW_STR("reject")) ||
					 mw_str_equal_nocase(item.name, MW_STR("defer")) ||
					 mw_str_equal_nocase(item.name, MW_STR("reject_unauth_destination")) ||
					 mw_str_equal_nocase(item.name, MW_STR("defer_unauth_destination"))))
			return false;
	}
	return true;
}

static bool policy_relays(const struct relay *relay)
{
	struct mw_endpoints endpoints = { .protocol = MW_PROTOCOL_SMTP, .local_port = relay->binding.port,
					  .local_ip = { MW_FAMILY_IPV4, { 127, 0, 0, 1 } },
					  .remote_ip = { MW_FAMILY_IPV4, { 127, 0, 0, 1 } } };
	const struct mw_connector *connector = mw_choose_connector(relay->site->policy, &endpoints);
	struct mw_permitted permitted[MW_PERMITTED_MOST];
	size_t count = connector != NULL ? mw_permitted_by(connector, permitted) : 0;

	for (size_t i = 0; i < count; i++) {
		if (permitted[i].kind == MW_PERMITTED_STRANGERS && permitted[i].relays)
			return true;
	}
	return false;
}

/* By XCLIENT, with the login and the address of each user: no session is one of this host then. */
static bool speaks_for_users(const struct relay *relay, const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str hosts = mw_endpoint_value(endpoint, "smtpd_authorized_xclient_hosts");
	struct mw_restriction host;
	struct mw_range range;
	bool may = false;

	while (mw_restriction_next(&hosts, &host))
		may |= mw_postfix_network(endpoint->site->arena, host.name, &range) &&
		       mw_range_contains(&range, &relay->binding.ip);
	return relay->trusted && may && mw_endpoint_says(endpoint, "smtpd_sasl_auth_enable", "yes");
}

/* --- findings */

static void report(const struct relay *relay, enum mw_finding_severity severity, const char *where, const char *why)
{
	struct mw_dovecot_site dovecot = *relay->site->dovecot;
	struct mw_arena *arena = relay->site->arena;

	dovecot.findings = relay->site->findings;
	dovecot.arena = arena;
	mw_dovecot_finding(&dovecot, MW_FOUND_SUBMISSION_RELAY, severity, "submission_relay_host",
		mw_arena_textf(arena, "what users send through Dovecot's submission service goes to %s%s", relay->named, where),
		why, mw_fix_words("no submission in protocols, and users at a listener of Postfix that a connector of the policy "
				  "names (port 587 or 465)"));
}

/* Past the rules. While all are in audit mode there is nothing yet that it could get past. */
static void report_past(const struct relay *relay, bool to_anybody, const char *where)
{
	bool audits = mw_policy_audits(relay->site->policy, mw_clock_today());

	if (!to_anybody)
		report(relay, MW_FINDING_WARNING, where, "whoever can log in there writes to this server's mailboxes as anybody");
	else if (audits)
		report(relay, MW_FINDING_WARNING, where,
		       "whoever can log in there sends as anybody, to anybody; once a rule is enforced, that is an error");
	else
		report(relay, MW_FINDING_ERROR, where,
		       "whoever can log in there sends as anybody, to anybody: no rule for senders, relaying or senders= holds");
}

static void report_listener(const struct relay *relay, struct mw_postfix_endpoint *endpoint)
{
	struct mw_postfix_site *site = relay->site;
	bool asked = mw_endpoint_is_asked(endpoint);
	const char *place = mw_arena_textf(site->arena, "%s line %u", site->master_path, endpoint->service->line);

	if (asked && speaks_for_users(relay, endpoint))
		return;
	if (!asked || policy_relays(relay))
		report_past(relay, asked || relays_for_this_host(endpoint),
			    mw_arena_textf(site->arena, asked ? ", where the policy permits this host everything (%s)"
							      : ", where Mailwicket is not asked (%s)", place));
	else if (!relay->trusted)
		report(relay, MW_FINDING_WARNING,
		       mw_str_empty(relay->user)
			       ? mw_arena_textf(site->arena, " without their login (%s)", place)
			       : mw_arena_textf(site->arena, " with the one login %.*s (%s)", MW_STR_ARG(relay->user), place),
		       mw_str_empty(relay->user)
			       ? "they are judged as clients that did not log in: what they send to other domains is refused"
			       : "all of them are judged as that one user");
}

int mw_check_postfix_submission(struct mw_postfix_site *site)
{
	const struct mw_dovecot_node *root = site->dovecot != NULL ? site->dovecot->root : NULL;
	struct relay relay = { .site = site };
	struct mw_postfix_endpoint endpoint;
	struct mw_str host, port;
	int status;

	if (root == NULL || !mw_dovecot_lists(root, "protocols", "submission"))
		return EX_OK;
	host = mw_dovecot_value(root, "submission_relay_host");
	port = mw_dovecot_value(root, "submission_relay_port");
	relay.named = mw_arena_textf(site->arena, mw_str_find(host, ':') < host.len ? "[%.*s]:%.*s" : "%.*s:%.*s",
				     MW_STR_ARG(host), MW_STR_ARG(port));
	relay.trusted = mw_str_equal_nocase(mw_dovecot_value(root, "submission_relay_trusted"), MW_STR("yes"));
	relay.user = mw_dovecot_value(root, "submission_relay_user");
	if (mw_str_empty(host) || !mw_postfix_binding(mw_str(relay.named), &relay.binding))
		return EX_OK;
	if (!find_listener(&relay, &endpoint)) {
		report(&relay, MW_FINDING_NOTE, "", "whether a policy holds for them is decided there, and cannot be seen here");
		return EX_OK;
	}
	status = mw_endpoint_load(&endpoint);
	if (status == EX_OK)
		report_listener(&relay, &endpoint);
	return status;
}

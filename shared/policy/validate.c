/* SPDX-License-Identifier: MIT */
#include "policy/audit.h"
#include "policy/build.h"
#include "policy/service.h"

static struct mw_spot spot_of(const struct mw_connector *connector, const struct mw_written *written, const char *name)
{
	return mw_written_at(written, MW_SECTION_CONNECTOR, name, connector->place);
}

static void check_audit(struct mw_reader *reader, const struct mw_enforcement *enforcement, struct mw_spot spot)
{
	char memory[128];
	struct mw_buf notice = MW_BUF_OVER(memory);

	if (enforcement->has_audit_until && enforcement->mode != MW_MODE_AUDIT)
		mw_reader_warn(reader, spot, "audit_until has no effect without mode = audit");
	else if (reader->today != 0 && mw_audit_notice(enforcement, reader->today, &notice))
		mw_reader_warn(reader, spot, "%s", notice.data);
}

void mw_validate_login_rule(struct mw_reader *reader, const struct mw_login_rule *rule,
			    const struct mw_written *written)
{
	check_audit(reader, &rule->enforcement,
		    mw_written_at(written, MW_SECTION_LOGIN, "audit_until", rule->place));
}

static void check_mechanisms(struct mw_reader *reader, const struct mw_connector *connector,
			     const struct mw_written *written)
{
	const mw_auth_mechanisms set = connector->auth_mechanism, needed = MW_AUTH_BASIC | MW_AUTH_TLS;
	struct mw_spot spot = spot_of(connector, written, "auth_mechanism");

	if ((set & MW_AUTH_BASIC_REQUIRE_TLS) != 0 && (set & needed) != needed)
		mw_reader_error(reader, spot, "{ Tls, BasicAuth, BasicAuthRequireTLS }",
				"auth_mechanism: BasicAuthRequireTLS needs BasicAuth and Tls beside it");
	if (connector->require_tls && (set & MW_AUTH_TLS) == 0)
		mw_reader_error(reader, spot_of(connector, written, "require_tls"), "auth_mechanism with Tls",
				"require_tls needs Tls in auth_mechanism");
}

static void check_external(struct mw_reader *reader, const struct mw_connector *connector,
			   const struct mw_written *written)
{
	const mw_auth_mechanisms set = connector->auth_mechanism;

	if ((set & MW_AUTH_EXTERNAL_AUTHORITATIVE) == 0)
		return;
	if ((set & ~(mw_auth_mechanisms)(MW_AUTH_EXTERNAL_AUTHORITATIVE | MW_AUTH_TLS)) != 0)
		mw_reader_error(reader, spot_of(connector, written, "auth_mechanism"), "{ Tls, ExternalAuthoritative }",
				"auth_mechanism: only Tls may stand beside ExternalAuthoritative");
	if (connector->permission_groups != MW_EXCHANGE_SERVERS)
		mw_reader_error(reader, spot_of(connector, written, "permission_groups"), "{ ExchangeServers }",
				"permission_groups: ExternalAuthoritative needs ExchangeServers and nothing else");
}

static bool is_private(const struct mw_ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (!mw_range_is_private(&ranges->items[i]))
			return false;
	return true;
}

static void check_open_relay(struct mw_reader *reader, const struct mw_connector *connector,
			     const struct mw_written *written)
{
	bool external = (connector->auth_mechanism & MW_AUTH_EXTERNAL_AUTHORITATIVE) != 0;

	if (!connector->enabled || connector->open_relay_accepted || is_private(&connector->remote) ||
	    (mw_permissions_at(connector, MW_ANONYMOUS_USERS) & MW_ACCEPT_ANY_RECIPIENT) == 0)
		return;
	mw_reader_error(reader, spot_of(connector, written, external ? "auth_mechanism" : "grant_permissions"),
			"private addresses in remote_ip_ranges, or open_relay_accepted = yes",
			"connector \"%.*s\" is an open relay: anybody at a public address gets Accept-Any-Recipient",
			MW_STR_ARG(connector->name));
}

static void check_partners(struct mw_reader *reader, const struct mw_connector *connector,
			   const struct mw_written *written)
{
	bool group = (connector->permission_groups & MW_PARTNERS) != 0;

	if (!group && connector->partner_certificates.count > 0)
		mw_reader_warn(reader, spot_of(connector, written, "partner_certificates"),
			       "partner_certificates has no effect without Partners in permission_groups");
	else if (group && connector->partner_certificates.count == 0)
		mw_reader_warn(reader, spot_of(connector, written, "permission_groups"),
			       "permission_groups: nobody is a Partner without partner_certificates");
}

void mw_validate_connector(struct mw_reader *reader, const struct mw_connector *connector,
			   const struct mw_written *written)
{
	check_mechanisms(reader, connector, written);
	check_external(reader, connector, written);
	check_open_relay(reader, connector, written);
	check_partners(reader, connector, written);
	mw_validate_header_from(reader, connector, written);
	check_audit(reader, &connector->enforcement, spot_of(connector, written, "audit_until"));
	if (connector->enforcement.enforce_for.count > 0 && connector->enforcement.mode != MW_MODE_AUDIT)
		mw_reader_warn(reader, spot_of(connector, written, "enforce_for"),
			       "enforce_for has no effect without mode = audit: the connector is enforced for everybody");
	if (written->spots[mw_setting_find(MW_SECTION_CONNECTOR, MW_STR("message_rate_limit"))].line != 0)
		mw_reader_warn(reader, spot_of(connector, written, "message_rate_limit"),
			       "message_rate_limit: parsed but not enforced by this version");
}

void mw_validate_unlisted_logins(struct mw_reader *reader, const struct mw_written *written)
{
	const struct mw_policy *policy = reader->policy;

	if (policy->unlisted_logins == MW_UNLISTED_OWN_ADDRESS && policy->accepted_domain_count == 0)
		mw_reader_warn(reader, mw_written_at(written, MW_SECTION_TOP, "unlisted_logins", (struct mw_place){ "", 0 }),
			       "unlisted_logins = own_address lets nobody in without an accepted_domain: the login's domain "
			       "has to be one");
}

/* Whether an address of this host's loopback may ask. */
static bool admits_loopback(const struct mw_ranges *networks)
{
	static const struct mw_range loopback[] = {
		{ { MW_FAMILY_IPV4, { 127 } }, { MW_FAMILY_IPV4, { 127, 255, 255, 255 } } },
		{ { MW_FAMILY_IPV6, { [15] = 1 } }, { MW_FAMILY_IPV6, { [15] = 1 } } },
	};

	for (size_t i = 0; i < networks->count; i++)
		if (mw_range_overlaps(&networks->items[i], &loopback[0]) || mw_range_overlaps(&networks->items[i], &loopback[1]))
			return true;
	return networks->count == 0;
}

static void check_networks(struct mw_reader *reader, const struct mw_written *written)
{
	const struct mw_ranges *networks = &reader->policy->policy_service.peers_networks;
	struct mw_spot spot = mw_written_at(written, MW_SECTION_POLICY_SERVICE, "peers_networks", (struct mw_place){ "", 0 });

	if (mw_ranges_are_everywhere(networks->items, networks->count))
		mw_reader_warn(reader, spot, "peers_networks has more public addresses than an IPv4 /8 or an IPv6 /16, as no "
			       "network of your own has: strangers that get here learn which accounts, grants and senders= there "
			       "are");
}

static void check_listeners(struct mw_reader *reader, const struct mw_strs *listen, struct mw_spot spot)
{
	const struct mw_ranges *networks = &reader->policy->policy_service.peers_networks;

	for (size_t i = 0; i < listen->count; i++) {
		enum mw_reach reach = mw_listener_reach(listen->items[i]);

		if (reach == MW_REACH_LOOPBACK && !admits_loopback(networks))
			mw_reader_warn(reader, spot, "listen: nobody may ask at \"%.*s\": peers_networks has no address that "
				       "comes there", MW_STR_ARG(listen->items[i]));
		if (reach == MW_REACH_NETWORK && networks->count == 0)
			mw_reader_error(reader, spot, "peers_networks = { \"192.0.2.1\" }, inet:127.0.0.1:PORT or unix:/PATH",
					"listen: \"%.*s\" is reached from other hosts, and any of them would learn which accounts, "
					"grants and senders= there are: peers_networks has to name those that may ask",
					MW_STR_ARG(listen->items[i]));
	}
}

void mw_validate_policy_service(struct mw_reader *reader, const struct mw_written *written,
				const struct mw_written *milter)
{
	const struct mw_place nowhere = { "", 0 };

	check_listeners(reader, &reader->policy->policy_service.listen,
			mw_written_at(written, MW_SECTION_POLICY_SERVICE, "listen", nowhere));
	if (milter != NULL)
		check_listeners(reader, &reader->policy->milter.listen,
				mw_written_at(milter, MW_SECTION_MILTER, "listen", nowhere));
	check_networks(reader, written);
}

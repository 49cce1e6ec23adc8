/* SPDX-License-Identifier: MIT */
#include "clients/offer.h"

#include "decide/account.h"
#include "decide/submission.h"

#define CLIENTS_MAX 256

/* Clients of one family that stand for the internet: they are in no network that the policy treats apart. */
struct clients {
	struct mw_ip items[CLIENTS_MAX];
	size_t count;
};

struct question {
	const struct mw_policy *policy;
	struct mw_principal user;
	struct mw_directory_view view; /* knows nobody but the user */
	struct clients families[2];
	enum mw_client_service service;
	enum mw_client_security security;
	uint16_t port;
};

/* How a listener, or all of them, stand to such clients. */
enum standing {
	STANDING_CLOSED, /* no connector is there for them */
	STANDING_OPEN,
	STANDING_REFUSED,
	STANDING_DISABLED /* refused for the user's sake */
};

static bool is_about_the_user(enum mw_reason reason)
{
	return reason == MW_REASON_SERVICE_DISABLED || reason == MW_REASON_SMTP_DISABLED ||
	       reason == MW_REASON_SENDING_SUSPENDED || reason == MW_REASON_LOGIN_SUSPENDED;
}

/* --- the directory of one user */

static enum mw_lookup find_login(void *context, struct mw_str login, struct mw_principal *user_r)
{
	(void)login;
	*user_r = *(const struct mw_principal *)context;
	return MW_LOOKUP_FOUND;
}

static enum mw_lookup find_address(void *context, struct mw_str address, struct mw_principal *user_r,
				   enum mw_held *held_r)
{
	*user_r = *(const struct mw_principal *)context;
	*held_r = MW_HELD_PRIMARY;
	return mw_str_equal(address, user_r->name) ? MW_LOOKUP_FOUND : MW_LOOKUP_NONE;
}

static enum mw_lookup no_grants(void *context, struct mw_str address, struct mw_grants *grants_r)
{
	(void)context, (void)address, (void)grants_r;
	return MW_LOOKUP_NONE;
}

static enum mw_lookup find_id(void *context, uint32_t id, struct mw_principal *user_r)
{
	*user_r = *(const struct mw_principal *)context;
	return id == user_r->id ? MW_LOOKUP_FOUND : MW_LOOKUP_NONE;
}

/* --- clients from anywhere */

static unsigned count_ranges(struct mw_ranges ranges, const struct mw_ip *client)
{
	unsigned count = 0;

	for (size_t i = 0; i < ranges.count; i++)
		count += mw_range_contains(&ranges.items[i], client);
	return count;
}

/* In how many of the policy's networks the client is. */
static unsigned networks_of(const struct mw_policy *policy, const struct mw_ip *client)
{
	unsigned count = 0;

	for (size_t i = 0; i < policy->login_rule_count; i++)
		count += count_ranges(policy->login_rules[i].remote, client);
	for (size_t i = 0; i < policy->connector_count; i++) {
		if (policy->connectors[i].enabled)
			count += count_ranges(policy->connectors[i].remote, client);
	}
	return count;
}

/* Addresses spread over the public part of a family (IANA's registries: 1/8 to 223/8, 2000::/3). */
static struct mw_ip public_address(enum mw_family family, unsigned nth)
{
	struct mw_ip ip = { .family = family };

	if (family == MW_FAMILY_IPV4) {
		memcpy(ip.bytes, (uint8_t[]){ (uint8_t)nth, 1, 1, 1 }, 4);
	} else {
		ip.bytes[0] = (uint8_t)(0x20 | nth / 8);
		ip.bytes[1] = (uint8_t)(nth % 8 * 32 + 17);
		ip.bytes[15] = 1;
	}
	return ip;
}

static bool is_public(const struct mw_ip *ip)
{
	struct mw_range alone = { *ip, *ip };

	return !mw_range_is_private(&alone) &&
	       (ip->family != MW_FAMILY_IPV4 || (ip->bytes[0] >= 1 && ip->bytes[0] <= 223));
}

static void find_clients(const struct mw_policy *policy, enum mw_family family, struct clients *clients_r)
{
	unsigned fewest = UINT32_MAX;

	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		struct mw_ip ip = public_address(family, i);
		unsigned networks = is_public(&ip) ? networks_of(policy, &ip) : UINT32_MAX;

		if (networks < fewest) {
			fewest = networks;
			clients_r->count = 0;
		}
		if (networks == fewest && networks < UINT32_MAX)
			clients_r->items[clients_r->count++] = ip;
	}
}

/* --- asking */

static struct mw_facts facts_for(const struct question *question, const struct mw_ip *local, const struct mw_ip *client,
				 struct mw_str mechanism)
{
	static const enum mw_protocol protocols[] = {
		[MW_CLIENT_IMAP] = MW_PROTOCOL_IMAP, [MW_CLIENT_POP3] = MW_PROTOCOL_POP3, [MW_CLIENT_SMTP] = MW_PROTOCOL_SMTP,
	};
	struct mw_facts facts = {
		.endpoints = { .protocol = protocols[question->service], .local_ip = *local, .local_port = question->port,
			       .remote_ip = *client },
		.mechanism = mechanism, .login = question->user.name, .stage = MW_STAGE_MAIL,
		.sender = question->user.name,
	};

	if (question->security != MW_CLIENT_CLEAR)
		facts.tls = (struct mw_tls_facts){
			.origin = question->security == MW_CLIENT_TLS ? MW_TLS_ORIGIN_IMPLICIT : MW_TLS_ORIGIN_STARTTLS,
			.version = MW_STR("TLSv1.3"), .cipher = MW_STR("TLS_AES_256_GCM_SHA384"), .bits = 256,
		};
	return facts;
}

/* Whether Postfix, set up as `mailwicket show --postfix` says, offers STARTTLS, or AUTH without it, for a connector. */
static bool listener_does(const struct mw_connector *connector, enum mw_client_security security)
{
	if (security == MW_CLIENT_STARTTLS)
		return (connector->auth_mechanism & MW_AUTH_TLS) != 0;
	return security == MW_CLIENT_TLS || (connector->auth_mechanism & MW_AUTH_BASIC_REQUIRE_TLS) == 0;
}

static enum standing ask(const struct question *question, const struct mw_ip *local, const struct mw_ip *client,
			 struct mw_str mechanism)
{
	struct mw_facts facts = facts_for(question, local, client, mechanism);
	struct mw_verdict verdict;

	if (question->service == MW_CLIENT_SMTP)
		mw_submission_decide(question->policy, &question->view, &facts, &verdict);
	else
		mw_account_decide(question->policy, &question->view, &facts, &verdict);
	if (verdict.reason == MW_REASON_NO_CONNECTOR)
		return STANDING_CLOSED;
	if (is_about_the_user(verdict.reason))
		return STANDING_DISABLED;
	if (verdict.connector != NULL && !listener_does(verdict.connector, question->security))
		return STANDING_REFUSED;
	return verdict.outcome == MW_PERMIT ? STANDING_OPEN : STANDING_REFUSED;
}

/* One listener and all clients of its family: closed to some is refused to anybody. */
static enum standing ask_listener(const struct question *question, const struct mw_ip *local,
				  const struct clients *clients, struct mw_str mechanism)
{
	enum standing whole = STANDING_CLOSED;

	for (size_t i = 0; i < clients->count; i++) {
		enum standing one = ask(question, local, &clients->items[i], mechanism);

		if (i > 0 && (one == STANDING_CLOSED) != (whole == STANDING_CLOSED))
			return STANDING_REFUSED;
		if (one > whole)
			whole = one;
	}
	return whole;
}

static enum standing ask_bindings(const struct question *question, struct mw_bindings bindings, struct mw_str mechanism)
{
	enum standing whole = STANDING_CLOSED;

	for (size_t i = 0; i < bindings.count; i++) {
		const struct mw_binding *binding = &bindings.items[i];
		bool loopback = binding->ip.family == MW_FAMILY_IPV4
					? binding->ip.bytes[0] == 127
					: memcmp(binding->ip.bytes, (uint8_t[16]){ [15] = 1 }, 16) == 0;
		enum standing one;

		if (binding->kind != MW_BINDING_ADDRESS || binding->port != question->port || loopback)
			continue;
		one = ask_listener(question, &binding->ip, &question->families[binding->ip.family == MW_FAMILY_IPV6],
				   mechanism);
		if (one > whole)
			whole = one;
	}
	return whole;
}

static enum standing worse(enum standing a, enum standing b)
{
	return a > b ? a : b;
}

/* All listeners with this port: those whose address a rule names, and any other. */
static enum standing ask_port(const struct question *question, struct mw_str mechanism)
{
	/* Addresses that no server has: the dummy address of RFC 7600 and the discard prefix of RFC 6666. */
	static const struct mw_ip others[2] = { { MW_FAMILY_IPV4, { 192, 0, 0, 8 } }, { MW_FAMILY_IPV6, { 1, 0 } } };
	const struct mw_policy *policy = question->policy;
	enum standing whole = STANDING_CLOSED;

	for (size_t i = 0; i < 2; i++)
		whole = worse(whole, ask_listener(question, &others[i], &question->families[i], mechanism));
	if (question->service != MW_CLIENT_SMTP) {
		for (size_t i = 0; i < policy->login_rule_count; i++)
			whole = worse(whole, ask_bindings(question, policy->login_rules[i].local, mechanism));
		return whole;
	}
	for (size_t i = 0; i < policy->connector_count; i++) {
		if (policy->connectors[i].enabled)
			whole = worse(whole, ask_bindings(question, policy->connectors[i].bindings, mechanism));
	}
	return whole;
}

/* --- the answer */

struct mw_client_site mw_client_site_usual(struct mw_str host)
{
	return (struct mw_client_site){ .hosts = { host, host, host },
					.ports = { [MW_CLIENT_IMAP] = { 993, 143 },
						   [MW_CLIENT_POP3] = { 995, 110 },
						   [MW_CLIENT_SMTP] = { 465, 587 } } };
}

/* What is known of the service after another standing. */
static void note_absence(const struct question *question, enum standing standing, enum mw_client_absence *absence)
{
	bool suspended = question->user.suspended_login ||
			 (question->service == MW_CLIENT_SMTP && question->user.suspended_sending);

	if (*absence == MW_CLIENT_OFFERED)
		return;
	if (standing == STANDING_OPEN)
		*absence = MW_CLIENT_OFFERED;
	else if (standing == STANDING_DISABLED)
		*absence = suspended ? MW_CLIENT_SUSPENDED : MW_CLIENT_SWITCHED_OFF;
	else if (standing == STANDING_REFUSED && *absence == MW_CLIENT_NO_LISTENER)
		*absence = MW_CLIENT_REFUSED;
}

static void ask_security(struct question *question, struct mw_str host, struct mw_client_settings *settings)
{
	static const char *const mechanisms[] = { [MW_CLIENT_NORMAL_PASSWORD] = "PLAIN",
						  [MW_CLIENT_ENCRYPTED_PASSWORD] = "SCRAM-SHA-256" };

	bool first = mw_client_best(settings, question->service) == NULL;

	for (unsigned i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
		enum standing standing = ask_port(question, mw_str(mechanisms[i]));

		note_absence(question, standing, &settings->absences[question->service]);
		if (standing != STANDING_OPEN)
			continue;
		settings->offers[settings->count++] = (struct mw_client_offer){
			.service = question->service, .security = question->security, .password = (enum mw_client_password)i,
			.host = host, .port = question->port,
			.recommended = first && question->security != MW_CLIENT_CLEAR,
		};
		return;
	}
}

void mw_client_settings_find(const struct mw_policy *policy, const struct mw_principal *user,
			     const struct mw_client_site *site, struct mw_client_settings *settings_r)
{
	struct question question = { .policy = policy, .user = *user };

	/* What to enter into a client is the same wherever it is. */
	question.user.networks = 0;

	question.view = (struct mw_directory_view){
		.context = &question.user, .by_login = find_login, .by_address = find_address,
		.grants_on_address = no_grants, .grants_on_domain = no_grants, .by_id = find_id,
	};
	find_clients(policy, MW_FAMILY_IPV4, &question.families[0]);
	find_clients(policy, MW_FAMILY_IPV6, &question.families[1]);
	*settings_r = (struct mw_client_settings){ .count = 0 };
	for (unsigned service = 0; service < MW_CLIENT_SERVICES; service++) {
		question.service = (enum mw_client_service)service;
		settings_r->absences[service] = MW_CLIENT_NO_LISTENER;
		for (unsigned security = 0; security < MW_CLIENT_SECURITIES; security++) {
			question.security = (enum mw_client_security)security;
			question.port = site->ports[service][security != MW_CLIENT_TLS];
			if (question.port != 0)
				ask_security(&question, site->hosts[service], settings_r);
		}
	}
}

const struct mw_client_offer *mw_client_best(const struct mw_client_settings *settings, enum mw_client_service service)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (settings->offers[i].service == service)
			return &settings->offers[i];
	}
	return NULL;
}

const struct mw_client_offer *mw_client_incoming(const struct mw_client_settings *settings)
{
	const struct mw_client_offer *imap = mw_client_best(settings, MW_CLIENT_IMAP);

	return imap != NULL ? imap : mw_client_best(settings, MW_CLIENT_POP3);
}

bool mw_client_is_for_programs(const struct mw_client_settings *settings, const struct mw_client_offer *offer)
{
	return offer->security != MW_CLIENT_CLEAR || mw_client_best(settings, offer->service) == offer;
}

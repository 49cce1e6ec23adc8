/* SPDX-License-Identifier: MIT */
#include "compat_auth.h"
#include "auth-fields.h"

#include "auth_facts.h"
#include "decision_log.h"

static struct mw_ip to_ip(const struct ip_addr *ip)
{
	if (ip->family == AF_INET)
		return mw_ip_from_bytes(&ip->u.ip4, 4);
	if (ip->family == AF_INET6)
		return mw_ip_from_bytes(&ip->u.ip6, 16);
	return mw_ip_from_bytes(NULL, 0);
}

static in_port_t listener_port(const struct auth_request *request)
{
	return request->fields.real_local_port != 0 ? request->fields.real_local_port : request->fields.local_port;
}

/* Neither a login process nor Postfix asks like that: it is somebody on this machine, as with `doveadm auth test`. */
static bool comes_from_nowhere(const struct auth_request *request)
{
	return request->fields.local_ip.family == 0 && request->fields.real_local_ip.family == 0 &&
		request->fields.remote_ip.family == 0 && request->fields.real_remote_ip.family == 0 &&
		request->fields.remote_port == 0 && listener_port(request) == 0;
}

/* Dovecot's login processes name the listener's port, Postfix does not: whatever comes from somewhere, but without one,
   is some SMTP server that asks for its SASL, under the service name that its configuration chose. */
static enum mw_protocol protocol(const struct auth_request *request)
{
	struct mw_str service = mw_str(MW_REQUEST_SERVICE(request));
	int value;

	if (mw_str_equal_nocase(service, MW_STR("managesieve")))
		return MW_PROTOCOL_SIEVE;
	if (!mw_table_find(mw_protocols, service, &value))
		return MW_PROTOCOL_SMTP;
	if (listener_port(request) != 0)
		return (enum mw_protocol)value;
	/* Postfix's listeners may well be called submission. */
	if (value == MW_PROTOCOL_SUBMISSION || !comes_from_nowhere(request))
		return MW_PROTOCOL_SMTP;
	return (enum mw_protocol)value;
}

static bool ips_differ(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family != 0 && b->family != 0 && !net_ip_compare(a, b);
}

/* How strong TLS is, the auth process is not told: the login process and mailwicketd judge that. */
static void tls_facts(const struct auth_request *request, struct mw_facts *facts)
{
	bool smtp = facts->endpoints.protocol == MW_PROTOCOL_SMTP;

	/* No wire, no listener whose rule could want TLS on it: what is left to judge is the account. */
	if (!smtp && comes_from_nowhere(request)) {
		facts->tls.origin = MW_TLS_ORIGIN_IMPLICIT;
		mw_tls_assume(&facts->tls);
		return;
	}
	/* Dovecot calls localhost secured, Postfix only what has TLS. */
	if (!(smtp ? MW_REQUEST_SECURED(request) : MW_REQUEST_TLS(request)))
		return;
	facts->tls.origin = mw_tls_origin_of_port(facts->endpoints.local_port);
	mw_tls_assume(&facts->tls);
	facts->tls.certificate_verified = request->fields.valid_client_cert;
}

/* Where Dovecot proxies, else NULL: Postfix, which has no session of Dovecot's, never does. */
static const char *destination(const struct auth_request *request)
{
	struct auth_fields *fields = request->fields.extra_fields;

	if (request->auth_only || (!auth_fields_exists(fields, "proxy") && !auth_fields_exists(fields, "proxy_maybe")))
		return NULL;
	return auth_fields_find(fields, "destuser");
}

struct mw_auth_names mw_auth_names(const struct auth_request *request)
{
	struct mw_auth_names names = { .destination = destination(request) };

	/* While a master user's password is checked, `user` is the master and the mailbox stands apart. */
	if (request->fields.requested_login_user != NULL) {
		names.login = request->fields.requested_login_user;
		names.master = request->fields.user;
	} else {
		names.login = request->fields.user;
		names.master = request->fields.master_user;
	}
	return names;
}

bool mw_auth_names_equal(const struct mw_auth_names *a, const struct mw_auth_names *b)
{
	return null_strcmp(a->login, b->login) == 0 && null_strcmp(a->master, b->master) == 0 &&
		null_strcmp(a->destination, b->destination) == 0;
}

bool mw_auth_facts(const struct auth_request *request, const struct mw_auth_names *names, struct mw_facts *facts_r)
{
	const struct ip_addr *local = &request->fields.real_local_ip;

	memset(facts_r, 0, sizeof(*facts_r));
	if (request->fields.mech_name == NULL || request->fields.user == NULL)
		return false;
	if (local->family == 0 || !ips_differ(local, &request->fields.local_ip))
		local = &request->fields.local_ip;
	facts_r->endpoints.protocol = protocol(request);
	facts_r->endpoints.local_ip = to_ip(local);
	facts_r->endpoints.local_port = listener_port(request);
	facts_r->endpoints.remote_ip = to_ip(&request->fields.remote_ip);
	facts_r->endpoints.remote_port = request->fields.remote_port;
	facts_r->mechanism = mw_str(request->fields.mech_name);
	if (facts_r->endpoints.protocol == MW_PROTOCOL_SMTP)
		facts_r->sasl_service = mw_str(MW_REQUEST_SERVICE(request));
	facts_r->today = mw_decision_today();
	facts_r->stage = MW_STAGE_UNKNOWN;
	facts_r->login = mw_str(names->login);
	facts_r->master = mw_str(names->master);
	tls_facts(request, facts_r);
	return true;
}

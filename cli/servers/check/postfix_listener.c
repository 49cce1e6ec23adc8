/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix.h"

#include "base/units.h"
#include "servers/restriction.h"

/* How the values of TLS settings decide, in Postfix's order (postconf(5)). */
bool mw_endpoint_requires_tls(const struct mw_postfix_endpoint *endpoint)
{
	return mw_endpoint_says(endpoint, "smtpd_tls_security_level", "encrypt") ||
	       mw_endpoint_says(endpoint, "smtpd_tls_wrappermode", "yes") ||
	       (mw_str_empty(mw_endpoint_value(endpoint, "smtpd_tls_security_level")) &&
		mw_endpoint_says(endpoint, "smtpd_enforce_tls", "yes"));
}

bool mw_endpoint_has_tls(const struct mw_postfix_endpoint *endpoint)
{
	return mw_endpoint_requires_tls(endpoint) || mw_endpoint_says(endpoint, "smtpd_tls_security_level", "may") ||
	       (mw_str_empty(mw_endpoint_value(endpoint, "smtpd_tls_security_level")) &&
		mw_endpoint_says(endpoint, "smtpd_use_tls", "yes"));
}

static bool has_certificate(const struct mw_postfix_endpoint *endpoint)
{
	static const char *const settings[] = { "smtpd_tls_chain_files", "smtpd_tls_cert_file", "smtpd_tls_eccert_file",
						"smtpd_tls_dcert_file" };

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		struct mw_str value = mw_endpoint_value(endpoint, settings[i]);

		if (!mw_str_empty(value) && !mw_str_equal(value, MW_STR("none")))
			return true;
	}
	return false;
}

static struct mw_fix option(const struct mw_postfix_endpoint *endpoint, const char *setting, const char *value)
{
	return mw_fix_option(endpoint->site, endpoint->service, setting, value);
}

/* The -o line that `show` prints for this listener. */
static struct mw_fix shown_option(const struct mw_postfix_endpoint *endpoint, const char *setting)
{
	struct mw_wiring_setting options[MW_WIRING_OPTIONS];
	size_t count = mw_wiring_options(endpoint->site->wiring, &endpoint->need, options);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(options[i].name, setting) == 0)
			return option(endpoint, setting, mw_arena_text(endpoint->site->arena, options[i].value.items[0]));
	}
	return MW_NO_FIX;
}

static void add(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id, enum mw_finding_severity severity,
		const char *setting, const char *what, const char *why)
{
	mw_endpoint_option_finding(endpoint, id, severity, setting, what, why, shown_option(endpoint, setting));
}

void mw_check_postfix_recipients(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_wiring_recipients need = mw_wiring_recipients(endpoint->site->wiring, &endpoint->need);
	struct mw_str value = mw_endpoint_value(endpoint, "smtpd_recipient_limit");
	const char *what = mw_arena_textf(endpoint->site->arena, "smtpd_recipient_limit is %.*s", MW_STR_ARG(value));
	uint64_t limit;

	if (!mw_parse_number(value, &limit))
		return;
	if (limit < need.most)
		add(endpoint, MW_FOUND_FEW_RECIPIENTS, MW_FINDING_WARNING, "smtpd_recipient_limit", what,
		    "less than the policy permits here: Postfix refuses the rest of the recipients, with its own words");
	else if (limit > need.most && !need.unlimited)
		add(endpoint, MW_FOUND_MANY_RECIPIENTS, MW_FINDING_WARNING, "smtpd_recipient_limit", what,
		    "more than the policy permits anybody here: a message to more is refused whole, where its sender would have "
		    "split it");
}

static void check_wrapper(const struct mw_postfix_endpoint *endpoint)
{
	bool wrapped = mw_endpoint_says(endpoint, "smtpd_tls_wrappermode", "yes");

	if (endpoint->binding.port == 465 && !wrapped)
		add(endpoint, MW_FOUND_NO_WRAPPER, MW_FINDING_ERROR, "smtpd_tls_wrappermode",
		    "TLS does not begin at once on port 465",
		    "clients of that port start with TLS (RFC 8314) and wait for an answer that never comes");
	if (wrapped && (endpoint->binding.port == 25 || endpoint->binding.port == 587))
		mw_endpoint_finding(endpoint, MW_FOUND_WRAPPER, MW_FINDING_ERROR, "smtpd_tls_wrappermode",
			mw_arena_textf(endpoint->site->arena, "TLS begins at once on port %u", endpoint->binding.port),
			"clients of that port wait for a greeting and STARTTLS: none can connect",
			option(endpoint, "smtpd_tls_wrappermode", "no"));
}

struct mw_str mw_endpoint_written(const struct mw_postfix_endpoint *endpoint, const char *setting)
{
	const struct mw_postfix_site *site = endpoint->site;
	const struct mw_str *option = mw_postfix_value_find(&endpoint->service->options, setting);

	return mw_str_trim(option != NULL ? *option : mw_postfix_main_value(site->arena, site->main_cf, mw_str(setting)));
}

bool mw_endpoint_is_written(const struct mw_postfix_endpoint *endpoint, const char *setting)
{
	return mw_postfix_value_find(&endpoint->service->options, setting) != NULL ||
	       mw_postfix_main_line(endpoint->site->main_cf, mw_str(setting)) > 0;
}

/* smtpd refuses an older TLS in the handshake; mailwicketd does once the password has come. */
static void check_versions(const struct mw_postfix_endpoint *endpoint)
{
	const char *name = mw_wiring_protocols_name(mw_endpoint_requires_tls(endpoint));
	enum mw_tls_version version = endpoint->need.version;
	const char *needed = mw_wiring_protocols_value(version), *what;
	struct mw_str value = mw_endpoint_value(endpoint, name);

	if (!endpoint->need.connected || !mw_endpoint_has_tls(endpoint) || mw_wiring_protocols_reach(value, version))
		return;
	what = mw_arena_textf(endpoint->site->arena, "%s is %.*s, the policy's tls_min_version %s", name, MW_STR_ARG(value),
			      needed + strlen(">="));
	if (!endpoint->need.strangers)
		mw_endpoint_option_finding(endpoint, MW_FOUND_OLD_TLS, MW_FINDING_ERROR, name, what,
			"a password has crossed an older TLS before anybody can refuse it", option(endpoint, name, needed));
	else if (endpoint->need.sasl && mw_endpoint_says(endpoint, "smtpd_sasl_auth_enable", "yes") &&
		 (version > MW_TLS_1_2 || mw_endpoint_is_written(endpoint, name)))
		/* At Postfix's and the policy's defaults there is nothing that anybody asked for. */
		mw_endpoint_option_finding(endpoint, MW_FOUND_AUTH_OVER_OLD_TLS, MW_FINDING_WARNING, "smtpd_sasl_auth_enable",
			mw_arena_textf(endpoint->site->arena, "AUTH is offered over an older TLS: %s", what),
			"a password has crossed it before anybody can refuse it; a stricter setting would refuse "
			"servers that deliver mail",
			mw_fix_words(mw_arena_textf(endpoint->site->arena, "smtpd_sasl_auth_enable=no here, connector \"%.*s\" "
				       "without ExchangeUsers, and users on a listener for them alone",
				       MW_STR_ARG(endpoint->need.connector))));
}

/* Not a matter of the policy: what `mailwicket why` can tell. */
void mw_check_postfix_log(const struct mw_postfix_endpoint *endpoint)
{
	const struct mw_wiring_setting *level = mw_wiring_setting(endpoint->site->wiring, MW_WIRING_TLS_LOG);
	struct mw_str name = mw_endpoint_value(endpoint, "syslog_name");

	if (mw_endpoint_has_tls(endpoint) && !mw_wiring_does(level, mw_endpoint_value(endpoint, MW_WIRING_TLS_LOG)))
		mw_endpoint_finding(endpoint, MW_FOUND_NO_TLS_LOG, MW_FINDING_NOTE, MW_WIRING_TLS_LOG,
			"the log does not show which sessions have TLS",
			"`mailwicket why` cannot tell a client without encryption from one with",
			mw_fix_shown(endpoint, MW_WIRING_TLS_LOG));
	if (shown_option(endpoint, "syslog_name").how != MW_FIX_NONE &&
	    !mw_wiring_names_listener(name, mw_postfix_site_value(endpoint->site, "syslog_name")))
		add(endpoint, MW_FOUND_NO_LOG_NAME, MW_FINDING_NOTE, "syslog_name",
		    "the log does not show which listener a line is of",
		    "`mailwicket why` cannot tell the port that a client used");
}

void mw_check_postfix_tls(const struct mw_postfix_endpoint *endpoint)
{
	const struct mw_wiring_listener *need = &endpoint->need;

	check_wrapper(endpoint);
	check_versions(endpoint);
	if (need->tls && !mw_endpoint_has_tls(endpoint)) {
		add(endpoint, MW_FOUND_NO_TLS, MW_FINDING_ERROR, "smtpd_tls_security_level", "no TLS is offered here",
		    "the policy's connector has Tls: with AUTH over TLS only, nobody can log in");
	} else if (mw_endpoint_has_tls(endpoint) && !has_certificate(endpoint)) {
		mw_endpoint_finding(endpoint, MW_FOUND_NO_CERTIFICATE, MW_FINDING_ERROR, "smtpd_tls_chain_files",
			"there is no certificate for TLS",
			"STARTTLS is not offered, or fails: with AUTH over TLS only, nobody can log in",
			mw_fix_words("smtpd_tls_chain_files with the key and the certificate of this host: first the key's "
				     "file, then that of the certificate and its issuers"));
	}
	if (need->connected && !need->tls_required && !need->wrapper && endpoint->binding.port == 25 &&
	    mw_endpoint_requires_tls(endpoint) && !mw_endpoint_says(endpoint, "smtpd_tls_wrappermode", "yes"))
		mw_endpoint_option_finding(endpoint, MW_FOUND_TLS_REQUIRED, MW_FINDING_NOTE, "smtpd_tls_security_level",
			"TLS is required on port 25", "servers without TLS cannot deliver, and the policy does not say that it is meant",
			mw_fix_words(mw_arena_textf(endpoint->site->arena, "require_tls = yes in connector \"%.*s\"",
						    MW_STR_ARG(need->connector))));
	if (need->ask_certificate && !mw_endpoint_says(endpoint, "smtpd_tls_ask_ccert", "yes") &&
	    !mw_endpoint_says(endpoint, "smtpd_tls_req_ccert", "yes"))
		add(endpoint, MW_FOUND_NO_CLIENT_CERTIFICATE, MW_FINDING_ERROR, "smtpd_tls_ask_ccert",
		    "no client certificate is asked for",
		    "partner_certificates cannot match: nobody is a Partner");
	if (need->ask_certificate && !mw_endpoint_says(endpoint, "smtpd_tls_fingerprint_digest", "sha256"))
		add(endpoint, MW_FOUND_FINGERPRINTS, MW_FINDING_ERROR, "smtpd_tls_fingerprint_digest",
		    "fingerprints are not SHA-256 ones",
		    "partner_certificates are: none can match");
}

static void check_auth_only(const struct mw_postfix_endpoint *endpoint)
{
	bool only = mw_endpoint_says(endpoint, "smtpd_tls_auth_only", "yes") || mw_endpoint_requires_tls(endpoint);

	if (!only && !endpoint->need.auth_without_tls)
		add(endpoint, MW_FOUND_AUTH_WITHOUT_TLS, endpoint->need.audits ? MW_FINDING_WARNING : MW_FINDING_ERROR,
		    "smtpd_tls_auth_only", "AUTH is offered without TLS",
		    "the password has crossed the wire in clear before anybody can refuse it");
	if (only && endpoint->need.auth_without_tls && !mw_endpoint_says(endpoint, "smtpd_tls_wrappermode", "yes"))
		add(endpoint, MW_FOUND_AUTH_OVER_TLS_ONLY, MW_FINDING_ERROR, "smtpd_tls_auth_only", "AUTH is offered over TLS only",
		    "the policy permits it without: that rule cannot work");
}

static bool names_service(const struct mw_strs *services, struct mw_str name)
{
	for (size_t i = 0; i < services->count; i++) {
		if (mw_str_equal(services->items[i], name))
			return true;
	}
	return false;
}

/* To Dovecot the name says which switch of the account counts. */
static void check_service(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str name = mw_endpoint_value(endpoint, "smtpd_sasl_service");
	const struct mw_strs *services = &endpoint->need.sasl_services;
	struct mw_arena *arena = endpoint->site->arena;

	if (mw_str_empty(name))
		name = MW_STR("smtp");
	if (services->count > 0 && !names_service(services, name))
		add(endpoint, MW_FOUND_SASL_SERVICE, MW_FINDING_ERROR, "smtpd_sasl_service",
		    mw_arena_textf(arena, "smtpd_sasl_service is \"%.*s\", which is not in the connector's sasl_services",
				   MW_STR_ARG(name)),
		    "Dovecot's auth process takes the session for one of another connector");
	if (services->count == 0 && !mw_str_equal(name, MW_STR("smtp")))
		mw_endpoint_finding(endpoint, MW_FOUND_SASL_SERVICE_UNLISTED, MW_FINDING_ERROR, "smtpd_sasl_service",
			mw_arena_textf(arena, "smtpd_sasl_service is \"%.*s\", which no connector here lists",
				       MW_STR_ARG(name)),
			"the account's switch for another service counts, not that for smtp",
			mw_fix_or(option(endpoint, "smtpd_sasl_service", "smtp"),
				  mw_arena_textf(arena, "sasl_services = { \"%.*s\" } in connector \"%.*s\"",
						 MW_STR_ARG(name), MW_STR_ARG(endpoint->need.connector))));
}

static void check_mechanisms(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str options = mw_endpoint_value(endpoint, "smtpd_sasl_security_options");
	struct mw_restriction item;

	if (!mw_endpoint_says(endpoint, "smtpd_sasl_type", "dovecot"))
		mw_endpoint_finding(endpoint, MW_FOUND_SASL_TYPE, endpoint->site->wiring->harmless ? MW_FINDING_WARNING
												  : MW_FINDING_ERROR,
			"smtpd_sasl_type", "Dovecot does not check the passwords",
			"its auth module is not asked: an account that may not send gets in; who has no password in Dovecot cannot log "
			"in once it is",
			mw_fix_shown(endpoint, "smtpd_sasl_type"));
	while (mw_restriction_next(&options, &item)) {
		if (mw_str_equal_nocase(item.name, MW_STR("noanonymous")))
			return;
	}
	mw_endpoint_finding(endpoint, MW_FOUND_ANONYMOUS, MW_FINDING_ERROR, "smtpd_sasl_security_options",
			    "anonymous logins are permitted", "a login that is nobody's would be judged as one",
			    mw_fix_shown(endpoint, "smtpd_sasl_security_options"));
}

void mw_check_postfix_sasl(const struct mw_postfix_endpoint *endpoint)
{
	bool offered = mw_endpoint_says(endpoint, "smtpd_sasl_auth_enable", "yes");

	if (endpoint->need.sasl && !offered)
		add(endpoint, MW_FOUND_NO_AUTH, MW_FINDING_ERROR, "smtpd_sasl_auth_enable", "no AUTH is offered here",
		    "the connector is for users: none can log in");
	if (!endpoint->need.sasl && offered)
		add(endpoint, MW_FOUND_USELESS_AUTH, MW_FINDING_WARNING, "smtpd_sasl_auth_enable",
		    "AUTH is offered here, and no connector admits it",
		    "passwords are sent to where every login is refused");
	if (offered)
		check_auth_only(endpoint);
	if (offered && endpoint->need.sasl) {
		mw_postfix_sasl_socket(endpoint->site, endpoint);
		check_service(endpoint);
		check_mechanisms(endpoint);
	}
}

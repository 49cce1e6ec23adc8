/* SPDX-License-Identifier: MIT */
#include "servers/setup/lacks.h"

#include "base/units.h"
#include "postfix/facts.h"
#include "servers/restriction.h"
#include "ui/output.h"

struct listener {
	struct mw_postfix_endpoint *endpoint;
	const struct mw_setup_sasl *sasl;
	bool is_new;
	struct mw_lacks *lacks;
};

static void lack(struct listener *listener, const char *name, struct mw_str value)
{
	struct mw_lacks *lacks = listener->lacks;
	struct mw_str *item = MW_ARENA_NEW(listener->endpoint->site->arena, struct mw_str);

	for (size_t i = 0; i < lacks->count; i++) {
		if (strcmp(lacks->items[i].name, name) == 0)
			return;
	}
	if (item == NULL || lacks->count == MW_LACKS_MOST)
		return;
	*item = value;
	lacks->items[lacks->count++] = (struct mw_wiring_setting){ .name = name, .value = { item, 1 } };
}

/* For an entry that is there, only what it lacks; a new one says it in any case. */
static void need(struct listener *listener, bool does, const char *name, const char *value)
{
	if (!does || listener->is_new)
		lack(listener, name, mw_str(value));
}

static bool says(const struct listener *listener, const char *name, const char *value)
{
	return mw_endpoint_says(listener->endpoint, name, value);
}

static bool lacks_name(const struct listener *listener, const char *name)
{
	for (size_t i = 0; i < listener->lacks->count; i++) {
		if (strcmp(listener->lacks->items[i].name, name) == 0)
			return true;
	}
	return false;
}

/* --- TLS */

static void look_at_versions(struct listener *listener, bool required)
{
	struct mw_postfix_endpoint *endpoint = listener->endpoint;
	struct mw_wiring_listener after = endpoint->need;
	const char *name = mw_wiring_protocols_name(required);
	enum mw_tls_version version;

	after.tls |= mw_endpoint_has_tls(endpoint);
	after.tls_required |= required;
	version = mw_wiring_listener_version(&after);
	if (version != MW_TLS_NONE && !mw_wiring_protocols_reach(mw_endpoint_value(endpoint, name), version))
		lack(listener, name, mw_str(mw_wiring_protocols_value(version)));
}

static void look_at_tls(struct listener *listener)
{
	const struct mw_postfix_endpoint *endpoint = listener->endpoint;
	const struct mw_wiring_listener *wanted = &endpoint->need;
	bool required = mw_endpoint_requires_tls(endpoint), offered = mw_endpoint_has_tls(endpoint);

	if (wanted->tls_required || wanted->wrapper)
		need(listener, required, "smtpd_tls_security_level", "encrypt");
	else if (required)
		need(listener, true, "smtpd_tls_security_level", "encrypt");
	else if (wanted->tls)
		need(listener, offered, "smtpd_tls_security_level", "may");
	else if (!offered)
		need(listener, true, "smtpd_tls_security_level", "none");
	if (wanted->wrapper)
		need(listener, says(listener, "smtpd_tls_wrappermode", "yes"), "smtpd_tls_wrappermode", "yes");
	look_at_versions(listener, required || wanted->tls_required || wanted->wrapper);
	if (!wanted->ask_certificate)
		return;
	need(listener, says(listener, "smtpd_tls_ask_ccert", "yes") || says(listener, "smtpd_tls_req_ccert", "yes"),
	     "smtpd_tls_ask_ccert", "yes");
	need(listener, says(listener, "smtpd_tls_fingerprint_digest", "sha256"), "smtpd_tls_fingerprint_digest", "sha256");
}

/* --- AUTH */

static void look_at_anonymous(struct listener *listener, const char *name)
{
	struct mw_str value = mw_endpoint_value(listener->endpoint, name);

	/* What is excluded beside it stays excluded. */
	if (!mw_restriction_has(value, "noanonymous"))
		lack(listener, name, mw_str(mw_arena_textf(listener->endpoint->site->arena, "%.*s%snoanonymous",
							    MW_STR_ARG(value), mw_str_empty(value) ? "" : ",")));
}

static void look_at_service(struct listener *listener)
{
	const struct mw_strs *services = &listener->endpoint->need.sasl_services;
	struct mw_str name = mw_endpoint_value(listener->endpoint, "smtpd_sasl_service");
	struct mw_str wanted = services->count > 0 ? services->items[0] : MW_STR("smtp");

	if (mw_str_empty(name))
		name = MW_STR("smtp");
	for (size_t i = 0; i < services->count; i++) {
		if (mw_str_equal(services->items[i], name))
			return;
	}
	if (mw_str_equal(name, wanted))
		return;
	if (mw_setup_service_is_free(listener->sasl, name, wanted))
		lack(listener, "smtpd_sasl_service", wanted);
	else
		mw_complain("%.*s: smtpd_sasl_service stays \"%.*s\", as passdbs of Dovecot may depend on that name: add it to the "
			    "sasl_services of connector \"%.*s\"", MW_STR_ARG(listener->endpoint->service->name),
			    MW_STR_ARG(name), MW_STR_ARG(listener->endpoint->need.connector));
}

/* Whether somebody chose that another library checks them, here and today: its users may have none in Dovecot. */
static bool has_other_passwords(const struct listener *listener)
{
	return !listener->is_new && says(listener, "smtpd_sasl_auth_enable", "yes") &&
	       !says(listener, "smtpd_sasl_type", "dovecot") &&
	       mw_endpoint_is_written(listener->endpoint, "smtpd_sasl_type");
}

static void look_at_passwords(struct listener *listener)
{
	const struct mw_postfix_endpoint *endpoint = listener->endpoint;
	bool tls = mw_endpoint_requires_tls(endpoint) || lacks_name(listener, "smtpd_tls_wrappermode") ||
		   endpoint->need.tls_required;

	/* Never looser: "no" is for an entry that is new. In audit mode what is permitted today stays so. */
	if (endpoint->need.auth_without_tls && listener->is_new)
		need(listener, false, "smtpd_tls_auth_only", "no");
	else if (!endpoint->need.auth_without_tls && (!endpoint->need.audits || listener->is_new))
		need(listener, tls || says(listener, "smtpd_tls_auth_only", "yes"), "smtpd_tls_auth_only", "yes");
	if (!has_other_passwords(listener)) {
		if (!says(listener, "smtpd_sasl_type", "dovecot"))
			lack(listener, "smtpd_sasl_type", MW_STR("dovecot"));
		if (!mw_setup_sasl_works(endpoint, listener->sasl))
			lack(listener, "smtpd_sasl_path", mw_str(mw_setup_sasl_path(endpoint, listener->sasl)));
	}
	look_at_anonymous(listener, "smtpd_sasl_security_options");
	look_at_anonymous(listener, "smtpd_sasl_tls_security_options");
	look_at_service(listener);
}

static void look_at_auth(struct listener *listener)
{
	bool offered = says(listener, "smtpd_sasl_auth_enable", "yes");
	const struct mw_wiring_listener *wanted = &listener->endpoint->need;

	if (wanted->sasl)
		need(listener, offered, "smtpd_sasl_auth_enable", "yes");
	else if (!wanted->audits || listener->is_new)
		need(listener, !offered, "smtpd_sasl_auth_enable", "no");
	if (wanted->sasl)
		look_at_passwords(listener);
}

/* --- the rest */

static void look_at_recipients(struct listener *listener)
{
	const struct mw_postfix_endpoint *endpoint = listener->endpoint;
	struct mw_wiring_recipients wanted = mw_wiring_recipients(endpoint->site->wiring, &endpoint->need);
	const char *name = "smtpd_recipient_limit";
	uint64_t limit;

	if (!mw_parse_number(mw_endpoint_value(endpoint, name), &limit))
		return;
	/* A smaller one that somebody chose is stricter, Postfix's own is nobody's wish. */
	if ((limit > wanted.most && !wanted.unlimited) ||
	    (limit < wanted.most && !mw_endpoint_is_written(endpoint, name)))
		lack(listener, name,
		     mw_str(mw_arena_textf(endpoint->site->arena, "%llu", (unsigned long long)wanted.most)));
}

static void look_at_newlines(struct listener *listener)
{
	const char *name = "smtpd_forbid_bare_newline";

	/* Who ends a message with bare newlines would wait for an answer: not in an audit that enforces nothing. */
	if (!mw_wiring_forbids_bare_newline(mw_endpoint_value(listener->endpoint, name)) &&
	    (!listener->endpoint->site->wiring->harmless || listener->is_new))
		lack(listener, name, MW_STR("yes"));
}

static void look_at_keywords(struct listener *listener)
{
	const struct mw_postfix_endpoint *endpoint = listener->endpoint;
	struct mw_str keywords = mw_endpoint_value(endpoint, MW_WIRING_EHLO);

	if (mw_wiring_setting(endpoint->site->wiring, MW_WIRING_EHLO) != NULL && !mw_wiring_discards_chunking(keywords))
		lack(listener, MW_WIRING_EHLO, mw_wiring_keywords(endpoint->site->arena, keywords));
}

/* The usual context of all questions would be that of those that have none. */
static void look_at_context(struct listener *listener)
{
	bool audit;
	enum mw_context usual = mw_context_read(
		mw_endpoint_value(listener->endpoint, "smtpd_policy_service_policy_context"), &audit);

	if (usual != MW_CONTEXT_NONE || audit)
		lack(listener, "smtpd_policy_service_policy_context", MW_STR_EMPTY);
}

/* What `mailwicket why` reads: which listener a line is of, and whether there was TLS. */
static void look_at_log(struct listener *listener)
{
	const struct mw_postfix_endpoint *endpoint = listener->endpoint;
	const struct mw_wiring *wiring = endpoint->site->wiring;
	const struct mw_wiring_setting *level = mw_wiring_setting(wiring, MW_WIRING_TLS_LOG);
	const char *name = mw_wiring_syslog_name(wiring, &endpoint->binding);

	/* Behind postscreens there is one smtpd for all of their ports. */
	if (name != NULL && endpoint->front == endpoint->service &&
	    !mw_wiring_names_listener(mw_endpoint_value(endpoint, "syslog_name"),
				      mw_postfix_site_value(endpoint->site, "syslog_name")))
		lack(listener, "syslog_name", mw_str(name));
	if ((mw_endpoint_has_tls(endpoint) || endpoint->need.tls || endpoint->need.wrapper) &&
	    !mw_wiring_does(level, mw_endpoint_value(endpoint, MW_WIRING_TLS_LOG)))
		lack(listener, MW_WIRING_TLS_LOG, level->value.items[0]);
}

static void look_at_lists(struct listener *listener)
{
	const struct mw_wiring *wiring = listener->endpoint->site->wiring;

	for (size_t i = 0; i < wiring->setting_count; i++) {
		const struct mw_wiring_setting *setting = &wiring->settings[i];

		if (mw_str_ends_with(mw_str(setting->name), MW_STR("_restrictions")) &&
		    !mw_endpoint_list_does(listener->endpoint, setting))
			lack(listener, setting->name, mw_endpoint_list(listener->endpoint, setting));
	}
}

/* Where none was asked until now, ours alone is from now on. */
static void look_at_milters(struct listener *listener)
{
	const struct mw_postfix_endpoint *endpoint = listener->endpoint;
	const char *overrides;

	if (mw_endpoint_milters_do(endpoint))
		return;
	lack(listener, MW_WIRING_MILTERS, mw_endpoint_milter_list(endpoint));
	if (endpoint->need.headers && mw_endpoint_overrides(endpoint, &overrides))
		lack(listener, "receive_override_options", mw_str(overrides));
}

void mw_setup_lacks(struct mw_postfix_endpoint *endpoint, const struct mw_setup_sasl *sasl, bool is_new,
		    struct mw_lacks *lacks)
{
	struct listener listener = { endpoint, sasl, is_new, lacks };

	look_at_log(&listener);
	look_at_tls(&listener);
	look_at_auth(&listener);
	look_at_recipients(&listener);
	look_at_newlines(&listener);
	look_at_keywords(&listener);
	look_at_context(&listener);
	if (says(&listener, "smtpd_delay_reject", "no"))
		lack(&listener, "smtpd_delay_reject", MW_STR("yes"));
	look_at_lists(&listener);
	look_at_milters(&listener);
}

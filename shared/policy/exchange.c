/* SPDX-License-Identifier: MIT */
#include "policy/exchange.h"

#include "policy/permission.h"

/* Microsoft, "Set-ReceiveConnector", "Receive connector permissions". */

struct explained {
	const char *word, *why;
};

static const struct explained groups[] = {
	{ "ExchangeLegacyServers", "it is for servers of Exchange 2003, of which there are none here" },
	{ "Custom", "it stands for permissions that were granted one by one: `Get-ReceiveConnector NAME | "
		    "Get-ADPermission` lists them, for grant_permissions" },
};

static const struct explained permissions[] = {
	{ "Accept-Exch50", "Exchange's servers alone use it" }, { "Accept-XShadow", "Exchange's servers alone use it" },
	{ "Accept-XAttr", "Exchange's servers alone use it" }, { "Accept-XSysProbe", "Exchange's servers alone use it" },
	{ "Accept-XProxyFrom", "Exchange's servers alone use it" },
	{ "Accept-XSessionParams", "Exchange's servers alone use it" }, { "Send-Exch50", "it is of send connectors" },
	{ "Send-Headers-Routing", "it is of send connectors" }, { "Send-Headers-Organization", "it is of send connectors" },
	{ "Send-Headers-Forest", "it is of send connectors" },
};

static const struct explained parameters[] = {
	{ "advertise_client_settings", "`mailwicket client-settings` tells users what to enter" },
	{ "banner", "Postfix has smtpd_banner" },
	{ "binary_mime_enabled", "Postfix does not offer it" },
	{ "bare_linefeed_rejection_enabled", "Postfix has smtpd_forbid_bare_newline" },
	{ "chunking_enabled", "Postfix has smtpd_discard_ehlo_keywords" },
	{ "connection_inactivity_timeout", "Postfix has smtpd_timeout" },
	{ "connection_timeout", "Postfix has smtpd_timeout" },
	{ "default_domain", "it stands outside of connectors, for all of them" },
	{ "delivery_status_notification_enabled", "Postfix has smtpd_discard_ehlo_keywords" },
	{ "domain_secure_enabled", "partner_certificates name the partners' certificates" },
	{ "eight_bit_mime_enabled", "Postfix has smtpd_discard_ehlo_keywords" },
	{ "enable_auth_gssapi", "Dovecot has auth_mechanisms" },
	{ "enhanced_status_codes_enabled", "Postfix has smtpd_discard_ehlo_keywords" },
	{ "extended_protection_policy", "Postfix and Dovecot have no channel binding to require" },
	{ "fqdn", "hostname stands outside of connectors; Postfix has smtpd_banner" },
	{ "header_promotion_mode_setting", "Exchange's servers alone use it" },
	{ "liveid_basic_auth_fallback", "it is of Exchange Online" },
	{ "long_addresses_enabled", "Exchange's servers alone use it" },
	{ "max_acknowledgement_delay", "Exchange's servers alone use it" },
	{ "max_header_size", "Postfix has header_size_limit" },
	{ "max_hop_count", "Postfix has hopcount_limit" },
	{ "max_inbound_connection", "Postfix has the process limit of master.cf" },
	{ "max_inbound_connection_percentage_per_source", "Postfix has smtpd_client_connection_count_limit" },
	{ "max_inbound_connection_per_source", "Postfix has smtpd_client_connection_count_limit" },
	{ "max_local_hop_count", "Postfix has hopcount_limit" },
	{ "max_logon_failures", "Dovecot has auth_failure_delay" },
	{ "max_protocol_errors", "Postfix has smtpd_hard_error_limit" },
	{ "orar_enabled", "Exchange's servers alone use it" },
	{ "pipelining_enabled", "Postfix has smtpd_discard_ehlo_keywords" },
	{ "protocol_logging_level", "Postfix has smtpd_tls_loglevel and debug_peer_list, this policy log { decisions }" },
	{ "reject_reserved_second_level_recipient_domains", "accepted_domain says which domains are taken" },
	{ "reject_reserved_top_level_recipient_domains", "accepted_domain says which domains are taken" },
	{ "reject_single_label_recipient_domains", "accepted_domain says which domains are taken" },
	{ "require_ehlo_domain", "Postfix has smtpd_helo_required" },
	{ "server", "this policy is that server's own" },
	{ "service_discovery_fqdn", "`mailwicket client-settings` tells users what to enter" },
	{ "size_enabled", "Postfix has smtpd_discard_ehlo_keywords" },
	{ "smtp_utf8_enabled", "Postfix has smtputf8_enable" },
	{ "suppress_x_anonymous_tls", "Exchange's servers alone use it" },
	{ "tarpit_interval", "Postfix has smtpd_error_sleep_time" },
	{ "tls_certificate_name", "Postfix has smtpd_tls_chain_files" },
	{ "tls_domain_capabilities", "partner_certificates name the partners' certificates" },
	{ "transport_role", "this server has one role" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *why_of(const struct explained *table, size_t count, struct mw_str word)
{
	for (size_t i = 0; i < count; i++) {
		if (mw_str_equal_nocase(word, mw_str(table[i].word)))
			return table[i].why;
	}
	return NULL;
}

static struct mw_str without(struct mw_str word, const char *prefix)
{
	return mw_str_starts_with_nocase(word, mw_str(prefix)) ? mw_str_tail(word, strlen(prefix)) : word;
}

bool mw_exchange_word(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		      int *bit_r)
{
	struct mw_str word = value->text;
	const char *why = NULL;

	*bit_r = 0;
	if (setting->table == &mw_permission_names) {
		word = without(without(word, "ms-Exch-"), "SMTP-");
		/* Exchange 2007's name. */
		if (mw_str_equal_nocase(word, MW_STR("Accept-Authoritative-Domain")))
			word = MW_STR("Accept-Authoritative-Domain-Sender");
		if (word.len != value->text.len && mw_table_find(mw_permission_names, word, bit_r))
			return true;
		why = why_of(permissions, COUNT(permissions), word);
	} else if (setting->table == &mw_permission_group_names) {
		why = why_of(groups, COUNT(groups), word);
	}
	if (why != NULL)
		mw_reader_warn(reader, value->spot, "%s: %.*s is left out: %s", setting->name, MW_STR_ARG(value->text), why);
	return why != NULL;
}

const char *mw_exchange_parameter(struct mw_str name)
{
	return why_of(parameters, COUNT(parameters), name);
}

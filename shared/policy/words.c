/* SPDX-License-Identifier: MIT */
#include "mailwicket-config.h"
#include "policy/model.h"
#include "policy/setting.h"

static const struct mw_word mode_words[] = { { "enforce", MW_MODE_ENFORCE }, { "audit", MW_MODE_AUDIT } };
const struct mw_table mw_modes = MW_TABLE(mode_words);

static const struct mw_word login_type_words[] = {
	{ "SecureLogin", MW_SECURE_LOGIN },
	{ "PlainTextAuthentication", MW_PLAIN_TEXT_AUTHENTICATION },
	{ "PlainTextLogin", MW_PLAIN_TEXT_LOGIN },
};
const struct mw_table mw_login_types = MW_TABLE(login_type_words);

static const struct mw_word domain_type_words[] = {
	{ "Authoritative", MW_AUTHORITATIVE },
	{ "InternalRelay", MW_INTERNAL_RELAY },
	{ "ExternalRelay", MW_EXTERNAL_RELAY },
};
const struct mw_table mw_domain_types = MW_TABLE(domain_type_words);

static const struct mw_word rate_source_words[] = {
	{ "User", MW_RATE_USER },
	{ "IPAddress", MW_RATE_IP_ADDRESS },
	{ "All", MW_RATE_ALL },
};
const struct mw_table mw_rate_sources = MW_TABLE(rate_source_words);

static const struct mw_word unlisted_login_words[] = {
	{ "refuse", MW_UNLISTED_REFUSE },
	{ "own_address", MW_UNLISTED_OWN_ADDRESS },
};
const struct mw_table mw_unlisted_logins = MW_TABLE(unlisted_login_words);

static const struct mw_word source_schema_words[] = {
	{ "none", MW_SCHEMA_NONE },
	{ "mailcow", MW_SCHEMA_MAILCOW },
	{ "iredmail", MW_SCHEMA_IREDMAIL },
	{ "postfixadmin", MW_SCHEMA_POSTFIXADMIN },
};
const struct mw_table mw_source_schemas = MW_TABLE(source_schema_words);

static const struct mw_word header_from_words[] = {
	{ "check", MW_HEADER_FROM_CHECK },
	{ "off", MW_HEADER_FROM_OFF },
};
const struct mw_table mw_header_froms = MW_TABLE(header_from_words);

static const struct mw_word display_name_words[] = {
	{ "any", MW_DISPLAY_NAME_ANY },
	{ "check", MW_DISPLAY_NAME_CHECK },
};
const struct mw_table mw_display_names = MW_TABLE(display_name_words);

static const struct mw_word reply_style_words[] = {
	{ "classic", MW_REPLIES_CLASSIC },
	{ "current", MW_REPLIES_CURRENT },
};
const struct mw_table mw_reply_styles = MW_TABLE(reply_style_words);

static const struct mw_word tls_version_words[] = {
	{ "none", MW_TLS_NONE },     { "SSLv3", MW_SSL_3_0 },     { "TLSv1", MW_TLS_1_0 },
	{ "TLSv1.1", MW_TLS_1_1 },   { "TLSv1.2", MW_TLS_1_2 },   { "TLSv1.3", MW_TLS_1_3 },
};
const struct mw_table mw_tls_versions = MW_TABLE(tls_version_words);

static const struct mw_word login_protocol_words[] = {
	{ "imap", MW_PROTOCOL_IMAP },
	{ "pop3", MW_PROTOCOL_POP3 },
	{ "sieve", MW_PROTOCOL_SIEVE },
	{ "submission", MW_PROTOCOL_SUBMISSION },
};
const struct mw_table mw_login_protocols = MW_TABLE(login_protocol_words);

static const struct mw_word facility_words[] = {
	{ "mail", 0 },   { "daemon", 1 },  { "auth", 2 },    { "authpriv", 3 }, { "user", 4 },
	{ "local0", 5 }, { "local1", 6 },  { "local2", 7 },  { "local3", 8 },   { "local4", 9 },
	{ "local5", 10 }, { "local6", 11 }, { "local7", 12 },
};
const struct mw_table mw_log_facilities = MW_TABLE(facility_words);

static const struct mw_word decisions_words[] = { { "refused", 0 }, { "all", 1 } };
const struct mw_table mw_log_decisions = MW_TABLE(decisions_words);

/* A value of 1: known, but not built into this version. */
#define MW_SOURCE_DRIVER(word) { #word, 0 },
#define MW_SOURCE_DRIVER_ABSENT(word) { #word, 1 },
static const struct mw_word source_driver_words[] = {
#include "policy/source_driver.def"
};
const struct mw_table mw_source_drivers = MW_TABLE(source_driver_words);

static const struct mw_word source_tls_words[] = { { "verify", MW_SOURCE_TLS_VERIFY }, { "none", MW_SOURCE_TLS_NONE } };
const struct mw_table mw_source_tls_words = MW_TABLE(source_tls_words);

static const struct mw_word ldap_flavour_words[] = { { "openldap", MW_LDAP_OPENLDAP }, { "ad", MW_LDAP_AD } };
const struct mw_table mw_ldap_flavours = MW_TABLE(ldap_flavour_words);

static const struct mw_word ldap_bind_words[] = {
	{ "simple", MW_LDAP_SIMPLE }, { "external", MW_LDAP_EXTERNAL }, { "gssapi", MW_LDAP_GSSAPI },
	{ "anonymous", MW_LDAP_ANONYMOUS },
};
const struct mw_table mw_ldap_binds = MW_TABLE(ldap_bind_words);

static const struct mw_word source_part_words[] = {
	{ "users", MW_PART_USERS }, { "groups", MW_PART_GROUPS }, { "grants", MW_PART_GRANTS },
};
const struct mw_table mw_source_part_names = MW_TABLE(source_part_words);

static const struct mw_word counter_driver_words[] = { { "memory", 0 }, { "redis", 1 } };
const struct mw_table mw_counter_drivers = MW_TABLE(counter_driver_words);

/* SPDX-License-Identifier: MIT */
#include "mail/network.h"
#include "policy/build.h"

#define URL_RIGHT "ldaps://ldap.example.org, ldap://ldap.example.org:389 (with STARTTLS) or ldapi:///"

struct ldap_check {
	struct mw_reader *reader;
	struct mw_source *source;
	const struct mw_written *written;
};

static struct mw_spot spot_of(const struct ldap_check *check, const char *setting)
{
	return mw_written_at(check->written, MW_SECTION_SOURCE, setting, check->source->place);
}

static bool is_written(const struct ldap_check *check, const char *setting)
{
	return check->written->spots[mw_setting_find(MW_SECTION_SOURCE, mw_str(setting))].line != 0;
}

static void error_at(const struct ldap_check *check, const char *setting, const char *expected, const char *text)
{
	mw_reader_error(check->reader, spot_of(check, setting), expected, "%s: %s", setting, text);
}

/* --- servers */

static bool is_socket(struct mw_str url)
{
	return mw_str_starts_with_nocase(url, MW_STR("ldapi://"));
}

static bool is_tls(struct mw_str url)
{
	return mw_str_starts_with_nocase(url, MW_STR("ldaps://"));
}

/* "ldap.example.org", "192.0.2.1:636", "[2001:db8::1]:636": of the host what is no bracket and no port. */
static struct mw_str host_of(struct mw_str url)
{
	struct mw_str rest = mw_str_tail(url, mw_str_find_text(url, "://") + 3);

	if (rest.len > 0 && rest.ptr[0] == '[')
		return mw_str_tail(mw_str_head(rest, mw_str_find(rest, ']')), 1);
	return mw_str_head(rest, mw_str_find(rest, ':'));
}

static bool is_port(struct mw_str text)
{
	unsigned port = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || i > 4)
			return false;
		port = port * 10 + (unsigned)(text.ptr[i] - '0');
	}
	return port > 0 && port < 65536;
}

static bool are_octets(struct mw_str text, const char *others)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c != '\0' && strchr(others, c) != NULL)))
			return false;
	}
	return true;
}

static bool is_host_and_port(struct mw_str text)
{
	const bool bracket = text.len > 0 && text.ptr[0] == '[';
	size_t end = mw_str_find(text, bracket ? ']' : ':');
	struct mw_str host = bracket ? mw_str_tail(mw_str_head(text, end), 1) : mw_str_head(text, end);
	struct mw_str port = mw_str_tail(text, end);
	struct mw_ip ip;

	if (bracket && (end == text.len || !mw_ip_parse(host, &ip)))
		return false;
	if (bracket)
		port = mw_str_tail(port, 1);
	return host.len > 0 && (bracket || are_octets(host, ".-_")) &&
		(port.len == 0 || (port.ptr[0] == ':' && is_port(mw_str_tail(port, 1))));
}

/* A server alone: base, filter and the rest of an LDAP URL are settings. */
static bool is_url(struct mw_str url)
{
	struct mw_str rest = mw_str_tail(url, mw_str_find_text(url, "://") + 3);

	if (is_socket(url))
		return are_octets(rest, "%/.-_");
	if (!is_tls(url) && !mw_str_starts_with_nocase(url, MW_STR("ldap://")))
		return false;
	if (rest.len > 0 && rest.ptr[rest.len - 1] == '/')
		rest.len--;
	return is_host_and_port(rest);
}

static bool is_this_host(struct mw_str host)
{
	struct mw_ip ip;

	return mw_str_equal_nocase(host, MW_STR("localhost")) || (mw_ip_parse(host, &ip) && mw_ip_is_loopback(&ip));
}

static void check_url(const struct ldap_check *check, struct mw_str url)
{
	struct mw_source_sql *settings = &check->source->sql;

	if (!is_url(url)) {
		mw_reader_error(check->reader, spot_of(check, "url"), URL_RIGHT, "url: \"%.*s\" is no server",
				MW_STR_ARG(mw_str_head(url, 100)));
		return;
	}
	if (settings->tls == MW_SOURCE_TLS_NONE && is_tls(url))
		error_at(check, "tls", "verify, or a url of ldap://", "none stands beside a url of ldaps://");
	if (settings->tls == MW_SOURCE_TLS_NONE && !is_tls(url) && !is_socket(url) && !is_this_host(host_of(url)))
		mw_reader_warn(check->reader, spot_of(check, "tls"),
			       "tls = none: who is between this host and %.*s reads the password and may change the directory",
			       MW_STR_ARG(host_of(url)));
}

static bool all_are(const struct mw_strs *urls, bool (*is)(struct mw_str url))
{
	for (size_t i = 0; i < urls->count; i++)
		if (!is(urls->items[i]))
			return false;
	return true;
}

static void check_urls(const struct ldap_check *check)
{
	const struct mw_strs *urls = &check->source->ldap.url;
	struct mw_source_sql *settings = &check->source->sql;

	if (settings->tls == MW_SOURCE_TLS_VERIFY && urls->count > 0 && all_are(urls, is_socket))
		error_at(check, "tls", "no tls", "a socket has none");
	if (settings->tls == 0)
		settings->tls = MW_SOURCE_TLS_VERIFY;
	for (size_t i = 0; i < urls->count; i++)
		check_url(check, urls->items[i]);
	if (settings->tls == MW_SOURCE_TLS_NONE && is_written(check, "tls_ca_file"))
		mw_reader_warn(check->reader, spot_of(check, "tls_ca_file"), "tls_ca_file has no effect without tls = verify");
}

/* --- bind */

static void refuse(const struct ldap_check *check, const char *setting, const char *expected)
{
	if (is_written(check, setting))
		error_at(check, setting, expected, "has no effect with this bind");
}

/* An empty password logs nobody in: the server takes the session for an anonymous one. */
static void check_simple(const struct ldap_check *check)
{
	if (mw_str_empty(check->source->sql.user))
		error_at(check, "user", "user = \"cn=mailwicket,dc=example,dc=org\", or another bind", "bind = simple needs one");
	if (mw_str_empty(check->source->sql.password_file))
		error_at(check, "password_file", "password_file = \"/...\"", "bind = simple needs one");
}

static void check_external(const struct ldap_check *check)
{
	const struct mw_source_ldap *ldap = &check->source->ldap;

	if (!all_are(&ldap->url, is_socket) && mw_str_empty(ldap->tls_cert_file))
		error_at(check, "bind", "a url of ldapi://, or tls_cert_file", "external needs something that says who we are");
	if (check->source->sql.tls == MW_SOURCE_TLS_NONE && !all_are(&ldap->url, is_socket))
		error_at(check, "bind", "tls = verify", "external goes by the certificate, and there is no TLS");
}

static void check_bind(const struct ldap_check *check)
{
	struct mw_source_ldap *ldap = &check->source->ldap;

	if (ldap->bind == 0)
		ldap->bind = mw_str_empty(check->source->sql.user) && all_are(&ldap->url, is_socket) ? MW_LDAP_EXTERNAL
												     : MW_LDAP_SIMPLE;
	if (ldap->bind == MW_LDAP_SIMPLE) {
		check_simple(check);
	} else {
		refuse(check, "user", "bind = simple");
		refuse(check, "password_file", "bind = simple");
	}
	if (ldap->bind == MW_LDAP_EXTERNAL)
		check_external(check);
	else if (is_written(check, "tls_cert_file") &&
		 (check->source->sql.tls == MW_SOURCE_TLS_NONE || all_are(&ldap->url, is_socket)))
		error_at(check, "tls_cert_file", "tls = verify", "has no effect without TLS");
	if (ldap->bind != MW_LDAP_GSSAPI)
		refuse(check, "keytab_file", "bind = gssapi");
	if (mw_str_empty(ldap->tls_cert_file) != mw_str_empty(ldap->tls_key_file))
		error_at(check, mw_str_empty(ldap->tls_cert_file) ? "tls_key_file" : "tls_cert_file",
			 "tls_cert_file and tls_key_file", "one stands without the other");
}

/* --- attributes */

/* KEY=ATTRIBUTE, KEY=!ATTRIBUTE or KEY=ATTRIBUTE:VALUE. Which keys there are, and which of them take a value, says
   sync/ldap/map.c. */
static bool is_mapping(struct mw_str text)
{
	size_t equals = mw_str_find(text, '=');
	struct mw_str attribute = mw_str_tail(text, equals + 1);

	attribute = mw_str_tail(attribute, mw_str_starts_with(attribute, MW_STR("!")));
	attribute = mw_str_head(attribute, mw_str_find(attribute, ':'));
	return equals > 0 && equals < text.len && text.ptr[text.len - 1] != ':' && text.ptr[text.len - 1] != '!' &&
	       are_octets(mw_str_head(text, equals), "_") && are_octets(attribute, "-.");
}

static void check_attributes(const struct ldap_check *check, const char *setting, const struct mw_strs *attributes)
{
	for (size_t i = 0; i < attributes->count; i++) {
		struct mw_str text = attributes->items[i];

		if (!is_mapping(text))
			mw_reader_error(check->reader, spot_of(check, setting), "KEY=ATTRIBUTE, as address=mailAlternateAddress",
					"%s: \"%.*s\" is no key with an attribute", setting, MW_STR_ARG(mw_str_head(text, 100)));
	}
}

static void check_flavour(const struct ldap_check *check)
{
	if (check->source->ldap.all_rights_send_as && check->source->ldap.flavour != MW_LDAP_AD)
		error_at(check, "all_rights_send_as", "flavour = ad", "only Active Directory has such rights");
}

void mw_validate_ldap(struct mw_reader *reader, struct mw_source *source, const struct mw_written *written)
{
	const struct ldap_check check = { reader, source, written };

	check_urls(&check);
	check_bind(&check);
	check_flavour(&check);
	check_attributes(&check, "users_attributes", &source->ldap.kinds[MW_LDAP_USERS].attributes);
	check_attributes(&check, "groups_attributes", &source->ldap.kinds[MW_LDAP_GROUPS].attributes);
}

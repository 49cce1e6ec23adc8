/* SPDX-License-Identifier: MIT */
#include "policy/permission.h"

#include "policy/model.h"

static const struct mw_word permission_words[] = {
	{ "Submit", MW_SUBMIT },
	{ "Accept-Any-Recipient", MW_ACCEPT_ANY_RECIPIENT },
	{ "Accept-Any-Sender", MW_ACCEPT_ANY_SENDER },
	{ "Accept-Authoritative-Domain-Sender", MW_ACCEPT_AUTHORITATIVE_DOMAIN_SENDER },
	{ "Accept-Authentication-Flag", MW_ACCEPT_AUTHENTICATION_FLAG },
	{ "Bypass-Anti-Spam", MW_BYPASS_ANTI_SPAM },
	{ "Bypass-Message-Size-Limit", MW_BYPASS_MESSAGE_SIZE_LIMIT },
	{ "Accept-Headers-Routing", MW_ACCEPT_HEADERS_ROUTING },
	{ "Accept-Headers-Organization", MW_ACCEPT_HEADERS_ORGANIZATION },
	{ "Accept-Headers-Forest", MW_ACCEPT_HEADERS_FOREST },
};

const struct mw_table mw_permission_names = MW_TABLE(permission_words);

static const struct mw_word group_words[] = {
	{ "AnonymousUsers", MW_ANONYMOUS_USERS },
	{ "ExchangeUsers", MW_EXCHANGE_USERS },
	{ "ExchangeServers", MW_EXCHANGE_SERVERS },
	{ "Partners", MW_PARTNERS },
	{ "None", 0 },
};

const struct mw_table mw_permission_group_names = MW_TABLE(group_words);

static const struct mw_word auth_mechanism_words[] = {
	{ "None", 0 },
	{ "Tls", MW_AUTH_TLS },
	{ "Integrated", MW_AUTH_INTEGRATED },
	{ "BasicAuth", MW_AUTH_BASIC },
	{ "BasicAuthRequireTLS", MW_AUTH_BASIC_REQUIRE_TLS },
	{ "ExchangeServer", MW_AUTH_EXCHANGE_SERVER },
	{ "ExternalAuthoritative", MW_AUTH_EXTERNAL_AUTHORITATIVE },
};

const struct mw_table mw_auth_mechanism_names = MW_TABLE(auth_mechanism_words);

static const struct {
	enum mw_permission_group group;
	mw_permissions permissions;
} group_permissions[] = {
	{ MW_ANONYMOUS_USERS, MW_SUBMIT | MW_ACCEPT_ANY_SENDER | MW_ACCEPT_AUTHORITATIVE_DOMAIN_SENDER |
			      MW_ACCEPT_HEADERS_ROUTING },
	{ MW_EXCHANGE_USERS, MW_SUBMIT | MW_ACCEPT_ANY_RECIPIENT | MW_BYPASS_ANTI_SPAM | MW_ACCEPT_HEADERS_ROUTING },
	{ MW_EXCHANGE_SERVERS, MW_SUBMIT | MW_ACCEPT_ANY_RECIPIENT | MW_ACCEPT_ANY_SENDER |
			       MW_ACCEPT_AUTHORITATIVE_DOMAIN_SENDER | MW_ACCEPT_AUTHENTICATION_FLAG |
			       MW_BYPASS_ANTI_SPAM | MW_BYPASS_MESSAGE_SIZE_LIMIT | MW_ACCEPT_HEADERS_ROUTING |
			       MW_ACCEPT_HEADERS_ORGANIZATION | MW_ACCEPT_HEADERS_FOREST },
	{ MW_PARTNERS, MW_SUBMIT | MW_ACCEPT_HEADERS_ROUTING },
};

mw_permissions mw_permissions_of_groups(mw_permission_groups groups)
{
	mw_permissions permissions = 0;

	for (size_t i = 0; i < sizeof(group_permissions) / sizeof(group_permissions[0]); i++)
		if ((groups & group_permissions[i].group) != 0)
			permissions |= group_permissions[i].permissions;
	return permissions;
}

mw_permission_groups mw_principals_at(const struct mw_connector *connector, mw_permission_groups shown)
{
	bool secured = (connector->auth_mechanism & MW_AUTH_EXTERNAL_AUTHORITATIVE) != 0;

	return secured ? shown | MW_EXCHANGE_SERVERS : shown;
}

mw_permissions mw_permissions_at(const struct mw_connector *connector, mw_permission_groups shown)
{
	mw_permission_groups groups = mw_principals_at(connector, shown) & connector->permission_groups;

	return (mw_permissions_of_groups(groups) | connector->grant) & ~connector->deny;
}

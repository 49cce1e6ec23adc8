/* Exchange's receive-connector permissions and the groups that carry them (Set-ReceiveConnector -PermissionGroups;
   Microsoft, "Receive connector permissions"). */
#ifndef MW_POLICY_PERMISSION_H
#define MW_POLICY_PERMISSION_H

#include <stdint.h>

#include "base/table.h"

struct mw_connector;

typedef uint32_t mw_permissions; /* a set: bits of enum mw_permission */

enum mw_permission {
	MW_SUBMIT = 1 << 0,
	MW_ACCEPT_ANY_RECIPIENT = 1 << 1,
	MW_ACCEPT_ANY_SENDER = 1 << 2,
	MW_ACCEPT_AUTHORITATIVE_DOMAIN_SENDER = 1 << 3,
	MW_ACCEPT_AUTHENTICATION_FLAG = 1 << 4,
	MW_BYPASS_ANTI_SPAM = 1 << 5,
	MW_BYPASS_MESSAGE_SIZE_LIMIT = 1 << 6,
	MW_ACCEPT_HEADERS_ROUTING = 1 << 7,
	MW_ACCEPT_HEADERS_ORGANIZATION = 1 << 8,
	MW_ACCEPT_HEADERS_FOREST = 1 << 9
};

extern const struct mw_table mw_permission_names; /* Submit, Accept-Any-Recipient, ... */

typedef uint32_t mw_permission_groups; /* a set: bits of enum mw_permission_group */

enum mw_permission_group {
	MW_ANONYMOUS_USERS = 1 << 0,
	MW_EXCHANGE_USERS = 1 << 1,
	MW_EXCHANGE_SERVERS = 1 << 2,
	MW_PARTNERS = 1 << 3
};

extern const struct mw_table mw_permission_group_names; /* AnonymousUsers, ... */

/* The union of the permissions of these groups. */
mw_permissions mw_permissions_of_groups(mw_permission_groups groups);

/* Which groups a session of this connector is in: those that it showed itself to be, and ExchangeServers where
   the connector has ExternalAuthoritative (Set-ReceiveConnector -AuthMechanism). */
mw_permission_groups mw_principals_at(const struct mw_connector *connector, mw_permission_groups shown);

/* What a session of these groups holds at this connector. It counts each group that the connector has in
   permission_groups, then grant_permissions, then deny_permissions. `shown` is as for mw_principals_at(). */
mw_permissions mw_permissions_at(const struct mw_connector *connector, mw_permission_groups shown);

typedef uint32_t mw_auth_mechanisms; /* a set: bits of enum mw_auth_mechanism; empty is Exchange's "None" */

enum mw_auth_mechanism {
	MW_AUTH_TLS = 1 << 0,
	MW_AUTH_INTEGRATED = 1 << 1,
	MW_AUTH_BASIC = 1 << 2,
	MW_AUTH_BASIC_REQUIRE_TLS = 1 << 3,
	MW_AUTH_EXCHANGE_SERVER = 1 << 4,
	MW_AUTH_EXTERNAL_AUTHORITATIVE = 1 << 5
};

extern const struct mw_table mw_auth_mechanism_names; /* None (0), Tls, Integrated, BasicAuth, ... */

#endif

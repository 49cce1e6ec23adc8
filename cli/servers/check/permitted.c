/* SPDX-License-Identifier: MIT */
#include "servers/check/permitted.h"

static const struct {
	mw_permission_groups groups;
	const char *words;
} kinds[] = {
	[MW_PERMITTED_USERS] = { MW_EXCHANGE_USERS, "users who logged in" },
	[MW_PERMITTED_STRANGERS] = { MW_ANONYMOUS_USERS, "clients that did not log in" },
	[MW_PERMITTED_PARTNERS] = { MW_ANONYMOUS_USERS | MW_PARTNERS, "partners" },
};

static bool exists(const struct mw_connector *connector, enum mw_permitted_kind kind)
{
	if (kind == MW_PERMITTED_USERS)
		return (connector->permission_groups & MW_EXCHANGE_USERS) != 0 &&
		       (connector->auth_mechanism & (MW_AUTH_BASIC | MW_AUTH_INTEGRATED)) != 0;
	return kind == MW_PERMITTED_STRANGERS || connector->partner_certificates.count > 0;
}

static bool does_without_tls(const struct mw_connector *connector, enum mw_permitted_kind kind)
{
	if (connector->require_tls || kind == MW_PERMITTED_PARTNERS)
		return false;
	return kind == MW_PERMITTED_STRANGERS || (connector->auth_mechanism & MW_AUTH_BASIC_REQUIRE_TLS) == 0;
}

size_t mw_permitted_by(const struct mw_connector *connector, struct mw_permitted permitted_r[MW_PERMITTED_MOST])
{
	size_t count = 0;

	if (!connector->enabled || connector->enforcement.mode == MW_MODE_AUDIT)
		return 0;
	for (size_t i = 0; i < MW_PERMITTED_MOST; i++) {
		mw_permissions permissions = mw_permissions_at(connector, kinds[i].groups);

		if (!exists(connector, (enum mw_permitted_kind)i) || (permissions & MW_SUBMIT) == 0)
			continue;
		permitted_r[count++] = (struct mw_permitted){
			.connector = connector, .kind = (enum mw_permitted_kind)i,
			.relays = (permissions & MW_ACCEPT_ANY_RECIPIENT) != 0,
			.any_sender = (permissions & MW_ACCEPT_ANY_SENDER) != 0,
			.without_tls = does_without_tls(connector, (enum mw_permitted_kind)i) };
	}
	return count;
}

const char *mw_permitted_words(enum mw_permitted_kind kind)
{
	return kinds[kind].words;
}

/* SPDX-License-Identifier: MIT */
#include "servers/wiring_sizes.h"

#include <limits.h>

#include "policy/permission.h"
#include "setting.h"

#define POSTFIX_RECIPIENT_LIMIT 1000 /* postconf(5), smtpd_recipient_limit */

static uint64_t size_of_connector(const struct mw_connector *connector)
{
	const mw_permission_groups anybody = MW_ANONYMOUS_USERS | MW_EXCHANGE_USERS | MW_PARTNERS;

	if ((mw_permissions_at(connector, anybody) & MW_BYPASS_MESSAGE_SIZE_LIMIT) != 0)
		return MW_UNLIMITED;
	return connector->max_message_size;
}

static void raise_to(uint64_t *largest_io, uint64_t limit)
{
	if (limit != MW_NOT_SET && limit > *largest_io)
		*largest_io = limit;
}

static void read_users(struct mw_directory *directory, struct mw_wiring_users *users)
{
	const struct mw_directory_view *view = mw_directory_view(directory);
	struct mw_directory_status status;

	mw_directory_status(directory, &status);
	users->known = status.open;
	for (uint64_t id = 1; id <= status.users + status.groups; id++) {
		struct mw_principal principal;

		if (view->by_id(view->context, (uint32_t)id, &principal) != MW_LOOKUP_FOUND || principal.kind != MW_USER)
			continue;
		raise_to(&users->size, principal.max_message_size);
		raise_to(&users->recipients, principal.max_recipients);
	}
}

struct mw_wiring_users mw_wiring_users(const struct mw_policy *policy)
{
	struct mw_directory *directory = mw_setting_directory(policy);
	struct mw_wiring_users users = { .size = 0 };

	if (directory != NULL)
		read_users(directory, &users);
	mw_directory_free(directory);
	return users;
}

uint64_t mw_wiring_largest_size(const struct mw_policy *policy, const struct mw_wiring_users *users)
{
	uint64_t largest = users->size;

	for (size_t i = 0; i < policy->connector_count; i++) {
		if (policy->connectors[i].enabled && size_of_connector(&policy->connectors[i]) > largest)
			largest = size_of_connector(&policy->connectors[i]);
	}
	return largest;
}

uint64_t mw_wiring_recipients_of(const struct mw_connector *connector)
{
	return connector->enforcement.mode == MW_MODE_AUDIT ? MW_UNLIMITED : connector->max_recipients_per_message;
}

void mw_wiring_recipients_add(struct mw_wiring_recipients *recipients, uint64_t limit)
{
	recipients->unlimited |= limit == MW_UNLIMITED;
	if (limit == MW_UNLIMITED)
		limit = POSTFIX_RECIPIENT_LIMIT;
	if (limit > INT_MAX)
		limit = INT_MAX;
	if (limit > recipients->most)
		recipients->most = limit;
	if (recipients->most == 0)
		recipients->most = 1;
}

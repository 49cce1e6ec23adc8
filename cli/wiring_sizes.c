/* SPDX-License-Identifier: MIT */
#include "wiring_sizes.h"

#include "policy/permission.h"
#include "setting.h"

/* What a session may hold here, whoever it is. */
static mw_permissions permissions_of(const struct mw_connector *connector)
{
	mw_permission_groups groups = connector->permission_groups;

	if ((connector->auth_mechanism & MW_AUTH_EXTERNAL_AUTHORITATIVE) == 0)
		groups &= ~(mw_permission_groups)MW_EXCHANGE_SERVERS;
	return (mw_permissions_of_groups(groups) | connector->grant) & ~connector->deny;
}

static uint64_t size_of_connector(const struct mw_connector *connector)
{
	if ((permissions_of(connector) & MW_BYPASS_MESSAGE_SIZE_LIMIT) != 0)
		return MW_UNLIMITED;
	return connector->max_message_size;
}

static uint64_t size_of_users(struct mw_directory *directory)
{
	const struct mw_directory_view *view = mw_directory_view(directory);
	struct mw_directory_status status;
	uint64_t largest = 0;

	mw_directory_status(directory, &status);
	for (uint64_t id = 1; id <= status.users + status.groups; id++) {
		struct mw_principal principal;

		if (view->by_id(view->context, (uint32_t)id, &principal) == MW_LOOKUP_FOUND &&
		    principal.kind == MW_USER && principal.max_message_size != MW_NOT_SET &&
		    principal.max_message_size > largest)
			largest = principal.max_message_size;
	}
	return largest;
}

uint64_t mw_wiring_largest_size(const struct mw_policy *policy)
{
	struct mw_directory *directory = mw_setting_directory(policy);
	uint64_t largest = directory != NULL ? size_of_users(directory) : 0;

	mw_directory_free(directory);
	for (size_t i = 0; i < policy->connector_count; i++) {
		if (policy->connectors[i].enabled && size_of_connector(&policy->connectors[i]) > largest)
			largest = size_of_connector(&policy->connectors[i]);
	}
	return largest;
}

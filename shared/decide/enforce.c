/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/identity.h"
#include "decide/trace_write.h"

/* Whether the user has this address or is in the group that has it. What the directory lacks may be an unlisted
   user. */
static enum mw_lookup is_in(const struct mw_directory_view *directory, struct mw_str name,
			    const struct mw_principal *user)
{
	struct mw_address address;
	struct mw_principal named;
	enum mw_lookup found;

	if (mw_address_parse(name, &address) != MW_ADDRESS_MAILBOX)
		return MW_LOOKUP_NONE;
	if (mw_str_equal(address.whole, user->name))
		return MW_LOOKUP_FOUND;
	if (directory == NULL || directory->by_address == NULL)
		return MW_LOOKUP_UNAVAILABLE;
	found = directory->by_address(directory->context, address.whole, &named, NULL);
	if (found != MW_LOOKUP_FOUND)
		return found;
	return mw_identity_in(user, (struct mw_ids){ &named.id, 1 }) ? MW_LOOKUP_FOUND : MW_LOOKUP_NONE;
}

/* *name_r: the one that was found. */
static enum mw_lookup find_in(const struct mw_directory_view *directory, struct mw_strs names,
			      const struct mw_principal *user, struct mw_str *name_r)
{
	enum mw_lookup all = MW_LOOKUP_NONE;

	for (size_t i = 0; i < names.count; i++) {
		enum mw_lookup found = is_in(directory, names.items[i], user);

		*name_r = names.items[i];
		if (found == MW_LOOKUP_FOUND)
			return found;
		if (found != MW_LOOKUP_NONE)
			all = found;
	}
	return all;
}

bool mw_enforce_for(const struct mw_policy *policy, const struct mw_directory_view *directory,
		    const struct mw_facts *facts, const struct mw_connector *connector, const struct mw_login *login,
		    struct mw_verdict *verdict)
{
	struct mw_step step = { .check = MW_CHECK_RULE, .note = MW_NOTE_RULE_ENFORCED_FOR, .value = connector->name };
	enum mw_lookup found = login->found;

	if (!mw_enforces_for_some(connector, verdict->mode))
		return true;
	if (found == MW_LOOKUP_FOUND)
		found = find_in(directory, connector->enforcement.enforce_for, &login->user, &step.other);
	if (found == MW_LOOKUP_NONE)
		return true;
	verdict->mode = MW_MODE_ENFORCE;
	if (found == MW_LOOKUP_FOUND) {
		mw_trace_write(&verdict->trace, &step);
		return true;
	}
	if (login->found == MW_LOOKUP_FOUND)
		mw_verdict_unavailable(verdict, MW_CHECK_LOGIN);
	else
		(void)mw_login_is_known(policy, directory, facts, login, verdict);
	return false;
}

/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/identity.h"
#include "decide/trace_write.h"

/* Who logged in. */
struct person {
	struct mw_str login;
	const struct mw_principal *user; /* NULL: the directory knows nobody whom the login could mean */
	bool by_name;                    /* the directory has no such login: the login is compared with addresses too */
};

/* Whether the person was called so before a source renamed him, or is in a group that was: nobody gets out of a rule by
   a new name. */
static enum mw_lookup was_in(const struct mw_directory_view *directory, struct mw_str name,
			     const struct mw_principal *user)
{
	enum mw_lookup found = MW_LOOKUP_NONE;
	uint32_t id;

	for (size_t i = 0; directory->formerly != NULL; i++) {
		found = directory->formerly(directory->context, name, i, &id);
		if (found != MW_LOOKUP_FOUND || id == user->id || mw_identity_in(user, (struct mw_ids){ &id, 1 }))
			break;
	}
	return found;
}

/* Whether the person has this address or is in the group that has it. */
static enum mw_lookup is_in(const struct mw_policy *policy, const struct mw_directory_view *directory,
			    struct mw_str name, const struct person *person)
{
	struct mw_address address;
	struct mw_principal named;
	enum mw_lookup found;

	if (mw_address_parse(name, &address) != MW_ADDRESS_MAILBOX)
		return MW_LOOKUP_NONE;
	if ((person->by_name && mw_identity_could_be(policy, person->login, address.whole)) ||
	    (person->user != NULL && mw_str_equal(address.whole, person->user->name)))
		return MW_LOOKUP_FOUND;
	if (person->user == NULL)
		return MW_LOOKUP_NONE;
	if (directory == NULL || directory->by_address == NULL)
		return MW_LOOKUP_UNAVAILABLE;
	found = directory->by_address(directory->context, address.whole, &named, NULL);
	if (found == MW_LOOKUP_UNAVAILABLE ||
	    (found == MW_LOOKUP_FOUND && mw_identity_in(person->user, (struct mw_ids){ &named.id, 1 })))
		return found;
	return was_in(directory, address.whole, person->user);
}

/* *name_r: the one that was found. */
static enum mw_lookup find_in(const struct mw_policy *policy, const struct mw_directory_view *directory,
			      struct mw_strs names, const struct person *person, struct mw_str *name_r)
{
	enum mw_lookup all = MW_LOOKUP_NONE;

	for (size_t i = 0; i < names.count; i++) {
		enum mw_lookup found = is_in(policy, directory, names.items[i], person);

		*name_r = names.items[i];
		if (found == MW_LOOKUP_FOUND)
			return found;
		if (found != MW_LOOKUP_NONE)
			all = found;
	}
	return all;
}

/* A login that the directory lacks is whoever's it could be: Dovecot lets in by aliases and with extensions too. */
static enum mw_lookup find_person(const struct mw_policy *policy, const struct mw_directory_view *directory,
				  const struct mw_facts *facts, const struct mw_login *login,
				  struct mw_principal *meant, struct person *person_r)
{
	enum mw_lookup found = login->found;

	*person_r = (struct person){ .login = facts->login, .user = &login->user };
	if (found == MW_LOOKUP_NONE && !mw_str_empty(facts->login) && !mw_mechanism_is_anonymous(facts->mechanism)) {
		found = mw_identity_meant(policy, directory, facts->login, meant);
		*person_r = (struct person){ .login = facts->login, .by_name = true,
					     .user = found == MW_LOOKUP_FOUND ? meant : NULL };
		return found == MW_LOOKUP_NONE ? MW_LOOKUP_FOUND : found;
	}
	person_r->by_name = found == MW_LOOKUP_FOUND && login->user.id == MW_ID_UNLISTED;
	return found;
}

bool mw_enforce_for(const struct mw_policy *policy, const struct mw_directory_view *directory,
		    const struct mw_facts *facts, const struct mw_connector *connector, const struct mw_login *login,
		    struct mw_verdict *verdict)
{
	struct mw_step step = { .check = MW_CHECK_RULE, .note = MW_NOTE_RULE_ENFORCED_FOR, .value = connector->name };
	struct mw_principal meant;
	struct person person;
	enum mw_lookup found;

	if (!mw_enforces_for_some(connector, verdict->mode))
		return true;
	found = find_person(policy, directory, facts, login, &meant, &person);
	if (found == MW_LOOKUP_FOUND)
		found = find_in(policy, directory, connector->enforcement.enforce_for, &person, &step.other);
	if (found == MW_LOOKUP_NONE)
		return true;
	verdict->mode = MW_MODE_ENFORCE;
	if (found == MW_LOOKUP_FOUND) {
		mw_trace_write(&verdict->trace, &step);
		return true;
	}
	if (login->found != MW_LOOKUP_UNAVAILABLE)
		mw_verdict_unavailable(verdict, MW_CHECK_LOGIN);
	else
		(void)mw_login_is_known(policy, directory, facts, login, verdict);
	return false;
}

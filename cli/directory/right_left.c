/* SPDX-License-Identifier: MIT */
#include "directory/right_left.h"

#include "base/clock.h"
#include "decide/identity.h"
#include "directory/groups.h"
#include "directory/right.h"
#include "mail/prefix.h"
#include "sync/merge/names.h"

struct looking {
	struct mw_editing *editing;
	const struct mw_directory_view *view;
	const struct mw_records *records;
	const struct mw_grant_record *grant; /* that was revoked */
	struct mw_principal trustee;
	struct known {
		bool held;       /* it is for the trustee, or for a group that the trustee is in, and holds */
		uint32_t owner;  /* of its address, but for one of receive=; 0: nobody */
		bool told;
	} *known; /* [grant] */
	struct mw_names names; /* the first record of each; the value is its number */
	enum mw_right_left left;
};

/* --- grants */

/* Whether a grant is for the trustee, or for a group that the trustee is in. */
static bool is_for(const struct looking *looking, const struct mw_grant_record *grant)
{
	struct mw_principal other;

	return looking->view->by_address(looking->view->context, grant->trustee, &other, NULL) == MW_LOOKUP_FOUND &&
	       mw_identity_in(&looking->trustee, (struct mw_ids){ &other.id, 1 });
}

/* Send-as is the stronger one. */
static bool is_strong_enough(const struct looking *looking, bool on_behalf)
{
	return !on_behalf || looking->grant->on_behalf;
}

static bool is_held(const struct looking *looking, const struct mw_grant_record *grant)
{
	return is_strong_enough(looking, grant->on_behalf) &&
	       (grant->until == 0 || mw_grant_holds(grant->until, looking->records->today)) && is_for(looking, grant);
}

static void tell_grant(struct looking *looking, size_t i, const char *what)
{
	const struct mw_grant_record *grant = &looking->records->grants[i];
	char memory[2048];
	struct mw_buf line = MW_BUF_OVER(memory);

	looking->left = MW_RIGHT_LEFT_SOME;
	if (looking->known[i].told)
		return;
	looking->known[i].told = true;
	mw_right_print(grant, &line);
	mw_edit_note(looking->editing, "%.*s still has %s, by %s: %s", MW_STR_ARG(looking->trustee.name), what,
		     mw_edit_place(looking->editing, looking->records, grant->origin), memory);
}

/* --- one address */

/* Whether a grant covers an address, of which the decision said this. */
static bool covers(const struct looking *looking, size_t i, const struct mw_address *address,
		   const struct mw_identity *identity)
{
	const struct mw_grant_record *grant = &looking->records->grants[i];

	if (grant->domain)
		return mw_str_equal(grant->identity, address->domain);
	if (mw_prefix_is(grant->identity))
		return !identity->has_owner && mw_right_begins_so(grant->identity, address->whole);
	if (mw_str_equal(grant->identity, address->whole))
		return true;
	return identity->has_owner && !identity->receive_only && looking->known[i].owner == identity->owner.id;
}

static void tell_own(struct looking *looking, const struct mw_address *address)
{
	const struct mw_record *record = mw_records_find(looking->records, looking->trustee.name);

	looking->left = MW_RIGHT_LEFT_SOME;
	mw_edit_note(looking->editing, "%.*s still has the right: %.*s is its own address, by %s",
		     MW_STR_ARG(looking->trustee.name), MW_STR_ARG(address->whole),
		     record != NULL ? mw_edit_place(looking->editing, looking->records, record->origin)
				    : "unlisted_logins = own_address in the policy");
}

/* The decision itself; the grants are its explanation. */
static void ask(struct looking *looking, const struct mw_address *address, const char *what)
{
	struct mw_principal asking = looking->trustee;
	struct mw_identity identity;
	bool told = false;

	/* A group has no own address: its members act as it by a grant alone. */
	if (asking.kind == MW_GROUP)
		asking.name = MW_STR_EMPTY;
	mw_identity_right(looking->editing->policy, looking->view, &asking, address, looking->records->today, &identity);
	if (identity.right == MW_RIGHT_UNAVAILABLE)
		looking->left = MW_RIGHT_LEFT_UNKNOWN;
	if (identity.right == MW_RIGHT_NONE || identity.right == MW_RIGHT_UNAVAILABLE ||
	    !is_strong_enough(looking, identity.right == MW_RIGHT_SEND_ON_BEHALF))
		return;
	if (identity.right == MW_RIGHT_OWN)
		tell_own(looking, address);
	for (size_t i = 0; i < looking->records->grant_count; i++) {
		if (!looking->known[i].held || !covers(looking, i, address, &identity))
			continue;
		tell_grant(looking, i, what);
		told = true;
	}
	if (told || identity.right == MW_RIGHT_OWN)
		return;
	looking->left = MW_RIGHT_LEFT_SOME;
	mw_edit_note(looking->editing, "%.*s still may send as %.*s, by a grant on %.*s", MW_STR_ARG(looking->trustee.name),
		     MW_STR_ARG(address->whole), MW_STR_ARG(identity.granted_on));
}

static void ask_text(struct looking *looking, struct mw_str text, const char *what)
{
	struct mw_address address;

	if (mw_address_parse(text, &address) != MW_ADDRESS_INVALID && mw_address_has_domain(&address))
		ask(looking, &address, what);
}

/* --- what the grant was about */

/* An address, and what else a grant on it gives: all addresses of who has it, with their extensions. */
static void look_at_address(struct looking *looking)
{
	struct mw_str asked = looking->grant->identity;
	const struct mw_record *record;
	struct mw_principal owner;

	ask_text(looking, asked, "the right");
	if (!mw_right_owner(looking->view, asked, &owner) || mw_principal_same(&owner, &looking->trustee))
		return;
	ask_text(looking, owner.name, "the right");
	record = mw_records_find(looking->records, owner.name);
	for (size_t i = 0; record != NULL && i < record->addresses.count; i++)
		ask_text(looking, record->addresses.items[i], "the right");
	for (size_t i = 0; i < looking->records->grant_count; i++) {
		const struct mw_grant_record *grant = &looking->records->grants[i];
		struct mw_address address, base;
		struct mw_principal other;
		enum mw_held held;

		if (grant->domain || !looking->known[i].held || mw_address_parse(grant->identity, &address) == MW_ADDRESS_INVALID ||
		    mw_identity_owner(looking->editing->policy, looking->view, &address, &base, &other, &held) != MW_LOOKUP_FOUND ||
		    other.id != owner.id || held == MW_HELD_RECEIVE)
			continue;
		ask(looking, &address, "the right on a part of it");
	}
}

/* Whether a grant is on an address, or a prefix, that "*@domain" or "prefix-*@domain" is about. */
static bool is_part(const struct looking *looking, struct mw_str identity)
{
	struct mw_str asked = looking->grant->identity;
	size_t at = mw_str_find_last(identity, '@');

	if (looking->grant->domain)
		return mw_str_equal(mw_str_tail(identity, at + 1), asked);
	return mw_right_begins_so(asked, identity);
}

/* Addresses that are the trustee's own need no grant. */
static void ask_part(struct looking *looking, struct mw_str text)
{
	struct mw_principal owner;

	if (is_part(looking, text) && !(mw_right_owner(looking->view, text, &owner) && owner.kind == MW_USER &&
					mw_principal_same(&owner, &looking->trustee)))
		ask_text(looking, text, "the right on a part of it");
}

static void learn_names(struct looking *looking)
{
	for (size_t i = 0; i < looking->records->count; i++) {
		bool added;
		uint32_t *number = mw_names_add(&looking->names, looking->records->items[i].principal.name, &added);

		if (number != NULL && added)
			*number = (uint32_t)i;
	}
}

static const struct mw_record *record_of(const struct looking *looking, struct mw_str name)
{
	const uint32_t *number = mw_names_find(&looking->names, name);

	return number == NULL ? NULL : &looking->records->items[*number];
}

static void look_at_parts(struct looking *looking, size_t i)
{
	const struct mw_grant_record *grant = &looking->records->grants[i];
	const struct mw_record *record = NULL;
	struct mw_principal owner;

	if (mw_prefix_is(grant->identity)) {
		if (is_part(looking, grant->identity))
			tell_grant(looking, i, "the right on a part of it");
		return;
	}
	ask_part(looking, grant->identity);
	if (mw_right_owner(looking->view, grant->identity, &owner))
		record = record_of(looking, owner.name);
	if (record != NULL)
		ask_part(looking, owner.name);
	for (size_t k = 0; record != NULL && k < record->addresses.count; k++)
		ask_part(looking, record->addresses.items[k]);
}

/* "*@domain" and "prefix-*@domain": what covers all of it, and what is in it. */
static void look_at_pattern(struct looking *looking)
{
	learn_names(looking);
	for (size_t i = 0; i < looking->records->grant_count; i++) {
		const struct mw_grant_record *grant = &looking->records->grants[i];

		if (looking->known[i].held && mw_right_covers(grant, looking->grant))
			tell_grant(looking, i, "the right");
	}
	for (size_t i = 0; i < looking->records->grant_count; i++)
		if (!looking->records->grants[i].domain && looking->known[i].held)
			look_at_parts(looking, i);
}

/* --- */

/* Whom the directory does not have has no right, but for an unlisted user. */
static enum mw_lookup find_trustee(struct looking *looking)
{
	static struct mw_named named;
	const struct mw_policy *policy = looking->editing->policy;
	enum mw_lookup found = mw_right_find(looking->view, looking->grant->trustee, &looking->trustee, NULL);

	if (found == MW_LOOKUP_NONE) {
		found = mw_identity_named(policy, looking->view, looking->grant->trustee, &named);
		looking->trustee = named.principal;
	}
	if (found == MW_LOOKUP_FOUND)
		looking->trustee.groups = mw_groups_of(looking->view, looking->records, looking->editing->arena,
						       &looking->trustee);
	return found;
}

/* Each grant is looked at once for each address that is asked for: what does not change is found out before. */
static bool learn_grants(struct looking *looking)
{
	size_t count = looking->records->grant_count;

	looking->known = MW_ARENA_ARRAY(looking->editing->arena, struct known, count + 1);
	for (size_t i = 0; looking->known != NULL && i < count; i++) {
		const struct mw_grant_record *grant = &looking->records->grants[i];
		struct mw_principal owner;

		looking->known[i].held = is_held(looking, grant);
		if (looking->known[i].held && !grant->domain && mw_right_owner(looking->view, grant->identity, &owner))
			looking->known[i].owner = owner.id;
	}
	return looking->known != NULL;
}

enum mw_right_left mw_right_tell_left(struct mw_editing *editing, const struct mw_grant_record *grant)
{
	struct mw_memory_directory *directory = editing->after != NULL ? editing->after : editing->before;
	struct looking looking = { .editing = editing, .grant = grant };
	enum mw_lookup found;
	bool failed = false;

	if (directory == NULL)
		return MW_RIGHT_LEFT_UNKNOWN;
	looking.view = mw_memory_directory_view(directory);
	looking.records = mw_memory_directory_records(directory);
	found = find_trustee(&looking);
	if (found == MW_LOOKUP_NONE)
		return MW_RIGHT_LEFT_NOTHING;
	if (found != MW_LOOKUP_FOUND || !learn_grants(&looking))
		return MW_RIGHT_LEFT_UNKNOWN;
	if (grant->domain || mw_prefix_is(grant->identity))
		look_at_pattern(&looking);
	else
		look_at_address(&looking);
	mw_names_deinit(&looking.names, &failed);
	return failed ? MW_RIGHT_LEFT_UNKNOWN : looking.left;
}

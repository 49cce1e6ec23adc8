/* SPDX-License-Identifier: MIT */
#include "decide/identity.h"

#include "mail/prefix.h"

enum mw_address_kind mw_identity_address(const struct mw_policy *policy, struct mw_str text,
					 struct mw_address *address_r, const struct mw_accepted_domain **stands_for_r)
{
	enum mw_address_kind kind = mw_address_parse_completed(text, policy->default_domain, address_r);
	const struct mw_accepted_domain *domain = NULL;

	if (policy->local_name_count > 0 && mw_address_has_domain(address_r))
		domain = mw_choose_local_name(policy, address_r->domain);
	if (stands_for_r != NULL)
		*stands_for_r = domain;
	if (domain == NULL || mw_address_set_domain(address_r, domain->domain))
		return kind;
	return address_r->kind = MW_ADDRESS_INVALID;
}

struct mw_str mw_identity_domain(const struct mw_policy *policy, struct mw_str text,
				 const struct mw_accepted_domain *stands_for)
{
	size_t at = mw_str_find_last(text, '@');

	if (stands_for != NULL)
		return stands_for->domain;
	return at < text.len ? mw_str_tail(text, at + 1) : policy->default_domain;
}

static enum mw_lookup by_address(const struct mw_directory_view *directory, const struct mw_address *address,
				 struct mw_principal *owner_r, enum mw_held *held_r)
{
	if (directory == NULL || directory->by_address == NULL)
		return MW_LOOKUP_UNAVAILABLE;
	return directory->by_address(directory->context, address->whole, owner_r, held_r);
}

static enum mw_lookup grants_on_address(const struct mw_directory_view *directory, struct mw_str address,
					struct mw_grants *grants_r)
{
	if (directory == NULL || directory->grants_on_address == NULL)
		return MW_LOOKUP_UNAVAILABLE;
	return directory->grants_on_address(directory->context, address, grants_r);
}

static enum mw_lookup grants_on_domain(const struct mw_directory_view *directory, struct mw_str domain,
				       struct mw_grants *grants_r)
{
	if (directory == NULL || directory->grants_on_domain == NULL)
		return MW_LOOKUP_UNAVAILABLE;
	return directory->grants_on_domain(directory->context, domain, grants_r);
}

/* Postfix's local(8) removes the extension before the backslash: \owner-x is not the reserved owner-x, so that
   owner is left. `cut` is the address without its extension; NULL: it has none. Not inlined: hardly any address begins
   with a backslash. */
__attribute__((noinline)) static enum mw_lookup owner_behind_backslash(const struct mw_directory_view *directory,
								       const struct mw_address *address,
								       const struct mw_address *cut,
								       struct mw_address *base,
								       struct mw_principal *owner_r, enum mw_held *held_r)
{
	struct mw_address whole_cut;
	enum mw_lookup found = MW_LOOKUP_NONE;

	if (cut != NULL)
		mw_address_copy(&whole_cut, cut);
	if (mw_address_without_backslash(address, base))
		found = by_address(directory, base, owner_r, held_r);
	if (found == MW_LOOKUP_NONE && cut != NULL && mw_address_without_backslash(&whole_cut, base))
		found = by_address(directory, base, owner_r, held_r);
	return found;
}

enum mw_lookup mw_identity_owner(const struct mw_policy *policy, const struct mw_directory_view *directory,
				 const struct mw_address *address, struct mw_address *base,
				 struct mw_principal *owner_r, enum mw_held *held_r)
{
	enum mw_lookup found = MW_LOOKUP_NONE;
	bool is_cut = false;

	if (!mw_address_has_domain(address))
		return MW_LOOKUP_NONE;
	/* An address that no directory can have needs no lookup. */
	if (address->kind == MW_ADDRESS_MAILBOX)
		found = by_address(directory, address, owner_r, held_r);
	if (found == MW_LOOKUP_NONE)
		is_cut = mw_address_without_extension(address, policy->recipient_delimiter, base);
	if (is_cut)
		found = by_address(directory, base, owner_r, held_r);
	if (found != MW_LOOKUP_NONE || !mw_str_starts_with(address->local, MW_STR("\"\\\\")))
		return found;
	return owner_behind_backslash(directory, address, is_cut ? base : NULL, base, owner_r, held_r);
}

static bool has_id(struct mw_ids ids, uint32_t id)
{
	size_t low = 0, high = ids.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ids.items[middle] == id)
			return true;
		if (ids.items[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

uint32_t mw_identity_which(const struct mw_principal *user, struct mw_ids ids)
{
	if (ids.count == 0)
		return 0;
	if (has_id(ids, user->id))
		return user->id;
	for (size_t i = 0; i < user->groups.count; i++)
		if (has_id(ids, user->groups.items[i]))
			return user->groups.items[i];
	return 0;
}

bool mw_identity_in(const struct mw_principal *user, struct mw_ids ids)
{
	return mw_identity_which(user, ids) != 0;
}

enum mw_lookup mw_identity_prefix(const struct mw_directory_view *directory, const struct mw_address *address,
				  size_t *len_io, struct mw_grants *grants_r)
{
	char text[MW_ADDRESS_MAX + 2];

	if (address->kind != MW_ADDRESS_MAILBOX || address->local.ptr[0] == '"')
		return MW_LOOKUP_NONE;
	while ((*len_io = mw_prefix_shorter(address->local, *len_io)) > 0) {
		enum mw_lookup found = grants_on_address(directory, mw_prefix_of(address, *len_io, text), grants_r);

		if (found != MW_LOOKUP_NONE)
			return found;
	}
	return MW_LOOKUP_NONE;
}

static uint32_t until_of(struct mw_endings endings, uint32_t id)
{
	size_t low = 0, high = endings.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (endings.items[middle].id == id)
			return endings.items[middle].until;
		if (endings.items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

int64_t mw_identity_until(const struct mw_principal *user, struct mw_endings endings)
{
	uint32_t latest;

	if (endings.count == 0)
		return 0;
	latest = until_of(endings, user->id);
	for (size_t i = 0; i < user->groups.count; i++) {
		uint32_t until = until_of(endings, user->groups.items[i]);

		if (until > latest)
			latest = until;
	}
	return latest;
}

/* The enum goes from strong to weak, but for NONE. Of two that are as strong the one counts that ends later. */
static bool is_better(const struct mw_identity *identity, enum mw_right right, int64_t until)
{
	if (identity->right != right)
		return identity->right == MW_RIGHT_NONE || right < identity->right;
	return identity->until != 0 && (until == 0 || until > identity->until);
}

/* Grants of one kind. */
struct granted {
	enum mw_right right;
	struct mw_ids ids;
	struct mw_endings endings;
	struct mw_str on;
	int64_t today;
};

static void take_granted(const struct mw_principal *user, const struct granted *granted, struct mw_identity *identity,
			 int64_t *ended)
{
	int64_t until = 0;

	if (!mw_identity_in(user, granted->ids)) {
		until = mw_identity_until(user, granted->endings);
		if (until == 0)
			return;
		if (!mw_grant_holds(until, granted->today)) {
			*ended = until > *ended ? until : *ended;
			return;
		}
	}
	if (!is_better(identity, granted->right, until))
		return;
	identity->right = granted->right;
	identity->until = until;
	identity->granted_on = granted->on;
}

static bool is_settled(const struct mw_identity *identity)
{
	return identity->right == MW_RIGHT_OWN || (identity->right == MW_RIGHT_SEND_AS && identity->until == 0) ||
	       identity->right == MW_RIGHT_UNAVAILABLE;
}

static void take_grants(const struct mw_principal *user, const struct mw_grants *grants, struct mw_str granted_on,
			int64_t today, struct mw_identity *identity)
{
	const struct granted send_as = { MW_RIGHT_SEND_AS, grants->send_as, grants->send_as_until, granted_on, today };
	const struct granted on_behalf = { MW_RIGHT_SEND_ON_BEHALF, grants->send_on_behalf, grants->send_on_behalf_until,
					   granted_on, today };

	take_granted(user, &send_as, identity, &identity->ended.send_as);
	if (identity->right != MW_RIGHT_SEND_AS)
		take_granted(user, &on_behalf, identity, &identity->ended.on_behalf);
}

static enum mw_lookup by_own_address(void *context, struct mw_str address, struct mw_principal *owner_r,
				     enum mw_held *held_r)
{
	const struct mw_principal *user = context;

	if (!mw_str_equal(address, user->name))
		return MW_LOOKUP_NONE;
	*owner_r = *user;
	*held_r = MW_HELD_PRIMARY;
	return MW_LOOKUP_FOUND;
}

/* Whether the address is an unlisted user's: found as any is, in a directory that has nobody else. */
__attribute__((noinline)) static enum mw_lookup find_unlisted_owner(const struct mw_policy *policy,
								    const struct mw_principal *user,
								    const struct mw_address *address,
								    struct mw_address *base,
								    struct mw_principal *owner_r, enum mw_held *held_r)
{
	struct mw_principal alone = *user;
	const struct mw_directory_view directory = { .context = &alone, .by_address = by_own_address };

	return mw_identity_owner(policy, &directory, address, base, owner_r, held_r);
}

/* Who has the address, the user itself among them where the directory lacks it. */
static enum mw_lookup find_owner(const struct mw_policy *policy, const struct mw_directory_view *directory,
				 const struct mw_principal *user, const struct mw_address *address,
				 struct mw_address *base, struct mw_principal *owner_r, enum mw_held *held_r)
{
	enum mw_lookup found = mw_identity_owner(policy, directory, address, base, owner_r, held_r);

	if (found != MW_LOOKUP_NONE || user->id != MW_ID_UNLISTED)
		return found;
	return find_unlisted_owner(policy, user, address, base, owner_r, held_r);
}

bool mw_identity_receives(const struct mw_policy *policy, const struct mw_directory_view *directory,
			  const struct mw_principal *user, const struct mw_address *address)
{
	struct mw_address base;
	struct mw_principal owner;
	enum mw_held held;

	return find_owner(policy, directory, user, address, &base, &owner, &held) == MW_LOOKUP_FOUND &&
	       owner.kind == MW_USER && mw_principal_same(&owner, user);
}

bool mw_identity_only_receives(const struct mw_policy *policy, const struct mw_principal *user,
			       const struct mw_identity *identity)
{
	return identity->receive_only && policy->aliases_grant_send_as && identity->owner.kind == MW_USER &&
	       mw_principal_same(&identity->owner, user);
}

/* No grant holds on a blocked name, not that of its domain either. */
static bool is_blocked(const struct mw_identity *identity)
{
	return identity->has_owner && !mw_str_empty(identity->owner.blocked);
}

static void look_at_owner(const struct mw_policy *policy, const struct mw_directory_view *directory,
			  const struct mw_principal *user, const struct mw_address *address, int64_t today,
			  struct mw_identity *identity)
{
	struct mw_address base;
	enum mw_held held = MW_HELD_ALIAS;
	enum mw_lookup found = find_owner(policy, directory, user, address, &base, &identity->owner, &held);

	if (found == MW_LOOKUP_NONE)
		return;
	if (found != MW_LOOKUP_FOUND) {
		identity->right = MW_RIGHT_UNAVAILABLE;
		return;
	}
	identity->has_owner = true;
	identity->receive_only = held == MW_HELD_RECEIVE;
	if (identity->receive_only || is_blocked(identity))
		return;
	if (identity->owner.kind == MW_USER && mw_principal_same(&identity->owner, user) &&
	    (held == MW_HELD_PRIMARY || policy->aliases_grant_send_as)) {
		identity->right = MW_RIGHT_OWN;
		identity->granted_on = identity->owner.name;
		return;
	}
	take_grants(user, &identity->owner.grants, identity->owner.name, today, identity);
}

static void look_at_grants(enum mw_lookup found, const struct mw_grants *grants, const struct mw_principal *user,
			   struct mw_str granted_on, int64_t today, struct mw_identity *identity)
{
	if (found == MW_LOOKUP_FOUND)
		take_grants(user, grants, granted_on, today, identity);
	else if (found != MW_LOOKUP_NONE)
		identity->right = MW_RIGHT_UNAVAILABLE;
}

/* Whoever has an address has it whole: a prefix of it gives nobody a right on it. */
__attribute__((noinline)) static void look_at_prefixes(const struct mw_directory_view *directory,
						       const struct mw_principal *user, const struct mw_address *address,
						       int64_t today, struct mw_identity *identity)
{
	struct mw_grants grants;

	for (size_t len = address->local.len; !is_settled(identity);) {
		enum mw_lookup found = mw_identity_prefix(directory, address, &len, &grants);

		if (found == MW_LOOKUP_NONE)
			return;
		look_at_grants(found, &grants, user, mw_str_head(address->local, len), today, identity);
	}
}

void mw_identity_right(const struct mw_policy *policy, const struct mw_directory_view *directory,
		       const struct mw_principal *user, const struct mw_address *address, int64_t today,
		       struct mw_identity *identity_r)
{
	struct mw_grants grants;
	enum mw_lookup found;

	memset(identity_r, 0, sizeof(*identity_r));
	identity_r->right = MW_RIGHT_NONE;
	identity_r->granted_on = MW_STR_EMPTY;
	if (!mw_address_has_domain(address) || !mw_str_empty(user->blocked))
		return;
	/* Most users send as themselves: the name is the user's own address, whatever grants there are. */
	if (mw_str_equal(address->whole, user->name)) {
		identity_r->owner = *user;
		identity_r->has_owner = true;
		identity_r->right = MW_RIGHT_OWN;
		identity_r->granted_on = user->name;
		return;
	}
	look_at_owner(policy, directory, user, address, today, identity_r);
	if (is_settled(identity_r) || is_blocked(identity_r) || address->kind == MW_ADDRESS_FOREIGN)
		return;
	/* A grant on "list-*@domain" stands there as an address would: it is not one, and is looked at below. */
	if (!mw_str_ends_with(address->local, MW_STR("*"))) {
		found = grants_on_address(directory, address->whole, &grants);
		look_at_grants(found, &grants, user, address->whole, today, identity_r);
	}
	if (is_settled(identity_r))
		return;
	found = grants_on_domain(directory, address->domain, &grants);
	look_at_grants(found, &grants, user, address->domain, today, identity_r);
	if (!is_settled(identity_r) && !identity_r->has_owner)
		look_at_prefixes(directory, user, address, today, identity_r);
}

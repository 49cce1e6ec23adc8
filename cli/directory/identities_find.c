/* SPDX-License-Identifier: MIT */
#include "directory/identities_find.h"

#include <stdlib.h>

#include "mail/prefix.h"

struct finding {
	const struct mw_policy *policy;
	const struct mw_directory_view *view;
	const struct mw_principal *user;
	int64_t today;
	struct mw_arena *arena;
	bool *granted; /* [id]: a grant on this principal is for the user */
	uint64_t principals;
	size_t size, count;
	struct mw_own_identity *items;
	bool failed;
};

/* Whether grants of one kind are for the user today; until when, and for whom. */
static bool are_for(const struct finding *finding, struct mw_ids ids, struct mw_endings endings, int64_t *until_r,
		    uint32_t *trustee_r)
{
	*until_r = 0;
	*trustee_r = mw_identity_which(finding->user, ids);
	if (*trustee_r != 0)
		return true;
	*until_r = mw_identity_until(finding->user, endings);
	for (size_t i = 0; i < endings.count && *trustee_r == 0; i++)
		if (endings.items[i].until == *until_r && mw_identity_in(finding->user, (struct mw_ids){ &endings.items[i].id, 1 }))
			*trustee_r = endings.items[i].id;
	return *until_r != 0 && mw_grant_holds(*until_r, finding->today);
}

static struct mw_str name_of(const struct finding *finding, uint32_t id)
{
	struct mw_principal principal;

	if (id == finding->user->id)
		return finding->user->name;
	return finding->view->by_id(finding->view->context, id, &principal) == MW_LOOKUP_FOUND
		       ? mw_arena_copy(finding->arena, principal.name) : MW_STR_EMPTY;
}

static struct mw_own_identity *add(struct finding *finding, struct mw_str address, enum mw_right right)
{
	struct mw_own_identity *larger;

	if (finding->count == finding->size) {
		size_t size = finding->size * 2 + 64;

		larger = reallocarray(finding->items, size, sizeof(*larger));
		if (larger == NULL) {
			finding->failed = true;
			return NULL;
		}
		finding->items = larger;
		finding->size = size;
	}
	larger = &finding->items[finding->count++];
	*larger = (struct mw_own_identity){ .address = mw_arena_copy(finding->arena, address), .right = right };
	return larger;
}

/* The grants behind a right that mw_identity_right() found on an address, and what they are on. */
static bool find_grants(const struct finding *finding, const struct mw_address *address,
			const struct mw_identity *identity, struct mw_grants *grants_r, const char **on_r)
{
	const struct mw_directory_view *view = finding->view;
	char text[MW_ADDRESS_MAX + 2];
	struct mw_str prefix;

	if (identity->has_owner && identity->granted_on.ptr == identity->owner.name.ptr) {
		*grants_r = identity->owner.grants;
		*on_r = mw_arena_text(finding->arena, identity->owner.name);
		return true;
	}
	*on_r = mw_arena_text(finding->arena, identity->granted_on);
	if (mw_str_equal(identity->granted_on, address->whole))
		return view->grants_on_address(view->context, address->whole, grants_r) == MW_LOOKUP_FOUND;
	if (mw_str_equal(identity->granted_on, address->domain)) {
		*on_r = mw_arena_textf(finding->arena, "*@%s", *on_r);
		return view->grants_on_domain(view->context, address->domain, grants_r) == MW_LOOKUP_FOUND;
	}
	prefix = mw_prefix_of(address, identity->granted_on.len, text);
	*on_r = mw_arena_text(finding->arena, prefix);
	return view->grants_on_address(view->context, prefix, grants_r) == MW_LOOKUP_FOUND;
}

static void name_grant(const struct finding *finding, const struct mw_grants *grants, const char *on,
		       struct mw_own_identity *item)
{
	bool on_behalf = item->right == MW_RIGHT_SEND_ON_BEHALF;
	uint32_t trustee;

	(void)are_for(finding, on_behalf ? grants->send_on_behalf : grants->send_as,
		      on_behalf ? grants->send_on_behalf_until : grants->send_as_until, &item->until, &trustee);
	item->on = mw_str(on);
	item->trustee = name_of(finding, trustee);
}

/* An address, by the decision itself. */
static void look_at_address(struct finding *finding, struct mw_str text)
{
	struct mw_address address;
	struct mw_identity identity;
	struct mw_own_identity *item;
	struct mw_grants grants;
	const char *on;

	if (mw_address_parse(text, &address) == MW_ADDRESS_INVALID || !mw_address_has_domain(&address))
		return;
	mw_identity_right(finding->policy, finding->view, finding->user, &address, finding->today, &identity);
	if (identity.right == MW_RIGHT_UNAVAILABLE)
		finding->failed = true;
	if (identity.right == MW_RIGHT_NONE || identity.right == MW_RIGHT_UNAVAILABLE)
		return;
	item = add(finding, text, identity.right);
	if (item == NULL)
		return;
	item->primary = mw_str_equal(text, finding->user->name);
	item->until = identity.until;
	if (identity.right != MW_RIGHT_OWN && find_grants(finding, &address, &identity, &grants, &on))
		name_grant(finding, &grants, on, item);
}

/* Of a prefix: what stands before the extension of such addresses is somebody's, so that they are. */
static bool is_extension(const struct finding *finding, struct mw_str prefix)
{
	struct mw_address base;
	struct mw_principal owner;

	return mw_prefix_base(prefix, finding->policy->recipient_delimiter, &base) &&
	       finding->view->by_address(finding->view->context, base.whole, &owner, NULL) == MW_LOOKUP_FOUND;
}

static void look_at_pattern(struct finding *finding, struct mw_str pattern, const struct mw_grants *grants)
{
	struct mw_own_identity *item;
	enum mw_right right = MW_RIGHT_SEND_AS;
	int64_t until;
	uint32_t trustee;

	if (!are_for(finding, grants->send_as, grants->send_as_until, &until, &trustee)) {
		right = MW_RIGHT_SEND_ON_BEHALF;
		if (!are_for(finding, grants->send_on_behalf, grants->send_on_behalf_until, &until, &trustee))
			return;
	}
	item = add(finding, pattern, right);
	if (item == NULL)
		return;
	item->pattern = true;
	name_grant(finding, grants, item->address.ptr, item);
}

static void take_domain(void *context, struct mw_str domain, const struct mw_grants *grants)
{
	struct finding *finding = context;

	look_at_pattern(finding, mw_str(mw_arena_textf(finding->arena, "*@%.*s", MW_STR_ARG(domain))), grants);
}

/* Of a prefix, or on one address. An address of receive= is looked at with the others of who has it. */
static void take_address_grants(void *context, struct mw_str on, const struct mw_grants *grants)
{
	struct finding *finding = context;
	struct mw_principal owner;
	bool is_prefix = mw_prefix_is(on);

	if (is_prefix && !is_extension(finding, on))
		look_at_pattern(finding, on, grants);
	else if (!is_prefix &&
		 finding->view->by_address(finding->view->context, on, &owner, NULL) == MW_LOOKUP_NONE)
		look_at_address(finding, on);
}

/* Every address is looked at of who is the user or is granted to it, and each of receive=, on which a grant may be. */
static void take_address(void *context, struct mw_str address, uint32_t id, enum mw_held held)
{
	struct finding *finding = context;

	if (id == finding->user->id || held == MW_HELD_RECEIVE || (id <= finding->principals && finding->granted[id]))
		look_at_address(finding, address);
}

static bool find_granted(struct finding *finding)
{
	finding->granted = calloc(finding->principals + 1, sizeof(*finding->granted));
	if (finding->granted == NULL)
		return false;
	for (uint64_t id = 1; id <= finding->principals; id++) {
		struct mw_principal other;
		int64_t until;
		uint32_t trustee;

		if (finding->view->by_id(finding->view->context, (uint32_t)id, &other) != MW_LOOKUP_FOUND)
			continue;
		finding->granted[id] =
			are_for(finding, other.grants.send_as, other.grants.send_as_until, &until, &trustee) ||
			are_for(finding, other.grants.send_on_behalf, other.grants.send_on_behalf_until, &until, &trustee);
	}
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct mw_own_identity *a = left, *b = right;
	int order = a->pattern - b->pattern;

	if (order == 0)
		order = b->primary - a->primary;
	if (order == 0)
		order = (a->right > b->right) - (a->right < b->right);
	return order != 0 ? order : mw_str_compare(a->address, b->address);
}

static void sort(struct finding *finding, struct mw_own_identities *identities_r)
{
	struct mw_own_identity *items = MW_ARENA_ARRAY(finding->arena, struct mw_own_identity, finding->count + 1);

	if (items == NULL) {
		finding->failed = true;
		return;
	}
	if (finding->count > 0)
		memcpy(items, finding->items, finding->count * sizeof(*items));
	qsort(items, finding->count, sizeof(*items), compare);
	*identities_r = (struct mw_own_identities){ items, finding->count };
}

enum mw_lookup mw_own_identities_find(const struct mw_policy *policy, struct mw_directory *directory,
				      const struct mw_principal *user, int64_t today, struct mw_arena *arena,
				      struct mw_own_identities *identities_r)
{
	struct finding finding = {
		.policy = policy, .view = mw_directory_view(directory), .user = user, .today = today, .arena = arena,
	};
	struct mw_directory_status status;

	*identities_r = (struct mw_own_identities){ .count = 0 };
	mw_directory_status(directory, &status);
	finding.principals = status.users + status.groups;
	if (!mw_str_empty(user->blocked))
		return MW_LOOKUP_FOUND;
	finding.failed = !find_granted(&finding);
	if (!finding.failed && user->id == MW_ID_UNLISTED)
		look_at_address(&finding, user->name);
	finding.failed = finding.failed || !mw_directory_all_addresses(directory, take_address, &finding) ||
			 !mw_directory_each_grants(directory, false, take_address_grants, &finding) ||
			 !mw_directory_each_grants(directory, true, take_domain, &finding);
	sort(&finding, identities_r);
	free(finding.granted);
	free(finding.items);
	return finding.failed || mw_arena_failed(arena) ? MW_LOOKUP_UNAVAILABLE : MW_LOOKUP_FOUND;
}

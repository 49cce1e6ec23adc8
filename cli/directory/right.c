/* SPDX-License-Identifier: MIT */
#include "directory/right.h"

#include "base/units.h"
#include "decide/identity.h"
#include "mail/prefix.h"
#include "sync/record/key.h"

/* The one who was called so before his source renamed him, and nobody else. */
static bool was_called(const struct mw_directory_view *view, struct mw_str name, struct mw_principal *principal_r)
{
	uint32_t id, other;

	return view->formerly(view->context, name, 0, &id) == MW_LOOKUP_FOUND &&
	       view->formerly(view->context, name, 1, &other) == MW_LOOKUP_NONE &&
	       view->by_id(view->context, id, principal_r) == MW_LOOKUP_FOUND;
}

enum mw_lookup mw_right_find(const struct mw_directory_view *view, struct mw_str address,
			     struct mw_principal *principal_r, enum mw_held *held_r)
{
	enum mw_lookup found = view->by_address(view->context, address, principal_r, held_r);

	if (found != MW_LOOKUP_NONE || !was_called(view, address, principal_r))
		return found;
	if (held_r != NULL)
		*held_r = MW_HELD_PRIMARY;
	return MW_LOOKUP_FOUND;
}

bool mw_right_owner(const struct mw_directory_view *view, struct mw_str address, struct mw_principal *owner_r)
{
	enum mw_held held = MW_HELD_ALIAS;

	return view != NULL && mw_right_find(view, address, owner_r, &held) == MW_LOOKUP_FOUND && held != MW_HELD_RECEIVE;
}

bool mw_right_identity_owner(const struct mw_policy *policy, const struct mw_directory_view *view,
			     const struct mw_grant_record *grant, struct mw_principal *owner_r)
{
	struct mw_address address, base;
	enum mw_held held;

	if (view == NULL || grant->domain)
		return false;
	if (mw_prefix_is(grant->identity))
		return mw_prefix_base(grant->identity, policy->recipient_delimiter, &base) &&
		       view->by_address(view->context, base.whole, owner_r, NULL) == MW_LOOKUP_FOUND;
	return mw_address_parse(grant->identity, &address) != MW_ADDRESS_INVALID &&
	       mw_identity_owner(policy, view, &address, &base, owner_r, &held) == MW_LOOKUP_FOUND;
}

bool mw_right_same_name(const struct mw_directory_view *view, struct mw_str a, struct mw_str b)
{
	struct mw_principal first, second;

	if (mw_str_equal(a, b))
		return true;
	return mw_right_owner(view, a, &first) && mw_right_owner(view, b, &second) && first.id == second.id;
}

static bool same_identity(const struct mw_directory_view *view, const struct mw_grant_record *a,
			  const struct mw_grant_record *b)
{
	if (a->domain || b->domain)
		return a->domain == b->domain && mw_str_equal(a->identity, b->identity);
	return mw_right_same_name(view, a->identity, b->identity);
}

bool mw_right_same_grant(const struct mw_directory_view *view, const struct mw_grant_record *a,
			 const struct mw_grant_record *b)
{
	return a->on_behalf == b->on_behalf && same_identity(view, a, b) && mw_right_same_name(view, a->trustee, b->trustee);
}

bool mw_right_begins_so(struct mw_str prefix, struct mw_str identity)
{
	size_t star = mw_str_find(prefix, '*');
	size_t at = mw_str_find_last(identity, '@');

	return star < prefix.len && identity.len > star && mw_str_starts_with(identity, mw_str_head(prefix, star)) &&
	       mw_str_equal(mw_str_tail(prefix, star + 1), mw_str_tail(identity, at));
}

bool mw_right_covers(const struct mw_grant_record *grant, const struct mw_grant_record *pattern)
{
	size_t at = mw_str_find_last(pattern->identity, '@');

	if (pattern->domain)
		return grant->domain && mw_str_equal(grant->identity, pattern->identity);
	if (grant->domain)
		return mw_str_equal(grant->identity, mw_str_tail(pattern->identity, at + 1));
	return mw_right_begins_so(grant->identity, pattern->identity);
}

void mw_right_print(const struct mw_grant_record *grant, struct mw_buf *out)
{
	mw_buf_printf(out, "grant %s %s%.*s %.*s", mw_grant_word(grant), grant->domain ? "*@" : "",
		      MW_STR_ARG(grant->identity), MW_STR_ARG(grant->trustee));
	if (grant->until == 0)
		return;
	mw_buf_add_text(out, " until=");
	mw_print_date(grant->until, out);
}

/* SPDX-License-Identifier: MIT */
#include "decide/identity.h"

#include "policy/choose.h"

static enum mw_lookup by_login(const struct mw_directory_view *directory, struct mw_str login,
			       struct mw_principal *user_r)
{
	enum mw_lookup found;

	if (directory == NULL || directory->by_login == NULL)
		return MW_LOOKUP_UNAVAILABLE;
	found = directory->by_login(directory->context, login, user_r);
	/* A group cannot log in, whatever the directory says. */
	return found == MW_LOOKUP_FOUND && user_r->kind != MW_USER ? MW_LOOKUP_NONE : found;
}

/* Whether a name is this login at this domain, so that the completed login is no other user's. */
static bool is_completed(struct mw_str name, struct mw_str login, struct mw_str domain)
{
	return name.len == login.len + 1 + domain.len && mw_str_starts_with(name, login) && name.ptr[login.len] == '@' &&
	       mw_str_ends_with(name, domain);
}

/* The user of a login name; UNAVAILABLE and both where it could be two users'. */
struct answer { struct mw_principal *user, *other; bool ambiguous; };

/* Looks up the completed login beside the login itself. Not inlined: the compiler clears the memory, which a login
   that is found at once should not pay for. */
__attribute__((noinline)) static enum mw_lookup by_completed_login(const struct mw_directory_view *directory,
								   struct mw_str login, struct mw_str domain,
								   enum mw_lookup as_it_is, struct answer *answer)
{
	char completed[MW_LOGIN_MAX + 1];
	enum mw_lookup found;
	size_t len;

	if (!mw_login_complete(login, domain, completed, sizeof(completed), &len))
		return as_it_is;
	login = (struct mw_str){ completed, len };
	if (as_it_is == MW_LOOKUP_NONE)
		return by_login(directory, login, answer->user);
	found = by_login(directory, login, answer->other);
	if (found != MW_LOOKUP_FOUND)
		return found == MW_LOOKUP_NONE ? as_it_is : found;
	answer->ambiguous = answer->other->id != answer->user->id;
	return answer->ambiguous ? MW_LOOKUP_UNAVAILABLE : MW_LOOKUP_FOUND;
}

static enum mw_lookup find(const struct mw_policy *policy, const struct mw_directory_view *directory,
			   struct mw_str login, struct answer *answer)
{
	char name[MW_LOGIN_MAX + 1];
	struct mw_str domain;
	enum mw_lookup found;
	size_t len;

	if (!mw_login_canonical(login, name, sizeof(name), &len))
		return MW_LOOKUP_NONE;
	login = (struct mw_str){ name, len };
	found = by_login(directory, login, answer->user);
	if (found == MW_LOOKUP_UNAVAILABLE || mw_str_find(login, '@') < len)
		return found;
	domain = mw_choose_login_domain(policy);
	if (mw_str_empty(domain) || (found == MW_LOOKUP_FOUND && is_completed(answer->user->name, login, domain)))
		return found;
	return by_completed_login(directory, login, domain, found, answer);
}

enum mw_lookup mw_identity_login(const struct mw_policy *policy, const struct mw_directory_view *directory,
				 struct mw_str login, struct mw_principal *user_r)
{
	struct mw_principal other;
	struct answer answer = { .user = user_r, .other = &other };

	return find(policy, directory, login, &answer);
}

bool mw_identity_login_is_ambiguous(const struct mw_policy *policy, const struct mw_directory_view *directory,
				    struct mw_str login)
{
	struct mw_principal user, other;
	struct answer answer = { .user = &user, .other = &other };

	return find(policy, directory, login, &answer) == MW_LOOKUP_UNAVAILABLE && answer.ambiguous;
}

/* --- whom a login means that no user has */

/* A name, canonical, as a login and as an address. */
static enum mw_lookup by_name(const struct mw_directory_view *directory, struct mw_str name,
			      struct mw_principal *owner_r)
{
	enum mw_lookup found = by_login(directory, name, owner_r);

	if (found != MW_LOOKUP_NONE)
		return found;
	if (directory->by_address == NULL)
		return MW_LOOKUP_UNAVAILABLE;
	return directory->by_address(directory->context, name, owner_r, NULL);
}

/* The names that a login may stand for, canonical: itself, its address, what stands before an extension, and what these
   are without the login domain. */
#define MEANT_MOST 5
struct meant {
	struct mw_str items[MEANT_MOST];
	size_t count;
	char login[MW_LOGIN_MAX + 1], quoted[MW_ADDRESS_QUOTED_MAX];
	struct mw_address address, base;
};

static void add_meant(struct meant *meant, struct mw_str name)
{
	for (size_t i = 0; i < meant->count; i++) {
		if (mw_str_equal(meant->items[i], name))
			return;
	}
	meant->items[meant->count++] = name;
}

static void add_meant_address(const struct mw_policy *policy, const struct mw_address *address, struct meant *meant)
{
	add_meant(meant, address->whole);
	if (mw_str_equal(address->domain, mw_choose_login_domain(policy)))
		add_meant(meant, address->local);
}

static void list_meant(const struct mw_policy *policy, struct mw_str login, struct meant *meant)
{
	struct mw_buf quoted = MW_BUF_OVER(meant->quoted);
	size_t len;

	meant->count = 0;
	if (!mw_login_canonical(login, meant->login, sizeof(meant->login), &len))
		return;
	add_meant(meant, (struct mw_str){ meant->login, len });
	mw_identity_address(policy, mw_address_quoted(login, &quoted), &meant->address, NULL);
	if (!mw_address_has_domain(&meant->address))
		return;
	add_meant_address(policy, &meant->address, meant);
	if (mw_address_without_extension(&meant->address, policy->recipient_delimiter, &meant->base))
		add_meant_address(policy, &meant->base, meant);
}

/* Not inlined: few logins are unknown, and the others should not pay for its memory. */
__attribute__((noinline)) enum mw_lookup mw_identity_meant(const struct mw_policy *policy,
							   const struct mw_directory_view *directory,
							   struct mw_str login, struct mw_principal *owner_r)
{
	enum mw_lookup found = MW_LOOKUP_NONE;
	struct meant meant;

	list_meant(policy, login, &meant);
	for (size_t i = 0; i < meant.count && found == MW_LOOKUP_NONE; i++)
		found = by_name(directory, meant.items[i], owner_r);
	return found;
}

__attribute__((noinline)) bool mw_identity_could_be(const struct mw_policy *policy, struct mw_str login,
						    struct mw_str address)
{
	struct meant meant;

	list_meant(policy, login, &meant);
	for (size_t i = 0; i < meant.count; i++) {
		if (mw_str_equal(meant.items[i], address))
			return true;
	}
	return false;
}

/* One name; what is found is added to *user. */
static enum mw_lookup add_suspended(const struct mw_directory_view *directory, struct mw_str name,
				    struct mw_principal *user)
{
	struct mw_principal known;
	enum mw_lookup found;

	if (directory == NULL || directory->suspended == NULL)
		return MW_LOOKUP_UNAVAILABLE;
	found = directory->suspended(directory->context, name, user);
	if (found == MW_LOOKUP_UNAVAILABLE || by_name(directory, name, &known) != MW_LOOKUP_FOUND ||
	    (!known.suspended_login && !known.suspended_sending))
		return found;
	user->name = known.name;
	user->suspended_login |= known.suspended_login;
	user->suspended_sending |= known.suspended_sending;
	return MW_LOOKUP_FOUND;
}

enum mw_lookup mw_identity_suspended(const struct mw_policy *policy, const struct mw_directory_view *directory,
				     struct mw_str login, struct mw_principal *user_r)
{
	enum mw_lookup all = MW_LOOKUP_NONE;
	struct meant meant;

	memset(user_r, 0, sizeof(*user_r));
	list_meant(policy, login, &meant);
	for (size_t i = 0; i < meant.count; i++) {
		enum mw_lookup found = add_suspended(directory, meant.items[i], user_r);

		if (found == MW_LOOKUP_UNAVAILABLE)
			return found;
		if (found == MW_LOOKUP_FOUND)
			all = found;
	}
	return all;
}

/* Not inlined: mostly nobody is suspended, and then no login should pay for its memory. */
__attribute__((noinline)) static enum mw_lookup add_listed(const struct mw_policy *policy,
							   const struct mw_directory_view *directory,
							   struct mw_str login, struct mw_principal *user)
{
	struct mw_principal listed = { .name = MW_STR_EMPTY };
	enum mw_lookup all = MW_LOOKUP_NONE;
	struct meant meant;

	list_meant(policy, login, &meant);
	for (size_t i = 0; i < meant.count; i++) {
		enum mw_lookup found = directory->suspended(directory->context, meant.items[i], &listed);

		if (found == MW_LOOKUP_UNAVAILABLE)
			return found;
		if (found == MW_LOOKUP_FOUND)
			all = found;
	}
	user->suspended_login |= listed.suspended_login;
	user->suspended_sending |= listed.suspended_sending;
	return all;
}

enum mw_lookup mw_identity_add_suspended(const struct mw_policy *policy, const struct mw_directory_view *directory,
					 struct mw_str login, struct mw_principal *user)
{
	if (directory->suspended == NULL ||
	    (directory->nobody_suspended != NULL && directory->nobody_suspended(directory->context)))
		return MW_LOOKUP_NONE;
	return add_listed(policy, directory, login, user);
}

enum mw_lookup mw_identity_user(const struct mw_policy *policy, const struct mw_directory_view *directory,
				struct mw_str login, struct mw_unlisted_name *name, struct mw_principal *user_r)
{
	enum mw_lookup found = mw_identity_login(policy, directory, login, user_r);
	struct mw_unlisted unlisted;

	if (found != MW_LOOKUP_NONE || policy->unlisted_logins != MW_UNLISTED_OWN_ADDRESS)
		return found;
	found = mw_unlisted_find(policy, directory, login, name, &unlisted);
	if (found == MW_LOOKUP_FOUND)
		*user_r = unlisted.user;
	return found;
}

/* The address is one principal's and the login name another's. A primary address in full is its owner's name,
   whoever else logs in by it. */
static bool is_torn(const struct mw_named *named, struct mw_str name)
{
	return named->other.id != named->principal.id &&
	       !(named->held == MW_HELD_PRIMARY && mw_str_find(name, '@') < name.len);
}

/* Whom the directory lacks, and the policy lets in. */
static enum mw_lookup find_unlisted(const struct mw_policy *policy, const struct mw_directory_view *directory,
				    struct mw_str name, struct mw_named *named_r)
{
	char memory[MW_LOGIN_MAX + MW_DOMAIN_MAX + 2];
	struct mw_buf login = MW_BUF_OVER(memory);
	size_t at = mw_str_find_last(name, '@');
	struct mw_unlisted unlisted;
	enum mw_lookup found;

	/* An administrator may write the domain in its own letters. */
	mw_buf_add(&login, named_r->is_address ? mw_str_head(name, at) : name);
	if (named_r->is_address) {
		mw_buf_add_char(&login, '@');
		mw_buf_add(&login, named_r->address.domain);
	}
	if (login.truncated)
		return MW_LOOKUP_NONE;
	found = mw_unlisted_find(policy, directory, mw_buf_str(&login), &named_r->unlisted_name, &unlisted);

	named_r->by_login = named_r->by_address = named_r->unlisted = found == MW_LOOKUP_FOUND;
	named_r->held = MW_HELD_PRIMARY;
	if (found == MW_LOOKUP_FOUND)
		named_r->principal = unlisted.user;
	return found;
}

enum mw_lookup mw_identity_named(const struct mw_policy *policy, const struct mw_directory_view *directory,
				 struct mw_str name, struct mw_named *named_r)
{
	char memory[MW_ADDRESS_QUOTED_MAX];
	struct mw_buf quoted = MW_BUF_OVER(memory);
	struct mw_principal user;
	struct answer login = { .user = &user, .other = &named_r->other };
	enum mw_lookup as_login = find(policy, directory, name, &login), as_address = MW_LOOKUP_NONE;

	/* As Postfix logs it too, without the quotes that it needs. */
	mw_identity_address(policy, mw_address_quoted(name, &quoted), &named_r->address, NULL);
	named_r->is_address = mw_address_has_domain(&named_r->address);
	named_r->held = MW_HELD_ALIAS;
	named_r->by_login = named_r->unlisted = false;
	named_r->ambiguous = login.ambiguous;
	if (named_r->is_address)
		as_address = mw_identity_owner(policy, directory, &named_r->address, &named_r->base, &named_r->principal,
					       &named_r->held);
	named_r->by_address = as_address == MW_LOOKUP_FOUND && !login.ambiguous;
	if (login.ambiguous) {
		named_r->principal = user;
		return MW_LOOKUP_NONE;
	}
	if (as_login == MW_LOOKUP_UNAVAILABLE || as_address == MW_LOOKUP_UNAVAILABLE)
		return MW_LOOKUP_UNAVAILABLE;
	if (as_login == MW_LOOKUP_NONE)
		return as_address != MW_LOOKUP_NONE ? as_address : find_unlisted(policy, directory, name, named_r);
	if (!named_r->by_address)
		named_r->principal = user;
	named_r->other = user;
	named_r->by_login = user.id == named_r->principal.id;
	named_r->ambiguous = is_torn(named_r, name);
	return named_r->ambiguous ? MW_LOOKUP_NONE : MW_LOOKUP_FOUND;
}

/* SPDX-License-Identifier: MIT */
#include "decide/unlisted.h"

#include "policy/choose.h"

static bool is_accepted(const struct mw_policy *policy, struct mw_str domain)
{
	/* A local name is judged as another domain wherever it stands in an address. */
	return mw_choose_accepted_domain(policy, domain) != NULL && mw_choose_local_name(policy, domain) == NULL;
}

/* Whether a login is an address in an accepted domain and nobody else's but for how its domain is written. */
static bool is_own_address(const struct mw_policy *policy, struct mw_str login, struct mw_address *address_r)
{
	char name[MW_LOGIN_MAX + 1];
	size_t at = mw_str_find_last(login, '@'), len;
	bool done;

	if (at < login.len)
		done = mw_login_canonical(login, name, sizeof(name), &len);
	else
		done = mw_login_complete(login, mw_choose_login_domain(policy), name, sizeof(name), &len);
	return done && mw_address_parse((struct mw_str){ name, len }, address_r) == MW_ADDRESS_MAILBOX &&
	       address_r->local.ptr[0] != '"' && mw_str_equal_nocase(mw_str_head(login, at), address_r->local) &&
	       is_accepted(policy, address_r->domain);
}

/* Not as U-labels: Dovecot may have another account by that name. */
static bool is_written_canonically(struct mw_str login, const struct mw_address *address)
{
	size_t at = mw_str_find_last(login, '@');

	return at == login.len || mw_str_equal_nocase(mw_str_tail(login, at + 1), address->domain);
}

bool mw_unlisted_address(const struct mw_policy *policy, struct mw_str login, struct mw_address *address_r)
{
	return policy->unlisted_logins == MW_UNLISTED_OWN_ADDRESS && is_own_address(policy, login, address_r) &&
	       is_written_canonically(login, address_r);
}

static enum mw_lookup by_login(const struct mw_directory_view *directory, struct mw_str login,
			       struct mw_principal *owner_r)
{
	return directory->by_login(directory->context, login, owner_r);
}

/* Then a login of what stands before the "@" may be the same. */
static bool is_of_login_domain(const struct mw_policy *policy, const struct mw_address *address)
{
	return mw_str_equal(address->domain, mw_choose_login_domain(policy));
}

/* Whether the directory has the address: somebody receives mail for it, logs in by it or by what stands before its "@",
   or has a grant on it. */
static enum mw_lookup find_owner(const struct mw_policy *policy, const struct mw_directory_view *directory,
				 const struct mw_address *address, struct mw_principal *owner_r)
{
	enum mw_lookup found = directory->by_address(directory->context, address->whole, owner_r, NULL);
	struct mw_grants grants;

	if (found == MW_LOOKUP_NONE)
		found = by_login(directory, address->whole, owner_r);
	if (found == MW_LOOKUP_NONE && is_of_login_domain(policy, address))
		found = by_login(directory, address->local, owner_r);
	if (found != MW_LOOKUP_NONE)
		return found;
	owner_r->name = MW_STR_EMPTY;
	return directory->grants_on_address(directory->context, address->whole, &grants);
}

static struct mw_principal new_user(const struct mw_address *address, struct mw_unlisted_name *name)
{
	struct mw_str text = { name->text, address->whole.len };

	memcpy(name->text, address->whole.ptr, text.len);
	name->text[text.len] = '\0';
	return (struct mw_principal){
		.id = MW_ID_UNLISTED,
		.kind = MW_USER,
		.name = text,
		.imap = true, .pop3 = true, .sieve = true, .smtp = true,
		.relay = true,
		.message_rate_limit = MW_NOT_SET, .recipient_rate_limit = MW_NOT_SET,
		.max_message_size = MW_NOT_SET, .max_recipients = MW_NOT_SET,
		.senders = MW_SENDERS_ANYONE,
	};
}

/* Marks the suspensions of whoever logs in by this name, be it one that a user had who is in the directory no more. */
static enum mw_lookup mark_suspended(const struct mw_directory_view *directory, struct mw_str login,
				     struct mw_principal *user)
{
	struct mw_principal suspended = { .name = MW_STR_EMPTY };
	enum mw_lookup found = directory->suspended(directory->context, login, &suspended);

	user->suspended_login |= suspended.suspended_login;
	user->suspended_sending |= suspended.suspended_sending;
	return found == MW_LOOKUP_UNAVAILABLE ? found : MW_LOOKUP_FOUND;
}

/* The address, or what stands before its extension. */
static enum mw_lookup look_at(const struct mw_policy *policy, const struct mw_directory_view *directory,
			      const struct mw_address *address, struct mw_principal *user, struct mw_unlisted *unlisted)
{
	struct mw_principal owner;
	enum mw_lookup found = find_owner(policy, directory, address, &owner);

	if (found == MW_LOOKUP_NONE) {
		found = mark_suspended(directory, address->whole, user);
		if (found == MW_LOOKUP_FOUND && is_of_login_domain(policy, address))
			found = mark_suspended(directory, address->local, user);
		return found;
	}
	if (found == MW_LOOKUP_FOUND) {
		unlisted->note = MW_NOTE_LOGIN_TAKEN;
		unlisted->user = owner;
		return MW_LOOKUP_NONE;
	}
	return MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup find(const struct mw_policy *policy, const struct mw_directory_view *directory,
			   const struct mw_address *address, struct mw_principal *user, struct mw_unlisted *unlisted)
{
	struct mw_address base;
	enum mw_lookup found = directory->complete_domain(directory->context, address->domain);

	if (found == MW_LOOKUP_FOUND) {
		unlisted->note = MW_NOTE_LOGIN_COMPLETE;
		return MW_LOOKUP_NONE;
	}
	if (found == MW_LOOKUP_NONE)
		found = look_at(policy, directory, address, user, unlisted);
	if (found == MW_LOOKUP_FOUND && mw_address_without_extension(address, policy->recipient_delimiter, &base))
		found = look_at(policy, directory, &base, user, unlisted);
	return found;
}

enum mw_lookup mw_unlisted_find(const struct mw_policy *policy, const struct mw_directory_view *directory,
				struct mw_str login, struct mw_unlisted_name *name, struct mw_unlisted *unlisted_r)
{
	struct mw_address address;
	struct mw_principal user;
	enum mw_lookup found = MW_LOOKUP_UNAVAILABLE;

	unlisted_r->note = MW_NOTE_LOGIN_UNKNOWN;
	if (policy->unlisted_logins != MW_UNLISTED_OWN_ADDRESS)
		return MW_LOOKUP_NONE;
	if (!is_own_address(policy, login, &address))
		unlisted_r->note = MW_NOTE_LOGIN_NO_ADDRESS;
	else if (!is_written_canonically(login, &address))
		unlisted_r->note = MW_NOTE_LOGIN_U_LABEL;
	if (unlisted_r->note != MW_NOTE_LOGIN_UNKNOWN)
		return MW_LOOKUP_NONE;
	user = new_user(&address, name);
	if (directory != NULL && directory->by_address != NULL && directory->by_login != NULL &&
	    directory->grants_on_address != NULL && directory->complete_domain != NULL && directory->suspended != NULL)
		found = find(policy, directory, &address, &user, unlisted_r);
	if (found == MW_LOOKUP_FOUND) {
		unlisted_r->note = MW_NOTE_LOGIN_UNLISTED;
		unlisted_r->user = user;
	} else if (found != MW_LOOKUP_NONE) {
		unlisted_r->note = MW_NOTE_DIRECTORY_UNAVAILABLE;
	}
	return found;
}

/* SPDX-License-Identifier: MIT */
#include "servers/check/known.h"

#include <unistd.h>

#include "decide/identity.h"
#include "mail/address.h"
#include "servers/init/passdbs.h"
#include "servers/init/tables.h"
#include "sync/text/name.h"

#define NAMES_SHOWN 5

#define WHY_LOGINS "once a rule is enforced, such a login is refused, and so is what it sends"
#define WHY_MAILBOXES "once a rule is enforced, who has such a mailbox cannot log in or send"

/* One place that lists names. */
struct place {
	const char *name;
	size_t count, unknown;
	size_t doubtful;   /* unknown ones that may be no logins */
	const char *doubt; /* and why the first of them may be none */
	struct mw_str shown[NAMES_SHOWN]; /* the first unknown ones */
	size_t coverable; /* unknown ones that unlisted_logins = own_address would let in */
	struct place *next;
};

struct known {
	const struct mw_policy *policy;
	struct mw_policy lenient; /* the policy with unlisted_logins = own_address */
	const struct mw_directory_view *directory;
	struct mw_findings *findings;
	struct mw_arena *arena;
	struct place *places, *last;
	bool unavailable; /* a lookup could not be made */
	bool accounts_unseen; /* this machine's, which only root can tell from those of services */
};

/* --- one name */

static bool is_login(struct known *known, const struct mw_policy *policy, struct mw_str login)
{
	struct mw_unlisted_name name;
	struct mw_principal user;
	enum mw_lookup found = mw_identity_user(policy, known->directory, login, &name, &user);

	known->unavailable |= found == MW_LOOKUP_UNAVAILABLE;
	return found != MW_LOOKUP_NONE;
}

/* An alias or a group has its mailbox too. */
static bool is_mailbox(struct known *known, struct mw_str text)
{
	struct mw_address address, base;
	struct mw_principal owner;
	enum mw_lookup found = MW_LOOKUP_NONE;

	if (mw_identity_address(known->policy, text, &address, NULL) == MW_ADDRESS_MAILBOX)
		found = mw_identity_owner(known->policy, known->directory, &address, &base, &owner, NULL);
	known->unavailable |= found == MW_LOOKUP_UNAVAILABLE;
	return found != MW_LOOKUP_NONE;
}

static struct place *place_of(struct known *known, const char *name)
{
	struct place *place;

	if (known->last != NULL && strcmp(known->last->name, name) == 0)
		return known->last;
	place = MW_ARENA_NEW(known->arena, struct place);
	if (place == NULL)
		return NULL;
	place->name = name;
	if (known->last != NULL)
		known->last->next = place;
	else
		known->places = place;
	known->last = place;
	return place;
}

static void take(struct known *known, const char *from, const char *doubt, struct mw_str name, bool is_known)
{
	struct place *place = place_of(known, from);

	if (place == NULL)
		return;
	place->count++;
	if (is_known)
		return;
	if (place->unknown < NAMES_SHOWN)
		place->shown[place->unknown] = name;
	place->unknown++;
	place->doubtful += doubt != NULL;
	if (place->doubt == NULL)
		place->doubt = doubt;
	place->coverable += is_login(known, &known->lenient, name);
}

static void take_account(void *context, const struct mw_init_account *account)
{
	struct known *known = context;
	struct mw_str name = account->name;

	if (account->system && geteuid() != 0) {
		known->accounts_unseen = true;
		return;
	}
	if (account->locked)
		return;
	if (mw_str_find(name, '@') == name.len && !mw_str_empty(account->domain))
		name = mw_str(mw_arena_textf(known->arena, "%.*s@%.*s", MW_STR_ARG(name), MW_STR_ARG(account->domain)));
	take(known, account->from, account->doubt, name, is_login(known, known->policy, name));
}

static void take_mailboxes(struct known *known, struct mw_init *init)
{
	struct mw_init_entries entries = mw_init_mailboxes(init);

	for (size_t i = 0; i < entries.count; i++) {
		struct mw_str key = entries.items[i].key;

		if (!mw_str_starts_with(key, MW_STR("@")))
			take(known, "virtual_mailbox_maps", NULL, key,
			     is_mailbox(known, key) || is_login(known, known->policy, key));
	}
}

/* --- what was found */

static const char *list_names(const struct known *known, const struct place *place)
{
	const char *text = "";

	for (size_t i = 0; i < place->unknown && i < NAMES_SHOWN; i++)
		text = mw_arena_textf(known->arena, "%s%s%.*s", text, i > 0 ? ", " : "", MW_STR_ARG(place->shown[i]));
	if (place->unknown > NAMES_SHOWN)
		text = mw_arena_textf(known->arena, "%s and %zu more", text, place->unknown - NAMES_SHOWN);
	return text;
}

/* A line for the first of them; it is shown as it could be written. */
static const char *example_line(const struct known *known, const struct place *place)
{
	struct mw_str name = place->shown[0];
	struct mw_address address;
	char memory[MW_LOGIN_MAX + 1];
	size_t len;

	if (!mw_login_canonical(name, memory, sizeof(memory), &len) ||
	    mw_text_login_refused((struct mw_str){ memory, len }) != '\0' ||
	    mw_identity_address(known->policy, name, &address, NULL) != MW_ADDRESS_MAILBOX ||
	    mw_text_name_refused(address.whole) != '\0')
		return "user ADDRESS login=LOGIN";
	return mw_str_find(name, '@') < name.len
		       ? mw_arena_textf(known->arena, "user %.*s", MW_STR_ARG(address.whole))
		       : mw_arena_textf(known->arena, "user %.*s login=%.*s", MW_STR_ARG(address.whole), (int)len, memory);
}

static struct mw_fix fix_of(const struct known *known, const struct place *place)
{
	const struct mw_policy *policy = known->policy;
	struct mw_arena *arena = known->arena;
	const char *source = "the directory's source", *text;

	if (policy->directory.source_count > 0)
		source = mw_arena_text(arena, policy->directory.sources[0].path);
	text = mw_arena_textf(arena, "a line for each in %s, as \"%s\", and then mailwicket sync", source,
			      example_line(known, place));
	if (policy->unlisted_logins == MW_UNLISTED_OWN_ADDRESS)
		text = mw_arena_textf(arena, "%s; unlisted_logins = own_address lets in only who completes to an address of its "
				      "own in an accepted domain", text);
	else if (place->coverable == place->unknown)
		text = mw_arena_textf(arena, "%s; or unlisted_logins = own_address in %s: then each of them may send as its own "
				      "address; or let mailwicket init write both files", text, policy->file);
	else
		text = mw_arena_textf(arena, "%s; unlisted_logins = own_address in %s would let in %zu of them", text, policy->file,
				      place->coverable);
	return mw_fix_words(text);
}

static const char *why_of(const struct known *known, const struct place *place, bool mailboxes, bool doubtful)
{
	if (mailboxes)
		return WHY_MAILBOXES;
	return doubtful ? mw_arena_textf(known->arena, "once a rule is enforced, such a login is refused; %s", place->doubt)
			: WHY_LOGINS;
}

static void tell(const struct known *known, const struct place *place)
{
	bool doubtful = place->doubtful == place->unknown;
	bool mailboxes = strcmp(place->name, "virtual_mailbox_maps") == 0;
	const char *slash = strchr(place->name, '/');

	if (place->unknown == 0)
		return;
	mw_findings_add(known->findings, (struct mw_finding){
		.id = mailboxes ? MW_FOUND_UNKNOWN_MAILBOXES : MW_FOUND_UNKNOWN_LOGINS,
		.severity = doubtful ? MW_FINDING_WARNING : MW_FINDING_ERROR,
		/* "passwd-file /etc/dovecot/users" names its file. */
		.file = slash != NULL ? slash : "",
		.setting = slash != NULL ? "" : place->name,
		.what = mw_arena_textf(known->arena, "lists %zu %s%s, %zu of %s not known", place->count,
				       mailboxes ? "mailbox" : "login", place->count == 1 ? "" : mailboxes ? "es" : "s",
				       place->unknown, place->unknown == 1 ? "which is" : "which are"),
		.detail = list_names(known, place),
		.why = why_of(known, place, mailboxes, doubtful),
		.fix = fix_of(known, place),
	});
}

static void tell_unread(const struct known *known, const char *setting, const char *what, const char *why)
{
	mw_findings_add(known->findings, (struct mw_finding){
		.id = MW_FOUND_NOT_LISTED,
		.severity = MW_FINDING_BEYOND,
		.file = "",
		.setting = setting,
		.what = "cannot be listed: whether the policy knows each name in it is not checked",
		.detail = what[0] != '\0' ? mw_arena_textf(known->arena, "%s: %s", what, why) : why,
		.why = "",
		.fix = MW_NO_FIX,
	});
}

static void tell_all(struct known *known, const struct mw_init *init)
{
	/* The directory's own finding says what is wrong with it. */
	if (known->unavailable)
		return;
	for (const struct place *place = known->places; place != NULL; place = place->next)
		tell(known, place);
	for (size_t i = 0; i < init->unread_count; i++)
		tell_unread(known, init->unread[i].setting, init->unread[i].what, init->unread[i].why);
	if (known->accounts_unseen)
		tell_unread(known, "/etc/passwd", "", "only root can tell users from services there");
}

void mw_check_known(const struct mw_policy *policy, const struct mw_servers *servers,
		    const struct mw_directory_view *directory, struct mw_findings *findings)
{
	struct mw_arena *arena = mw_findings_arena(findings);
	struct known known = {
		.policy = policy, .lenient = *policy, .directory = directory, .findings = findings, .arena = arena
	};
	struct mw_init *init = MW_ARENA_NEW(arena, struct mw_init);

	if (init == NULL)
		return;
	init->arena = arena;
	known.lenient.unlisted_logins = MW_UNLISTED_OWN_ADDRESS;
	init->has_dovecot = servers->dovecot &&
		mw_dovecot_site_try(&init->dovecot, policy, servers->dovecot_config, servers->dovecot_named, arena);
	if (init->has_dovecot)
		mw_init_each_account(init, true, take_account, &known);
	if (servers->postfix && mw_postfix_site_try(&init->postfix, policy, servers->postfix_config, arena))
		take_mailboxes(&known, init);
	tell_all(&known, init);
}

/* SPDX-License-Identifier: MIT */
/* Users, groups and grants that permit what smtpd_sender_login_maps permit. A grant on a user or group holds for all
   its addresses, so that an address is a user's where exactly those may send as it who may as the user's name; any
   other is a group of its own, with a grant for each. */
#include "servers/init/sender_rules.h"

#include "mail/address.h"

/* --- what a user is called */

static bool is_nobodys(const struct mw_sender_login *login)
{
	return strcmp(login->from, MW_SENDER_NO_LOGINS) == 0;
}

static bool has_extension(const struct mw_sender_rules *senders, struct mw_str text)
{
	struct mw_address address, base;

	return mw_address_parse(text, &address) == MW_ADDRESS_MAILBOX &&
	       mw_address_without_extension(&address, senders->init->delimiter, &base);
}

/* The first address that is a user's alone and nobody's login, for each who may not send as his own. */
static void choose_other_names(const struct mw_sender_rules *senders, uint32_t *names, bool *settled)
{
	for (uint32_t i = 0; i < senders->count; i++) {
		const struct mw_sender *sender = &senders->items[i];

		if (sender->owners.count != 1 || sender->by_domain || settled[sender->owners.items[0]] ||
		    mw_sender_rules_login(senders, sender->address) != MW_LOGIN_NONE ||
		    has_extension(senders, sender->address))
			continue;
		names[sender->owners.items[0]] = i;
		settled[sender->owners.items[0]] = true;
	}
}

/* The number of the address that is to be each user's name: whoever has it may send as it. A user who may not send as
   the address that the login completes to, at any listener, gets the first that is his alone or, where there is none, a
   name that is no address. */
static uint32_t *choose_names(struct mw_sender_rules *senders)
{
	struct mw_arena *arena = senders->init->arena;
	uint32_t *names = MW_ARENA_ARRAY(arena, uint32_t, senders->login_count + 1);
	bool *settled = MW_ARENA_ARRAY(arena, bool, senders->login_count + 1);

	if (names == NULL || settled == NULL)
		return NULL;
	for (uint32_t i = 0; i < senders->login_count; i++) {
		names[i] = senders->logins[i].own_sender;
		settled[i] = !mw_sender_rules_refuses_own(senders, i);
	}
	choose_other_names(senders, names, settled);
	for (uint32_t i = 0; i < senders->login_count; i++) {
		if (settled[i])
			continue;
		senders->init->without_own += !is_nobodys(&senders->logins[i]);
		if (!mw_sender_rules_add_nameless(senders, senders->logins[i].own, &names[i]))
			return NULL;
	}
	return names;
}

/* --- who may */

struct writing {
	struct mw_sender_rules *senders;
	struct mw_people *people;
	const uint32_t *names; /* by login: the number of the address */
	uint32_t *user_of;     /* by address: the login whose name it is; NONE: nobody's */
	bool aliases;          /* they give a right where Postfix lets everybody */
	bool *covered;         /* by address: the grants on its domain alone give it to all who may send as it */
};

/* Whether a login may send as an address by what is written of it alone, or as its own name. */
static bool may(const struct writing *writing, uint32_t address, uint32_t login)
{
	return writing->user_of[address] == login || mw_login_set_has(&writing->senders->items[address].owners, login);
}

/* Whether exactly those may send as an address who may as a user's name. */
static bool is_alike(const struct writing *writing, uint32_t address, uint32_t login)
{
	const struct mw_login_set *set = &writing->senders->items[address].owners;
	const struct mw_login_set *of_name = &writing->senders->items[writing->names[login]].owners;
	size_t count = of_name->count + !mw_login_set_has(of_name, login);

	if (set->count != count)
		return false;
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i] != login && !mw_login_set_has(of_name, set->items[i]))
			return false;
	return mw_login_set_has(set, login);
}

static void grant(const struct writing *writing, struct mw_str identity, uint32_t login, const char *left_out)
{
	mw_people_add_grant(writing->people, identity, writing->senders->logins[login].person->name, left_out);
}

/* --- domains */

/* A grant on a domain holds for all its addresses; Postfix's "@DOMAIN" only for those that no other key has. NULL: it
   may be written, as far as is known; else the address that it would hold for against that. */
static const struct mw_sender **find_exceptions(const struct writing *writing, uint32_t *first_of, size_t total)
{
	const struct mw_sender_rules *senders = writing->senders;
	const struct mw_sender **exceptions =
		mw_arena_alloc_array(senders->init->arena, sizeof(const struct mw_sender *), total + 1);

	for (uint32_t i = 0; exceptions != NULL && i < senders->count; i++) {
		uint32_t domain = mw_sender_rules_domain(senders, senders->items[i].address);
		const struct mw_login_set *set = domain != MW_DOMAIN_NONE ? &senders->domain_owners[domain] : NULL;

		for (size_t k = 0; set != NULL && k < set->count; k++)
			if (exceptions[first_of[domain] + k] == NULL && !may(writing, i, set->items[k]))
				exceptions[first_of[domain] + k] = &senders->items[i];
	}
	return exceptions;
}

/* Why a grant on a domain is to be a comment; NULL: it holds. */
static const char *why_left_out(const struct mw_sender_rules *senders, uint32_t domain,
				const struct mw_sender *exception)
{
	struct mw_arena *arena = senders->init->arena;
	struct mw_str name = senders->domains.items[domain].text;

	if (exception != NULL)
		return mw_arena_textf(arena, "it would hold for %.*s too, as which others send", MW_STR_ARG(exception->address));
	if (senders->unlisted != NULL)
		return mw_arena_textf(arena, "%s was not listed, and may give addresses there to others", senders->unlisted);
	for (size_t i = 0; i < senders->odd_count; i++)
		if (mw_str_equal(senders->odd[i].domain, name))
			return mw_arena_textf(arena, "it would hold for %.*s too, a key that is no address",
					      MW_STR_ARG(senders->odd[i].key));
	return NULL;
}

static void grant_domains(struct writing *writing)
{
	const struct mw_sender_rules *senders = writing->senders;
	struct mw_arena *arena = senders->init->arena;
	uint32_t domains = (uint32_t)senders->domains.count;
	uint32_t *first_of = MW_ARENA_ARRAY(arena, uint32_t, domains + 1);
	bool *whole = MW_ARENA_ARRAY(arena, bool, domains + 1);
	const struct mw_sender **exceptions;
	uint32_t total = 0;

	if (first_of == NULL || whole == NULL)
		return;
	for (uint32_t i = 0; i < domains; i++) {
		first_of[i] = total;
		total += (uint32_t)senders->domain_owners[i].count;
	}
	exceptions = find_exceptions(writing, first_of, total);
	for (uint32_t i = 0; exceptions != NULL && i < domains; i++) {
		const struct mw_login_set *set = &senders->domain_owners[i];
		struct mw_str identity = mw_str(mw_arena_textf(arena, "*@%.*s", MW_STR_ARG(senders->domains.items[i].text)));

		whole[i] = true;
		for (size_t k = 0; k < set->count; k++) {
			const char *why = why_left_out(senders, i, exceptions[first_of[i] + k]);

			whole[i] &= why == NULL;
			grant(writing, identity, set->items[k], why);
		}
	}
	for (uint32_t i = 0; i < senders->count; i++) {
		uint32_t domain = mw_sender_rules_domain(senders, senders->items[i].address);

		writing->covered[i] = senders->items[i].by_domain && domain != MW_DOMAIN_NONE && whole[domain];
	}
}

/* --- people */

static void add_user(const struct writing *writing, uint32_t number, const char *from)
{
	const struct mw_sender_rules *senders = writing->senders;
	struct mw_sender_login *login = &senders->logins[number];

	login->person = mw_people_add(writing->people, senders->items[writing->names[number]].address, false, from);
	for (size_t k = 0; login->person != NULL && k < login->names.count; k++)
		mw_people_add_login(writing->people, login->person, login->names.items[k]);
}

/* The name is one that is no address. */
static bool is_nameless(const struct writing *writing, uint32_t login)
{
	return mw_str_ends_with(writing->senders->items[writing->names[login]].address, MW_STR(MW_INIT_NO_ADDRESS));
}

/* Who may not send as the address of the login at every listener. */
static bool is_own_at_some(const struct writing *writing, uint32_t login)
{
	return writing->names[login] == writing->senders->logins[login].own_sender &&
	       mw_sender_rules_refuses_own_at_some(writing->senders, login);
}

static void add_users(const struct writing *writing)
{
	const struct mw_sender_rules *senders = writing->senders;
	struct mw_init *init = senders->init;
	const char *at_some = mw_arena_textf(init->arena, "Who may send as the address of the login, but not at listener %s.",
					     mw_init_stricter_listeners(init));

	for (uint32_t i = 0; i < senders->login_count; i++)
		if (!is_nameless(writing, i) && (!is_own_at_some(writing, i) || is_nobodys(&senders->logins[i])))
			add_user(writing, i, senders->logins[i].from);
	for (uint32_t i = 0; i < senders->login_count; i++) {
		if (!is_own_at_some(writing, i) || is_nobodys(&senders->logins[i]))
			continue;
		add_user(writing, i, at_some);
		init->own_at_some++;
	}
	for (uint32_t i = 0; i < senders->login_count; i++)
		if (is_nameless(writing, i) && !is_nobodys(&senders->logins[i]))
			add_user(writing, i, "Who may not send as the address of the login, by " MW_SENDER_LOGIN_MAPS
					     ": the name is no address.");
	for (uint32_t i = 0; i < senders->login_count; i++)
		if (is_nameless(writing, i) && is_nobodys(&senders->logins[i]))
			add_user(writing, i, MW_SENDER_NO_LOGINS);
}

/* Who else may send as a user's name. */
static void add_name_grants(const struct writing *writing)
{
	const struct mw_sender_rules *senders = writing->senders;

	for (uint32_t i = 0; i < senders->login_count; i++) {
		const struct mw_sender *name = &senders->items[writing->names[i]];

		for (size_t k = 0; k < name->owners.count; k++)
			if (name->owners.items[k] != i)
				grant(writing, name->address, name->owners.items[k], NULL);
	}
}

static void add_group(const struct writing *writing, const struct mw_sender *sender)
{
	if (mw_people_add(writing->people, sender->address, true, MW_SENDER_LOGIN_MAPS) == NULL)
		return;
	for (size_t i = 0; i < sender->owners.count; i++)
		grant(writing, sender->address, sender->owners.items[i], NULL);
}

/* An address that is nobody's name, and that somebody may send as. */
static void add_owned(const struct writing *writing, uint32_t number)
{
	const struct mw_sender *sender = &writing->senders->items[number];
	uint32_t whose = mw_sender_rules_login(writing->senders, sender->address);

	for (size_t i = 0; i < sender->owners.count; i++) {
		uint32_t login = sender->owners.items[i];

		/* It is nobody's address who does not log in by it. */
		if ((whose != MW_LOGIN_NONE && whose != login) || !is_alike(writing, number, login))
			continue;
		mw_people_add_address(writing->people, writing->senders->logins[login].person, sender->address);
		return;
	}
	add_group(writing, sender);
}

/* One as which nobody may send: for receiving only, where it is a mailbox. Whoever has a mailbox and no login that was
   found logs in by its address. */
static void add_unowned(const struct writing *writing, const struct mw_sender *sender)
{
	const struct mw_sender_rules *senders = writing->senders;
	uint32_t login = mw_sender_rules_login(senders, sender->address);

	if (login != MW_LOGIN_NONE)
		mw_people_add_receive(writing->people, senders->logins[login].person, sender->address);
	else if (sender->is_mailbox)
		mw_people_add(writing->people, sender->address, false, sender->from);
}

static bool begin(struct writing *writing)
{
	struct mw_sender_rules *senders = writing->senders;

	writing->names = choose_names(senders);
	writing->user_of = MW_ARENA_ARRAY(senders->init->arena, uint32_t, senders->count + 1);
	writing->covered = MW_ARENA_ARRAY(senders->init->arena, bool, senders->count + 1);
	if (writing->names == NULL || writing->user_of == NULL || writing->covered == NULL)
		return false;
	for (uint32_t i = 0; i < senders->count; i++)
		writing->user_of[i] = MW_LOGIN_NONE;
	for (uint32_t i = 0; i < senders->login_count; i++)
		writing->user_of[writing->names[i]] = i;
	return true;
}

/* Whether every listener lets everybody send as it: without the right, whoever gets its mail loses what worked. */
static bool everybody_may(const void *context, struct mw_str address)
{
	const struct writing *writing = context;
	const struct mw_sender_rules *senders = writing->senders;
	const uint32_t *number = mw_names_find(&senders->addresses, address);
	const struct mw_sender *sender = number != NULL ? &senders->items[*number] : NULL;

	if (!writing->aliases || senders->comparison == MW_COMPARE_NONE)
		return writing->aliases;
	return senders->comparison == MW_COMPARE_KNOWN && sender != NULL && !sender->owned.unknown &&
	       mw_str_empty(sender->owned.logins);
}

void mw_sender_rules_write(struct mw_sender_rules *senders, bool aliases)
{
	struct writing writing = { .senders = senders, .people = senders->init->people, .aliases = aliases };

	if (!begin(&writing))
		return;
	add_users(&writing);
	if (mw_arena_failed(senders->init->arena))
		return;
	grant_domains(&writing);
	add_name_grants(&writing);
	for (uint32_t i = 0; i < senders->count; i++) {
		if (writing.user_of[i] != MW_LOGIN_NONE)
			continue;
		if (senders->items[i].owners.count > 0 && !writing.covered[i])
			add_owned(&writing, i);
		else
			add_unowned(&writing, &senders->items[i]);
	}
	mw_init_take_aliases(senders->init, everybody_may, &writing);
}

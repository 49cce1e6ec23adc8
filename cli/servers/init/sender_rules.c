/* SPDX-License-Identifier: MIT */
#include "servers/init/sender_rules.h"

#include <stdlib.h>

#include "mail/address.h"
#include "servers/init/sender_logins.h"
#include "servers/init/sender_names.h"
#include "servers/init/tables.h"

#define OTHER_STRANGER "nobody-else-of-this-server"

/* --- addresses */

struct mw_sender *mw_sender_rules_add(struct mw_sender_rules *senders, struct mw_str address, const char *from)
{
	bool added;
	uint32_t *number = mw_names_add(&senders->addresses, address, &added);

	if (number == NULL)
		return NULL;
	if (!added)
		return &senders->items[*number];
	senders->items = mw_init_grown(senders->init->arena, senders->items, senders->count, sizeof(*senders->items));
	if (senders->items == NULL) {
		senders->count = 0;
		return NULL;
	}
	*number = senders->count++;
	senders->items[*number] = (struct mw_sender){ .address = address, .from = from };
	return &senders->items[*number];
}

uint32_t mw_sender_rules_domain(const struct mw_sender_rules *senders, struct mw_str address)
{
	const uint32_t *number = mw_names_find(&senders->domains, mw_init_domain_part(address));

	return number != NULL ? *number : MW_DOMAIN_NONE;
}

static void add_domain(struct mw_sender_rules *senders, struct mw_str domain)
{
	bool added;
	uint32_t *number = mw_names_add(&senders->domains, domain, &added);

	if (number != NULL && added)
		*number = (uint32_t)(senders->domains.count - 1);
}

/* Where a grant on its domain would hold for it, the domain counts as having it. */
static void add_odd(struct mw_sender_rules *senders, struct mw_str key, const char *from)
{
	bool of_senders = strcmp(from, MW_SENDER_LOGIN_MAPS) == 0;
	struct mw_init *init = senders->init;
	struct mw_str whole, any = mw_str(mw_arena_textf(init->arena, "x@%.*s", MW_STR_ARG(mw_init_domain_part(key))));

	mw_init_unread_add(init, (struct mw_init_unread){ from, mw_arena_text(init->arena, key),
							  "the key is no address that a directory can have",
							  of_senders ? MW_INIT_FIX_SENDERS : MW_INIT_FIX_ALIASES });
	if (!of_senders || !mw_init_address(init, any, &whole))
		return;
	senders->odd = mw_init_grown(init->arena, senders->odd, senders->odd_count, sizeof(*senders->odd));
	if (senders->odd != NULL)
		senders->odd[senders->odd_count++] = (struct mw_sender_odd){ key, mw_init_domain_part(whole) };
}

/* The key of a table, of which an address is asked for by the name of this host alone. */
static void add_key(struct mw_sender_rules *senders, struct mw_str key, const char *from)
{
	const struct mw_init *init = senders->init;
	struct mw_str address;

	if (mw_str_starts_with(key, MW_STR("@"))) {
		if (mw_init_address(init, mw_str(mw_arena_textf(init->arena, "x%.*s", MW_STR_ARG(key))), &address))
			add_domain(senders, mw_init_domain_part(address));
		return;
	}
	if (mw_str_find(key, '@') == key.len)
		key = mw_str(mw_arena_textf(init->arena, "%.*s@%.*s", MW_STR_ARG(key), MW_STR_ARG(init->origin)));
	if (mw_init_address(init, key, &address))
		mw_sender_rules_add(senders, address, from);
	else
		add_odd(senders, key, from);
}

/* --- tables */

static void take_keys(struct mw_sender_rules *senders, const struct mw_init_entries *entries, const char *from)
{
	for (size_t i = 0; i < entries->count; i++)
		add_key(senders, entries->items[i].key, from);
}

/* virtual(5): "example.org anything" declares a domain. */
static void take_aliases(struct mw_sender_rules *senders, const struct mw_init_entries *entries, const char *from)
{
	for (size_t i = 0; i < entries->count; i++)
		if (mw_init_domain_of(senders->init, entries->items[i].key) == NULL)
			add_key(senders, entries->items[i].key, from);
}

static void take_mailboxes(struct mw_sender_rules *senders)
{
	struct mw_init *init = senders->init;
	struct mw_init_entries entries = mw_init_mailboxes(init);

	for (size_t i = 0; i < entries.count; i++) {
		struct mw_str key = entries.items[i].key, address;
		struct mw_sender *sender;

		if (mw_str_starts_with(key, MW_STR("@"))) {
			mw_init_catch_all_unread(init, "virtual_mailbox_maps", key);
		} else if (mw_init_address(init, key, &address)) {
			sender = mw_sender_rules_add(senders, address, "virtual_mailbox_maps");
			if (sender == NULL)
				return;
			sender->is_mailbox = true;
			mw_sender_logins_take_mailbox(senders, address);
		}
	}
}

static void take_tables(struct mw_sender_rules *senders)
{
	struct mw_init *init = senders->init;
	struct mw_init_entries keys, local;

	keys = mw_init_tables(init, MW_SENDER_LOGIN_MAPS, mw_init_sender_maps(init),
			      MW_INIT_FIX_SENDERS);
	take_keys(senders, &keys, MW_SENDER_LOGIN_MAPS);
	senders->unlisted = keys.unlisted;
	mw_sender_names_read(senders, &keys);
	take_mailboxes(senders);
	take_aliases(senders, &init->aliases, "virtual_alias_maps");
	local = mw_init_local_aliases(init);
	take_aliases(senders, &local, "alias_maps");
}

/* --- who may */

static int compare_numbers(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return (one > other) - (one < other);
}

bool mw_login_set_has(const struct mw_login_set *set, uint32_t login)
{
	return set->count > 0 && bsearch(&login, set->items, set->count, sizeof(login), compare_numbers) != NULL;
}

struct naming {
	uint32_t login, name; /* the number of one of the names that it is known as */
};

static int compare_namings(const void *a, const void *b)
{
	const struct naming *one = a, *other = b;

	return one->login != other->login ? (one->login > other->login) - (one->login < other->login)
					  : (one->name > other->name) - (one->name < other->name);
}

/* The names of an answer, in order. */
static struct naming *namings_of(struct mw_sender_rules *senders, struct mw_str logins, size_t *count_r)
{
	struct naming *items = NULL;
	struct mw_str name;

	*count_r = 0;
	while (mw_owners_next(&logins, &name)) {
		size_t at = 0;
		uint32_t login = mw_sender_rules_named(senders, name, &at);

		if (login == MW_LOGIN_NONE)
			continue;
		items = mw_init_grown(senders->init->arena, items, *count_r, sizeof(*items));
		if (items == NULL) {
			*count_r = 0;
			return NULL;
		}
		items[(*count_r)++] = (struct naming){ login, (uint32_t)at };
	}
	if (*count_r > 0)
		qsort(items, *count_r, sizeof(*items), compare_namings);
	return items;
}

/* Who is in an answer by all names that he is known as: a directory gives one right to all of them. */
static struct mw_login_set set_of(struct mw_sender_rules *senders, struct mw_str logins)
{
	struct mw_login_set set = { NULL, 0 };
	size_t count, different = 0;
	struct naming *names = namings_of(senders, logins, &count);
	uint32_t *items = names != NULL ? MW_ARENA_ARRAY(senders->init->arena, uint32_t, count) : NULL;

	if (items == NULL)
		return set;
	set.items = items;
	for (size_t i = 0; i < count; i++) {
		bool first = i == 0 || names[i].login != names[i - 1].login;

		different = first ? 1 : different + (names[i].name != names[i - 1].name);
		if ((i + 1 == count || names[i + 1].login != names[i].login) &&
		    different == senders->logins[names[i].login].known_as.count)
			items[set.count++] = names[i].login;
	}
	return set;
}

/* With the names that its domain has beside. */
static void ask_for(struct mw_sender_rules *senders, struct mw_str address, struct mw_str *asked, size_t *count_io)
{
	struct mw_str named;
	size_t at = 0;

	asked[(*count_io)++] = address;
	while (mw_sender_names_next(senders, address, &at, &named))
		asked[(*count_io)++] = named;
}

/* Who logs in by what the tables say under the other names. */
static void take_other_names(struct mw_sender_rules *senders, struct mw_str address)
{
	struct mw_str named;
	size_t at = 0;

	while (mw_sender_names_next(senders, address, &at, &named))
		mw_sender_logins_take(senders, mw_sender_names_say(senders, address, named));
}

/* Asks for those from number `first` on. */
static void ask(struct mw_sender_rules *senders, uint32_t first)
{
	uint32_t end = senders->count;
	size_t count = end - first;
	struct mw_str *asked;

	for (uint32_t i = first; i < end; i++)
		count += mw_sender_names_count(senders, senders->items[i].address);
	asked = MW_ARENA_ARRAY(senders->init->arena, struct mw_str, count + 1);
	if (asked == NULL)
		return;
	count = 0;
	for (uint32_t i = first; i < end; i++)
		ask_for(senders, senders->items[i].address, asked, &count);
	mw_owners_ask(senders->owners, asked, count);
	for (uint32_t i = first; i < end; i++) {
		struct mw_owned owned = mw_owners_of(senders->owners, senders->items[i].address);

		senders->items[i].owned = owned;
		senders->items[i].by_domain = mw_str_starts_with(owned.key, MW_STR("@"));
		mw_sender_logins_take(senders, owned.logins);
		take_other_names(senders, senders->items[i].address);
	}
}

static struct mw_str stranger_at(struct mw_arena *arena, const char *name, struct mw_str domain)
{
	return mw_str(mw_arena_textf(arena, "%s@%.*s", name, MW_STR_ARG(domain)));
}

/* What the tables say of every address of a domain that has no key: "@DOMAIN", or a table that says the same of all. A
   pattern that makes the login of the sender says something else of each. */
static struct mw_str domain_answer(struct mw_sender_rules *senders, struct mw_str domain)
{
	struct mw_arena *arena = senders->init->arena;
	struct mw_str one = mw_owners_of(senders->owners, stranger_at(arena, MW_SENDER_STRANGER, domain)).logins;
	struct mw_str other = mw_owners_of(senders->owners, stranger_at(arena, OTHER_STRANGER, domain)).logins;

	return mw_str_equal(one, other) ? one : MW_STR_EMPTY;
}

/* The same for the domains from number `first` on. */
static void ask_domains(struct mw_sender_rules *senders, uint32_t first)
{
	struct mw_arena *arena = senders->init->arena;
	uint32_t count = (uint32_t)senders->domains.count;
	struct mw_str *asked = MW_ARENA_ARRAY(arena, struct mw_str, 2 * (count - first + senders->name_count) + 1);
	size_t asked_count = 0;

	if (asked == NULL)
		return;
	for (uint32_t i = first; i < count; i++) {
		ask_for(senders, stranger_at(arena, MW_SENDER_STRANGER, senders->domains.items[i].text), asked, &asked_count);
		ask_for(senders, stranger_at(arena, OTHER_STRANGER, senders->domains.items[i].text), asked, &asked_count);
	}
	mw_owners_ask(senders->owners, asked, asked_count);
	for (uint32_t i = first; i < count; i++) {
		senders->domain_logins = mw_init_grown(arena, senders->domain_logins, i, sizeof(*senders->domain_logins));
		if (senders->domain_logins == NULL)
			return;
		senders->domain_logins[i] = domain_answer(senders, senders->domains.items[i].text);
		mw_sender_logins_take(senders, senders->domain_logins[i]);
		take_other_names(senders, stranger_at(arena, MW_SENDER_STRANGER, senders->domains.items[i].text));
	}
}

static bool is_same(const struct mw_login_set *one, const struct mw_login_set *other)
{
	return one->count == other->count &&
	       (one->count == 0 || memcmp(one->items, other->items, one->count * sizeof(*one->items)) == 0);
}

/* A name that no table has gives nobody anything: what it leads to is the domain's, as the policy says. */
static void settle_names(struct mw_sender_rules *senders, struct mw_sender *sender)
{
	struct mw_str named;
	size_t at = 0;

	while (mw_sender_names_next(senders, sender->address, &at, &named)) {
		struct mw_owned owned = mw_owners_of(senders->owners, named);
		struct mw_login_set set = set_of(senders, owned.logins);

		if (mw_str_empty(mw_sender_names_say(senders, sender->address, named)) || is_same(&set, &sender->owners))
			continue;
		mw_sender_names_differ(senders, sender->address, named);
		/* As what no table has, reject_known_sender_login_mismatch lets everybody send. */
		if (senders->comparison == MW_COMPARE_KNOWN && mw_str_empty(sender->owned.logins) && !sender->owned.unknown) {
			sender->owned = owned;
			sender->owners = set;
		} else {
			sender->owners = mw_login_set_both(senders->init->arena, sender->owners, set);
		}
	}
}

static void settle_domain_names(struct mw_sender_rules *senders, uint32_t number)
{
	struct mw_str stranger = stranger_at(senders->init->arena, MW_SENDER_STRANGER, senders->domains.items[number].text);
	struct mw_login_set *owners = &senders->domain_owners[number];
	struct mw_str named;
	size_t at = 0;

	while (mw_sender_names_next(senders, stranger, &at, &named)) {
		struct mw_str logins = mw_sender_names_say(senders, stranger, named);

		if (!mw_str_empty(logins))
			*owners = mw_login_set_both(senders->init->arena, *owners, set_of(senders, logins));
	}
}

/* By what names each login is known, is clear once all answers are there. */
static void settle(struct mw_sender_rules *senders)
{
	mw_sender_logins_settle(senders);
	for (uint32_t i = 0; i < senders->count; i++) {
		senders->items[i].owners = set_of(senders, senders->items[i].owned.logins);
		settle_names(senders, &senders->items[i]);
	}
	senders->domain_owners = MW_ARENA_ARRAY(senders->init->arena, struct mw_login_set, senders->domains.count + 1);
	for (uint32_t i = 0; senders->domain_owners != NULL && i < senders->domains.count; i++) {
		senders->domain_owners[i] = set_of(senders, senders->domain_logins[i]);
		settle_domain_names(senders, i);
	}
	if (senders->unlisted == NULL)
		senders->unlisted = mw_owners_silent(senders->owners);
}

/* What another listener's tables say is in no directory. */
static void look_at_listeners(struct mw_init *init)
{
	struct mw_str read = mw_init_sender_maps(init);

	for (size_t i = 0; i < init->listener_count; i++) {
		struct mw_init_listener *listener = &init->listeners[i];

		if (!listener->users || listener->comparison == MW_COMPARE_NONE || mw_str_equal(listener->sender_maps, read))
			continue;
		listener->other_senders = true;
		mw_init_unread_add(init, (struct mw_init_unread){
			MW_SENDER_LOGIN_MAPS, mw_arena_textf(init->arena, "%.*s", MW_STR_ARG(listener->sender_maps)),
			mw_arena_textf(init->arena, "it is that of listener %s alone, and another listener's is read", listener->service),
			MW_INIT_FIX_SENDERS });
	}
}

/* An answer may name a login whose address is a new one. */
static void ask_all(struct mw_sender_rules *senders)
{
	uint32_t senders_asked = 0, domains_asked = 0;

	while (senders_asked < senders->count || domains_asked < senders->domains.count) {
		uint32_t first = senders_asked, first_domain = domains_asked;

		senders_asked = senders->count;
		for (uint32_t i = first; i < senders_asked; i++)
			add_domain(senders, mw_init_domain_part(senders->items[i].address));
		domains_asked = (uint32_t)senders->domains.count;
		if (senders_asked > first)
			ask(senders, first);
		if (domains_asked > first_domain)
			ask_domains(senders, first_domain);
		if (mw_arena_failed(senders->init->arena))
			return;
	}
}

struct mw_sender_rules *mw_sender_rules_read(struct mw_init *init)
{
	struct mw_sender_rules *senders = MW_ARENA_NEW(init->arena, struct mw_sender_rules);

	if (senders == NULL)
		return NULL;
	*senders = (struct mw_sender_rules){ .init = init, .comparison = mw_init_comparison(init),
					     .mildest = mw_init_mildest_comparison(init) };
	look_at_listeners(init);
	senders->owners = mw_owners_new(init, mw_init_sender_maps(init), false);
	if (senders->owners == NULL)
		return NULL;
	mw_sender_logins_read(senders);
	take_tables(senders);
	for (size_t i = 0; i < init->domain_count; i++)
		if (!init->domains[i].subdomains)
			add_domain(senders, init->domains[i].name);
	ask_all(senders);
	if (!mw_arena_failed(init->arena))
		settle(senders);
	if (!mw_arena_failed(init->arena) && !senders->login_names.failed && !senders->addresses.failed &&
	    !senders->domains.failed)
		return senders;
	mw_sender_rules_end(senders);
	return NULL;
}

bool mw_sender_rules_add_nameless(struct mw_sender_rules *senders, struct mw_str address, uint32_t *number_r)
{
	struct mw_str name = mw_str(mw_arena_textf(senders->init->arena, "%.*s" MW_INIT_NO_ADDRESS, MW_STR_ARG(address)));
	struct mw_sender *sender = mw_sender_rules_add(senders, name, MW_SENDER_LOGIN_MAPS);

	if (sender == NULL || mw_arena_failed(senders->init->arena))
		return false;
	*number_r = (uint32_t)(sender - senders->items);
	return true;
}

static bool refuses_own(const struct mw_sender_rules *senders, uint32_t login, enum mw_comparison comparison)
{
	const struct mw_sender *own = &senders->items[senders->logins[login].own_sender];

	if (comparison == MW_COMPARE_NONE || own->owned.unknown || mw_login_set_has(&own->owners, login))
		return false;
	return comparison == MW_COMPARE_ALL || !mw_str_empty(own->owned.logins);
}

bool mw_sender_rules_refuses_own(const struct mw_sender_rules *senders, uint32_t login)
{
	return refuses_own(senders, login, senders->mildest);
}

/* Whether a listener compares with other tables than those that are read. */
static bool tables_differ(const struct mw_init *init)
{
	for (size_t i = 0; i < init->listener_count; i++)
		if (init->listeners[i].other_senders)
			return true;
	return false;
}

bool mw_sender_rules_refuses_own_at_some(const struct mw_sender_rules *senders, uint32_t login)
{
	return !tables_differ(senders->init) && refuses_own(senders, login, senders->comparison) &&
	       !refuses_own(senders, login, senders->mildest);
}

void mw_sender_rules_end(struct mw_sender_rules *senders)
{
	bool failed = false; /* mw_sender_rules_read() looks at that */

	if (senders == NULL)
		return;
	mw_names_deinit(&senders->login_names, &failed);
	mw_names_deinit(&senders->addresses, &failed);
	mw_names_deinit(&senders->domains, &failed);
}

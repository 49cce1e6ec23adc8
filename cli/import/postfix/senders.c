/* SPDX-License-Identifier: MIT */
#include "import/postfix/senders.h"

#include <stdlib.h>

#include "mail/address.h"
#include "servers/init/passdbs.h"
#include "servers/init/tables.h"
#include "sync/text/name.h"

#define SENDER_LOGIN_MAPS "smtpd_sender_login_maps"

/* --- addresses */

static struct mw_sender *add_address(struct mw_sender_rules *senders, struct mw_str address, const char *from)
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

static struct mw_str domain_of(struct mw_str address)
{
	return mw_str_tail(address, mw_str_find_last(address, '@') + 1);
}

uint32_t mw_sender_rules_domain(const struct mw_sender_rules *senders, struct mw_str address)
{
	const uint32_t *number = mw_names_find(&senders->domains, domain_of(address));

	return number != NULL ? *number : 0;
}

static void add_domain(struct mw_sender_rules *senders, struct mw_str domain)
{
	bool added;
	uint32_t *number = mw_names_add(&senders->domains, domain, &added);

	if (number != NULL && added)
		*number = (uint32_t)(senders->domains.count - 1);
}

/* The key of a table, of which an address is asked for by the name of this host alone. */
static void add_key(struct mw_sender_rules *senders, struct mw_str key, const char *from)
{
	const struct mw_init *init = senders->init;
	struct mw_str address;

	if (mw_str_starts_with(key, MW_STR("@"))) {
		if (mw_init_address(init, mw_str(mw_arena_textf(init->arena, "x%.*s", MW_STR_ARG(key))), &address))
			add_domain(senders, domain_of(address));
		return;
	}
	if (mw_str_find(key, '@') == key.len)
		key = mw_str(mw_arena_textf(init->arena, "%.*s@%.*s", MW_STR_ARG(key), MW_STR_ARG(init->origin)));
	if (mw_init_address(init, key, &address))
		add_address(senders, address, from);
}

/* --- logins */

static void add_name(struct mw_sender_rules *senders, struct mw_sender_login *login, struct mw_str name)
{
	struct mw_arena *arena = senders->init->arena;
	struct mw_str *names;
	bool added;
	uint32_t *number = mw_names_add(&senders->login_names, name, &added);

	if (number == NULL || !added)
		return;
	*number = (uint32_t)(login - senders->logins);
	names = mw_init_grown(arena, (void *)(uintptr_t)login->names.items, login->names.count, sizeof(*names));
	if (names == NULL)
		return;
	names[login->names.count++] = name;
	login->names.items = names;
}

uint32_t mw_sender_rules_login(const struct mw_sender_rules *senders, struct mw_str name)
{
	const uint32_t *login = mw_names_find(&senders->login_names, name);

	return login != NULL ? *login : MW_LOGIN_NONE;
}

/* domain: where a name without one belongs; "": the usual one. NONE: it makes no address, and is kept as unread. */
static uint32_t add_login(struct mw_sender_rules *senders, struct mw_str text, struct mw_str domain, const char *from)
{
	struct mw_init *init = senders->init;
	bool bare = mw_str_find(text, '@') == text.len;
	const char *whole = !bare || mw_str_empty(domain)
				    ? mw_arena_text(init->arena, text)
				    : mw_arena_textf(init->arena, "%.*s@%.*s", MW_STR_ARG(text), MW_STR_ARG(domain));
	char memory[MW_LOGIN_MAX + 1];
	struct mw_sender_login *login;
	struct mw_str own, name;
	uint32_t found;
	size_t len;

	if (!mw_init_address(init, mw_str(whole), &own) || !mw_login_canonical(text, memory, sizeof(memory), &len) ||
	    mw_text_login_refused((struct mw_str){ memory, len }) != '\0') {
		mw_init_unread_add(init, (struct mw_init_unread){ from, mw_arena_text(init->arena, text), "the name makes no address",
								  "write a line with an address and login= for him, if it is a user" });
		return MW_LOGIN_NONE;
	}
	name = mw_arena_copy(init->arena, (struct mw_str){ memory, len });
	found = mw_sender_rules_login(senders, name);
	if (found == MW_LOGIN_NONE)
		found = mw_sender_rules_login(senders, own);
	if (found == MW_LOGIN_NONE) {
		senders->logins = mw_init_grown(init->arena, senders->logins, senders->login_count, sizeof(*senders->logins));
		if (senders->logins == NULL || add_address(senders, own, from) == NULL)
			return MW_LOGIN_NONE;
		found = senders->login_count++;
		login = &senders->logins[found];
		*login = (struct mw_sender_login){ .own = own, .from = from };
		login->own_sender = *mw_names_find(&senders->addresses, own);
	}
	add_name(senders, &senders->logins[found], name);
	add_name(senders, &senders->logins[found], own);
	return found;
}

static void take_account(void *context, const struct mw_init_account *account)
{
	struct mw_sender_rules *senders = context;
	uint32_t login = add_login(senders, account->name, account->domain, account->from);

	if (login != MW_LOGIN_NONE)
		senders->items[senders->logins[login].own_sender].is_mailbox = true;
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
			mw_init_catch_all_unread(init, key);
		} else if (mw_init_address(init, key, &address)) {
			sender = add_address(senders, address, "virtual_mailbox_maps");
			if (sender != NULL)
				sender->is_mailbox = true;
		}
	}
}

static void take_tables(struct mw_sender_rules *senders)
{
	struct mw_init *init = senders->init;
	struct mw_init_entries keys, local;

	keys = mw_init_tables(init, SENDER_LOGIN_MAPS, mw_init_sender_maps(init),
			      MW_INIT_FIX_SENDERS);
	take_keys(senders, &keys, SENDER_LOGIN_MAPS);
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

static struct mw_login_set set_of(struct mw_sender_rules *senders, struct mw_str logins)
{
	struct mw_login_set set = { NULL, 0 };
	uint32_t *items = NULL;
	struct mw_str name;
	size_t count = 0;

	while (mw_owners_next(&logins, &name)) {
		uint32_t login = add_login(senders, name, MW_STR_EMPTY, SENDER_LOGIN_MAPS);

		if (login == MW_LOGIN_NONE)
			continue;
		items = mw_init_grown(senders->init->arena, items, count, sizeof(*items));
		if (items == NULL)
			return set;
		items[count++] = login;
	}
	if (count == 0)
		return set;
	qsort(items, count, sizeof(*items), compare_numbers);
	set.items = items;
	for (size_t i = 0; i < count; i++)
		if (i == 0 || items[i] != items[i - 1])
			items[set.count++] = items[i];
	return set;
}

/* Asks for those from number `first` on. */
static void ask(struct mw_sender_rules *senders, uint32_t first)
{
	uint32_t count = senders->count - first;
	struct mw_str *asked = MW_ARENA_ARRAY(senders->init->arena, struct mw_str, count + 1);

	if (asked == NULL)
		return;
	for (uint32_t i = 0; i < count; i++)
		asked[i] = senders->items[first + i].address;
	mw_owners_ask(senders->owners, asked, count);
	for (uint32_t i = first; i < first + count; i++) {
		struct mw_owned owned = mw_owners_of(senders->owners, senders->items[i].address);
		struct mw_login_set set = set_of(senders, owned.logins);

		/* set_of() may have moved them. */
		senders->items[i].owners = set;
		senders->items[i].by_domain = mw_str_starts_with(owned.key, MW_STR("@"));
	}
}

/* The same for the domains from number `first` on. */
static void ask_domains(struct mw_sender_rules *senders, uint32_t first)
{
	struct mw_arena *arena = senders->init->arena;
	uint32_t count = (uint32_t)senders->domains.count;
	struct mw_str *asked = MW_ARENA_ARRAY(arena, struct mw_str, count - first + 1);

	for (uint32_t i = first; asked != NULL && i < count; i++)
		asked[i - first] = mw_str(mw_arena_textf(arena, "x@%.*s", MW_STR_ARG(senders->domains.items[i].text)));
	if (asked != NULL)
		mw_owners_ask(senders->owners, asked, count - first);
	for (uint32_t i = first; i < count; i++) {
		senders->domain_owners = mw_init_grown(arena, senders->domain_owners, i, sizeof(*senders->domain_owners));
		if (senders->domain_owners == NULL)
			return;
		senders->domain_owners[i] =
			set_of(senders, mw_owners_of_domain(senders->owners, senders->domains.items[i].text).logins);
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
			add_domain(senders, domain_of(senders->items[i].address));
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
	*senders = (struct mw_sender_rules){ .init = init };
	senders->owners = mw_owners_new(init, mw_init_sender_maps(init));
	if (senders->owners == NULL)
		return NULL;
	mw_init_each_account(init, false, take_account, senders);
	take_tables(senders);
	for (size_t i = 0; i < init->domain_count; i++)
		if (!init->domains[i].subdomains)
			add_domain(senders, init->domains[i].name);
	ask_all(senders);
	if (!mw_arena_failed(init->arena) && !senders->login_names.failed && !senders->addresses.failed &&
	    !senders->domains.failed)
		return senders;
	mw_sender_rules_end(senders);
	return NULL;
}

void mw_sender_rules_end(struct mw_sender_rules *senders)
{
	if (senders == NULL)
		return;
	mw_names_deinit(&senders->login_names);
	mw_names_deinit(&senders->addresses);
	mw_names_deinit(&senders->domains);
}

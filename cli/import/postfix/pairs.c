/* SPDX-License-Identifier: MIT */
#include "import/postfix/pairs.h"

#include "mail/address.h"
#include "servers/init/sender_names.h"

/* How many of each kind; what one does not need the crossed ones get, which come last. */
#define OWNED_MOST 3000
#define NAMES_MOST 1000
#define OWN_MOST 1000
#define WRITTEN_MOST 3000 /* in other ways */
#define DOMAINS_MOST 500
#define STRANGERS_MOST 500
#define CROSSED_STEP 7919 /* a prime: all logins meet all addresses */

#define FOREIGN "someone@foreign.example"

struct making {
	const struct mw_sender_rules *senders;
	struct mw_arena *arena;
	struct mw_names seen;
	struct mw_pairs pairs;
	size_t most; /* so many, of all kinds until now */
};

static void add(struct making *making, struct mw_str login, struct mw_str sender)
{
	struct mw_str key;
	bool added;

	if (making->pairs.count >= making->most || mw_str_empty(login) || mw_str_empty(sender))
		return;
	key = mw_str(mw_arena_textf(making->arena, "%.*s\t%.*s", MW_STR_ARG(login), MW_STR_ARG(sender)));
	if (mw_names_add(&making->seen, key, &added) != NULL && added)
		making->pairs.items[making->pairs.count++] = (struct mw_pair){ login, sender };
}

/* The name as Postfix gets it: the first one. */
static struct mw_str login_text(const struct making *making, uint32_t login)
{
	return making->senders->logins[login].known_as.items[0];
}

/* Number i of `most` that are spread over `count`. */
static uint32_t spread(size_t i, size_t count, size_t most)
{
	return (uint32_t)(count <= most ? i : i * count / most);
}

static void allow(struct making *making, size_t more)
{
	making->most = making->pairs.count + more < MW_PAIRS_MOST ? making->pairs.count + more : MW_PAIRS_MOST;
}

/* --- the kinds */

/* Each login of an answer, by each of its names. */
static void add_logins(struct making *making, struct mw_str logins, struct mw_str sender)
{
	const struct mw_sender_rules *senders = making->senders;
	struct mw_str text;

	while (mw_owners_next(&logins, &text)) {
		size_t name;
		uint32_t login = mw_sender_rules_named(senders, text, &name);

		for (size_t k = 0; login != MW_LOGIN_NONE && k < senders->logins[login].known_as.count; k++)
			add(making, senders->logins[login].known_as.items[k], sender);
	}
}

static void add_owned(struct making *making)
{
	const struct mw_sender_rules *senders = making->senders;

	allow(making, OWNED_MOST);
	for (size_t i = 0; i < senders->count && i < OWNED_MOST; i++) {
		const struct mw_sender *sender = &senders->items[spread(i, senders->count, OWNED_MOST)];

		add_logins(making, sender->owned.logins, sender->address);
	}
}

/* Where the tables have an address under another name of its domain: who is there, and who has the address. */
static void add_other_names(struct making *making)
{
	const struct mw_sender_rules *senders = making->senders;

	allow(making, NAMES_MOST);
	for (size_t i = 0; i < senders->count && i < NAMES_MOST; i++) {
		const struct mw_sender *sender = &senders->items[spread(i, senders->count, NAMES_MOST)];
		uint32_t own = mw_sender_rules_login(senders, sender->address);
		struct mw_str named;
		size_t at = 0;

		while (mw_sender_names_next(senders, sender->address, &at, &named)) {
			struct mw_str there = mw_sender_names_say(senders, sender->address, named);

			if (mw_str_empty(there))
				continue;
			add_logins(making, there, named);
			add_logins(making, sender->owned.logins, named);
			if (own != MW_LOGIN_NONE)
				add(making, login_text(making, own), named);
		}
	}
}

static void add_own(struct making *making)
{
	const struct mw_sender_rules *senders = making->senders;

	allow(making, OWN_MOST);
	for (size_t i = 0; i < senders->login_count && i < OWN_MOST; i++) {
		const struct mw_sender_login *login = &senders->logins[spread(i, senders->login_count, OWN_MOST)];

		for (size_t k = 0; k < login->known_as.count; k++) {
			add(making, login->known_as.items[k], login->own);
			if (login->person != NULL)
				add(making, login->known_as.items[k], login->person->name);
		}
	}
}

static struct mw_str in_capitals(struct mw_arena *arena, struct mw_str text)
{
	char *copy = mw_arena_alloc(arena, text.len + 1);

	for (size_t i = 0; copy != NULL && i < text.len; i++)
		copy[i] = text.ptr[i] >= 'a' && text.ptr[i] <= 'z' ? (char)(text.ptr[i] - 'a' + 'A') : text.ptr[i];
	return copy != NULL ? (struct mw_str){ copy, text.len } : MW_STR_EMPTY;
}

/* As its own login, and one more, may write an address that nobody wrote down so. */
static void add_written(struct making *making, uint32_t number, size_t other)
{
	const struct mw_sender_rules *senders = making->senders;
	const struct mw_sender *sender = &senders->items[number];
	size_t at = mw_str_find_last(sender->address, '@');
	struct mw_str local = mw_str_head(sender->address, at), domain = mw_str_tail(sender->address, at + 1);
	bool quoted = mw_str_find(local, '"') < local.len;
	struct mw_str written[4] = {
		in_capitals(making->arena, sender->address),
		mw_str(mw_arena_textf(making->arena, "%.*s@sub.%.*s", MW_STR_ARG(local), MW_STR_ARG(domain))),
		MW_STR_EMPTY,
		MW_STR_EMPTY,
	};
	struct mw_str logins[2] = { MW_STR_EMPTY, login_text(making, (uint32_t)(other % senders->login_count)) };

	if (mw_str_ends_with(domain, MW_STR(MW_INIT_NO_ADDRESS)))
		return;
	if (!quoted)
		written[2] = mw_str(mw_arena_textf(making->arena, "%.*s-x@%.*s", MW_STR_ARG(local), MW_STR_ARG(domain)));
	if (!quoted && !mw_str_empty(senders->init->delimiter))
		written[3] = mw_str(mw_arena_textf(making->arena, "%.*s%cx@%.*s", MW_STR_ARG(local),
						   senders->init->delimiter.ptr[0], MW_STR_ARG(domain)));
	if (sender->owners.count > 0)
		logins[0] = login_text(making, sender->owners.items[0]);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 2; k++)
			add(making, logins[k], written[i]);
}

/* A name at each domain that nobody has, and the names of this host that stand for its domain. */
static void add_domains(struct making *making)
{
	const struct mw_sender_rules *senders = making->senders;
	const struct mw_init *init = senders->init;
	struct mw_str login = login_text(making, 0), local = mw_str_head(senders->logins[0].own,
									 mw_str_find_last(senders->logins[0].own, '@'));

	allow(making, DOMAINS_MOST);
	for (size_t i = 0; i < senders->domains.count && i < DOMAINS_MOST; i++) {
		uint32_t number = spread(i, senders->domains.count, DOMAINS_MOST);
		const struct mw_login_set *set = &senders->domain_owners[number];
		struct mw_str sender = mw_str(mw_arena_textf(making->arena, MW_SENDER_STRANGER "@%.*s",
							     MW_STR_ARG(senders->domains.items[number].text)));

		for (size_t k = 0; k < set->count; k++)
			add(making, login_text(making, set->items[k]), sender);
		add(making, login, sender);
	}
	for (size_t i = 0; i < init->domain_count; i++)
		for (size_t k = 0; k < init->domains[i].local_names.count; k++)
			add(making, login, mw_str(mw_arena_textf(making->arena, "%.*s@%.*s", MW_STR_ARG(local),
								 MW_STR_ARG(init->domains[i].local_names.items[k]))));
}

static void add_strangers(struct making *making)
{
	const struct mw_sender_rules *senders = making->senders;

	allow(making, STRANGERS_MOST);
	for (size_t i = 0; i < senders->count && i < STRANGERS_MOST / 2; i++)
		add(making, MW_STR(MW_SENDER_STRANGER), senders->items[spread(i, senders->count, STRANGERS_MOST / 2)].address);
	for (size_t i = 0; i < senders->login_count && i < STRANGERS_MOST / 2; i++)
		add(making, login_text(making, spread(i, senders->login_count, STRANGERS_MOST / 2)), MW_STR(FOREIGN));
}

/* Every login as every address, or as many as there is room for. */
static void add_crossed(struct making *making)
{
	const struct mw_sender_rules *senders = making->senders;
	size_t all = (size_t)senders->login_count * senders->count;
	size_t step = all <= MW_PAIRS_MOST || all % CROSSED_STEP == 0 ? 1 : CROSSED_STEP, at = 0;

	allow(making, MW_PAIRS_MOST);
	for (size_t i = 0; i < all && i < 2 * MW_PAIRS_MOST; i++, at = (at + step) % all)
		add(making, login_text(making, (uint32_t)(at % senders->login_count)),
		    senders->items[at / senders->login_count].address);
}

struct mw_pairs mw_pairs_of(const struct mw_sender_rules *senders)
{
	struct making making = { .senders = senders, .arena = senders->init->arena };
	bool failed = false;

	making.pairs.items = MW_ARENA_ARRAY(making.arena, struct mw_pair, MW_PAIRS_MOST);
	if (making.pairs.items == NULL || senders->login_count == 0 || senders->count == 0)
		return (struct mw_pairs){ NULL, 0 };
	add_owned(&making);
	add_other_names(&making);
	add_own(&making);
	allow(&making, WRITTEN_MOST);
	for (size_t i = 0; i < senders->count && i < WRITTEN_MOST / 4; i++)
		add_written(&making, spread(i, senders->count, WRITTEN_MOST / 4), i + 1);
	add_domains(&making);
	add_strangers(&making);
	add_crossed(&making);
	mw_names_deinit(&making.seen, &failed);
	if (failed)
		mw_arena_fail(making.arena);
	return making.pairs;
}

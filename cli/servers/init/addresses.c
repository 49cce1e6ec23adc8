/* SPDX-License-Identifier: MIT */
/* Mailboxes and aliases of Postfix's tables. */
#include <stdlib.h>

#include "mail/address.h"
#include "servers/init/tables.h"

#define DEEPEST 16 /* aliases of aliases */
#define TARGETS_MOST 1000

/* Where mail to an address goes instead. */
struct alias {
	struct mw_str address; /* canonical */
	struct mw_str targets; /* as written */
	const char *from;
	size_t position; /* of two with one address the first counts */
};

struct aliases {
	struct mw_init *init;
	mw_init_alias_sends *sends; /* whether one gives a right to send */
	const void *context;
	struct alias *items; /* by address, then by position */
	size_t count;
};

struct reached {
	struct mw_person *people[TARGETS_MOST];
	size_t count;
	bool others; /* an address elsewhere, a program, a file */
};

/* --- aliases */

static int compare(const void *a, const void *b)
{
	const struct alias *one = a, *other = b;
	int order = mw_str_compare(one->address, other->address);

	return order != 0 ? order : (one->position > other->position) - (one->position < other->position);
}

/* The first with an address; NULL: there is none. */
static const struct alias *find(const struct aliases *aliases, struct mw_str address)
{
	size_t low = 0, high = aliases->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mw_str_compare(aliases->items[middle].address, address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < aliases->count && mw_str_equal(aliases->items[low].address, address) ? &aliases->items[low] : NULL;
}

/* "@example.org alice": whoever gets all mail of a domain sends as any name there, where Postfix lets everybody.
   A domain that leads to another as a whole is a local name of it. */
static void look_at_catch_all(const struct aliases *aliases, const struct mw_init_entry *entry)
{
	struct mw_init *init = aliases->init;
	struct mw_str any, written = mw_str(mw_arena_textf(init->arena, "x%.*s", MW_STR_ARG(entry->key)));

	if (mw_str_starts_with(entry->key, MW_STR("@")) && !mw_str_starts_with(entry->value, MW_STR("@")) &&
	    mw_init_address(init, written, &any) && aliases->sends(aliases->context, any))
		mw_init_catch_all_unread(init, "virtual_alias_maps", entry->key);
}

static void add_aliases(struct aliases *aliases, const struct mw_init_entries *entries, const char *from)
{
	struct mw_init *init = aliases->init;

	for (size_t i = 0; i < entries->count; i++) {
		struct alias alias = { .targets = entries->items[i].value, .from = from, .position = aliases->count };

		look_at_catch_all(aliases, &entries->items[i]);
		/* "@domain" stands for no address, and "domain anything" declares one
		   (virtual(5)). */
		if (mw_str_starts_with(entries->items[i].key, MW_STR("@")) ||
		    mw_init_domain_of(init, entries->items[i].key) != NULL ||
		    !mw_init_address(init, entries->items[i].key, &alias.address))
			continue;
		aliases->items = mw_init_grown(init->arena, aliases->items, aliases->count, sizeof(*aliases->items));
		if (aliases->items == NULL) {
			aliases->count = 0;
			return;
		}
		aliases->items[aliases->count++] = alias;
	}
}

/* --- who gets the mail */

static void reach(const struct aliases *aliases, struct mw_str target, unsigned depth, struct reached *reached_io);

static void reach_all(const struct aliases *aliases, struct mw_str targets, unsigned depth, struct reached *reached_io)
{
	struct mw_str word;

	while (mw_init_address_next(&targets, &word))
		reach(aliases, word, depth, reached_io);
}

static void keep(struct reached *reached, struct mw_person *person)
{
	for (size_t i = 0; i < reached->count; i++)
		if (reached->people[i] == person)
			return;
	if (reached->count < TARGETS_MOST)
		reached->people[reached->count++] = person;
}

/* aliases(5): a program, a file and a list of others is nobody here. */
static bool is_no_address(struct mw_str target)
{
	return mw_str_starts_with(target, MW_STR("|")) || mw_str_starts_with(target, MW_STR("\"|")) ||
	       mw_str_starts_with(target, MW_STR("/")) || mw_str_starts_with(target, MW_STR("\"/")) ||
	       mw_str_starts_with_nocase(target, MW_STR(":include:"));
}

/* alice+x is delivered to alice. */
static struct mw_person *owner_of(const struct mw_init *init, struct mw_str address)
{
	struct mw_person *owner = mw_people_by_address(init->people, address);
	struct mw_address whole, base;

	if (owner == NULL && mw_address_parse(address, &whole) == MW_ADDRESS_MAILBOX &&
	    mw_address_without_extension(&whole, init->delimiter, &base))
		owner = mw_people_by_address(init->people, base.whole);
	return owner;
}

static void reach(const struct aliases *aliases, struct mw_str target, unsigned depth, struct reached *reached_io)
{
	struct mw_init *init = aliases->init;
	struct mw_person *owner;
	const struct alias *alias;
	struct mw_str address;

	if (is_no_address(target) || depth > DEEPEST || !mw_init_address(init, target, &address)) {
		reached_io->others = true;
		return;
	}
	owner = owner_of(init, address);
	alias = find(aliases, address);
	if (owner != NULL && !owner->group)
		keep(reached_io, owner);
	else if (alias != NULL)
		reach_all(aliases, alias->targets, depth + 1, reached_io);
	else
		reached_io->others = true;
}

/* A name of one user is an address of his; one of several people is a group. */
static void take_alias(struct aliases *aliases, const struct alias *alias, struct reached *reached)
{
	struct mw_people *people = aliases->init->people;
	struct mw_person *group;

	reached->count = 0;
	reached->others = false;
	group = mw_people_by_address(people, alias->address);
	if (group != NULL && (!group->group || group->members.first != NULL))
		return;
	reach_all(aliases, alias->targets, 0, reached);
	if (group == NULL && reached->count == 1 && !reached->others) {
		if (aliases->sends(aliases->context, alias->address))
			mw_people_add_address(people, reached->people[0], alias->address);
		else
			mw_people_add_receive(people, reached->people[0], alias->address);
	} else if (reached->count > 0) {
		if (group == NULL)
			group = mw_people_add(people, alias->address, true, alias->from);
		for (size_t i = 0; group != NULL && i < reached->count; i++)
			mw_people_add_member(people, group, reached->people[i]);
	}
}

/* Names of local mailboxes are in the domain that mydestination names. */
struct mw_init_entries mw_init_local_aliases(struct mw_init *init)
{
	if (mw_str_empty(init->home))
		return (struct mw_init_entries){ .complete = true };
	return mw_init_tables(init, "alias_maps", mw_postfix_site_value(&init->postfix, "alias_maps"), MW_INIT_FIX_ALIASES);
}

void mw_init_take_aliases(struct mw_init *init, mw_init_alias_sends *sends, const void *context)
{
	struct reached *reached = MW_ARENA_NEW(init->arena, struct reached);
	struct aliases aliases = { .init = init, .sends = sends, .context = context };
	struct mw_init_entries local = mw_init_local_aliases(init);

	add_aliases(&aliases, &init->aliases, "virtual_alias_maps");
	add_aliases(&aliases, &local, "alias_maps");
	if (reached == NULL)
		return;
	if (aliases.count > 0)
		qsort(aliases.items, aliases.count, sizeof(*aliases.items), compare);
	for (size_t i = 0; i < aliases.count; i++)
		take_alias(&aliases, &aliases.items[i], reached);
}

/* --- mailboxes */

struct mw_init_entries mw_init_mailboxes(struct mw_init *init)
{
	return mw_init_tables(init, "virtual_mailbox_maps", mw_postfix_site_value(&init->postfix, "virtual_mailbox_maps"),
			      MW_INIT_FIX_USERS);
}

void mw_init_catch_all_unread(struct mw_init *init, const char *setting, struct mw_str key)
{
	mw_init_unread_add(init, (struct mw_init_unread){ setting, mw_arena_text(init->arena, key),
							  "a catch-all is no address",
							  "write address= for the names at it that its user sends as" });
}

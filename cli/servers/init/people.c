/* SPDX-License-Identifier: MIT */
#include "servers/init/people.h"

#include <xxhash.h>

#define BUCKETS 16384

enum kind { ADDRESS, LOGIN, GRANT };

struct mw_people_name {
	enum kind kind;
	struct mw_str text;
	struct mw_person *owner;
	struct mw_people_name *next;
};

struct mw_people *mw_people_new(struct mw_arena *arena)
{
	struct mw_people *people = MW_ARENA_NEW(arena, struct mw_people);

	if (people == NULL)
		return NULL;
	people->arena = arena;
	people->buckets = MW_ARENA_ARRAY(arena, struct mw_people_name *, BUCKETS);
	return people->buckets != NULL ? people : NULL;
}

static struct mw_people_name **bucket(const struct mw_people *people, enum kind kind, struct mw_str text)
{
	return &people->buckets[XXH3_64bits_withSeed(text.ptr, text.len, kind) % BUCKETS];
}

static const struct mw_people_name *find(const struct mw_people *people, enum kind kind, struct mw_str text)
{
	const struct mw_people_name *name = *bucket(people, kind, text);

	while (name != NULL && (name->kind != kind || !mw_str_equal(name->text, text)))
		name = name->next;
	return name;
}

/* False: it is there already, or memory is out. */
static bool keep(struct mw_people *people, enum kind kind, struct mw_str text, struct mw_person *owner)
{
	struct mw_people_name **place = bucket(people, kind, text), *name;

	if (find(people, kind, text) != NULL)
		return false;
	name = MW_ARENA_NEW(people->arena, struct mw_people_name);
	if (name == NULL)
		return false;
	*name = (struct mw_people_name){ .kind = kind, .text = text, .owner = owner, .next = *place };
	*place = name;
	return true;
}

static void add_item(struct mw_people *people, struct mw_people_list *list, struct mw_str text)
{
	struct mw_people_item *item = MW_ARENA_NEW(people->arena, struct mw_people_item);

	if (item == NULL)
		return;
	*item = (struct mw_people_item){ .text = text };
	if (list->last != NULL)
		list->last->next = item;
	else
		list->first = item;
	list->last = item;
}

struct mw_person *mw_people_by_address(const struct mw_people *people, struct mw_str address)
{
	const struct mw_people_name *name = find(people, ADDRESS, address);

	return name != NULL ? name->owner : NULL;
}

struct mw_person *mw_people_by_login(const struct mw_people *people, struct mw_str login)
{
	const struct mw_people_name *name = find(people, LOGIN, login);

	return name != NULL ? name->owner : NULL;
}

struct mw_person *mw_people_add(struct mw_people *people, struct mw_str address, bool group, const char *from)
{
	struct mw_person *person = mw_people_by_address(people, address);

	if (person != NULL)
		return person;
	person = MW_ARENA_NEW(people->arena, struct mw_person);
	if (person == NULL)
		return NULL;
	*person = (struct mw_person){ .name = address, .group = group, .from = from };
	keep(people, ADDRESS, address, person);
	/* A user's name is a login name too. */
	if (!group)
		keep(people, LOGIN, address, person);
	if (people->last != NULL)
		people->last->next = person;
	else
		people->first = person;
	people->last = person;
	people->users += !group;
	people->groups += group;
	return person;
}

bool mw_people_add_address(struct mw_people *people, struct mw_person *person, struct mw_str address)
{
	if (!keep(people, ADDRESS, address, person))
		return false;
	add_item(people, &person->addresses, address);
	return true;
}

bool mw_people_add_receive(struct mw_people *people, struct mw_person *person, struct mw_str address)
{
	if (!keep(people, ADDRESS, address, person))
		return false;
	add_item(people, &person->receives, address);
	return true;
}

bool mw_people_add_login(struct mw_people *people, struct mw_person *person, struct mw_str login)
{
	if (!keep(people, LOGIN, login, person))
		return false;
	add_item(people, &person->logins, login);
	return true;
}

void mw_people_add_member(struct mw_people *people, struct mw_person *group, const struct mw_person *member)
{
	for (const struct mw_people_item *item = group->members.first; item != NULL; item = item->next)
		if (mw_str_equal(item->text, member->name))
			return;
	add_item(people, &group->members, member->name);
}

void mw_people_add_grant(struct mw_people *people, struct mw_str identity, struct mw_str trustee, const char *left_out)
{
	const char *both = mw_arena_textf(people->arena, "%.*s %.*s", MW_STR_ARG(identity), MW_STR_ARG(trustee));
	struct mw_people_grant *grant;
	struct mw_person *owner = mw_people_by_address(people, identity);

	if (!keep(people, GRANT, mw_str(both), NULL))
		return;
	grant = MW_ARENA_NEW(people->arena, struct mw_people_grant);
	if (grant == NULL)
		return;
	*grant = (struct mw_people_grant){ .identity = identity, .trustee = trustee, .left_out = left_out };
	if (people->last_grant != NULL)
		people->last_grant->next = grant;
	else
		people->grants = grant;
	people->last_grant = grant;
	people->grant_count += left_out == NULL;
	if (owner != NULL)
		owner->granted = true;
}

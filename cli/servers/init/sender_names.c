/* SPDX-License-Identifier: MIT */
#include "servers/init/sender_names.h"

#include "mail/domain.h"
#include "servers/init/sender_logins.h"
#include "servers/init/tables.h"

/* --- reading */

static void add(struct mw_sender_rules *senders, struct mw_str domain, struct mw_str name)
{
	senders->names = mw_init_grown(senders->init->arena, senders->names, senders->name_count, sizeof(*senders->names));
	if (senders->names == NULL)
		senders->name_count = 0;
	else
		senders->names[senders->name_count++] = (struct mw_sender_name){ domain, name, false };
}

static void add_all(struct mw_sender_rules *senders)
{
	for (size_t i = 0; i < senders->init->domain_count; i++) {
		const struct mw_init_domain *domain = &senders->init->domains[i];

		for (size_t k = 0; k < domain->local_names.count; k++)
			add(senders, domain->name, domain->local_names.items[k]);
	}
}

/* The domain of one key. */
static void add_of_key(struct mw_sender_rules *senders, struct mw_str key)
{
	char memory[MW_DOMAIN_MAX + 1];
	const struct mw_init_domain *domain;
	struct mw_str name;
	size_t len;

	if (mw_str_find(key, '@') == key.len || !mw_domain_canonical(mw_init_domain_part(key), memory, &len))
		return;
	name = (struct mw_str){ memory, len };
	domain = mw_init_domain_of(senders->init, name);
	if (domain == NULL || mw_str_equal(domain->name, name))
		return;
	for (size_t i = 0; i < senders->name_count; i++)
		if (mw_str_equal(senders->names[i].name, name))
			return;
	add(senders, domain->name, mw_arena_copy(senders->init->arena, name));
}

void mw_sender_names_read(struct mw_sender_rules *senders, const struct mw_init_entries *keys)
{
	if (keys->unlisted != NULL) {
		add_all(senders);
		return;
	}
	for (size_t i = 0; i < keys->count; i++)
		add_of_key(senders, keys->items[i].key);
}

size_t mw_sender_names_count(const struct mw_sender_rules *senders, struct mw_str address)
{
	size_t count = 0;

	for (size_t i = 0; i < senders->name_count; i++)
		count += mw_str_equal(senders->names[i].domain, mw_init_domain_part(address));
	return count;
}

bool mw_sender_names_next(const struct mw_sender_rules *senders, struct mw_str address, size_t *at_io,
			  struct mw_str *named_r)
{
	struct mw_str domain = mw_init_domain_part(address);

	while (*at_io < senders->name_count) {
		const struct mw_sender_name *name = &senders->names[(*at_io)++];

		if (!mw_str_equal(name->domain, domain))
			continue;
		*named_r = mw_str(mw_arena_textf(senders->init->arena, "%.*s%.*s",
						 MW_STR_ARG(mw_str_head(address, address.len - domain.len)), MW_STR_ARG(name->name)));
		return true;
	}
	return false;
}

/* --- who may */

/* Whether each of these logins completes to the address, as where a pattern makes the login of the sender: that only
   says again who has it. */
static bool is_itself(const struct mw_sender_rules *senders, struct mw_str logins, struct mw_str address)
{
	struct mw_str login, whole;

	while (mw_owners_next(&logins, &login))
		if (mw_str_find(login, '@') == login.len || !mw_init_address(senders->init, login, &whole) ||
		    !mw_str_equal(whole, address))
			return false;
	return true;
}

struct mw_str mw_sender_names_say(const struct mw_sender_rules *senders, struct mw_str address, struct mw_str named)
{
	struct mw_owned owned = mw_owners_of(senders->owners, named);
	struct mw_str stranger = mw_str(
		mw_arena_textf(senders->init->arena, MW_SENDER_STRANGER "@%.*s", MW_STR_ARG(mw_init_domain_part(named))));

	if (is_itself(senders, owned.logins, address) ||
	    (!mw_str_starts_with(owned.key, MW_STR("@")) &&
	     mw_str_equal(owned.logins, mw_owners_of(senders->owners, stranger).logins)))
		return MW_STR_EMPTY;
	return owned.logins;
}

struct mw_login_set mw_login_set_both(struct mw_arena *arena, struct mw_login_set one, struct mw_login_set other)
{
	uint32_t *items = MW_ARENA_ARRAY(arena, uint32_t, one.count + 1);
	struct mw_login_set both = { items, 0 };

	for (size_t i = 0; items != NULL && i < one.count; i++)
		if (mw_login_set_has(&other, one.items[i]))
			items[both.count++] = one.items[i];
	return both;
}

void mw_sender_names_differ(struct mw_sender_rules *senders, struct mw_str address, struct mw_str named)
{
	struct mw_init *init = senders->init;

	for (size_t i = 0; i < senders->name_count; i++) {
		struct mw_sender_name *name = &senders->names[i];

		if (name->told || !mw_str_equal(name->name, mw_init_domain_part(named)))
			continue;
		name->told = true;
		mw_init_unread_add(init, (struct mw_init_unread){
			MW_SENDER_LOGIN_MAPS, mw_arena_textf(init->arena, "%.*s", MW_STR_ARG(named)),
			mw_arena_textf(init->arena,
				       "the policy takes %.*s for %.*s, and the tables say something else of %.*s: only who "
				       "may send under both names gets an address there",
				       MW_STR_ARG(name->name), MW_STR_ARG(name->domain), MW_STR_ARG(address)),
			"let the tables say the same of both names, or write a grant for who is to send as the address" });
	}
}

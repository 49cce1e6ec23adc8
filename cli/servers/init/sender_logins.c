/* SPDX-License-Identifier: MIT */
/* Who logs in, and by which names. */
#include "servers/init/sender_logins.h"

#include "servers/init/passdbs.h"
#include "sync/text/name.h"

/* --- names */

/* Where it is; the count: it is not there. */
static size_t find_text(const struct mw_strs *texts, struct mw_str text)
{
	size_t i = 0;

	while (i < texts->count && !mw_str_equal(texts->items[i], text))
		i++;
	return i;
}

static void add_name(struct mw_sender_rules *senders, struct mw_sender_login *login, struct mw_str name)
{
	bool added;
	uint32_t *number = mw_names_add(&senders->login_names, name, &added);

	if (number == NULL || !added)
		return;
	*number = (uint32_t)(login - senders->logins);
	mw_init_strs_add(senders->init->arena, &login->names, name);
}

uint32_t mw_sender_rules_login(const struct mw_sender_rules *senders, struct mw_str name)
{
	const uint32_t *login = mw_names_find(&senders->login_names, name);

	return login != NULL ? *login : MW_LOGIN_NONE;
}

/* The name as a directory has it. False: it can have none such, which is kept as unread. */
static bool take_name(struct mw_sender_rules *senders, struct mw_str text, const char *from, struct mw_str *name_r,
		      struct mw_str *own_r)
{
	struct mw_init *init = senders->init;
	char memory[MW_LOGIN_MAX + 1];
	size_t len;

	if (!mw_init_address(init, text, own_r) || !mw_login_canonical(text, memory, sizeof(memory), &len) ||
	    mw_text_login_refused((struct mw_str){ memory, len }) != '\0') {
		mw_init_unread_add(init, (struct mw_init_unread){ from, mw_arena_text(init->arena, text), "the name makes no address",
								  "write a line with an address and login= for him, if it is a user" });
		return false;
	}
	*name_r = mw_arena_copy(init->arena, (struct mw_str){ memory, len });
	return true;
}

/* A new one; NONE: out of memory. */
static uint32_t make_login(struct mw_sender_rules *senders, struct mw_str own, const char *from)
{
	struct mw_sender_login *login;

	senders->logins = mw_init_grown(senders->init->arena, senders->logins, senders->login_count, sizeof(*senders->logins));
	if (senders->logins == NULL || mw_sender_rules_add(senders, own, from) == NULL)
		return MW_LOGIN_NONE;
	login = &senders->logins[senders->login_count];
	*login = (struct mw_sender_login){ .own = own, .from = from };
	login->own_sender = *mw_names_find(&senders->addresses, own);
	return senders->login_count++;
}

/* The login with this name or, by another name, this address. */
static uint32_t add_login(struct mw_sender_rules *senders, struct mw_str name, struct mw_str own, const char *from)
{
	uint32_t found = mw_sender_rules_login(senders, name);

	if (found == MW_LOGIN_NONE)
		found = mw_sender_rules_login(senders, own);
	return found != MW_LOGIN_NONE ? found : make_login(senders, own, from);
}

/* A name by which somebody logs in; known: Postfix gets it. */
static void name_login(struct mw_sender_rules *senders, uint32_t number, struct mw_str name, bool known)
{
	struct mw_sender_login *login = &senders->logins[number];

	add_name(senders, login, name);
	add_name(senders, login, login->own);
	if (known && find_text(&login->known_as, name) == login->known_as.count)
		mw_init_strs_add(senders->init->arena, &login->known_as, name);
}

/* Whether Dovecot is whom Postfix asks, so that its passdbs have the names that Postfix gets. */
static bool dovecot_knows(const struct mw_init *init)
{
	bool asked = init->has_dovecot;

	for (size_t i = 0; i < init->listener_count; i++)
		if (init->listeners[i].users)
			asked = asked && mw_str_equal(init->listeners[i].sasl_type, MW_STR("dovecot"));
	return asked;
}

static void take_account(void *context, const struct mw_init_account *account)
{
	struct mw_sender_rules *senders = context;
	struct mw_str text = account->name, name, own;
	uint32_t login;

	/* Its file is asked for by the domain of the login, which the login then has. */
	if (!account->system && !mw_str_empty(account->domain) && mw_str_find(text, '@') == text.len)
		text = mw_str(mw_arena_textf(senders->init->arena, "%.*s@%.*s", MW_STR_ARG(text),
					     MW_STR_ARG(account->domain)));
	if (!take_name(senders, text, account->from, &name, &own))
		return;
	login = add_login(senders, name, own, account->from);
	if (login == MW_LOGIN_NONE)
		return;
	senders->logins[login].listed |= account->doubt == NULL && dovecot_knows(senders->init);
	name_login(senders, login, name, senders->logins[login].listed);
	senders->items[senders->logins[login].own_sender].is_mailbox = true;
}

/* A name that a table has. Of a listed login it counts as the passdb has it alone. */
static void take_login(struct mw_sender_rules *senders, struct mw_str text)
{
	struct mw_init *init = senders->init;
	const char *from = init->logins_listed && dovecot_knows(init) ? MW_SENDER_NO_LOGINS : MW_SENDER_LOGIN_MAPS;
	struct mw_sender_login *login;
	struct mw_str name, own;
	uint32_t number;

	if (!take_name(senders, text, MW_SENDER_LOGIN_MAPS, &name, &own))
		return;
	number = add_login(senders, name, own, from);
	if (number == MW_LOGIN_NONE)
		return;
	login = &senders->logins[number];
	if (!login->listed)
		name_login(senders, number, name, true);
	else if (find_text(&login->known_as, name) == login->known_as.count)
		mw_init_unread_add(init, (struct mw_init_unread){ MW_SENDER_LOGIN_MAPS, mw_arena_text(init->arena, text),
			mw_arena_textf(init->arena, "nobody logs in by this name: Dovecot has %.*s, and Postfix compares the whole name",
				       MW_STR_ARG(login->known_as.items[0])),
			"write the name as Dovecot has it into the table, or a grant, for what he should send as" });
}

void mw_sender_logins_take(struct mw_sender_rules *senders, struct mw_str logins)
{
	struct mw_str name;

	while (mw_owners_next(&logins, &name))
		take_login(senders, name);
}

void mw_sender_logins_take_mailbox(struct mw_sender_rules *senders, struct mw_str address)
{
	uint32_t login = MW_LOGIN_NONE;

	if (!senders->init->logins_listed)
		login = add_login(senders, address, address, "virtual_mailbox_maps");
	if (login != MW_LOGIN_NONE)
		name_login(senders, login, address, false);
}

uint32_t mw_sender_rules_named(const struct mw_sender_rules *senders, struct mw_str text, size_t *name_r)
{
	char memory[MW_LOGIN_MAX + 1];
	uint32_t login = MW_LOGIN_NONE;
	size_t len;

	if (mw_login_canonical(text, memory, sizeof(memory), &len))
		login = mw_sender_rules_login(senders, (struct mw_str){ memory, len });
	if (login == MW_LOGIN_NONE)
		return MW_LOGIN_NONE;
	*name_r = find_text(&senders->logins[login].known_as, (struct mw_str){ memory, len });
	return *name_r < senders->logins[login].known_as.count ? login : MW_LOGIN_NONE;
}

void mw_sender_logins_read(struct mw_sender_rules *senders)
{
	mw_init_each_account(senders->init, false, take_account, senders);
}

void mw_sender_logins_settle(struct mw_sender_rules *senders)
{
	for (uint32_t i = 0; i < senders->login_count; i++)
		if (senders->logins[i].known_as.count == 0)
			name_login(senders, i, senders->logins[i].names.items[0], true);
}

/* SPDX-License-Identifier: MIT */
/* Whether smtpd_sender_login_maps and the source of the same database let the same people send: both are asked for the
   addresses that the source has. */
#include "servers/init/databases.h"

#include "base/clock.h"
#include "decide/identity.h"
#include "mail/address.h"
#include "policy/read.h"
#include "servers/init/owners.h"
#include "sync/record/record.h"

#define ADDRESSES_MOST 2000 /* spread evenly over all */

struct comparing {
	struct mw_init *init;
	struct mw_init_database *database;
	const struct mw_policy *policy;
	const struct mw_directory_view *view;
	const struct mw_owners *owners;
	int64_t today;
};

static void add(struct mw_arena *arena, struct mw_strs *texts, struct mw_str text)
{
	mw_init_strs_add(arena, texts, mw_arena_copy(arena, text));
}

static void add_all(struct mw_arena *arena, struct mw_strs *texts, const struct mw_strs *more)
{
	for (size_t i = 0; i < more->count; i++)
		add(arena, texts, more->items[i]);
}

static struct mw_strs addresses_of(struct mw_arena *arena, const struct mw_records *records)
{
	struct mw_strs all = { NULL, 0 }, some = { NULL, 0 };

	for (size_t i = 0; i < records->count; i++) {
		add(arena, &all, records->items[i].principal.name);
		add_all(arena, &all, &records->items[i].addresses);
		add_all(arena, &all, &records->items[i].receives);
	}
	if (all.count <= ADDRESSES_MOST)
		return all;
	for (size_t i = 0; i < ADDRESSES_MOST; i++)
		add(arena, &some, all.items[i * all.count / ADDRESSES_MOST]);
	return some;
}

static void differ(struct comparing *comparing, struct mw_str login, struct mw_str sender, bool postfix)
{
	if (comparing->database->senders_differ == NULL)
		comparing->database->senders_differ = mw_arena_textf(comparing->init->arena,
			"it says something else than source \"%s\": %s lets %.*s send as %.*s, and %s does not",
			comparing->database->name, postfix ? "Postfix" : "the source", MW_STR_ARG(login), MW_STR_ARG(sender),
			postfix ? "the source" : "Postfix");
}

/* Whether the source lets a user that can log in send as an address. */
static bool permits(const struct comparing *comparing, const struct mw_principal *user, struct mw_str sender)
{
	struct mw_identity identity;
	struct mw_address address;

	if (!user->smtp || mw_address_parse(sender, &address) != MW_ADDRESS_MAILBOX)
		return false;
	mw_identity_right(comparing->policy, comparing->view, user, &address, comparing->today, &identity);
	return identity.right == MW_RIGHT_OWN || identity.right == MW_RIGHT_SEND_AS;
}

static bool lists(struct mw_str logins, struct mw_str name)
{
	struct mw_str login;

	while (mw_owners_next(&logins, &login))
		if (mw_str_equal_nocase(login, name))
			return true;
	return false;
}

/* Whom Postfix lets, and the source does not. Who cannot log in is no difference. */
static void compare_logins(struct comparing *comparing, struct mw_str sender, struct mw_owned owned)
{
	struct mw_str logins = owned.logins, login;

	while (mw_owners_next(&logins, &login)) {
		char memory[MW_LOGIN_MAX + 1];
		struct mw_principal user;
		size_t len;

		if (mw_login_canonical(login, memory, sizeof(memory), &len) &&
		    comparing->view->by_login(comparing->view->context, (struct mw_str){ memory, len }, &user) == MW_LOOKUP_FOUND &&
		    user.smtp && !permits(comparing, &user, sender))
			differ(comparing, login, sender, true);
	}
}

static void compare_user(struct comparing *comparing, const struct mw_principal *user, struct mw_str sender,
			 struct mw_owned owned)
{
	if (permits(comparing, user, sender) && !lists(owned.logins, user->name))
		differ(comparing, user->name, sender, false);
}

/* Whom the source lets, and Postfix does not: of who has the address and who has a grant on that one. */
static void compare_users(struct comparing *comparing, struct mw_str sender, struct mw_owned owned)
{
	const struct mw_directory_view *view = comparing->view;
	struct mw_principal owner, user;

	if (view->by_address(view->context, sender, &owner, NULL) != MW_LOOKUP_FOUND)
		return;
	if (owner.kind == MW_USER)
		compare_user(comparing, &owner, sender, owned);
	for (size_t i = 0; i < owner.grants.send_as.count; i++)
		if (view->by_id(view->context, owner.grants.send_as.items[i], &user) == MW_LOOKUP_FOUND && user.kind == MW_USER)
			compare_user(comparing, &user, sender, owned);
}

static void compare(struct mw_init *init, struct mw_init_database *database)
{
	struct mw_policy *policy = NULL;
	struct mw_memory_directory *directory = mw_init_database_content(init, database, &policy);
	struct mw_owners *owners = mw_owners_new(init, mw_init_sender_maps(init), true);
	struct comparing comparing = { init, database, policy, NULL, owners, mw_clock_today() };
	struct mw_strs addresses;

	if (directory == NULL || owners == NULL) {
		database->senders_differ = "it could not be compared with the source";
	} else {
		comparing.view = mw_memory_directory_view(directory);
		addresses = addresses_of(init->arena, mw_memory_directory_records(directory));
		mw_owners_ask(owners, addresses.items, addresses.count);
		for (size_t i = 0; i < addresses.count; i++) {
			struct mw_owned owned = mw_owners_of(owners, addresses.items[i]);

			if (owned.unknown)
				continue;
			compare_logins(&comparing, addresses.items[i], owned);
			compare_users(&comparing, addresses.items[i], owned);
		}
		if (mw_owners_unasked(owners) != NULL)
			database->senders_differ = mw_owners_unasked(owners);
	}
	mw_memory_directory_free(directory);
	mw_policy_free(policy);
}

void mw_init_compare_databases(struct mw_init *init)
{
	for (size_t i = 0; i < init->database_count; i++) {
		struct mw_init_database *database = &init->databases[i];

		for (const struct mw_init_question *question = database->first; question != NULL; question = question->next) {
			if (strcmp(question->setting, MW_SENDER_LOGIN_MAPS) != 0 ||
			    !mw_init_is_of_source(init, MW_SENDER_LOGIN_MAPS, mw_str(question->what)))
				continue;
			compare(init, database);
			if (database->senders_differ != NULL)
				mw_init_unread_set(init, (struct mw_init_unread){ MW_SENDER_LOGIN_MAPS, question->what,
										  database->senders_differ, MW_INIT_FIX_SENDERS });
		}
	}
}

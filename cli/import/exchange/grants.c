/* SPDX-License-Identifier: MIT */
/* Who may send on behalf of whom, and by which names people log in. */
#include "base/text.h"
#include "import/exchange/names.h"
#include "import/exchange/trustee.h"
#include "mail/address.h"
#include "sync/text/name.h"

/* --- grants */

struct giving {
	struct mw_exchange *import;
	bool on_behalf;
	const struct mw_exchange_person *identity;
};

static void give(struct mw_exchange_person *trustee, void *context)
{
	const struct giving *giving = context;
	struct mw_exchange *import = giving->import;

	if (trustee->name.len == 0 || trustee == giving->identity)
		return;
	import->grants = mw_exchange_grown(import->arena, import->grants, import->grant_count, sizeof(*import->grants));
	if (import->grants != NULL)
		import->grants[import->grant_count++] =
			(struct mw_exchange_grant){ giving->on_behalf, giving->identity, trustee };
	else
		import->grant_count = 0;
}

void mw_exchange_add_grant(struct mw_exchange *import, bool on_behalf, const struct mw_exchange_person *identity,
			   struct mw_exchange_person *trustee)
{
	struct giving giving = { import, on_behalf, identity };

	if (trustee->kind == MW_EXCHANGE_RIGHTS)
		mw_exchange_walk(import, trustee, give, &giving);
	else if (trustee->kind == MW_EXCHANGE_ACCOUNT)
		mw_exchange_count(import, "rights of accounts without a mailbox");
	else
		give(trustee, &giving);
}

void mw_exchange_read_grants(struct mw_exchange *import)
{
	for (size_t i = 0; i < import->people.count; i++) {
		const struct mw_exchange_person *identity = import->people.items[i];
		struct mw_exchange_people trustees;

		if (identity->name.len == 0)
			continue;
		trustees = mw_exchange_named(import, identity->file, identity->row, "GrantSendOnBehalfTo",
					     mw_arena_text(import->arena, identity->name), NULL);
		for (size_t j = 0; j < trustees.count; j++)
			mw_exchange_add_grant(import, true, identity, trustees.items[j]);
	}
}

/* --- logins */

#define LOGIN_FIX "nobody logs in by it: write login= with another name, or tell the user to log in by the address"

static void add_login(struct mw_exchange *import, struct mw_exchange_person *person, const char *property,
		      struct mw_str text)
{
	char login[MW_LOGIN_MAX + 1];
	struct mw_str canonical, *items = (struct mw_str *)person->logins.items;
	size_t len;

	if (!mw_login_canonical(text, login, sizeof(login), &len) || memchr(login, ' ', len) != NULL ||
	    memchr(login, ',', len) != NULL || mw_text_login_refused((struct mw_str){ login, len }) != '\0') {
		mw_exchange_note(import, person->file, person->row, property,
				 mw_arena_textf(import->arena, "%.*s: %.*s", MW_STR_ARG(person->name), MW_STR_ARG(mw_text_cut(text, 200))),
				 "the directory cannot have such a login name: write login= with another one");
		return;
	}
	canonical = mw_arena_copy(import->arena, (struct mw_str){ login, len });
	if (mw_str_equal(canonical, person->name))
		return;
	for (size_t i = 0; i < person->logins.count; i++) {
		if (mw_str_equal(items[i], canonical))
			return;
	}
	items = mw_exchange_grown(import->arena, items, person->logins.count, sizeof(*items));
	if (items == NULL)
		return;
	items[person->logins.count] = canonical;
	person->logins = (struct mw_strs){ items, person->logins.count + 1 };
}

/* Whether it is one of the names by which somebody logs in. */
static bool logs_in_by(const struct mw_exchange *import, const struct mw_exchange_person *person, struct mw_str login)
{
	return person->kind == MW_EXCHANGE_LOGIN &&
	       (mw_str_equal_nocase(login, person->name) ||
		mw_str_equal_nocase(login, mw_exchange_cell(import, person->file, person->row, "UserPrincipalName")));
}

/* Whether a login name could be taken for somebody else's: by itself, or completed as every login is. */
static bool is_anothers(const struct mw_exchange *import, const struct mw_exchange_person *person, struct mw_str login,
			struct mw_buf *whose)
{
	struct mw_exchange_person *other = NULL;
	char memory[MW_LOGIN_MAX + 256];
	struct mw_buf completed = MW_BUF_OVER(memory);

	mw_buf_add(&completed, login);
	if (mw_str_find(login, '@') == login.len)
		mw_buf_printf(&completed, "@%.*s", MW_STR_ARG(import->default_domain));
	switch (mw_exchange_find(import->names, mw_buf_str(&completed), &other, whose)) {
	case MW_EXCHANGE_SEVERAL: return true;
	case MW_EXCHANGE_NOBODY: return false;
	case MW_EXCHANGE_FOUND: break;
	}
	if (other == person || !logs_in_by(import, other, mw_buf_str(&completed)))
		return false;
	mw_buf_add(whose, other->name);
	return true;
}

static void read_login(struct mw_exchange *import, struct mw_exchange_person *person, const char *property,
		       struct mw_str text)
{
	char memory[1024];
	struct mw_buf whose = MW_BUF_OVER(memory);
	struct mw_exchange_person *other = NULL;
	bool taken;

	/* A shared mailbox has SELF as its master. */
	if (text.len == 0 || mw_exchange_trustee(text, MW_STR_EMPTY) != MW_EXCHANGE_PEOPLE)
		return;
	taken = is_anothers(import, person, text, &whose);
	if (!taken && mw_str_find(text, '@') == text.len && mw_str_find(text, '\\') == text.len)
		taken = mw_exchange_find_key(import->names, MW_EXCHANGE_ACCOUNT_NAME, text, &other, &whose) == MW_EXCHANGE_SEVERAL;
	if (taken)
		mw_exchange_note(import, person->file, person->row, property,
				 mw_arena_textf(import->arena, "%.*s: %.*s is also the name of %s", MW_STR_ARG(person->name),
						MW_STR_ARG(mw_text_cut(text, 200)), whose.data),
				 LOGIN_FIX);
	else
		add_login(import, person, property, text);
}

void mw_exchange_read_logins(struct mw_exchange *import)
{
	for (size_t i = 0; i < import->people.count; i++) {
		struct mw_exchange_person *person = import->people.items[i];

		if (person->kind != MW_EXCHANGE_LOGIN)
			continue;
		read_login(import, person, "UserPrincipalName",
			   mw_exchange_cell(import, person->file, person->row, "UserPrincipalName"));
		read_login(import, person, "SamAccountName", mw_exchange_cell(import, person->file, person->row, "SamAccountName"));
		read_login(import, person, "LinkedMasterAccount",
			   mw_exchange_cell(import, person->file, person->row, "LinkedMasterAccount"));
	}
}

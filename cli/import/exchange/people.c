/* SPDX-License-Identifier: MIT */
/* Recipients: who has which address and login. */
#include "base/text.h"
#include "import/exchange/names.h"
#include "import/exchange/value.h"
#include "mail/address.h"
#include "sync/text/name.h"

/* RecipientTypeDetails (Microsoft, "Get-Recipient"). */
static const struct {
	const char *word;
	enum mw_exchange_kind kind;
	bool system; /* Exchange's own: nobody writes to it */
} kinds[] = {
	{ "UserMailbox", MW_EXCHANGE_LOGIN, false },
	{ "LinkedMailbox", MW_EXCHANGE_LOGIN, false },
	{ "LegacyMailbox", MW_EXCHANGE_LOGIN, false },
	{ "SharedMailbox", MW_EXCHANGE_NO_LOGIN, false },
	{ "RoomMailbox", MW_EXCHANGE_NO_LOGIN, false },
	{ "LinkedRoomMailbox", MW_EXCHANGE_NO_LOGIN, false },
	{ "EquipmentMailbox", MW_EXCHANGE_NO_LOGIN, false },
	{ "SchedulingMailbox", MW_EXCHANGE_NO_LOGIN, false },
	{ "TeamMailbox", MW_EXCHANGE_NO_LOGIN, false },
	{ "GroupMailbox", MW_EXCHANGE_NO_LOGIN, false },
	{ "PublicFolderMailbox", MW_EXCHANGE_NO_LOGIN, true },
	{ "DiscoveryMailbox", MW_EXCHANGE_NO_LOGIN, true },
	{ "ArbitrationMailbox", MW_EXCHANGE_NO_LOGIN, true },
	{ "MonitoringMailbox", MW_EXCHANGE_NO_LOGIN, true },
	{ "AuditLogMailbox", MW_EXCHANGE_NO_LOGIN, true },
	{ "MailUser", MW_EXCHANGE_OUTSIDE, false },
	{ "GuestMailUser", MW_EXCHANGE_OUTSIDE, false },
	{ "RemoteUserMailbox", MW_EXCHANGE_OUTSIDE, false },
	{ "RemoteSharedMailbox", MW_EXCHANGE_OUTSIDE, false },
	{ "RemoteRoomMailbox", MW_EXCHANGE_OUTSIDE, false },
	{ "RemoteEquipmentMailbox", MW_EXCHANGE_OUTSIDE, false },
	{ "MailContact", MW_EXCHANGE_OUTSIDE, false },
	{ "MailForestContact", MW_EXCHANGE_OUTSIDE, false },
};

/* What each file has. */
static const struct {
	enum mw_exchange_file file;
	enum mw_exchange_kind kind;
} files[] = {
	{ MW_EXCHANGE_MAILBOX, MW_EXCHANGE_LOGIN },	 { MW_EXCHANGE_GROUP, MW_EXCHANGE_LIST },
	{ MW_EXCHANGE_DYNAMIC, MW_EXCHANGE_LIST },	 { MW_EXCHANGE_MAIL_USER, MW_EXCHANGE_OUTSIDE },
	{ MW_EXCHANGE_MAIL_CONTACT, MW_EXCHANGE_OUTSIDE },
};

/* --- addresses */

/* An address that the directory may have. */
static bool read_address(struct mw_exchange *import, struct mw_str text, struct mw_str *address_r)
{
	struct mw_address address;

	if (mw_address_parse(text, &address) != MW_ADDRESS_MAILBOX || mw_text_name_refused(address.whole) != '\0')
		return false;
	*address_r = mw_arena_copy(import->arena, address.whole);
	return true;
}

/* What is behind "smtp:"; false: it is of another kind. */
static bool smtp_address(struct mw_str item, struct mw_str *address_r)
{
	size_t colon = mw_str_find(item, ':');

	if (mw_str_starts_with_nocase(item, MW_STR("smtp:")))
		*address_r = mw_str_tail(item, 5);
	else
		*address_r = item;
	return colon == item.len || mw_str_starts_with_nocase(item, MW_STR("smtp:"));
}

/* Gives the person an address of its own. */
static void add_address(struct mw_exchange *import, struct mw_exchange_person *person, struct mw_str address)
{
	struct mw_exchange_person *other;
	struct mw_str *items = (struct mw_str *)person->addresses.items;

	if (mw_str_equal(address, person->name))
		return;
	for (size_t i = 0; i < person->addresses.count; i++) {
		if (mw_str_equal(address, items[i]))
			return;
	}
	if (!mw_exchange_names_add(import->names, address, MW_EXCHANGE_OWN, person, &other)) {
		mw_exchange_error(import, person->file, person->row, "EmailAddresses", NULL,
				  "%.*s is of %s.csv, line %u, too", MW_STR_ARG(address), mw_exchange_files[other->file].name,
				  other->row->line);
		return;
	}
	items = mw_exchange_grown(import->arena, items, person->addresses.count, sizeof(*items));
	if (items == NULL)
		return;
	items[person->addresses.count] = address;
	person->addresses = (struct mw_strs){ items, person->addresses.count + 1 };
}

static void read_addresses(struct mw_exchange *import, struct mw_exchange_person *person, const char *property)
{
	struct mw_str rest = mw_exchange_cell(import, person->file, person->row, property), item, text, address;

	while (mw_exchange_next_item(&rest, &item)) {
		if (!smtp_address(item, &text))
			mw_exchange_count(import, "addresses of X500, SIP and other kinds");
		else if (read_address(import, text, &address))
			add_address(import, person, address);
		else
			mw_exchange_note(import, person->file, person->row, property,
					 mw_arena_textf(import->arena, "%.*s: %.*s", MW_STR_ARG(person->name), MW_STR_ARG(mw_text_cut(item, 200))),
					 "the directory cannot have such an address: leave it out, or give the recipient another one");
	}
}

/* The primary address is the name; false with an error. */
static bool read_name(struct mw_exchange *import, struct mw_exchange_person *person)
{
	struct mw_str text = mw_exchange_cell(import, person->file, person->row, "PrimarySmtpAddress");
	struct mw_exchange_person *other;

	if (!smtp_address(text, &text) || !read_address(import, text, &person->name)) {
		mw_exchange_error(import, person->file, person->row, "PrimarySmtpAddress", "local@domain",
				  "\"%.*s\" is no address that the directory can have", MW_STR_ARG(mw_text_cut(text, 100)));
		return false;
	}
	if (mw_exchange_names_add(import->names, person->name, MW_EXCHANGE_OWN, person, &other))
		return true;
	mw_exchange_error(import, person->file, person->row, "PrimarySmtpAddress", NULL, "%.*s is of %s.csv, line %u, too",
			  MW_STR_ARG(person->name), mw_exchange_files[other->file].name, other->row->line);
	return false;
}

/* --- names */

static void add_name(struct mw_exchange *import, struct mw_exchange_person *person, enum mw_exchange_file file,
		     const struct mw_csv_row *row, const char *property, enum mw_exchange_certainty certainty)
{
	struct mw_str text = mw_exchange_cell(import, file, row, property);
	struct mw_exchange_person *other;

	/* What two have in a property that should be one's own is nobody's own. */
	if (!mw_exchange_names_add(import->names, text, certainty, person, &other))
		mw_exchange_error(import, file, row, property, NULL, "%.*s is of %s.csv, line %u, too",
				  MW_STR_ARG(mw_text_cut(text, 200)), mw_exchange_files[other->file].name, other->row->line);
}

static void add_names(struct mw_exchange *import, struct mw_exchange_person *person, enum mw_exchange_file file,
		      const struct mw_csv_row *row)
{
	static const char *const own[] = { "DistinguishedName", "Guid", "ExternalDirectoryObjectId", "LegacyExchangeDN",
					   "Sid" };
	static const char *const shared[] = { "Name", "DisplayName", "Alias" };
	static const char *const either[] = { "Identity", "Id" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		add_name(import, person, file, row, own[i], MW_EXCHANGE_OWN);
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		add_name(import, person, file, row, shared[i], MW_EXCHANGE_SHARED);
	/* A canonical name on Exchange servers, a name in Exchange Online. */
	for (size_t i = 0; i < sizeof(either) / sizeof(either[0]); i++) {
		struct mw_str text = mw_exchange_cell(import, file, row, either[i]);

		add_name(import, person, file, row, either[i],
			 mw_str_find(text, '/') < text.len ? MW_EXCHANGE_OWN : MW_EXCHANGE_SHARED);
	}
	add_name(import, person, file, row, "SamAccountName", MW_EXCHANGE_ACCOUNT_NAME);
	add_name(import, person, file, row, "UserPrincipalName", MW_EXCHANGE_PRINCIPAL_NAME);
}

/* --- recipients */

/* False: the row is none of ours, or wrong. */
static bool read_kind(struct mw_exchange *import, struct mw_exchange_person *person)
{
	struct mw_str word = mw_exchange_cell(import, person->file, person->row, "RecipientTypeDetails");

	/* Only security groups are in anybody's token (Microsoft, "Active Directory security groups"). */
	person->no_rights = person->file == MW_EXCHANGE_DYNAMIC || mw_str_equal_nocase(word, MW_STR("RoomList")) ||
			    mw_str_equal_nocase(word, MW_STR("MailUniversalDistributionGroup")) ||
			    mw_str_equal_nocase(word, MW_STR("GroupMailbox"));
	if (person->kind == MW_EXCHANGE_LIST || (person->file != MW_EXCHANGE_MAILBOX && word.len == 0))
		return true;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!mw_str_equal_nocase(word, mw_str(kinds[i].word)))
			continue;
		if (kinds[i].system)
			mw_exchange_count(import, "mailboxes of Exchange's own");
		person->kind = kinds[i].kind;
		return !kinds[i].system;
	}
	mw_exchange_error(import, person->file, person->row, "RecipientTypeDetails",
			  "UserMailbox, SharedMailbox, MailUser ...",
			  "\"%.*s\" is no kind of recipient that is known here", MW_STR_ARG(mw_text_cut(word, 100)));
	return false;
}

static void read_person(struct mw_exchange *import, enum mw_exchange_file file, enum mw_exchange_kind kind,
			const struct mw_csv_row *row)
{
	struct mw_exchange_person *person = MW_ARENA_NEW(import->arena, struct mw_exchange_person);

	if (person == NULL)
		return;
	*person = (struct mw_exchange_person){ .kind = kind, .file = file, .row = row };
	if (!read_kind(import, person) || !read_name(import, person))
		return;
	read_addresses(import, person, "EmailAddresses");
	read_addresses(import, person, "ExternalEmailAddress");
	add_names(import, person, file, row);
	mw_exchange_switch_cell(import, file, row, "AccountDisabled", &person->disabled);
	mw_exchange_add_person(import, &import->people, person);
}

void mw_exchange_read_people(struct mw_exchange *import)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct mw_csv *csv = &import->tables[files[i].file].csv;

		for (size_t row = 0; row < csv->row_count && !mw_arena_failed(import->arena); row++)
			read_person(import, files[i].file, files[i].kind, &csv->rows[row]);
	}
}

/* --- accounts, and groups of rights */

/* Whose row it is, by what nobody else has; NULL: it is somebody's without an address. */
static struct mw_exchange_person *owner_of(struct mw_exchange *import, enum mw_exchange_file file,
					   const struct mw_csv_row *row)
{
	static const char *const properties[] = { "DistinguishedName", "Guid", "Identity", "UserPrincipalName",
						  "PrimarySmtpAddress" };
	struct mw_exchange_person *person;

	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		struct mw_str text = mw_exchange_cell(import, file, row, properties[i]);

		if (text.len > 0 && mw_exchange_find(import->names, text, &person, NULL) == MW_EXCHANGE_FOUND)
			return person;
	}
	return NULL;
}

static void read_account(struct mw_exchange *import, enum mw_exchange_file file, enum mw_exchange_kind kind,
			 const struct mw_csv_row *row)
{
	struct mw_exchange_person *person = owner_of(import, file, row);
	struct mw_str control = mw_exchange_cell(import, file, row, "UserAccountControl");

	if (person == NULL) {
		person = MW_ARENA_NEW(import->arena, struct mw_exchange_person);
		if (person == NULL)
			return;
		*person = (struct mw_exchange_person){ .kind = kind, .file = file, .row = row };
		mw_exchange_add_person(import, &import->people, person);
	}
	add_names(import, person, file, row);
	person->disabled |= mw_exchange_has_word(control, "AccountDisabled");
	mw_exchange_switch_cell(import, file, row, "AccountDisabled", &person->disabled);
}

static void read_cas(struct mw_exchange *import, const struct mw_csv_row *row)
{
	struct mw_exchange_person *person = owner_of(import, MW_EXCHANGE_CAS_MAILBOX, row);
	bool off = false;

	if (person == NULL)
		mw_exchange_count(import, "rows of CASMailbox.csv of no mailbox that is imported");
	else if (person->cas != NULL)
		mw_exchange_error(import, MW_EXCHANGE_CAS_MAILBOX, row, NULL, NULL, "%.*s stands in line %u too",
				  MW_STR_ARG(person->name), person->cas->line);
	else
		person->cas = row;
	mw_exchange_switch_cell(import, MW_EXCHANGE_CAS_MAILBOX, row, "ImapEnabled", &off);
	mw_exchange_switch_cell(import, MW_EXCHANGE_CAS_MAILBOX, row, "PopEnabled", &off);
	mw_exchange_switch_cell(import, MW_EXCHANGE_CAS_MAILBOX, row, "SmtpClientAuthenticationDisabled", &off);
}

void mw_exchange_read_accounts(struct mw_exchange *import)
{
	const struct mw_csv *users = &import->tables[MW_EXCHANGE_USER].csv;
	const struct mw_csv *groups = &import->tables[MW_EXCHANGE_SECURITY_GROUP].csv;
	const struct mw_csv *cas = &import->tables[MW_EXCHANGE_CAS_MAILBOX].csv;

	for (size_t i = 0; i < users->row_count; i++)
		read_account(import, MW_EXCHANGE_USER, MW_EXCHANGE_ACCOUNT, &users->rows[i]);
	for (size_t i = 0; i < groups->row_count; i++)
		read_account(import, MW_EXCHANGE_SECURITY_GROUP, MW_EXCHANGE_RIGHTS, &groups->rows[i]);
	for (size_t i = 0; i < cas->row_count; i++)
		read_cas(import, &cas->rows[i]);
	for (size_t i = 0; i < import->people.count; i++) {
		struct mw_exchange_person *person = import->people.items[i];

		if (person->kind == MW_EXCHANGE_LOGIN && person->cas == NULL)
			mw_exchange_error(import, person->file, person->row, NULL, "its row, with ImapEnabled and PopEnabled",
					  "CASMailbox.csv has no row of %.*s", MW_STR_ARG(person->name));
	}
}

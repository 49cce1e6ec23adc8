/* SPDX-License-Identifier: MIT */
/* Recipients: who has which address and login. */
#include "base/text.h"
#include "import/exchange/names.h"
#include "import/exchange/value.h"
#include "sync/ldap/dn.h"
#include "sync/ldap/sid.h"

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
	{ "AuxAuditLogMailbox", MW_EXCHANGE_NO_LOGIN, true },
	{ "SupervisoryReviewPolicyMailbox", MW_EXCHANGE_NO_LOGIN, true },
	{ "SystemMailbox", MW_EXCHANGE_NO_LOGIN, true },
	{ "SystemAttendantMailbox", MW_EXCHANGE_NO_LOGIN, true },
	{ "MailUser", MW_EXCHANGE_OUTSIDE, false },
	{ "GuestMailUser", MW_EXCHANGE_OUTSIDE, false },
	{ "RemoteUserMailbox", MW_EXCHANGE_OUTSIDE, false },
	{ "RemoteSharedMailbox", MW_EXCHANGE_OUTSIDE, false },
	{ "RemoteRoomMailbox", MW_EXCHANGE_OUTSIDE, false },
	{ "RemoteEquipmentMailbox", MW_EXCHANGE_OUTSIDE, false },
	{ "RemoteTeamMailbox", MW_EXCHANGE_OUTSIDE, false },
	{ "SharedWithMailUser", MW_EXCHANGE_OUTSIDE, false },
	{ "MailContact", MW_EXCHANGE_OUTSIDE, false },
	{ "MailForestContact", MW_EXCHANGE_OUTSIDE, false },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Its number; KINDS: it is none. */
static size_t find_kind(struct mw_str word)
{
	size_t i = 0;

	while (i < KINDS && !mw_str_equal_nocase(word, mw_str(kinds[i].word)))
		i++;
	return i;
}

bool mw_exchange_is_single(struct mw_str word)
{
	static const char *const without_address[] = { "User",	  "DisabledUser", "LinkedUser",
						       "Contact", "Computer",	  "PublicFolder" };
	bool single = find_kind(word) < KINDS && !mw_str_equal_nocase(word, MW_STR("GroupMailbox"));

	for (size_t i = 0; i < sizeof(without_address) / sizeof(without_address[0]); i++)
		single |= mw_str_equal_nocase(word, mw_str(without_address[i]));
	return single;
}

/* What each file has. */
static const struct {
	enum mw_exchange_file file;
	enum mw_exchange_kind kind;
} files[] = {
	{ MW_EXCHANGE_MAILBOX, MW_EXCHANGE_LOGIN },	 { MW_EXCHANGE_GROUP, MW_EXCHANGE_LIST },
	{ MW_EXCHANGE_DYNAMIC, MW_EXCHANGE_LIST },	 { MW_EXCHANGE_MAIL_USER, MW_EXCHANGE_OUTSIDE },
	{ MW_EXCHANGE_MAIL_CONTACT, MW_EXCHANGE_OUTSIDE },
};

/* --- names */

static void add_name(struct mw_exchange *import, struct mw_exchange_person *person, enum mw_exchange_file file,
		     const struct mw_csv_row *row, const char *property, enum mw_exchange_key key)
{
	struct mw_str text = mw_exchange_cell(import, file, row, property);
	struct mw_exchange_person *other;

	if (text.len == 0)
		return;
	/* What two have in a property that should be one's own is nobody's own. */
	if (!mw_exchange_names_add(import->names, text, key, person, &other))
		mw_exchange_error(import, file, row, property, NULL, "%.*s is of %s.csv, line %u, too",
				  MW_STR_ARG(mw_text_cut(text, 200)), mw_exchange_files[other->file].name, other->row->line);
}

/* In which domain of Active Directory it is, by its DN or its canonical name. */
static void read_domain(struct mw_exchange *import, struct mw_exchange_person *person, struct mw_str dn,
			struct mw_str identity)
{
	char memory[MW_LDAP_DN_MAX + 1], text[MW_LDAP_DN_MAX + 1];
	struct mw_buf canonical = MW_BUF_OVER(memory), out = MW_BUF_OVER(text);
	struct mw_str rest, part;

	if (person->domain.len > 0)
		return;
	if (dn.len > 0 && mw_ldap_dn_canonical(dn, &canonical)) {
		rest = mw_buf_str(&canonical);
		while (mw_str_split(&rest, ',', &part)) {
			if (mw_str_starts_with(part, MW_STR("dc=")))
				mw_buf_printf(&out, "%s%.*s", out.used > 0 ? "." : "", MW_STR_ARG(mw_str_tail(part, 3)));
		}
	} else if (mw_exchange_form(identity) == MW_EXCHANGE_CANONICAL) {
		for (size_t i = 0; i < mw_str_find(identity, '/'); i++)
			mw_buf_add_char(&out, (char)(identity.ptr[i] >= 'A' && identity.ptr[i] <= 'Z' ? identity.ptr[i] + 'a' - 'A'
														: identity.ptr[i]));
	}
	person->domain = mw_arena_copy(import->arena, mw_buf_str(&out));
}

/* That of its account; of another forest, for a linked mailbox. */
static void add_sid(struct mw_exchange *import, struct mw_exchange_person *person, enum mw_exchange_file file,
		    const struct mw_csv_row *row, const char *property, bool own)
{
	struct mw_str text = mw_exchange_cell(import, file, row, property);
	char memory[MW_SID_MAX];
	struct mw_str sid = mw_sid_parse(text, memory);

	if (text.len > 0 && sid.len == 0)
		mw_exchange_error(import, file, row, property, "S-1-5-21-...", "bad value \"%.*s\"",
				  MW_STR_ARG(mw_text_cut(text, 100)));
	/* A shared mailbox has SELF as its master. */
	if (sid.len == 0 || mw_sid_is_self(sid))
		return;
	if (own && person->sid.len > 0 && !mw_str_equal(person->sid, sid))
		mw_exchange_error(import, file, row, property, NULL, "%.*s, and %s.csv, line %u, says another one", MW_STR_ARG(text),
				  mw_exchange_files[person->file].name, person->row->line);
	if (own)
		person->sid = mw_arena_copy(import->arena, sid);
	add_name(import, person, file, row, property, MW_EXCHANGE_SID);
}

/* What the first row of it says in another way. */
static void tell_differences(struct mw_exchange *import, const struct mw_exchange_person *person,
			     enum mw_exchange_file file, const struct mw_csv_row *row)
{
	for (size_t i = 0; i < MW_EXCHANGE_NAME_PROPERTIES; i++) {
		const struct mw_exchange_name_property *name = &mw_exchange_name_properties[i];
		struct mw_str here = mw_exchange_cell(import, file, row, name->property);
		struct mw_str there = mw_exchange_cell(import, person->file, person->row, name->property);

		if ((name->key == MW_EXCHANGE_DN || name->key == MW_EXCHANGE_GUID) && here.len > 0 && there.len > 0 &&
		    !mw_exchange_names_same(import->names, name->key, here, there))
			mw_exchange_error(import, file, row, name->property, NULL, "%.*s, and %s.csv, line %u, says %.*s",
					  MW_STR_ARG(mw_text_cut(here, 200)), mw_exchange_files[person->file].name, person->row->line,
					  MW_STR_ARG(mw_text_cut(there, 200)));
	}
}

static bool is_linked(const struct mw_exchange *import, const struct mw_exchange_person *person)
{
	return mw_str_starts_with_nocase(mw_exchange_cell(import, person->file, person->row, "RecipientTypeDetails"),
					 MW_STR("Linked"));
}

static void add_names(struct mw_exchange *import, struct mw_exchange_person *person, enum mw_exchange_file file,
		      const struct mw_csv_row *row)
{
	if (row != person->row)
		tell_differences(import, person, file, row);
	for (size_t i = 0; i < MW_EXCHANGE_NAME_PROPERTIES; i++) {
		const struct mw_exchange_name_property *name = &mw_exchange_name_properties[i];
		enum mw_exchange_key key = name->key;

		/* What is no canonical name is a plain one. Addresses are added where they are read. */
		if (key == MW_EXCHANGE_CANONICAL && mw_exchange_form(mw_exchange_cell(import, file, row, name->property)) != key)
			key = MW_EXCHANGE_NAME;
		if (key != MW_EXCHANGE_ADDRESS)
			add_name(import, person, file, row, name->property, key);
	}
	read_domain(import, person, mw_exchange_cell(import, file, row, "DistinguishedName"),
		    mw_exchange_cell(import, file, row, "Identity"));
	add_sid(import, person, file, row, "Sid", true);
	if (is_linked(import, person) && file == MW_EXCHANGE_MAILBOX) {
		add_sid(import, person, file, row, "MasterAccountSid", false);
		add_name(import, person, file, row, "LinkedMasterAccount", MW_EXCHANGE_MASTER);
	}
}

/* --- recipients */

/* False: the row is none of ours, or wrong. */
static bool read_kind(struct mw_exchange *import, struct mw_exchange_person *person)
{
	struct mw_str word = mw_exchange_cell(import, person->file, person->row, "RecipientTypeDetails");
	size_t i;

	if (person->kind == MW_EXCHANGE_LIST)
		return mw_exchange_read_rights(import, person->file, person->row, &person->rights);
	if (person->file != MW_EXCHANGE_MAILBOX && word.len == 0)
		return true;
	i = find_kind(word);
	if (i < KINDS) {
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

/* Whether the account is disabled. A linked mailbox belongs to an account of another forest, and its own is always. */
static void read_state(struct mw_exchange *import, struct mw_exchange_person *person, enum mw_exchange_file file,
		       const struct mw_csv_row *row)
{
	static const char *const words[] = { "NormalAccount",		"AccountDisabled",
					     "InterDomainTrustAccount", "WorkstationTrustAccount",
					     "ServerTrustAccount",	"TemporaryDuplicateAccount" };
	struct mw_str control = mw_exchange_cell(import, file, row, "UserAccountControl");
	uint64_t bits = 0;
	bool known = control.len == 0 || mw_parse_number(control, &bits), disabled = false;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		known |= mw_exchange_has_word(control, words[i]);
	if (!known)
		mw_exchange_error(import, file, row, "UserAccountControl", "NormalAccount, or AccountDisabled, NormalAccount",
				  "bad value \"%.*s\"", MW_STR_ARG(mw_text_cut(control, 100)));
	mw_exchange_switch_cell(import, file, row, "AccountDisabled", &disabled);
	/* ADS_UF_ACCOUNTDISABLE */
	disabled |= mw_exchange_has_word(control, "AccountDisabled") || (bits & 2) != 0;
	person->disabled |= disabled && !is_linked(import, person);
	person->disabled_said |= control.len > 0 || mw_exchange_cell(import, file, row, "AccountDisabled").len > 0;
}

static void read_person(struct mw_exchange *import, enum mw_exchange_file file, enum mw_exchange_kind kind,
			const struct mw_csv_row *row)
{
	struct mw_exchange_person *person = MW_ARENA_NEW(import->arena, struct mw_exchange_person);

	if (person == NULL)
		return;
	*person = (struct mw_exchange_person){ .kind = kind, .file = file, .row = row };
	if (!read_kind(import, person) || !mw_exchange_read_name(import, person))
		return;
	mw_exchange_read_addresses(import, person, "EmailAddresses");
	mw_exchange_read_addresses(import, person, "ExternalEmailAddress");
	add_names(import, person, file, row);
	read_state(import, person, file, row);
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

/* A user of another kind in his own file: nobody knows whether he logs in. */
static void compare_kinds(struct mw_exchange *import, const struct mw_exchange_person *person,
			  enum mw_exchange_file file, const struct mw_csv_row *row)
{
	struct mw_str word = mw_exchange_cell(import, file, row, "RecipientTypeDetails");
	size_t i = find_kind(word);

	if (file == MW_EXCHANGE_USER && i < KINDS && person->file == MW_EXCHANGE_MAILBOX && kinds[i].kind != person->kind)
		mw_exchange_error(import, file, row, "RecipientTypeDetails", NULL, "%.*s, and %s.csv, line %u, says %.*s",
				  MW_STR_ARG(word), mw_exchange_files[person->file].name, person->row->line,
				  MW_STR_ARG(mw_exchange_cell(import, person->file, person->row, "RecipientTypeDetails")));
}

/* A group has its rights by both files. */
static void compare_rights(struct mw_exchange *import, struct mw_exchange_person *person, enum mw_exchange_file file,
			   const struct mw_csv_row *row)
{
	enum mw_exchange_rights rights;

	if (file != MW_EXCHANGE_SECURITY_GROUP || !mw_exchange_read_rights(import, file, row, &rights))
		return;
	if (person->row == row)
		person->rights = rights;
	else if (person->kind == MW_EXCHANGE_LIST && person->file == MW_EXCHANGE_GROUP && rights != person->rights &&
		 mw_exchange_cell(import, file, row, "GroupType").len +
				 mw_exchange_cell(import, file, row, "RecipientTypeDetails").len >
			 0)
		mw_exchange_error(import, file, row, "GroupType", NULL,
				  "whether it is a security group: %s.csv, line %u, says something else",
				  mw_exchange_files[person->file].name, person->row->line);
}

/* Who is a recipient by this row and has none of his own: a file was cut off, or left out. */
static void look_for_recipient(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row)
{
	struct mw_str word = mw_exchange_cell(import, file, row, "RecipientTypeDetails"),
		      name = mw_exchange_cell(import, file, row, "Name");
	size_t i = find_kind(word);

	if ((i == KINDS || kinds[i].system) && !mw_exchange_is_mail_group(word))
		return;
	if (name.len == 0)
		name = mw_exchange_cell(import, file, row, "DistinguishedName");
	mw_exchange_note(import, file, row, "RecipientTypeDetails",
			 mw_arena_textf(import->arena, "%.*s: %.*s", MW_STR_ARG(mw_text_cut(name, 200)), MW_STR_ARG(word)),
			 mw_str_starts_with_nocase(word, MW_STR("Remote"))
				 ? "its mailbox is in Exchange Online, and no cmdlet of the exporter prints it: it is left out; add the "
				   "rows of Get-RemoteMailbox -ResultSize Unlimited to MailUser.csv"
				 : "it has an address in Exchange, and no row in the files of mailboxes, mail users, contacts and "
				   "groups: it is left out; export it (-ResultSize Unlimited)");
}

static void read_account(struct mw_exchange *import, enum mw_exchange_file file, enum mw_exchange_kind kind,
			 const struct mw_csv_row *row)
{
	unsigned before = mw_errors_count(import->errors, MW_ERROR);
	struct mw_exchange_person *person = mw_exchange_owner_of(import, file, row).person;

	if (mw_errors_count(import->errors, MW_ERROR) > before)
		return;
	if (person == NULL) {
		person = MW_ARENA_NEW(import->arena, struct mw_exchange_person);
		if (person == NULL)
			return;
		*person = (struct mw_exchange_person){ .kind = kind, .file = file, .row = row };
		mw_exchange_add_person(import, &import->people, person);
		look_for_recipient(import, file, row);
	}
	add_names(import, person, file, row);
	compare_kinds(import, person, file, row);
	compare_rights(import, person, file, row);
	read_state(import, person, file, row);
}

static void read_cas(struct mw_exchange *import, const struct mw_csv_row *row)
{
	struct mw_exchange_person *person = mw_exchange_owner_of(import, MW_EXCHANGE_CAS_MAILBOX, row).person;
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

/* A mailbox is one with services only where the files say that its account is enabled. */
static void look_at_state(struct mw_exchange *import, const struct mw_exchange_person *person)
{
	static const struct {
		enum mw_exchange_file file;
		const char *property;
	} columns[] = { { MW_EXCHANGE_MAILBOX, "AccountDisabled" }, { MW_EXCHANGE_USER, "AccountDisabled" },
			{ MW_EXCHANGE_USER, "UserAccountControl" } };
	bool any = false;

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		any |= mw_exchange_has_column(import, columns[i].file, columns[i].property);
	if (person->disabled_said || person->kind != MW_EXCHANGE_LOGIN)
		return;
	if (any)
		mw_exchange_error(import, person->file, person->row, "AccountDisabled",
				  "a row of it in User.csv, with UserAccountControl",
				  "no file says whether the account of %.*s is disabled", MW_STR_ARG(person->name));
	else if (!import->state_told)
		mw_exchange_error(import, MW_EXCHANGE_USER, NULL, NULL, "what mailwicket import exchange --exporter writes", "%s",
				  import->tables[MW_EXCHANGE_USER].there ? "it has no column UserAccountControl"
									 : "there is no such file, and Mailbox.csv has no column "
									   "AccountDisabled");
	import->state_told |= !any;
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

		look_at_state(import, person);
		if (person->kind == MW_EXCHANGE_LOGIN && person->cas == NULL)
			mw_exchange_error(import, person->file, person->row, NULL, "its row, with ImapEnabled and PopEnabled",
					  "CASMailbox.csv has no row of %.*s", MW_STR_ARG(person->name));
	}
}

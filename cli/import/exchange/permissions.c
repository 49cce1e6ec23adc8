/* SPDX-License-Identifier: MIT */
/* Send-As: permissions of Active Directory, in the order in which Windows looks at them (Microsoft, "Order of ACEs in a
   DACL"): explicit before inherited, and in each deny before allow; the first that is about somebody decides. */
#include "base/text.h"
#include "import/exchange/names.h"
#include "import/exchange/value.h"
#include "sync/ldap/sid.h"

enum { EXPLICIT_DENY = 1, EXPLICIT_ALLOW = 2, INHERITED_DENY = 4, INHERITED_ALLOW = 8 }; /* in that order */

#define DENIALS (unsigned)(EXPLICIT_DENY | INHERITED_DENY)

struct mw_exchange_ace {
	unsigned bit;
	struct mw_exchange_person *trustee; /* NULL: everybody */
	struct mw_exchange_ace *next;
};

struct permission {
	enum mw_exchange_file file;
	const struct mw_csv_row *row;
	const char *property; /* of the trustee */
	struct mw_str trustee, sid;
	bool deny, inherited;
};

/* --- trustees */

enum who {
	PEOPLE,	   /* a user or group, whether or not he is in the files */
	SELF,	   /* whoever has the mailbox */
	EVERYBODY, /* who logs in */
	WINDOWS,   /* a group of Windows, whose members are in no file */
	SYSTEM	   /* what nobody logs in as */
};

/* As Windows in English prints them. Others are known by their SIDs. */
static const struct {
	const char *text;
	enum who who;
} known[] = {
	{ "NT AUTHORITY\\SELF", SELF },
	{ "Everyone", EVERYBODY },
	{ "NT AUTHORITY\\Authenticated Users", EVERYBODY },
	{ "NT AUTHORITY\\NETWORK", EVERYBODY },
	{ "NT AUTHORITY\\This Organization", EVERYBODY },
	{ "NT AUTHORITY\\SYSTEM", SYSTEM },
	{ "NT AUTHORITY\\ANONYMOUS LOGON", SYSTEM },
	{ "NT AUTHORITY\\ENTERPRISE DOMAIN CONTROLLERS", SYSTEM },
	{ "CREATOR OWNER", SYSTEM },
	{ "CREATOR GROUP", SYSTEM },
};

static enum who who_by_sid(struct mw_str sid)
{
	if (mw_sid_is_self(sid))
		return SELF;
	if (mw_sid_is_everybody(sid))
		return EVERYBODY;
	if (mw_sid_is_nobody(sid))
		return SYSTEM;
	return mw_sid_is_of_windows(sid) ? WINDOWS : PEOPLE;
}

/* The SID decides where there is one. */
static enum who who_is(const struct permission *permission)
{
	static const char *const beginnings[] = { "NT AUTHORITY\\", "BUILTIN\\", "NT SERVICE\\" };
	char memory[MW_SID_MAX];
	struct mw_str text = permission->trustee, sid = mw_sid_parse(permission->sid.len > 0 ? permission->sid : text, memory);

	if (sid.len > 0)
		return who_by_sid(sid);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (mw_str_equal_nocase(text, mw_str(known[i].text)))
			return known[i].who;
	}
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (mw_str_starts_with_nocase(text, mw_str(beginnings[i])))
			return WINDOWS;
	}
	return PEOPLE;
}

static bool is_sid(struct mw_str text)
{
	return mw_exchange_form(text) == MW_EXCHANGE_SID;
}

/* `trustee` may be NULL: then as the row has it. */
static void tell(struct mw_exchange *import, const struct permission *permission,
		 const struct mw_exchange_person *identity, const struct mw_exchange_person *trustee, const char *fix)
{
	struct mw_str text = permission->trustee.len > 0 ? permission->trustee : permission->sid;

	if (trustee != NULL && trustee->name.len > 0)
		text = trustee->name;
	mw_exchange_note(import, permission->file, permission->row, permission->property,
			 mw_arena_textf(import->arena, "%.*s: %.*s%s", MW_STR_ARG(identity->name),
					MW_STR_ARG(mw_text_cut(text, 200)), permission->deny ? " (a denial)" : ""),
			 fix);
}

/* Whom a permission that is allowed, or denied, means: by the SID, where the row has one, and by nothing else then. */
static enum mw_exchange_found find_trustee(struct mw_exchange *import, const struct permission *permission,
					   struct mw_exchange_person **trustee_r)
{
	char memory[1024];
	struct mw_buf candidates = MW_BUF_OVER(memory);
	enum mw_exchange_found found;

	*trustee_r = NULL;
	found = permission->sid.len > 0
			? mw_exchange_find_key(import->names, MW_EXCHANGE_SID, permission->sid, trustee_r, &candidates)
			: mw_exchange_find(import->names, permission->trustee, trustee_r, &candidates);
	if (found == MW_EXCHANGE_SEVERAL)
		mw_exchange_error(import, permission->file, permission->row, permission->property,
				  "the SID in a column UserSid, as the exporter writes it, or an address", "\"%.*s\" may be %s",
				  MW_STR_ARG(mw_text_cut(permission->trustee, 200)), candidates.data);
	return found;
}

/* --- rows */

/* Whose permission it is, by the first of the two that says something; NULL: nobody's that is imported. */
static struct mw_exchange_person *identity_of(struct mw_exchange *import, const struct permission *permission)
{
	struct mw_str recipient = mw_exchange_cell(import, permission->file, permission->row, "Recipient");
	const char *property = recipient.len > 0 ? "Recipient" : "Identity";
	struct mw_str text = mw_exchange_cell(import, permission->file, permission->row, property);
	struct mw_exchange_person *person = NULL;
	char memory[1024];
	struct mw_buf candidates = MW_BUF_OVER(memory);

	switch (mw_exchange_find(import->names, text, &person, &candidates)) {
	case MW_EXCHANGE_FOUND:
		if (person->name.len > 0)
			return person;
		break;
	case MW_EXCHANGE_SEVERAL:
		mw_exchange_error(import, permission->file, permission->row, property,
				  "the distinguished name in a column Recipient, as the exporter writes it", "\"%.*s\" may be %s",
				  MW_STR_ARG(mw_text_cut(text, 200)), candidates.data);
		return NULL;
	case MW_EXCHANGE_NOBODY: break;
	}
	mw_exchange_count(import, "permissions on what is no recipient in the files");
	return NULL;
}

static void add_ace(struct mw_exchange *import, struct mw_exchange_person *identity,
		    const struct permission *permission, struct mw_exchange_person *trustee)
{
	struct mw_exchange_ace *ace = MW_ARENA_NEW(import->arena, struct mw_exchange_ace);

	if (ace == NULL)
		return;
	*ace = (struct mw_exchange_ace){ .trustee = trustee, .next = identity->aces };
	if (permission->deny)
		ace->bit = permission->inherited ? INHERITED_DENY : EXPLICIT_DENY;
	else
		ace->bit = permission->inherited ? INHERITED_ALLOW : EXPLICIT_ALLOW;
	identity->aces = ace;
}

/* Whom the files do not have may be anybody in them: a denial of a group takes the right from its members. */
static void deny(struct mw_exchange *import, struct mw_exchange_person *identity, const struct permission *permission)
{
	struct mw_exchange_person *trustee = NULL;

	switch (who_is(permission)) {
	case SYSTEM: mw_exchange_count(import, "permissions of Windows' own accounts"); return;
	case SELF:
	case EVERYBODY:
		/* Its own permission is an explicit one, behind this. */
		if (!permission->inherited) {
			identity->refused = true;
			tell(import, permission, identity, NULL,
			     "who has the mailbox may not send as it in Exchange either, and so gets smtp=no here: take that out if he "
			     "should send");
		}
		if (who_is(permission) == EVERYBODY)
			add_ace(import, identity, permission, NULL);
		return;
	case WINDOWS: break;
	case PEOPLE:
		switch (find_trustee(import, permission, &trustee)) {
		case MW_EXCHANGE_SEVERAL: return;
		case MW_EXCHANGE_NOBODY: break;
		case MW_EXCHANGE_FOUND:
			if (!mw_exchange_is_open_group(import, trustee)) {
				add_ace(import, identity, permission, trustee);
				return;
			}
			break;
		}
	}
	tell(import, permission, identity, trustee,
	     "whom it denies, or who is in the group, is in no file, and may be anybody: no permission that Windows "
	     "takes after it "
	     "gives a grant; export what lacks, or take this line out and write the grants that are right");
	add_ace(import, identity, permission, NULL);
}

static void allow(struct mw_exchange *import, struct mw_exchange_person *identity, const struct permission *permission)
{
	struct mw_exchange_person *trustee = NULL;

	switch (who_is(permission)) {
	case WINDOWS:
	case SYSTEM: mw_exchange_count(import, "permissions of Windows' own accounts"); return;
	case SELF: return; /* told before */
	case EVERYBODY:
		tell(import, permission, identity, NULL,
		     "everybody may send as it in Exchange: write a group with those who do, and a grant for the group");
		return;
	case PEOPLE: break;
	}
	switch (find_trustee(import, permission, &trustee)) {
	case MW_EXCHANGE_SEVERAL: return;
	case MW_EXCHANGE_NOBODY:
		if (is_sid(permission->trustee))
			mw_exchange_count(import, "permissions of SIDs that nobody has");
		else
			tell(import, permission, identity, NULL,
			     "nobody with this SID, or name in this domain, is in the files: leave it out, or export what lacks "
			     "(Group.csv has groups without an address)");
		return;
	case MW_EXCHANGE_FOUND: break;
	}
	if (trustee->rights != MW_EXCHANGE_HELD) {
		tell(import, permission, identity, trustee,
		     "a distribution group holds no rights in Windows: write a grant if its members should send so");
		return;
	}
	if (mw_exchange_is_open_group(import, trustee))
		tell(import, permission, identity, trustee,
		     "some or all members of this group are in no file, and get no grant: export what lacks, or write their grants");
	if (trustee->file == MW_EXCHANGE_SECURITY_GROUP && !mw_exchange_has_column(import, trustee->file, "GroupType") &&
	    !mw_exchange_has_column(import, trustee->file, "RecipientTypeDetails"))
		mw_exchange_note(import, trustee->file, trustee->row, "GroupType",
				 mw_arena_text(import->arena, mw_exchange_cell(import, trustee->file, trustee->row, "Name")),
				 "the file has no such column: look whether it is a security group; another one holds no rights in Windows");
	add_ace(import, identity, permission, trustee);
}

static void add_permission(struct mw_exchange *import, const struct permission *permission)
{
	char memory[MW_SID_MAX];
	struct mw_exchange_person *identity;

	if (permission->sid.len > 0 && mw_sid_parse(permission->sid, memory).len == 0) {
		mw_exchange_error(import, permission->file, permission->row,
				  permission->file == MW_EXCHANGE_AD_PERMISSION ? "UserSid" : "TrusteeSidString", "S-1-5-21-...",
				  "bad value \"%.*s\"", MW_STR_ARG(mw_text_cut(permission->sid, 100)));
		return;
	}
	if (!permission->deny && who_is(permission) == SELF) {
		mw_exchange_count(import, "permissions of SELF: everybody sends as himself");
		return;
	}
	identity = identity_of(import, permission);
	if (identity != NULL && permission->deny)
		deny(import, identity, permission);
	else if (identity != NULL)
		allow(import, identity, permission);
}

/* An entry for objects below this one: INHERIT_ONLY (.NET, "ActiveDirectorySecurityInheritance"). */
static bool is_for_others(struct mw_exchange *import, const struct permission *permission)
{
	static const struct {
		const char *word;
		bool others;
	} types[] = { { "None", false },
		      { "All", false },
		      { "SelfAndChildren", false },
		      { "Descendents", true },
		      { "Children", true } };
	struct mw_str type = mw_exchange_cell(import, permission->file, permission->row, "InheritanceType");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (mw_str_equal_nocase(type, mw_str(types[i].word)))
			return types[i].others;
	}
	mw_exchange_error(import, permission->file, permission->row, "InheritanceType",
			  "None, All, SelfAndChildren, Descendents or Children", "bad value \"%.*s\"",
			  MW_STR_ARG(mw_text_cut(type, 100)));
	return true;
}

/* Whoever has all rights on an object has Send-As too, but has it to administer the object. */
static void tell_all_rights(struct mw_exchange *import, const struct permission *permission)
{
	enum who who = who_is(permission);

	if (who == SELF || who == WINDOWS || who == SYSTEM)
		return;
	if (permission->inherited)
		mw_exchange_count(import, "inherited permissions of all rights: administrators'");
	else
		mw_exchange_note(import, permission->file, permission->row, "AccessRights",
				 mw_arena_textf(import->arena, "%.*s: %.*s",
						MW_STR_ARG(mw_exchange_cell(import, permission->file, permission->row, "Identity")),
						MW_STR_ARG(permission->trustee)),
				 NULL);
}

/* Where PowerShell has no words for the rights, it prints their number (.NET, "ActiveDirectoryRights"). */
static bool has_all(struct mw_str rights, struct mw_str extended)
{
	const uint64_t right = 0x100;
	uint64_t number;

	if (mw_exchange_has_word(rights, "GenericAll"))
		return true;
	return extended.len == 0 && (mw_exchange_has_word(rights, "ExtendedRight") ||
				     (mw_parse_number(rights, &number) && (number & right) != 0));
}

static bool has_send_as(struct mw_str extended)
{
	return mw_exchange_has_word(extended, "Send-As") || mw_exchange_has_word(extended, "Send As") ||
	       mw_exchange_has_word(extended, "ab721a54-1e2f-11d0-9819-00aa0040529b");
}

static void read_ad(struct mw_exchange *import, const struct mw_csv_row *row)
{
	const enum mw_exchange_file file = MW_EXCHANGE_AD_PERMISSION;
	struct permission permission = { .file = file, .row = row, .property = "User",
					 .trustee = mw_exchange_cell(import, file, row, "User"),
					 .sid = mw_exchange_cell(import, file, row, "UserSid") };
	struct mw_str extended = mw_exchange_cell(import, file, row, "ExtendedRights");
	bool all = has_all(mw_exchange_cell(import, file, row, "AccessRights"), extended);

	mw_exchange_needed_switch(import, file, row, "Deny", &permission.deny);
	mw_exchange_needed_switch(import, file, row, "IsInherited", &permission.inherited);
	if (!all && !has_send_as(extended))
		mw_exchange_count(import, "permissions of other rights than Send-As");
	else if (is_for_others(import, &permission))
		mw_exchange_count(import, "permissions for objects below a recipient");
	else if (all && !permission.deny)
		tell_all_rights(import, &permission);
	else
		add_permission(import, &permission);
}

static void read_online(struct mw_exchange *import, const struct mw_csv_row *row)
{
	const enum mw_exchange_file file = MW_EXCHANGE_RECIPIENT_PERMISSION;
	struct permission permission = { .file = file, .row = row, .property = "Trustee",
					 .trustee = mw_exchange_cell(import, file, row, "Trustee"),
					 .sid = mw_exchange_cell(import, file, row, "TrusteeSidString") };
	struct mw_str type = mw_exchange_cell(import, file, row, "AccessControlType"),
		      rights = mw_exchange_cell(import, file, row, "AccessRights");

	permission.deny = mw_str_equal_nocase(type, MW_STR("Deny"));
	if (!permission.deny && !mw_str_equal_nocase(type, MW_STR("Allow"))) {
		mw_exchange_error(import, file, row, "AccessControlType", "Allow or Deny", "bad value \"%.*s\"",
				  MW_STR_ARG(mw_text_cut(type, 100)));
		return;
	}
	/* Without the column all are explicit: then a denial goes before everything else. */
	if (mw_exchange_has_column(import, file, "IsInherited"))
		mw_exchange_needed_switch(import, file, row, "IsInherited", &permission.inherited);
	if (rights.len == 0)
		mw_exchange_error(import, file, row, "AccessRights", "SendAs", "bad value \"\"");
	else if (!mw_exchange_has_word(rights, "SendAs"))
		mw_exchange_count(import, "permissions of other rights than Send-As");
	else if (is_for_others(import, &permission))
		mw_exchange_count(import, "permissions for objects below a recipient");
	else
		add_permission(import, &permission);
}

/* --- SIDs */

/* Learns which domain has which short name. Whether any row names an account by its SID. */
static bool read_sids(struct mw_exchange *import, enum mw_exchange_file file, const char *account, const char *property)
{
	const struct mw_csv *csv = &import->tables[file].csv;
	bool any = false;

	for (size_t i = 0; i < csv->row_count; i++) {
		char memory[MW_SID_MAX];
		struct mw_str text = mw_exchange_cell(import, file, &csv->rows[i], property), sid = mw_sid_parse(text, memory);

		any |= sid.len > 0 && !mw_sid_is_of_windows(sid);
		mw_exchange_names_learn(import->names, mw_exchange_cell(import, file, &csv->rows[i], account), text);
	}
	return any;
}

/* Whom a SID means has to stand in the files of users, and of groups. */
static void need_sids(struct mw_exchange *import)
{
	static const enum mw_exchange_file files[] = { MW_EXCHANGE_USER, MW_EXCHANGE_SECURITY_GROUP };
	bool any = read_sids(import, MW_EXCHANGE_AD_PERMISSION, "User", "UserSid");

	any |= read_sids(import, MW_EXCHANGE_RECIPIENT_PERMISSION, "Trustee", "TrusteeSidString");
	for (size_t i = 0; any && i < sizeof(files) / sizeof(files[0]); i++) {
		const struct mw_exchange_table *table = &import->tables[files[i]];

		if (table->csv.columns.count > 0 && !mw_exchange_has_column(import, files[i], "Sid"))
			mw_exchange_error(import, files[i], NULL, NULL, "what mailwicket import exchange --exporter writes",
					  "it has no column Sid, and permissions name people by their SIDs");
		else if (files[i] == MW_EXCHANGE_USER && !table->there && !mw_exchange_has_column(import, MW_EXCHANGE_MAILBOX, "Sid"))
			mw_exchange_error(import, files[i], NULL, NULL, mw_exchange_files[files[i]].command,
					  "there is no such file, and permissions name people by their SIDs");
	}
}

/* --- what holds */

struct judging {
	struct mw_exchange *import;
	const struct mw_exchange_person *identity;
	unsigned mark, bit, everybody; /* everybody: the bits that all have */
	bool refused;		       /* somebody on the walk is */
};

static bool is_allowed(const struct judging *judging, const struct mw_exchange_person *person)
{
	unsigned bits = judging->everybody | (person->ace_mark == judging->mark ? person->ace_bits : 0);

	/* The lowest bit comes first. */
	bits &= ~bits + 1;
	return bits == EXPLICIT_ALLOW || bits == INHERITED_ALLOW;
}

static void set_bit(struct mw_exchange_person *person, void *context)
{
	struct judging *judging = context;

	if (person->ace_mark != judging->mark)
		person->ace_bits = 0;
	person->ace_mark = judging->mark;
	person->ace_bits |= judging->bit;
}

static void look_for_refused(struct mw_exchange_person *person, void *context)
{
	struct judging *judging = context;

	judging->refused |= !is_allowed(judging, person);
}

static void grant_if_allowed(struct mw_exchange_person *person, void *context)
{
	struct judging *judging = context;

	if (!mw_exchange_is_group(person) && is_allowed(judging, person))
		mw_exchange_add_grant(judging->import, false, judging->identity, person);
}

static void judge(struct mw_exchange *import, const struct mw_exchange_person *identity)
{
	struct judging judging = { .import = import, .identity = identity, .mark = ++import->walks };

	for (const struct mw_exchange_ace *ace = identity->aces; ace != NULL; ace = ace->next) {
		judging.bit = ace->bit;
		if (ace->trustee == NULL)
			judging.everybody |= ace->bit;
		else
			mw_exchange_walk_rights(import, ace->trustee,
						(ace->bit & DENIALS) != 0 ? MW_EXCHANGE_PERHAPS : MW_EXCHANGE_HELD, set_bit,
						&judging);
	}
	for (const struct mw_exchange_ace *ace = identity->aces; ace != NULL; ace = ace->next) {
		if ((ace->bit & DENIALS) != 0)
			continue;
		judging.refused = false;
		mw_exchange_walk(import, ace->trustee, look_for_refused, &judging);
		if (!judging.refused)
			mw_exchange_add_grant(import, false, identity, ace->trustee);
		else
			mw_exchange_walk(import, ace->trustee, grant_if_allowed, &judging);
		if (judging.refused)
			mw_exchange_count(import, "permissions that a denial takes something from");
	}
}

void mw_exchange_read_permissions(struct mw_exchange *import)
{
	const struct mw_csv *ad = &import->tables[MW_EXCHANGE_AD_PERMISSION].csv;
	const struct mw_csv *online = &import->tables[MW_EXCHANGE_RECIPIENT_PERMISSION].csv;

	need_sids(import);
	for (size_t i = 0; i < ad->row_count && !mw_arena_failed(import->arena); i++)
		read_ad(import, &ad->rows[i]);
	for (size_t i = 0; i < online->row_count && !mw_arena_failed(import->arena); i++)
		read_online(import, &online->rows[i]);
	for (size_t i = 0; i < import->people.count && !mw_arena_failed(import->arena); i++)
		judge(import, import->people.items[i]);
}

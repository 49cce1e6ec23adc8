/* SPDX-License-Identifier: MIT */
/* The permissions of Active Directory that are about Send-As: whose they are, and for whom. */
#include "base/text.h"
#include "import/exchange/ace.h"
#include "import/exchange/names.h"
#include "import/exchange/trustee.h"
#include "import/exchange/value.h"
#include "sync/ldap/sid.h"

struct permission {
	enum mw_exchange_file file;
	const struct mw_csv_row *row;
	const char *property; /* of the trustee */
	struct mw_str trustee, sid;
	bool deny, inherited;
};

/* --- trustees */

static enum mw_exchange_trustee who_is(const struct permission *permission)
{
	return mw_exchange_trustee(permission->trustee, permission->sid);
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

#define SID_FIX                                                                                              \
	"add a column UserSid with the SID, as the exporter does: the short name of a domain (DOMAIN\\name) is " \
	"known by it"

/* Whether the name is of the form that only a SID beside it makes sure. */
static bool needs_sid(const struct permission *permission)
{
	return permission->sid.len == 0 && mw_exchange_form(permission->trustee) == MW_EXCHANGE_MASTER;
}

/* By the SID, where the row has one, and by nothing else then. */
static enum mw_exchange_found look_for_trustee(struct mw_exchange *import, const struct permission *permission,
					       struct mw_exchange_person **trustee_r, struct mw_buf *candidates)
{
	*trustee_r = NULL;
	if (permission->sid.len > 0)
		return mw_exchange_find_key(import->names, MW_EXCHANGE_SID, permission->sid, trustee_r, candidates);
	return mw_exchange_find(import->names, permission->trustee, trustee_r, candidates);
}

/* Whom a permission that is allowed, or denied, means; an error where it may be several. */
static enum mw_exchange_found find_trustee(struct mw_exchange *import, const struct permission *permission,
					   struct mw_exchange_person **trustee_r)
{
	char memory[1024];
	struct mw_buf candidates = MW_BUF_OVER(memory);
	enum mw_exchange_found found = look_for_trustee(import, permission, trustee_r, &candidates);

	if (found == MW_EXCHANGE_SEVERAL)
		mw_exchange_error(import, permission->file, permission->row, permission->property,
				  "the SID in a column UserSid, as the exporter writes it, or an address", "\"%.*s\" may be %s",
				  MW_STR_ARG(mw_text_cut(permission->trustee, 200)), candidates.data);
	return found;
}

/* --- rows */

/* The property that says whose permission it is: the first of the two that says something. */
static const char *property_of_identity(struct mw_exchange *import, const struct permission *permission)
{
	return mw_exchange_cell(import, permission->file, permission->row, "Recipient").len > 0 ? "Recipient" : "Identity";
}

/* Whose permission it is; NULL: nobody's that is imported, or not known whose. */
static struct mw_exchange_person *surely_of(struct mw_exchange *import, const struct permission *permission)
{
	struct mw_exchange_person *person = NULL;
	struct mw_str text =
		mw_exchange_cell(import, permission->file, permission->row, property_of_identity(import, permission));

	if (mw_exchange_find(import->names, text, &person, NULL) != MW_EXCHANGE_FOUND)
		return NULL;
	return person->name.len > 0 ? person : NULL;
}

/* The same, and tells why it is NULL. */
static struct mw_exchange_person *identity_of(struct mw_exchange *import, const struct permission *permission)
{
	struct mw_exchange_person *person = surely_of(import, permission);
	const char *property = property_of_identity(import, permission);
	struct mw_str text = mw_exchange_cell(import, permission->file, permission->row, property);
	char memory[1024];
	struct mw_buf candidates = MW_BUF_OVER(memory);

	if (person != NULL)
		return person;
	if (mw_exchange_find(import->names, text, &person, &candidates) == MW_EXCHANGE_SEVERAL)
		mw_exchange_error(import, permission->file, permission->row, property,
				  "the distinguished name in a column Recipient, as the exporter writes it", "\"%.*s\" may be %s",
				  MW_STR_ARG(mw_text_cut(text, 200)), candidates.data);
	else if (permission->inherited && !permission->deny)
		mw_exchange_count(import, "permissions on what is no recipient in the files");
	else
		mw_exchange_note(import, permission->file, permission->row, property,
				 mw_arena_textf(import->arena, "%.*s: %.*s%s", MW_STR_ARG(mw_text_cut(text, 200)),
						MW_STR_ARG(mw_text_cut(permission->trustee, 200)),
						permission->deny ? " (a denial)" : ""),
				 "no recipient in the files has this name, so nothing is made of the row: export the recipient, or write "
				 "the distinguished name into a column Recipient");
	return NULL;
}

static unsigned bit_of(const struct permission *permission)
{
	if (permission->deny)
		return permission->inherited ? MW_INHERITED_DENY : MW_EXPLICIT_DENY;
	return permission->inherited ? MW_INHERITED_ALLOW : MW_EXPLICIT_ALLOW;
}

static void add_ace(struct mw_exchange *import, struct mw_exchange_ace **aces, const struct permission *permission,
		    struct mw_exchange_person *trustee)
{
	struct mw_exchange_ace *ace = MW_ARENA_NEW(import->arena, struct mw_exchange_ace);

	if (ace == NULL)
		return;
	*ace = (struct mw_exchange_ace){ .bit = bit_of(permission), .trustee = trustee, .next = *aces };
	*aces = ace;
}

/* What the one who has the mailbox may do as it. */
static void add_own(struct mw_exchange *import, struct mw_exchange_person *identity,
		    const struct permission *permission)
{
	identity->own_bits |= bit_of(permission);
	if (permission->deny && !permission->inherited)
		tell(import, permission, identity, NULL,
		     "who has the mailbox may not send as it in Exchange either, and so gets smtp=no here: take that out "
		     "if he should send");
}

/* Whom the files do not have may be anybody in them: a denial of a group takes the right from its members. */
static void deny(struct mw_exchange *import, struct mw_exchange_person *identity, const struct permission *permission)
{
	struct mw_exchange_person *trustee = NULL;

	switch (who_is(permission)) {
	case MW_EXCHANGE_ANONYMOUS:
	case MW_EXCHANGE_SYSTEM: mw_exchange_count(import, "permissions of Windows' own accounts"); return;
	case MW_EXCHANGE_SELF: add_own(import, identity, permission); return;
	case MW_EXCHANGE_EVERYBODY:
	case MW_EXCHANGE_LOGGED_IN:
		add_own(import, identity, permission);
		add_ace(import, &identity->aces, permission, NULL);
		return;
	case MW_EXCHANGE_WINDOWS: break;
	case MW_EXCHANGE_PEOPLE:
		switch (find_trustee(import, permission, &trustee)) {
		case MW_EXCHANGE_SEVERAL: return;
		case MW_EXCHANGE_NOBODY: break;
		case MW_EXCHANGE_FOUND:
			if (!mw_exchange_is_open_group(import, trustee)) {
				add_ace(import, &identity->aces, permission, trustee);
				return;
			}
			break;
		}
	}
	tell(import, permission, identity, trustee,
	     needs_sid(permission)
		     ? "whom it denies is in no file by this name, and may be anybody: no permission that Windows takes after it "
		       "gives a grant; " SID_FIX
		     : "whom it denies, or who is in the group, is in no file, and may be anybody: no permission that Windows "
		       "takes after it gives a grant; export what lacks, or take this line out and write the grants that are "
		       "right");
	add_ace(import, &identity->aces, permission, NULL);
}

static void allow(struct mw_exchange *import, struct mw_exchange_person *identity, const struct permission *permission)
{
	struct mw_exchange_person *trustee = NULL;

	switch (who_is(permission)) {
	case MW_EXCHANGE_WINDOWS:
	case MW_EXCHANGE_ANONYMOUS:
	case MW_EXCHANGE_SYSTEM: mw_exchange_count(import, "permissions of Windows' own accounts"); return;
	case MW_EXCHANGE_SELF: add_own(import, identity, permission); return;
	case MW_EXCHANGE_EVERYBODY:
	case MW_EXCHANGE_LOGGED_IN:
		add_own(import, identity, permission);
		tell(import, permission, identity, NULL,
		     "everybody may send as it in Exchange: write a group with those who do, and a grant for the group");
		return;
	case MW_EXCHANGE_PEOPLE: break;
	}
	switch (find_trustee(import, permission, &trustee)) {
	case MW_EXCHANGE_SEVERAL: return;
	case MW_EXCHANGE_NOBODY:
		if (is_sid(permission->trustee))
			mw_exchange_count(import, "permissions of SIDs that nobody has");
		else
			tell(import, permission, identity, NULL,
			     needs_sid(permission)
				     ? "nobody with this name in this domain is in the files: leave it out, or " SID_FIX
				     : "nobody with this SID or name is in the files: leave it out, or export what lacks "
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
	add_ace(import, &identity->aces, permission, trustee);
}

/* Which recipients the files of permissions have. */
static void see(struct mw_exchange *import, const struct permission *permission)
{
	struct mw_exchange_person *person = surely_of(import, permission);

	if (person != NULL)
		person->has_permissions = true;
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
	if (!permission->deny && who_is(permission) == MW_EXCHANGE_SELF) {
		mw_exchange_count(import, "permissions of SELF: everybody sends as himself");
		identity = surely_of(import, permission);
		if (identity != NULL)
			identity->has_self = true;
	} else {
		identity = identity_of(import, permission);
	}
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

/* Who has a mailbox has all rights that he has on it for himself too. */
static void add_all_rights(struct mw_exchange *import, const struct permission *permission)
{
	struct mw_exchange_person *identity = surely_of(import, permission), *trustee = NULL;

	if (identity == NULL || identity->kind != MW_EXCHANGE_LOGIN)
		return;
	switch (who_is(permission)) {
	case MW_EXCHANGE_EVERYBODY:
	case MW_EXCHANGE_LOGGED_IN: identity->own_bits |= bit_of(permission); return;
	case MW_EXCHANGE_WINDOWS: break;
	case MW_EXCHANGE_PEOPLE:
		if (look_for_trustee(import, permission, &trustee, NULL) == MW_EXCHANGE_FOUND || !is_sid(permission->trustee))
			break;
		return; /* an account that was deleted */
	default: return;
	}
	add_ace(import, &identity->all_rights, permission, trustee);
}

/* Whoever has all rights on an object has Send-As too, but has it to administer the object. */
static void tell_all_rights(struct mw_exchange *import, const struct permission *permission)
{
	add_all_rights(import, permission);
	switch (who_is(permission)) {
	case MW_EXCHANGE_SELF: add_permission(import, permission); return;
	case MW_EXCHANGE_WINDOWS:
	case MW_EXCHANGE_ANONYMOUS:
	case MW_EXCHANGE_SYSTEM: return;
	default: break;
	}
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

	see(import, &permission);
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

	see(import, &permission);
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

/* An export has SELF of all mailboxes, of none, or of some by chance: a script left it out of user mailboxes, say. */
static enum mw_exchange_self self_of(const struct mw_exchange *import)
{
	size_t all = 0, self = 0;

	for (size_t i = 0; i < import->people.count; i++) {
		const struct mw_exchange_person *person = import->people.items[i];

		if (person->kind != MW_EXCHANGE_LOGIN || !person->has_permissions)
			continue;
		all++;
		self += person->has_self;
	}
	if (self * 2 > all)
		return MW_EXCHANGE_SELF_SHOWN;
	return self > 0 ? MW_EXCHANGE_SELF_OF_SOME : MW_EXCHANGE_SELF_LEFT_OUT;
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
	import->self = self_of(import);
	for (size_t i = 0; i < import->people.count && !mw_arena_failed(import->arena); i++)
		mw_exchange_judge(import, import->people.items[i]);
}

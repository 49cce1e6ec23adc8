/* SPDX-License-Identifier: MIT */
/* Send-As: permissions of Active Directory, in the order in which Windows looks at them (Microsoft, "Order of ACEs in a
   DACL"): explicit before inherited, and in each deny before allow; the first that is about somebody decides. */
#include "base/text.h"
#include "import/exchange/names.h"
#include "import/exchange/value.h"

enum { EXPLICIT_DENY = 1, EXPLICIT_ALLOW = 2, INHERITED_DENY = 4, INHERITED_ALLOW = 8 }; /* in that order */

struct mw_exchange_ace {
	unsigned bit;
	struct mw_exchange_person *trustee; /* NULL: everybody */
	struct mw_exchange_ace *next;
};

struct permission {
	enum mw_exchange_file file;
	const struct mw_csv_row *row;
	struct mw_str trustee, sid;
	bool deny, inherited;
};

/* --- trustees */

static bool is_self(struct mw_str trustee)
{
	return mw_str_equal_nocase(trustee, MW_STR("NT AUTHORITY\\SELF")) || mw_str_equal_nocase(trustee, MW_STR("S-1-5-10"));
}

static bool is_everybody(struct mw_str trustee)
{
	static const char *const words[] = { "Everyone", "S-1-1-0", "NT AUTHORITY\\Authenticated Users", "S-1-5-11" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (mw_str_equal_nocase(trustee, mw_str(words[i])))
			return true;
	}
	return false;
}

/* Of Windows itself: nobody sends mail as one. */
static bool is_of_windows(struct mw_str trustee)
{
	static const char *const beginnings[] = { "NT AUTHORITY\\", "BUILTIN\\", "NT SERVICE\\",
						  "CREATOR ",	    "S-1-5-32-", "S-1-3-" };

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		if (mw_str_starts_with_nocase(trustee, mw_str(beginnings[i])))
			return true;
	}
	return false;
}

static bool is_sid(struct mw_str text)
{
	return mw_str_starts_with_nocase(text, MW_STR("S-1-"));
}

/* True: somebody, or everybody (NULL). */
static bool find_trustee(struct mw_exchange *import, const struct permission *permission, const char *property,
			 struct mw_exchange_person **trustee_r)
{
	struct mw_str text = permission->sid.len > 0 ? permission->sid : permission->trustee;
	char memory[1024];
	struct mw_buf candidates = MW_BUF_OVER(memory);
	enum mw_exchange_found found;

	*trustee_r = NULL;
	if (is_everybody(permission->trustee) || is_everybody(permission->sid))
		return true;
	found = mw_exchange_find(import->names, text, trustee_r, &candidates);
	/* The SID of an account whose row has none. */
	if (found == MW_EXCHANGE_NOBODY && permission->sid.len > 0 && !is_sid(permission->trustee))
		found = mw_exchange_find(import->names, permission->trustee, trustee_r, &candidates);
	if (found == MW_EXCHANGE_SEVERAL)
		mw_exchange_error(import, permission->file, permission->row, property,
				  "the SID in a column UserSid, as the exporter writes it, or an address", "\"%.*s\" may be %s",
				  MW_STR_ARG(mw_text_cut(permission->trustee, 200)), candidates.data);
	else if (found == MW_EXCHANGE_NOBODY && is_of_windows(permission->trustee))
		mw_exchange_count(import, "permissions of Windows' own accounts");
	else if (found == MW_EXCHANGE_NOBODY && is_sid(permission->trustee))
		mw_exchange_count(import, "permissions of SIDs that nobody has");
	else if (found == MW_EXCHANGE_NOBODY)
		mw_exchange_note(import, permission->file, permission->row, property,
				 mw_arena_textf(import->arena, "%.*s%s",
						MW_STR_ARG(mw_text_cut(permission->trustee, 200)),
						permission->deny ? " (a denial)" : ""),
				 "nobody with this name is in the files: leave it out, or export what lacks (Group.csv "
				 "has groups without an address)");
	return found == MW_EXCHANGE_FOUND;
}

/* --- rows */

/* Whose permission it is; NULL: nobody's that is imported. */
static struct mw_exchange_person *identity_of(struct mw_exchange *import, const struct permission *permission)
{
	static const char *const properties[] = { "Recipient", "Identity" };
	struct mw_exchange_person *person = NULL;

	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
		struct mw_str text = mw_exchange_cell(import, permission->file, permission->row, properties[i]);
		char memory[1024];
		struct mw_buf candidates = MW_BUF_OVER(memory);

		switch (text.len > 0 ? mw_exchange_find(import->names, text, &person, &candidates) : MW_EXCHANGE_NOBODY) {
		case MW_EXCHANGE_FOUND: return person;
		case MW_EXCHANGE_SEVERAL:
			mw_exchange_error(import, permission->file, permission->row, properties[i],
					  "the distinguished name in a column Recipient, as the exporter writes it", "\"%.*s\" may be %s",
					  MW_STR_ARG(mw_text_cut(text, 200)), candidates.data);
			return NULL;
		case MW_EXCHANGE_NOBODY: break;
		}
	}
	mw_exchange_count(import, "permissions on what is no recipient in the files");
	return NULL;
}

static void add_permission(struct mw_exchange *import, const struct permission *permission, const char *property)
{
	struct mw_exchange_person *identity, *trustee;
	struct mw_exchange_ace *ace;

	if (is_self(permission->trustee) || is_self(permission->sid)) {
		mw_exchange_count(import, "permissions of SELF: everybody sends as himself");
		return;
	}
	identity = identity_of(import, permission);
	if (identity == NULL || !find_trustee(import, permission, property, &trustee))
		return;
	if (trustee == NULL && !permission->deny) {
		mw_exchange_note(import, permission->file, permission->row, property,
				 mw_arena_textf(import->arena, "%.*s: %.*s", MW_STR_ARG(identity->name), MW_STR_ARG(permission->trustee)),
				 "everybody may send as it in Exchange: write a group with those who do, and a grant for the group");
		return;
	}
	if (trustee != NULL && trustee->no_rights) {
		mw_exchange_note(import, permission->file, permission->row, property,
				 mw_arena_textf(import->arena, "%.*s: %.*s", MW_STR_ARG(identity->name),
						MW_STR_ARG(trustee->name)),
				 "a distribution group holds no rights in Windows: write a grant if its members should send so");
		return;
	}
	ace = MW_ARENA_NEW(import->arena, struct mw_exchange_ace);
	if (ace == NULL)
		return;
	*ace = (struct mw_exchange_ace){ .trustee = trustee, .next = identity->aces };
	if (permission->deny)
		ace->bit = permission->inherited ? INHERITED_DENY : EXPLICIT_DENY;
	else
		ace->bit = permission->inherited ? INHERITED_ALLOW : EXPLICIT_ALLOW;
	identity->aces = ace;
}

/* An entry for objects below this one: INHERIT_ONLY (.NET, "ActiveDirectorySecurityInheritance"). */
static bool is_for_others(const struct mw_exchange *import, const struct permission *permission)
{
	struct mw_str type = mw_exchange_cell(import, permission->file, permission->row, "InheritanceType");

	return mw_str_equal_nocase(type, MW_STR("Descendents")) || mw_str_equal_nocase(type, MW_STR("Children"));
}

/* Whoever has all rights on an object has Send-As too, but has it to administer the object. */
static void tell_all_rights(struct mw_exchange *import, const struct permission *permission)
{
	if (permission->deny || is_self(permission->trustee) || is_of_windows(permission->trustee))
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

static void read_ad(struct mw_exchange *import, const struct mw_csv_row *row)
{
	const enum mw_exchange_file file = MW_EXCHANGE_AD_PERMISSION;
	struct permission permission = { .file = file, .row = row, .trustee = mw_exchange_cell(import, file, row, "User"),
					 .sid = mw_exchange_cell(import, file, row, "UserSid") };
	struct mw_str rights = mw_exchange_cell(import, file, row, "AccessRights");
	struct mw_str extended = mw_exchange_cell(import, file, row, "ExtendedRights");
	bool all = mw_exchange_has_word(rights, "GenericAll") ||
		   (mw_exchange_has_word(rights, "ExtendedRight") && extended.len == 0);

	mw_exchange_switch_cell(import, file, row, "Deny", &permission.deny);
	mw_exchange_switch_cell(import, file, row, "IsInherited", &permission.inherited);
	if (!all && !mw_exchange_has_word(extended, "Send-As") && !mw_exchange_has_word(extended, "Send As"))
		mw_exchange_count(import, "permissions of other rights than Send-As");
	else if (is_for_others(import, &permission))
		mw_exchange_count(import, "permissions for objects below a recipient");
	else if (all && !permission.deny)
		tell_all_rights(import, &permission);
	else
		add_permission(import, &permission, "User");
}

static void read_online(struct mw_exchange *import, const struct mw_csv_row *row)
{
	const enum mw_exchange_file file = MW_EXCHANGE_RECIPIENT_PERMISSION;
	struct permission permission = { .file = file, .row = row, .trustee = mw_exchange_cell(import, file, row, "Trustee"),
					 .sid = mw_exchange_cell(import, file, row, "TrusteeSidString") };
	struct mw_str type = mw_exchange_cell(import, file, row, "AccessControlType");

	permission.deny = mw_str_equal_nocase(type, MW_STR("Deny"));
	if (!permission.deny && !mw_str_equal_nocase(type, MW_STR("Allow"))) {
		mw_exchange_error(import, file, row, "AccessControlType", "Allow or Deny", "bad value \"%.*s\"",
				  MW_STR_ARG(mw_text_cut(type, 100)));
		return;
	}
	mw_exchange_switch_cell(import, file, row, "IsInherited", &permission.inherited);
	if (!mw_exchange_has_word(mw_exchange_cell(import, file, row, "AccessRights"), "SendAs"))
		mw_exchange_count(import, "permissions of other rights than Send-As");
	else if (is_for_others(import, &permission))
		mw_exchange_count(import, "permissions for objects below a recipient");
	else
		add_permission(import, &permission, "Trustee");
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
			mw_exchange_walk_rights(import, ace->trustee, set_bit, &judging);
	}
	for (const struct mw_exchange_ace *ace = identity->aces; ace != NULL; ace = ace->next) {
		if ((ace->bit & (EXPLICIT_DENY | INHERITED_DENY)) != 0)
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

	for (size_t i = 0; i < ad->row_count && !mw_arena_failed(import->arena); i++)
		read_ad(import, &ad->rows[i]);
	for (size_t i = 0; i < online->row_count && !mw_arena_failed(import->arena); i++)
		read_online(import, &online->rows[i]);
	for (size_t i = 0; i < import->people.count && !mw_arena_failed(import->arena); i++)
		judge(import, import->people.items[i]);
}

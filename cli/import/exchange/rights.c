/* SPDX-License-Identifier: MIT */
/* Which groups have rights of their own. */
#include "base/text.h"
#include "import/exchange/model.h"
#include "import/exchange/value.h"
#include "sync/ldap/sid.h"

#define SECURITY_ENABLED UINT64_C(0x80000000) /* of groupType ([MS-ADTS] 2.2.12) */

enum said { NOTHING, SECURITY, DISTRIBUTION, BY_TYPE, UNIFIED, UNKNOWN };

/* RecipientTypeDetails (Microsoft, "Get-Group", "Get-DistributionGroup"). */
static const struct {
	const char *word;
	enum said said;
} kinds[] = {
	{ "MailUniversalSecurityGroup", SECURITY },	    { "UniversalSecurityGroup", SECURITY },
	{ "RoleGroup", SECURITY },			    { "MailUniversalDistributionGroup", DISTRIBUTION },
	{ "UniversalDistributionGroup", DISTRIBUTION },    { "MailNonUniversalGroup", BY_TYPE },
	{ "NonUniversalGroup", BY_TYPE },		    { "RoomList", NOTHING },
	{ "GroupMailbox", UNIFIED },			    { "DynamicDistributionGroup", DISTRIBUTION },
};

static enum said by_kind(struct mw_str word)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (mw_str_equal_nocase(word, mw_str(kinds[i].word)))
			return kinds[i].said;
	}
	return word.len == 0 ? NOTHING : UNKNOWN;
}

bool mw_exchange_is_mail_group(struct mw_str word)
{
	enum said said = by_kind(word);

	return said != UNKNOWN && (mw_str_starts_with_nocase(word, MW_STR("Mail")) || (word.len > 0 && said == NOTHING));
}

/* "Universal, SecurityEnabled", or the number that Active Directory has. */
static enum said by_type(struct mw_str text)
{
	static const char *const scopes[] = { "Universal", "Global", "DomainLocal", "BuiltinLocal" };
	bool minus = mw_str_starts_with(text, MW_STR("-"));
	uint64_t number;

	if (text.len == 0)
		return NOTHING;
	if (mw_parse_number(mw_str_tail(text, minus), &number))
		return minus || (number & SECURITY_ENABLED) != 0 ? SECURITY : DISTRIBUTION;
	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		if (mw_exchange_has_word(text, scopes[i]))
			return mw_exchange_has_word(text, "SecurityEnabled") ? SECURITY : DISTRIBUTION;
	}
	return UNKNOWN;
}

static bool bad_value(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
		      const char *property, struct mw_str text, const char *expected)
{
	if (text.len == 0 && !mw_exchange_has_column(import, file, property))
		mw_exchange_error(import, file, NULL, NULL, "what mailwicket import exchange --exporter writes",
				  "it has no column %s", property);
	else
		mw_exchange_error(import, file, row, property, expected, "bad value \"%.*s\"", MW_STR_ARG(mw_text_cut(text, 100)));
	return false;
}

bool mw_exchange_read_rights(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			     enum mw_exchange_rights *rights_r)
{
	struct mw_str word = mw_exchange_cell(import, file, row, "RecipientTypeDetails"),
		      text = mw_exchange_cell(import, file, row, "GroupType");
	enum said kind = by_kind(word), type = by_type(text);

	*rights_r = MW_EXCHANGE_HELD;
	if (file == MW_EXCHANGE_DYNAMIC) {
		*rights_r = MW_EXCHANGE_NOT_HELD;
		return true;
	}
	if (kind == UNKNOWN || (kind == NOTHING && word.len == 0 && file == MW_EXCHANGE_GROUP))
		return bad_value(import, file, row, "RecipientTypeDetails", word,
				 "MailUniversalSecurityGroup, MailUniversalDistributionGroup, MailNonUniversalGroup ...");
	if (type == UNKNOWN || (type == NOTHING && kind == BY_TYPE))
		return bad_value(import, file, row, "GroupType", text, "Global, or Global, SecurityEnabled");
	if (type != NOTHING && (kind == SECURITY || kind == DISTRIBUTION) && type != kind) {
		mw_exchange_error(import, file, row, "GroupType", NULL, "\"%.*s\", and RecipientTypeDetails is %.*s",
				  MW_STR_ARG(mw_text_cut(text, 100)), MW_STR_ARG(word));
		return false;
	}
	if (type != NOTHING && kind != UNIFIED)
		kind = type;
	if (kind == DISTRIBUTION || (kind == NOTHING && word.len > 0))
		*rights_r = MW_EXCHANGE_NOT_HELD;
	else if (kind == UNIFIED || kind == NOTHING)
		*rights_r = MW_EXCHANGE_PERHAPS;
	return true;
}

/* --- whose members no file has */

/* Members of these by their primary group stand in no list (Microsoft, "primaryGroupID"): Domain Admins, Users, Guests,
   Computers, Controllers, Read-only Domain Controllers. */
static bool is_primary_group(struct mw_str sid)
{
	uint32_t rid = sid.len > 0 ? mw_sid_rid(sid) : 0;

	return (rid >= 512 && rid <= 516) || rid == 521;
}

static void look_for_open(struct mw_exchange_person *person, void *context)
{
	bool *open = context;

	*open |= mw_exchange_is_group(person) && (person->members_unknown || is_primary_group(person->sid) ||
						  (person->kind == MW_EXCHANGE_RIGHTS && person->members.count == 0));
}

bool mw_exchange_is_open_group(struct mw_exchange *import, struct mw_exchange_person *person)
{
	bool open = false;

	mw_exchange_walk_rights(import, person, MW_EXCHANGE_PERHAPS, look_for_open, &open);
	return open;
}

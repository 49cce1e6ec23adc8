/* SPDX-License-Identifier: MIT */
/* Whose a row is. */
#include "base/text.h"
#include "import/exchange/names.h"

const struct mw_exchange_name_property mw_exchange_name_properties[MW_EXCHANGE_NAME_PROPERTIES] = {
	{ "DistinguishedName", MW_EXCHANGE_DN },
	{ "Guid", MW_EXCHANGE_GUID },
	{ "ExternalDirectoryObjectId", MW_EXCHANGE_GUID },
	{ "LegacyExchangeDN", MW_EXCHANGE_LEGACY_DN },
	{ "Identity", MW_EXCHANGE_CANONICAL },
	{ "Id", MW_EXCHANGE_CANONICAL },
	{ "PrimarySmtpAddress", MW_EXCHANGE_ADDRESS },
	{ "UserPrincipalName", MW_EXCHANGE_PRINCIPAL_NAME },
	{ "Name", MW_EXCHANGE_NAME },
	{ "Alias", MW_EXCHANGE_NAME },
	{ "DisplayName", MW_EXCHANGE_DISPLAY_NAME },
	{ "SamAccountName", MW_EXCHANGE_ACCOUNT_NAME },
};

/* Whether the row says something there that only one can have. */
static bool is_said(const struct mw_exchange_name_property *name, struct mw_str text)
{
	return text.len > 0 && name->key <= MW_EXCHANGE_PRINCIPAL_NAME &&
	       (name->key != MW_EXCHANGE_CANONICAL || mw_exchange_form(text) == MW_EXCHANGE_CANONICAL);
}

static bool tell_several(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			 const char *property, struct mw_str text, const char *candidates)
{
	mw_exchange_error(import, file, row, property, "a column DistinguishedName or Guid", "\"%.*s\" may be %s",
			  MW_STR_ARG(mw_text_cut(text, 200)), candidates);
	return false;
}

/* False: the rest of the row says somebody else. */
static bool agrees(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
		   const struct mw_exchange_owner *owner, const struct mw_exchange_name_property *name)
{
	struct mw_str text = mw_exchange_cell(import, file, row, name->property);
	struct mw_exchange_person *other;

	if (!is_said(name, text) ||
	    mw_exchange_find_key(import->names, name->key, text, &other, NULL) != MW_EXCHANGE_FOUND ||
	    other == owner->person)
		return true;
	mw_exchange_error(import, file, row, name->property, NULL,
			  "%.*s is of %s.csv, line %u, and %s says line %u of %s.csv",
			  MW_STR_ARG(mw_text_cut(text, 200)), mw_exchange_files[other->file].name, other->row->line,
			  owner->property, owner->person->row->line, mw_exchange_files[owner->person->file].name);
	return false;
}

struct mw_exchange_owner mw_exchange_owner_of(struct mw_exchange *import, enum mw_exchange_file file,
					      const struct mw_csv_row *row)
{
	struct mw_exchange_owner owner = { NULL, NULL };

	for (size_t i = 0; i < MW_EXCHANGE_NAME_PROPERTIES; i++) {
		const struct mw_exchange_name_property *name = &mw_exchange_name_properties[i];
		struct mw_str text = mw_exchange_cell(import, file, row, name->property);
		char memory[1024];
		struct mw_buf candidates = MW_BUF_OVER(memory);
		bool good = true;

		if (owner.property != NULL && owner.person != NULL) {
			good = agrees(import, file, row, &owner, name);
		} else if (owner.property == NULL && is_said(name, text)) {
			owner.property = name->property;
			if (mw_exchange_find_key(import->names, name->key, text, &owner.person, &candidates) == MW_EXCHANGE_SEVERAL)
				good = tell_several(import, file, row, owner.property, text, candidates.data);
		}
		if (!good)
			return (struct mw_exchange_owner){ name->property, NULL };
	}
	return owner;
}

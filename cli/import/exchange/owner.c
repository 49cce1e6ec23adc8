/* SPDX-License-Identifier: MIT */
/* Whose a row is. */
#include "base/text.h"
#include "import/exchange/names.h"

/* From the surest on. */
static const struct {
	const char *property;
	enum mw_exchange_key key;
} properties[] = {
	{ "DistinguishedName", MW_EXCHANGE_DN },	  { "Guid", MW_EXCHANGE_GUID },
	{ "ExternalDirectoryObjectId", MW_EXCHANGE_GUID }, { "LegacyExchangeDN", MW_EXCHANGE_LEGACY_DN },
	{ "Identity", MW_EXCHANGE_CANONICAL },	  { "Id", MW_EXCHANGE_CANONICAL },
	{ "PrimarySmtpAddress", MW_EXCHANGE_ADDRESS },	  { "UserPrincipalName", MW_EXCHANGE_PRINCIPAL_NAME },
};

#define COUNT (sizeof(properties) / sizeof(properties[0]))

/* Identity and Id are canonical names on Exchange servers; in Exchange Online plain ones, which several may have. */
static bool is_said(size_t i, struct mw_str text)
{
	return text.len > 0 && (properties[i].key != MW_EXCHANGE_CANONICAL || mw_exchange_form(text) == MW_EXCHANGE_CANONICAL);
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
		   const struct mw_exchange_owner *owner, size_t i)
{
	struct mw_str text = mw_exchange_cell(import, file, row, properties[i].property);
	struct mw_exchange_person *other;

	if (!is_said(i, text) ||
	    mw_exchange_find_key(import->names, properties[i].key, text, &other, NULL) != MW_EXCHANGE_FOUND ||
	    other == owner->person)
		return true;
	mw_exchange_error(import, file, row, properties[i].property, NULL,
			  "%.*s is of %s.csv, line %u, and %s says line %u of %s.csv",
			  MW_STR_ARG(mw_text_cut(text, 200)), mw_exchange_files[other->file].name, other->row->line,
			  owner->property, owner->person->row->line, mw_exchange_files[owner->person->file].name);
	return false;
}

struct mw_exchange_owner mw_exchange_owner_of(struct mw_exchange *import, enum mw_exchange_file file,
					      const struct mw_csv_row *row)
{
	struct mw_exchange_owner owner = { NULL, NULL };

	for (size_t i = 0; i < COUNT; i++) {
		struct mw_str text = mw_exchange_cell(import, file, row, properties[i].property);
		char memory[1024];
		struct mw_buf candidates = MW_BUF_OVER(memory);
		bool good = true;

		if (owner.property != NULL && owner.person != NULL) {
			good = agrees(import, file, row, &owner, i);
		} else if (owner.property == NULL && is_said(i, text)) {
			owner.property = properties[i].property;
			if (mw_exchange_find_key(import->names, properties[i].key, text, &owner.person, &candidates) == MW_EXCHANGE_SEVERAL)
				good = tell_several(import, file, row, owner.property, text, candidates.data);
		}
		if (!good)
			return (struct mw_exchange_owner){ properties[i].property, NULL };
	}
	return owner;
}

/* SPDX-License-Identifier: MIT */
#include <ctype.h>

#include "sync/ldap/reader.h"

bool mw_ldap_is_mail(struct mw_ldap_reader *reader, struct mw_str *value_io)
{
	size_t len = 0;

	while (len < value_io->len && isalnum((unsigned char)value_io->ptr[len]))
		len++;
	if (len == 0 || len == value_io->len || value_io->ptr[len] != ':')
		return true;
	if (!mw_str_equal_nocase(mw_str_head(*value_io, len), MW_STR("smtp"))) {
		if (reader != NULL)
			mw_ldap_count_from(reader, "addresses of another kind than smtp: are left out", *value_io);
		return false;
	}
	*value_io = mw_str_tail(*value_io, len + 1);
	return true;
}

/* "SMTP:" in capitals where a value begins so, else the first address. The end: there is none. */
static size_t main_value(const struct mw_ldap_attribute *attribute)
{
	for (size_t i = 0; i < attribute->count; i++)
		if (mw_str_starts_with(attribute->values[i], MW_STR("SMTP:")))
			return i;
	for (size_t i = 0; i < attribute->count; i++) {
		struct mw_str value = attribute->values[i];

		if (mw_ldap_is_mail(NULL, &value))
			return i;
	}
	return attribute->count;
}

const struct mw_ldap_attribute *mw_ldap_find_name(const struct mw_ldap_map *map, const struct mw_ldap_entry *entry,
						  size_t *value_r)
{
	const struct mw_ldap_attribute *first = NULL;

	for (size_t i = 0; i < map->count; i++) {
		const struct mw_ldap_attribute *attribute =
			map->items[i].use == MW_LDAP_USE_NAME ? mw_ldap_attribute(entry, map->items[i].attribute) : NULL;

		if (attribute == NULL)
			continue;
		*value_r = main_value(attribute);
		if (*value_r < attribute->count)
			return attribute;
		first = first == NULL ? attribute : first;
	}
	*value_r = 0;
	return first;
}

/* SPDX-License-Identifier: MIT */
/* A service of a user that a value of an attribute switches: imap=enabledService:imap, active=!nsAccountLock:TRUE. */
#include "sync/ldap/reader.h"

#define SERVICE_COUNT (sizeof(services) / sizeof(services[0]))

static const char *const services[] = { "imap", "pop3", "sieve", "smtp", "relay" };

bool mw_ldap_is_service(struct mw_str key)
{
	for (size_t i = 0; i < SERVICE_COUNT; i++)
		if (mw_str_equal_nocase(key, mw_str(services[i])))
			return true;
	return mw_str_equal_nocase(key, MW_STR(MW_LDAP_ACTIVE));
}

void mw_ldap_service_read(struct mw_ldap_reader *reader, struct mw_str key, struct mw_str text,
			  struct mw_ldap_mapping *mapping)
{
	size_t colon;

	mapping->unless = mw_str_starts_with(text, MW_STR("!"));
	text = mw_str_tail(text, mapping->unless);
	colon = mw_str_find(text, ':');
	if (!mapping->unless && colon == text.len && !mw_str_equal_nocase(key, MW_STR(MW_LDAP_ACTIVE)))
		return;
	mapping->use = MW_LDAP_USE_TEST;
	mapping->attribute = mw_arena_text(reader->arena, mw_str_head(text, colon));
	mapping->value = colon == text.len ? "TRUE" : mw_arena_text(reader->arena, mw_str_tail(text, colon + 1));
}

static bool has_value(const struct mw_ldap_attribute *attribute, const char *value)
{
	for (size_t i = 0; i < attribute->count; i++)
		if (strcmp(value, "*") == 0 || mw_str_equal_nocase(attribute->values[i], mw_str(value)))
			return true;
	return false;
}

static void switch_off(struct mw_record *record, const char *service)
{
	const struct mw_record_key *key = mw_record_key_find(MW_ROW_USER, mw_str(service));

	*(bool *)mw_record_key_field(key, record) = false;
}

void mw_ldap_services_hold(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record)
{
	const struct mw_ldap_map *map = &reader->maps[reader->kind];

	for (size_t i = 0; i < map->count; i++) {
		struct mw_ldap_mapping *test = &map->items[i];
		const struct mw_ldap_attribute *attribute;

		if (test->use != MW_LDAP_USE_TEST)
			continue;
		attribute = mw_ldap_attribute(entry, test->attribute);
		test->shown += attribute != NULL;
		if ((attribute != NULL && has_value(attribute, test->value)) != test->unless)
			continue;
		for (size_t k = 0; k < SERVICE_COUNT; k++)
			if (mw_str_equal_nocase(mw_str(test->key), MW_STR(MW_LDAP_ACTIVE)) ||
			    mw_str_equal_nocase(mw_str(test->key), mw_str(services[k])))
				switch_off(record, services[k]);
	}
}

bool mw_ldap_services_shown(const struct mw_ldap_reader *reader, struct mw_buf *why)
{
	const struct mw_ldap_map *map = &reader->maps[MW_LDAP_USERS];

	for (size_t i = 0; i < map->count; i++) {
		const struct mw_ldap_mapping *test = &map->items[i];

		if (test->use != MW_LDAP_USE_TEST || test->unless || test->shown > 0)
			continue;
		mw_buf_printf(why,
			      "users_attributes \"%s=%s:%s\": none of the %zu users has an attribute %s that %.*s may read",
			      test->key, test->attribute, test->value, reader->entries_of_kind, test->attribute,
			      MW_STR_ARG(mw_ldap_who(reader->session)));
		return false;
	}
	return true;
}

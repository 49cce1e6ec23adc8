/* SPDX-License-Identifier: MIT */
/* A service of a user that a value of an attribute switches: imap=enabledService:imap|imapsecured,
   active=!nsAccountLock:TRUE. */
#include "base/units.h"
#include "sync/ldap/reader.h"
#include "sync/text/field.h"

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
	mapping->value = colon == text.len ? NULL : mw_arena_text(reader->arena, mw_str_tail(text, colon + 1));
}

/* Whether it is one of "A|B|C". */
static bool is_one_of(struct mw_str value, struct mw_str words)
{
	while (true) {
		size_t bar = mw_str_find(words, '|');

		if (mw_str_equal_nocase(value, mw_str_head(words, bar)))
			return true;
		if (bar == words.len)
			return false;
		words = mw_str_tail(words, bar + 1);
	}
}

/* `wanted`: NULL means on, as a service itself takes it. */
static bool has_value(const struct mw_ldap_attribute *attribute, const char *wanted)
{
	for (size_t i = 0; i < attribute->count; i++) {
		struct mw_str value = attribute->values[i];
		bool on;

		if (wanted == NULL ? mw_row_switch(value, &on) && on
				   : strcmp(wanted, "*") == 0 || is_one_of(value, mw_str(wanted)))
			return true;
	}
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
		if (attribute != NULL && test->shown++ == 0)
			test->first = mw_arena_copy(reader->arena, attribute->values[0]);
		if ((attribute != NULL && has_value(attribute, test->value)) != test->unless) {
			test->held++;
			continue;
		}
		for (size_t k = 0; k < SERVICE_COUNT; k++)
			if (mw_str_equal_nocase(mw_str(test->key), MW_STR(MW_LDAP_ACTIVE)) ||
			    mw_str_equal_nocase(mw_str(test->key), mw_str(services[k])))
				switch_off(record, services[k]);
	}
}

static void print_test(const struct mw_ldap_mapping *test, struct mw_buf *out)
{
	mw_buf_printf(out, "users_attributes \"%s=%s%s%s\": ", test->key, test->attribute, test->value == NULL ? "" : ":",
		      test->value == NULL ? "" : test->value);
}

bool mw_ldap_services_end(const struct mw_ldap_reader *reader, struct mw_buf *why, struct mw_buf *warning)
{
	const struct mw_ldap_map *map = &reader->maps[MW_LDAP_USERS];

	for (size_t i = 0; i < map->count; i++) {
		const struct mw_ldap_mapping *test = &map->items[i];
		bool all = mw_str_equal_nocase(mw_str(test->key), MW_STR(MW_LDAP_ACTIVE));
		struct mw_buf *out = test->shown == 0 || all ? why : warning;

		/* Who has the very value that switches off is off. */
		if (test->use != MW_LDAP_USE_TEST || test->unless || test->held > 0)
			continue;
		if (out == warning && warning->used > 0)
			mw_buf_add_text(out, "; ");
		print_test(test, out);
		if (test->shown == 0)
			mw_buf_printf(out, "none of the %zu users has an attribute %s that %.*s may read",
				      reader->entries_of_kind, test->attribute,
				      MW_STR_ARG(mw_ldap_who(reader->session)));
		else
			mw_buf_printf(out, "none of the %zu users has this value: %s is off for all; the first has \"%.*s\"",
				      reader->entries_of_kind, all ? "every service" : test->key,
				      MW_STR_ARG(mw_text_shown(mw_str_head(test->first, 100))));
		if (out == why)
			return false;
	}
	return true;
}

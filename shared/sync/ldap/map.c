/* SPDX-License-Identifier: MIT */
#include "sync/ldap/reader.h"
#include "sync/record/row.h"

#define MAPPINGS_MAX 100

static const struct {
	const char *key;
	enum mw_ldap_use use;
	enum mw_ldap_role role;
	bool users; /* a user has it too */
} uses[] = {
	{ "name", MW_LDAP_USE_NAME, 0, true },
	{ "address", MW_LDAP_USE_LIST, 0, true },
	{ "receive", MW_LDAP_USE_LIST, 0, true },
	{ "login", MW_LDAP_USE_LIST, 0, true },
	{ "member", MW_LDAP_USE_REFERENCE, MW_LDAP_MEMBER, false },
	{ "member_of", MW_LDAP_USE_REFERENCE, MW_LDAP_MEMBER_OF, true },
	{ "senders", MW_LDAP_USE_SENDERS, MW_LDAP_SENDERS, true },
	{ "senders_denied", MW_LDAP_USE_REFERENCE, MW_LDAP_SENDERS_DENIED, true },
	{ "send_as", MW_LDAP_USE_REFERENCE, MW_LDAP_SEND_AS, true },
	{ "send_on_behalf", MW_LDAP_USE_REFERENCE, MW_LDAP_SEND_ON_BEHALF, true },
	{ "send_as_identity", MW_LDAP_USE_IDENTITY, MW_LDAP_SEND_AS, true },
	{ "send_on_behalf_identity", MW_LDAP_USE_IDENTITY, MW_LDAP_SEND_ON_BEHALF, true },
};
#define OWN_KEYS                                                                \
	MW_LDAP_ACTIVE " (of users), member_of, send_as, send_on_behalf, send_as_identity " \
		       "or send_on_behalf_identity"

static enum mw_row row_of(enum mw_ldap_kind kind)
{
	return kind == MW_LDAP_USERS ? MW_ROW_USER : MW_ROW_GROUP;
}

/* False: there is no such key. */
static bool find_use(enum mw_ldap_kind kind, struct mw_str key, struct mw_ldap_mapping *mapping)
{
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (!mw_str_equal_nocase(key, mw_str(uses[i].key)))
			continue;
		mapping->use = uses[i].use;
		mapping->role = uses[i].role;
		/* A row knows which of its own keys a user has; what no row has stands above. */
		return mw_row_has(row_of(kind), key) || (uses[i].users && !mw_row_has(MW_ROW_USER, key));
	}
	mapping->use = mw_str_equal_nocase(key, MW_STR("source_key")) ? MW_LDAP_USE_KEY : MW_LDAP_USE_VALUE;
	return mw_row_has(row_of(kind), key) ||
	       (kind == MW_LDAP_USERS && mw_str_equal_nocase(key, MW_STR(MW_LDAP_ACTIVE)));
}

enum added { ADDED, UNKNOWN_KEY, UNTESTED };

static enum added add_mapping(struct mw_ldap_reader *reader, enum mw_ldap_kind kind, struct mw_str text, bool written,
			struct mw_ldap_mapping *items, size_t *count)
{
	size_t equals = mw_str_find(text, '=');
	struct mw_str key = mw_str_head(text, equals);
	struct mw_ldap_mapping mapping = {
		.key = mw_arena_text(reader->arena, key),
		.attribute = mw_arena_text(reader->arena, mw_str_tail(text, equals + 1)),
		.written = written,
	};

	if (!find_use(kind, key, &mapping))
		return UNKNOWN_KEY;
	if (mw_ldap_is_service(key))
		mw_ldap_service_read(reader, key, mw_str_tail(text, equals + 1), &mapping);
	else if (mw_str_find(text, ':') < text.len || mw_str_starts_with(mw_str_tail(text, equals + 1), MW_STR("!")))
		return UNTESTED;
	if (*count < MAPPINGS_MAX && mapping.attribute[0] != '\0')
		items[(*count)++] = mapping;
	return ADDED;
}

static bool is_written(const struct mw_strs *written, const char *text)
{
	struct mw_str key = mw_str_head(mw_str(text), mw_str_find(mw_str(text), '='));

	for (size_t i = 0; i < written->count; i++)
		if (mw_str_equal_nocase(mw_str_head(written->items[i], mw_str_find(written->items[i], '=')), key))
			return true;
	return false;
}

static void add_attribute(const char **attributes, size_t *count, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (mw_str_equal_nocase(mw_str(attributes[i]), mw_str(name)))
			return;
	attributes[(*count)++] = name;
}

static size_t length_of(const char *const *names)
{
	size_t count = 0;

	while (names != NULL && names[count] != NULL)
		count++;
	return count;
}

static bool collect_attributes(struct mw_ldap_reader *reader, enum mw_ldap_kind kind)
{
	struct mw_ldap_map *map = &reader->maps[kind];
	const char *const *also = reader->flavour->also[kind];
	const char **attributes = MW_ARENA_ARRAY(reader->arena, const char *, map->count + length_of(also) + 3);
	size_t count = 0;

	if (attributes == NULL)
		return false;
	for (size_t i = 0; i < map->count; i++)
		add_attribute(attributes, &count, map->items[i].attribute);
	for (size_t i = 0; also != NULL && also[i] != NULL; i++)
		add_attribute(attributes, &count, also[i]);
	if (reader->flavour->key != NULL)
		add_attribute(attributes, &count, reader->flavour->key);
	if (reader->flavour->dacl)
		add_attribute(attributes, &count, "nTSecurityDescriptor");
	map->attributes = attributes;
	return true;
}

bool mw_ldap_map_rename(struct mw_ldap_reader *reader, enum mw_ldap_kind kind, struct mw_ldap_mapping *mapping,
			struct mw_str name)
{
	mapping->attribute = mw_arena_text(reader->arena, name);
	return collect_attributes(reader, kind);
}

bool mw_ldap_map_init(struct mw_ldap_reader *reader, enum mw_ldap_kind kind, struct mw_buf *why,
		      struct mw_buf *expected)
{
	const struct mw_strs *written = &reader->source->ldap.kinds[kind].attributes;
	const char *const *own = reader->flavour->attributes[kind];
	struct mw_ldap_mapping *items = MW_ARENA_ARRAY(reader->arena, struct mw_ldap_mapping, MAPPINGS_MAX);
	size_t count = 0;

	if (items == NULL)
		return false;
	for (size_t i = 0; own[i] != NULL; i++)
		if (!is_written(written, own[i]))
			add_mapping(reader, kind, mw_str(own[i]), false, items, &count);
	for (size_t i = 0; i < written->count; i++) {
		struct mw_str text = written->items[i];

		enum added added = add_mapping(reader, kind, text, true, items, &count);

		if (added == ADDED)
			continue;
		if (added == UNTESTED) {
			mw_buf_printf(why,
				      "%s_attributes: \"%.*s\": only a service is switched by a value of an attribute",
				      mw_ldap_kind_word(kind), MW_STR_ARG(text));
			mw_buf_add_text(expected, "imap, pop3, sieve, smtp, relay or " MW_LDAP_ACTIVE);
			return false;
		}
		mw_buf_printf(why, "%s_attributes: unknown key \"%.*s\"", mw_ldap_kind_word(kind),
			      MW_STR_ARG(mw_str_head(text, mw_str_find(text, '='))));
		mw_row_print_keys(row_of(kind), expected);
		mw_buf_add_text(expected, "; " OWN_KEYS);
		return false;
	}
	reader->maps[kind].items = items;
	reader->maps[kind].count = count;
	return collect_attributes(reader, kind);
}

/* SPDX-License-Identifier: MIT */
#include "base/table.h"
#include "sync/ldap/reader.h"

/* Where the server has entries, for who wrote another base. */
static void add_contexts(struct mw_ldap_reader *reader, struct mw_buf *why)
{
	static const char *const names[] = { "namingContexts", NULL };
	char memory[256];
	struct mw_buf ignored = MW_BUF_OVER(memory);
	struct mw_ldap_entry root;
	const struct mw_ldap_attribute *contexts = NULL;

	if (mw_ldap_read(reader->session, MW_STR_EMPTY, names, &root, &ignored) == MW_LDAP_ENTRY)
		contexts = mw_ldap_attribute(&root, names[0]);
	for (size_t i = 0; contexts != NULL && i < contexts->count; i++)
		mw_buf_printf(why, "%s\"%.*s\"", i == 0 ? "; the server has entries below " : " and ",
			      MW_STR_ARG(mw_str_head(contexts->values[i], 200)));
}

bool mw_ldap_check_base(struct mw_ldap_reader *reader, struct mw_str base, const char *setting, struct mw_buf *why)
{
	static const char *const none[] = { "1.1", NULL };
	struct mw_ldap_entry entry;

	switch (mw_ldap_read(reader->session, base, none, &entry, why)) {
	case MW_LDAP_ENTRY: return true;
	case MW_LDAP_END:
		mw_buf_printf(why, "%s: there is no entry \"%.*s\", or %.*s has no right to read it", setting,
			      MW_STR_ARG(mw_str_head(base, 200)), MW_STR_ARG(mw_ldap_who(reader->session)));
		add_contexts(reader, why);
		return false;
	case MW_LDAP_FAILED: break;
	}
	return false;
}

/* --- attributes that the policy names */

/* Calls back with each name in a definition of the schema: "NAME 'cn'", "NAME ( 'cn' 'commonName' )" (RFC 4512, 4.1.2).
   Returns true when one is `wanted`; `words` gets all of them, as long as there is room. */
static bool has_name(struct mw_str definition, const char *wanted, struct mw_word *words, size_t *count, size_t most,
		     struct mw_arena *arena)
{
	struct mw_str rest = mw_str_tail(definition, mw_str_find_text(definition, " NAME ") + 6);
	bool list = rest.len > 0 && rest.ptr[0] == '(', found = false;

	do {
		size_t from = mw_str_find(rest, '\''), close = mw_str_find(rest, ')');
		struct mw_str name = mw_str_tail(rest, from + 1);

		if (from == rest.len || (list && close < from))
			break;
		name = mw_str_head(name, mw_str_find(name, '\''));
		rest = mw_str_tail(rest, from + name.len + 2);
		found = found || mw_str_equal_nocase(name, mw_str(wanted));
		if (*count < most)
			words[(*count)++] = (struct mw_word){ mw_arena_text(arena, name), 0 };
	} while (list && !found);
	return found;
}

static struct mw_str behind(struct mw_str text, size_t at, char until)
{
	struct mw_str rest = mw_str_tail(text, at);

	return mw_str_head(rest, mw_str_find(rest, until));
}

/* "( 2.5.4.3 NAME ..." */
static bool has_number(struct mw_str definition, const char *wanted)
{
	size_t at = 0;

	while (at < definition.len && (definition.ptr[at] == '(' || definition.ptr[at] == ' '))
		at++;
	return mw_str_equal(behind(definition, at, ' '), mw_str(wanted));
}

/* By which a server sends it; empty: it has none. */
static struct mw_str first_name(struct mw_str definition)
{
	struct mw_str rest = mw_str_tail(definition, mw_str_find_text(definition, " NAME "));

	return behind(rest, mw_str_find(rest, '\'') + 1, '\'');
}

/* *name_r: by which the server sends it; empty: nobody can tell. */
static bool is_known(struct mw_ldap_reader *reader, const struct mw_ldap_attribute *definitions,
		     const char *attribute, struct mw_str *name_r, const char **nearest_r)
{
	size_t most = definitions->count * 2 + 1, count = 0;
	struct mw_word *words = MW_ARENA_ARRAY(reader->arena, struct mw_word, most);

	bool number = attribute[0] >= '0' && attribute[0] <= '9';

	*nearest_r = NULL;
	*name_r = MW_STR_EMPTY;
	if (words == NULL)
		return true;
	for (size_t i = 0; i < definitions->count; i++) {
		struct mw_str definition = definitions->values[i];

		if (!(number ? has_number(definition, attribute)
			     : has_name(definition, attribute, words, &count, most, reader->arena)))
			continue;
		*name_r = first_name(definition);
		return true;
	}
	if (number)
		return true;
	*nearest_r = mw_table_nearest((struct mw_table){ words, count }, mw_str(attribute));
	return false;
}

static bool check_kind(struct mw_ldap_reader *reader, enum mw_ldap_kind kind,
		       const struct mw_ldap_attribute *definitions, struct mw_buf *why)
{
	struct mw_ldap_map *map = &reader->maps[kind];
	const char *nearest;
	struct mw_str name;

	for (size_t i = 0; i < map->count; i++) {
		if (!map->items[i].written)
			continue;
		if (is_known(reader, definitions, map->items[i].attribute, &name, &nearest)) {
			if (mw_str_empty(name) || mw_ldap_map_rename(reader, kind, &map->items[i], name))
				continue;
			mw_buf_add_text(why, "out of memory");
			return false;
		}
		mw_buf_printf(why, "%s_attributes: the server's schema has no attribute \"%s\"",
			      mw_ldap_kind_word(kind), map->items[i].attribute);
		if (nearest != NULL)
			mw_buf_printf(why, " (\"%s\"?)", nearest);
		return false;
	}
	return true;
}

static bool any_is_written(const struct mw_ldap_reader *reader)
{
	return reader->source->ldap.kinds[MW_LDAP_USERS].attributes.count > 0 ||
	       reader->source->ldap.kinds[MW_LDAP_GROUPS].attributes.count > 0;
}

/* A server that shows no schema is believed. */
bool mw_ldap_check_attributes(struct mw_ldap_reader *reader, struct mw_buf *why)
{
	static const char *const schema[] = { "subschemaSubentry", NULL }, *const definitions[] = { "attributeTypes",
												    NULL };
	struct mw_ldap_entry entry;
	struct mw_str place;
	const struct mw_ldap_attribute *found;

	if (!any_is_written(reader))
		return true;
	switch (mw_ldap_read(reader->session, MW_STR_EMPTY, schema, &entry, why)) {
	case MW_LDAP_FAILED: return false;
	case MW_LDAP_END: return true;
	case MW_LDAP_ENTRY: break;
	}
	place = mw_arena_copy(reader->arena, mw_ldap_value(&entry, schema[0]));
	if (mw_str_empty(place))
		return true;
	switch (mw_ldap_read(reader->session, place, definitions, &entry, why)) {
	case MW_LDAP_FAILED: return false;
	case MW_LDAP_END: return true;
	case MW_LDAP_ENTRY: break;
	}
	found = mw_ldap_attribute(&entry, definitions[0]);
	return found == NULL ||
	       (check_kind(reader, MW_LDAP_USERS, found, why) && check_kind(reader, MW_LDAP_GROUPS, found, why));
}

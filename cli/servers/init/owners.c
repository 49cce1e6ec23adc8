/* SPDX-License-Identifier: MIT */
#include "servers/init/owners.h"

#include <stdlib.h>

#include "mail/address.h"
#include "servers/init/databases.h"
#include "servers/init/tables.h"

#define KEYS_MOST 9        /* of one sender */
#define ASKED_AT_ONCE 20000 /* keys in one run of postmap */

struct table {
	struct mw_str text;
	bool fixed;
	bool silent; /* it is not asked: nobody knows what it has */
	struct mw_init_entries entries; /* what it answered, by key */
};

struct mw_owners {
	struct mw_init *init;
	struct table *tables;
	size_t count;
	const char *unasked;
};

/* What Postfix looks for, in its order. */
struct keys {
	struct { struct mw_str text; bool partial; } items[KEYS_MOST];
	size_t count;
};

/* --- the order of mail_addr_find(3) */

static void add_key(struct keys *keys, struct mw_str text, bool partial)
{
	if (!mw_str_empty(text) && keys->count < KEYS_MOST) {
		keys->items[keys->count].text = text;
		keys->items[keys->count++].partial = partial;
	}
}

/* With its quotes, and then without them. */
static void add_form(struct mw_arena *arena, struct keys *keys, struct mw_str local, struct mw_str domain, bool partial)
{
	const char *at = mw_str_empty(domain) ? "" : "@";

	add_key(keys, mw_str(mw_arena_textf(arena, "%.*s%s%.*s", MW_STR_ARG(local), at, MW_STR_ARG(domain))), partial);
	if (local.len > 2 && local.ptr[0] == '"' && mw_str_find(local, '\\') == local.len)
		add_form(arena, keys, mw_str_head(mw_str_tail(local, 1), local.len - 2), domain, partial);
}

/* myorigin, and what resolve_local(3) takes for this host. */
static bool is_local(const struct mw_init *init, struct mw_str domain)
{
	if (mw_str_equal(domain, init->origin))
		return true;
	for (size_t i = 0; init->own_names != NULL && i < init->own_names->count; i++)
		if (mw_str_equal(init->own_names->items[i].canonical, domain))
			return true;
	return false;
}

static void list_keys(const struct mw_owners *owners, struct mw_str sender, struct keys *keys_r)
{
	const struct mw_init *init = owners->init;
	struct mw_address whole, base;
	bool cut;

	keys_r->count = 0;
	mw_address_parse(sender, &whole);
	if (!mw_address_has_domain(&whole))
		return;
	cut = mw_address_without_extension(&whole, init->delimiter, &base);
	add_form(init->arena, keys_r, whole.local, whole.domain, false);
	if (cut)
		add_form(init->arena, keys_r, base.local, base.domain, true);
	if (is_local(init, whole.domain)) {
		add_form(init->arena, keys_r, whole.local, MW_STR_EMPTY, true);
		if (cut)
			add_form(init->arena, keys_r, base.local, MW_STR_EMPTY, true);
	}
	add_form(init->arena, keys_r, MW_STR_EMPTY, whole.domain, true);
}

/* --- asking */

struct looking {
	const struct mw_init *init;
	bool found;
};

static void look_for_source(void *context, const char *setting, struct mw_str table)
{
	struct looking *looking = context;

	looking->found |= mw_init_is_of_source(looking->init, setting, table);
}

/* Whether a source reads a table, or one of those within it. */
static bool is_of_source(const struct mw_init *init, struct mw_str table)
{
	struct looking looking = { .init = init };

	mw_init_each_table(MW_SENDER_LOGIN_MAPS, table, look_for_source, &looking);
	return looking.found;
}

static void fall_silent(struct mw_owners *owners, struct table *table, const char *why)
{
	struct mw_arena *arena = owners->init->arena;

	table->silent = true;
	if (owners->unasked == NULL)
		owners->unasked = mw_arena_textf(arena, "%.*s: %s", MW_STR_ARG(table->text), why);
	mw_init_unread_set(owners->init, (struct mw_init_unread){ MW_SENDER_LOGIN_MAPS, mw_arena_text(arena, table->text), why,
								   MW_INIT_FIX_SENDERS });
}

static void add_table(struct mw_owners *owners, struct mw_str text, bool whole)
{
	struct table *table;

	owners->tables = mw_init_grown(owners->init->arena, owners->tables, owners->count, sizeof(*owners->tables));
	if (owners->tables == NULL)
		return;
	table = &owners->tables[owners->count++];
	*table = (struct table){ .text = text, .fixed = mw_init_table_is_fixed(text),
				 .silent = !whole && is_of_source(owners->init, text) };
	if (!table->silent && mw_init_table_is_random(text))
		fall_silent(owners, table, "it gives an answer at random, so that no directory says the same");
}

struct mw_owners *mw_owners_new(struct mw_init *init, struct mw_str tables, bool whole)
{
	struct mw_owners *owners = MW_ARENA_NEW(init->arena, struct mw_owners);
	struct mw_str text;

	if (owners == NULL)
		return NULL;
	*owners = (struct mw_owners){ .init = init };
	while (mw_init_table_next(&tables, &text))
		add_table(owners, text, whole);
	return mw_arena_failed(init->arena) ? NULL : owners;
}

static int compare_texts(const void *a, const void *b)
{
	return mw_str_compare(*(const struct mw_str *)a, *(const struct mw_str *)b);
}

static int compare_entries(const void *a, const void *b)
{
	return mw_str_compare(((const struct mw_init_entry *)a)->key, ((const struct mw_init_entry *)b)->key);
}

static void take(struct mw_owners *owners, struct table *table, const struct mw_init_entries *more)
{
	struct mw_init_entries *entries = &table->entries;

	for (size_t i = 0; i < more->count; i++) {
		entries->items = mw_init_grown(owners->init->arena, entries->items, entries->count, sizeof(*entries->items));
		if (entries->items == NULL) {
			entries->count = 0;
			return;
		}
		entries->items[entries->count++] = more->items[i];
	}
}

/* In one run of postmap; the keys are in order. */
static void ask_some(struct mw_owners *owners, struct table *table, const struct mw_str *keys, size_t count)
{
	struct mw_init_entries entries;
	const char *why;
	char *memory = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&memory, &size);

	for (size_t i = 0; out != NULL && i < count; i++)
		if (i == 0 || !mw_str_equal(keys[i], keys[i - 1]))
			fprintf(out, "%.*s\n", MW_STR_ARG(keys[i]));
	if (out == NULL || fclose(out) != 0) {
		fall_silent(owners, table, "out of memory");
	} else if (mw_init_table_ask(owners->init, table->text, (struct mw_str){ memory, size }, &entries, &why)) {
		take(owners, table, &entries);
	} else {
		fall_silent(owners, table, why);
	}
	free(memory);
}

void mw_owners_ask(struct mw_owners *owners, const struct mw_str *senders, size_t count)
{
	struct mw_str *all = MW_ARENA_ARRAY(owners->init->arena, struct mw_str, count * KEYS_MOST + 1);

	if (all == NULL)
		return;
	for (size_t t = 0; t < owners->count; t++) {
		struct table *table = &owners->tables[t];
		size_t used = 0;

		for (size_t i = 0; i < count && !table->silent; i++) {
			struct keys keys;

			list_keys(owners, senders[i], &keys);
			for (size_t k = 0; k < keys.count; k++)
				if (table->fixed || !keys.items[k].partial)
					all[used++] = keys.items[k].text;
		}
		if (used == 0)
			continue;
		qsort(all, used, sizeof(*all), compare_texts);
		for (size_t from = 0; from < used && !table->silent; from += ASKED_AT_ONCE)
			ask_some(owners, table, all + from, used - from < ASKED_AT_ONCE ? used - from : ASKED_AT_ONCE);
		if (table->entries.count > 0)
			qsort(table->entries.items, table->entries.count, sizeof(*table->entries.items), compare_entries);
	}
}

/* --- answers */

/* False: no table has the key. */
static bool find(const struct mw_owners *owners, struct mw_str key, bool partial, struct mw_owned *owned_r)
{
	const struct mw_init_entry wanted = { .key = key };

	for (size_t t = 0; t < owners->count; t++) {
		const struct table *table = &owners->tables[t];
		const struct mw_init_entry *entry = NULL;

		if (partial && !table->fixed)
			continue;
		if (table->silent) {
			*owned_r = (struct mw_owned){ .unknown = true };
			return true;
		}
		if (table->entries.count > 0)
			entry = bsearch(&wanted, table->entries.items, table->entries.count, sizeof(*table->entries.items),
					compare_entries);
		if (entry == NULL)
			continue;
		*owned_r = (struct mw_owned){ .logins = entry->value, .key = key };
		return true;
	}
	return false;
}

struct mw_owned mw_owners_of(const struct mw_owners *owners, struct mw_str sender)
{
	struct mw_owned owned = { .unknown = false };
	struct keys keys;

	list_keys(owners, sender, &keys);
	for (size_t k = 0; k < keys.count; k++)
		if (find(owners, keys.items[k].text, keys.items[k].partial, &owned))
			break;
	return owned;
}

const char *mw_owners_unasked(const struct mw_owners *owners)
{
	return owners->unasked;
}

const char *mw_owners_silent(const struct mw_owners *owners)
{
	for (size_t t = 0; t < owners->count; t++)
		if (owners->tables[t].silent)
			return mw_arena_text(owners->init->arena, owners->tables[t].text);
	return NULL;
}

bool mw_owners_next(struct mw_str *rest_io, struct mw_str *login_r)
{
	static const char divides[] = ", \t\r\n";
	size_t len = 0;

	while (!mw_str_empty(*rest_io) && strchr(divides, rest_io->ptr[0]) != NULL)
		*rest_io = mw_str_tail(*rest_io, 1);
	while (len < rest_io->len && strchr(divides, rest_io->ptr[len]) == NULL)
		len++;
	*login_r = mw_str_head(*rest_io, len);
	*rest_io = mw_str_tail(*rest_io, len);
	return len > 0;
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "mail/address.h"
#include "sync/ldap/reader.h"
#include "sync/text/name.h"

/* Pairs have numbers from 1 on, as mw_pairs_take() wants them. */
static uint32_t pair_number(uint32_t number)
{
	return number + 1;
}

/* --- who is called what */

static int compare_called(const void *left, const void *right)
{
	const struct mw_ldap_called *a = left, *b = right;
	int order = mw_str_compare(a->text, b->text);

	if (order == 0)
		order = a->number < b->number ? -1 : a->number > b->number;
	return order;
}

static void sort_table(struct mw_ldap_table *table)
{
	if (table->count > 0)
		qsort(table->items, table->count, sizeof(table->items[0]), compare_called);
}

/* Whether an entry that is a group too is a user: it has a login name of its own, or users have none. A filter for
   users that asks for an address alone finds every group. */
static bool logs_in(const struct mw_ldap_reader *reader, const struct mw_ldap_read_entry *entry)
{
	const struct mw_ldap_map *map = &reader->maps[MW_LDAP_USERS];
	bool mapped = false;

	for (size_t i = 0; i < map->count; i++)
		mapped = mapped || strcmp(map->items[i].key, "login") == 0;
	return !mapped ||
	       (entry->record != SIZE_MAX && reader->records->items[entry->record].logins.count > 0);
}

static bool has_group(const struct mw_ldap_reader *reader, const struct mw_ldap_called *called, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (reader->entries[called[i].number].group)
			return true;
	}
	return false;
}

/* Which of those that are one entry counts: of a user and a group the user who can log in. */
static uint32_t counting(const struct mw_ldap_reader *reader, const struct mw_ldap_called *called, size_t count)
{
	for (size_t i = count; i > 0; i--) {
		const struct mw_ldap_read_entry *entry = &reader->entries[called[i - 1].number];

		if (!entry->group && !entry->absent && (logs_in(reader, entry) || !has_group(reader, called, count)))
			return called[i - 1].number;
	}
	for (size_t i = count; i > 0; i--) {
		if (reader->entries[called[i - 1].number].group)
			return called[i - 1].number;
	}
	return called[count - 1].number;
}

/* An entry may come twice: it was moved or changed between two pages, when the later one counts, or both filters find
   it. */
static void find_again(struct mw_ldap_reader *reader, const struct mw_ldap_table *table)
{
	size_t end;

	for (size_t from = 0; from < table->count; from = end) {
		const struct mw_ldap_called *called = &table->items[from];
		uint32_t counts;
		bool groups = false, users = false;

		for (end = from + 1; end < table->count && mw_str_equal(table->items[end].text, called->text); end++)
			;
		if (end == from + 1)
			continue;
		counts = counting(reader, called, end - from);
		for (size_t i = from; i < end; i++) {
			struct mw_ldap_read_entry *entry = &reader->entries[table->items[i].number];

			entry->again = entry->again || table->items[i].number != counts;
			groups = groups || entry->group;
			users = users || !entry->group;
		}
		if (groups && !reader->entries[counts].group)
			mw_ldap_count(reader, "entries are found by users_filter and groups_filter: they are users, and "
					      "no groups");
		if (users && reader->entries[counts].group)
			mw_ldap_count(reader, "entries without a login name are found by users_filter and groups_filter: "
					      "they are groups, and no users");
	}
}

/* What is left of a table without entries that were read again. */
static void drop_again(const struct mw_ldap_reader *reader, struct mw_ldap_table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->count; i++)
		if (!reader->entries[table->items[i].number].again)
			table->items[count++] = table->items[i];
	table->count = count;
}

/* The first that is called so, or the end of the table. */
static size_t find_first(const struct mw_ldap_table *table, struct mw_str canonical)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mw_str_compare(table->items[middle].text, canonical) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return mw_str_empty(canonical) ? table->count : low;
}

static bool is_called(const struct mw_ldap_table *table, size_t i, struct mw_str canonical)
{
	return i < table->count && mw_str_equal(table->items[i].text, canonical);
}

static uint32_t find(const struct mw_ldap_reader *reader, enum mw_ldap_by by, struct mw_str canonical)
{
	const struct mw_ldap_table *table = &reader->tables[by];
	size_t low = find_first(table, canonical);

	if (!is_called(table, low, canonical))
		return MW_LDAP_NOBODY;
	/* Two that are called the same are neither. */
	for (size_t i = low + 1; is_called(table, i, canonical); i++)
		if (table->items[i].number != table->items[low].number)
			return MW_LDAP_NOBODY;
	return table->items[low].number;
}

uint32_t mw_ldap_find(struct mw_ldap_reader *reader, enum mw_ldap_by by, struct mw_str value)
{
	char memory[8192];
	struct mw_buf text = MW_BUF_OVER(memory);

	return mw_ldap_canonical(by, value, &text) ? find(reader, by, mw_buf_str(&text)) : MW_LDAP_NOBODY;
}

/* --- references */

struct mw_record *mw_ldap_record(struct mw_ldap_reader *reader, uint32_t number)
{
	const struct mw_ldap_read_entry *entry = number < reader->entry_count ? &reader->entries[number] : NULL;

	return entry == NULL || entry->again || entry->record == SIZE_MAX ? NULL
									  : &reader->records->items[entry->record];
}

void mw_ldap_give(struct mw_ldap_reader *reader, uint32_t number, enum mw_ldap_role role, uint32_t whom)
{
	const struct mw_record *record = mw_ldap_record(reader, number), *other = mw_ldap_record(reader, whom);

	if (record == NULL || other == NULL)
		return;
	if (role == MW_LDAP_MEMBER_OF) {
		if (other->principal.kind == MW_GROUP)
			mw_pairs_add(&reader->pairs[MW_LDAP_MEMBER], pair_number(whom), pair_number(number));
	} else if (role != MW_LDAP_MEMBER || record->principal.kind == MW_GROUP) {
		mw_pairs_add(&reader->pairs[role], pair_number(number), pair_number(whom));
	}
}

#define LEFT_OUT " are nobody of the source, and are left out"

static const char *const role_words[] = {
	[MW_LDAP_MEMBER] = "members" LEFT_OUT,
	[MW_LDAP_MEMBER_OF] = "groups of a member" LEFT_OUT,
	[MW_LDAP_SENDERS] = "senders" LEFT_OUT,
	[MW_LDAP_SENDERS_DENIED] = "denied senders" LEFT_OUT,
	[MW_LDAP_SEND_AS] = "ends of a grant to send as" LEFT_OUT,
	[MW_LDAP_SEND_ON_BEHALF] = "ends of a grant to send on behalf" LEFT_OUT,
};

static void count_nobody(struct mw_ldap_reader *reader, const struct mw_ldap_reference *reference)
{
	if (!reader->entries[reference->number].nameless)
		mw_ldap_count(reader, role_words[reference->role]);
}

/* A denial is for all who are called so: nobody gets round it by a name that another has too. */
static void deny(struct mw_ldap_reader *reader, const struct mw_ldap_reference *reference)
{
	const struct mw_ldap_table *table = &reader->tables[reference->by];
	bool given = false;

	for (size_t i = find_first(table, reference->text); is_called(table, i, reference->text); i++) {
		if (mw_ldap_record(reader, table->items[i].number) == NULL)
			continue;
		mw_ldap_give(reader, reference->number, MW_LDAP_SENDERS_DENIED, table->items[i].number);
		given = true;
	}
	if (!given)
		count_nobody(reader, reference);
}

static bool has_name(struct mw_ldap_reader *reader, uint32_t number, struct mw_str name)
{
	const struct mw_record *record = mw_ldap_record(reader, number);

	return record != NULL && mw_str_equal(record->principal.name, name);
}

/* Members are given to a name: to each group that has it, since the merge leaves it to one of them. A group with the
   address beside its name is meant where no other is called so. */
static void join_by_address(struct mw_ldap_reader *reader, const struct mw_ldap_reference *reference, uint32_t only)
{
	const struct mw_ldap_table *table = &reader->tables[MW_LDAP_BY_ADDRESS];
	bool named = false;

	for (size_t i = find_first(table, reference->text); is_called(table, i, reference->text); i++) {
		if (!has_name(reader, table->items[i].number, reference->text))
			continue;
		mw_ldap_give(reader, reference->number, MW_LDAP_MEMBER_OF, table->items[i].number);
		named = true;
	}
	if (named)
		return;
	if (mw_ldap_record(reader, only) == NULL)
		count_nobody(reader, reference);
	else
		mw_ldap_give(reader, reference->number, MW_LDAP_MEMBER_OF, only);
}

/* A uid that nobody has may be an address, whosever it is: it may be another source's. */
static bool is_address(struct mw_ldap_reader *reader, const struct mw_ldap_reference *reference)
{
	const struct mw_ldap_table *table = &reader->tables[MW_LDAP_BY_UID];
	struct mw_address address;

	return reference->by == MW_LDAP_BY_UID && reference->role == MW_LDAP_MEMBER &&
	       mw_str_find(reference->text, '@') < reference->text.len &&
	       !is_called(table, find_first(table, reference->text), reference->text) &&
	       mw_address_parse(reference->text, &address) == MW_ADDRESS_MAILBOX &&
	       mw_text_name_refused(address.whole) == '\0';
}

static void resolve_references(struct mw_ldap_reader *reader)
{
	for (size_t i = 0; i < reader->reference_count; i++) {
		const struct mw_ldap_reference *reference = &reader->references[i];
		uint32_t whom = find(reader, reference->by, reference->text);
		struct mw_record *record = mw_ldap_record(reader, reference->number);

		if (record == NULL)
			continue;
		/* A list of which nobody is left is nobody. */
		if (reference->role == MW_LDAP_SENDERS)
			record->principal.senders = MW_SENDERS_LIST;
		if (reference->role == MW_LDAP_SENDERS_DENIED && !reference->turned)
			deny(reader, reference);
		else if (reference->by == MW_LDAP_BY_ADDRESS)
			join_by_address(reader, reference, whom);
		else if (is_address(reader, reference))
			mw_ldap_add_value(reader, record, "member", reference->text);
		else if (whom == MW_LDAP_NOBODY || mw_ldap_record(reader, whom) == NULL)
			count_nobody(reader, reference);
		else if (reference->turned)
			mw_ldap_give(reader, whom, reference->role, reference->number);
		else
			mw_ldap_give(reader, reference->number, reference->role, whom);
	}
}

static bool sort_pairs(struct mw_ldap_reader *reader)
{
	for (int role = 0; role < MW_LDAP_ROLE_COUNT; role++) {
		mw_pairs_sort(&reader->pairs[role]);
		reader->pairs[role].next = 0;
		if (reader->pairs[role].failed)
			return false;
	}
	return true;
}

/* The first pair of this owner, among sorted ones. */
static size_t first_pair(const struct mw_pairs *pairs, uint32_t owner)
{
	size_t low = 0, high = pairs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pairs->items[middle] >> 32 < owner)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct mw_ids mw_ldap_members(struct mw_ldap_reader *reader, uint32_t number)
{
	const struct mw_pairs *pairs = &reader->pairs[MW_LDAP_MEMBER];
	size_t from = first_pair(pairs, pair_number(number)), count = 0;
	uint32_t *ids;

	while (from + count < pairs->count && pairs->items[from + count] >> 32 == pair_number(number))
		count++;
	ids = MW_ARENA_ARRAY(reader->arena, uint32_t, count + 1);
	for (size_t i = 0; ids != NULL && i < count; i++)
		ids[i] = (uint32_t)pairs->items[from + i] - 1;
	return (struct mw_ids){ ids, ids == NULL ? 0 : count };
}

/* --- groups without an address: they stay where somebody with an address needs them */

struct wanting {
	struct mw_ldap_reader *reader;
	uint32_t *stack;
	size_t count;
};

static void want(struct wanting *wanting, uint64_t pair)
{
	uint32_t number = (uint32_t)pair - 1;
	struct mw_ldap_read_entry *entry = &wanting->reader->entries[number];

	if (!entry->nameless || entry->wanted)
		return;
	entry->wanted = true;
	wanting->stack[wanting->count++] = number;
}

static bool find_wanted(struct mw_ldap_reader *reader)
{
	struct wanting wanting = { reader, calloc(reader->entry_count + 1, sizeof(uint32_t)), 0 };
	const struct mw_pairs *members = &reader->pairs[MW_LDAP_MEMBER];

	if (wanting.stack == NULL)
		return false;
	for (int role = 0; role < MW_LDAP_ROLE_COUNT; role++)
		for (size_t i = 0; i < reader->pairs[role].count; i++)
			if (!reader->entries[(reader->pairs[role].items[i] >> 32) - 1].nameless)
				want(&wanting, reader->pairs[role].items[i]);
	while (wanting.count > 0) {
		uint32_t owner = pair_number(wanting.stack[--wanting.count]);

		for (size_t i = first_pair(members, owner); i < members->count && members->items[i] >> 32 == owner;
		     i++)
			want(&wanting, members->items[i]);
	}
	free(wanting.stack);
	return true;
}

static bool stays(const struct mw_ldap_read_entry *entry)
{
	return entry->record != SIZE_MAX && !entry->again && (!entry->nameless || entry->wanted);
}

/* --- into the records */

static struct mw_str name_of(struct mw_ldap_reader *reader, uint64_t pair)
{
	return mw_ldap_record(reader, (uint32_t)pair - 1)->principal.name;
}

/* Adds the names of a role's pairs to the lists of their owners. */
static void fill_lists(struct mw_ldap_reader *reader, enum mw_ldap_role role, size_t field)
{
	const struct mw_pairs *pairs = &reader->pairs[role];
	size_t end;

	for (size_t from = 0; from < pairs->count; from = end) {
		uint32_t owner = (uint32_t)(pairs->items[from] >> 32);
		struct mw_record *record = mw_ldap_record(reader, owner - 1);
		struct mw_strs *list = (void *)((char *)record + field);
		struct mw_str *items;

		for (end = from; end < pairs->count && pairs->items[end] >> 32 == owner; end++)
			;
		items = MW_ARENA_ARRAY(reader->records->arena, struct mw_str, list->count + (end - from));
		if (items == NULL)
			return;
		if (list->count > 0)
			memcpy(items, list->items, list->count * sizeof(items[0]));
		for (size_t i = from; i < end; i++)
			items[list->count++] = name_of(reader, pairs->items[i]);
		list->items = items;
	}
}

/* What an earlier reading of the entry said of grants by addresses. */
static void drop_grants_of(struct mw_records *records, struct mw_origin origin)
{
	size_t count = 0;

	for (size_t i = 0; i < records->grant_count; i++)
		if (mw_origin_compare(records->grants[i].origin, origin) != 0)
			records->grants[count++] = records->grants[i];
	records->grant_count = count;
}

static void drop_grants_read_again(struct mw_ldap_reader *reader)
{
	for (size_t i = 0; i < reader->entry_count; i++)
		if (reader->entries[i].again && reader->entries[i].record != SIZE_MAX)
			drop_grants_of(reader->records, reader->records->items[reader->entries[i].record].origin);
}

static void add_grants(struct mw_ldap_reader *reader, enum mw_ldap_role role)
{
	const struct mw_pairs *pairs = &reader->pairs[role];

	for (size_t i = 0; i < pairs->count; i++) {
		uint32_t owner = (uint32_t)(pairs->items[i] >> 32) - 1;
		const struct mw_record *record = mw_ldap_record(reader, owner);
		struct mw_grant_record grant = {
			.origin = record->origin,
			.identity = record->principal.name,
			.on_behalf = role == MW_LDAP_SEND_ON_BEHALF,
			.trustee = name_of(reader, pairs->items[i]),
		};

		if (!reader->entries[owner].nameless)
			mw_records_add_grant(reader->records, &grant);
	}
}

/* Leaves the records that stay, in their order. */
static void drop_records(struct mw_ldap_reader *reader)
{
	struct mw_records *records = reader->records;
	size_t count = reader->first_record;

	for (size_t i = 0; i < reader->entry_count; i++) {
		size_t record = reader->entries[i].record;

		if (stays(&reader->entries[i]))
			records->items[count++] = records->items[record];
		else if (record != SIZE_MAX && mw_str_empty(records->items[record].principal.name))
			records->unnamed_keyed--;
	}
	records->count = count;
}

bool mw_ldap_resolve(struct mw_ldap_reader *reader, struct mw_buf *why)
{
	for (size_t i = 0; i <= MW_LDAP_BY_COUNT; i++)
		sort_table(&reader->tables[i]);
	find_again(reader, &reader->tables[MW_LDAP_IDENTITY]);
	for (size_t i = 0; i <= MW_LDAP_BY_COUNT; i++)
		drop_again(reader, &reader->tables[i]);
	drop_grants_read_again(reader);
	resolve_references(reader);
	if (!sort_pairs(reader) || (reader->flavour->end != NULL && !reader->flavour->end(reader, why)) ||
	    !sort_pairs(reader) || !find_wanted(reader) || reader->failed) {
		if (why->used == 0)
			mw_buf_add_text(why, "out of memory");
		return false;
	}
	fill_lists(reader, MW_LDAP_MEMBER, offsetof(struct mw_record, members));
	fill_lists(reader, MW_LDAP_SENDERS, offsetof(struct mw_record, senders_list));
	fill_lists(reader, MW_LDAP_SENDERS_DENIED, offsetof(struct mw_record, senders_denied));
	add_grants(reader, MW_LDAP_SEND_AS);
	add_grants(reader, MW_LDAP_SEND_ON_BEHALF);
	drop_records(reader);
	return true;
}

void mw_ldap_resolve_deinit(struct mw_ldap_reader *reader)
{
	for (size_t i = 0; i <= MW_LDAP_BY_COUNT; i++)
		free(reader->tables[i].items);
	for (int role = 0; role < MW_LDAP_ROLE_COUNT; role++)
		mw_pairs_deinit(&reader->pairs[role]);
	free(reader->references);
	free(reader->entries);
}

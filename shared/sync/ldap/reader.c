/* SPDX-License-Identifier: MIT */
#include "sync/ldap/reader.h"

#include <stdlib.h>
#include <xxhash.h>

#include "mail/address.h"
#include "sync/ldap/dn.h"
#include "sync/record/key_source.h"
#include "sync/record/row.h"
#include "sync/text/name.h"

const char *mw_ldap_kind_word(enum mw_ldap_kind kind)
{
	return kind == MW_LDAP_USERS ? "users" : "groups";
}

struct mw_str mw_ldap_base(const struct mw_ldap_reader *reader, enum mw_ldap_kind kind)
{
	const struct mw_source_ldap *ldap = &reader->source->ldap;

	return mw_str_empty(ldap->kinds[kind].base) ? ldap->base : ldap->kinds[kind].base;
}

const char *mw_ldap_filter(const struct mw_ldap_reader *reader, enum mw_ldap_kind kind)
{
	struct mw_str own = reader->source->ldap.kinds[kind].filter;

	return mw_str_empty(own) ? reader->flavour->filters[kind] : mw_arena_text(reader->arena, own);
}

/* --- tables */

/* Room for one more; false when memory is out. */
static bool grow(struct mw_ldap_reader *reader, void **items, size_t count, size_t *size, size_t item)
{
	size_t more = *size + *size / 2 + 256;
	void *larger;

	if (count < *size)
		return true;
	larger = reallocarray(*items, more, item);
	if (larger == NULL) {
		reader->failed = true;
		return false;
	}
	*items = larger;
	*size = more;
	return true;
}

static void add_called(struct mw_ldap_reader *reader, size_t number, struct mw_str text)
{
	struct mw_ldap_table *table = &reader->tables[number];
	void *items = table->items;

	if (!grow(reader, &items, table->count, &table->size, sizeof(table->items[0])))
		return;
	table->items = items;
	table->items[table->count++] = (struct mw_ldap_called){
		.text = mw_arena_copy(reader->arena, text),
		.number = mw_ldap_number(reader),
	};
}

bool mw_ldap_canonical(enum mw_ldap_by by, struct mw_str value, struct mw_buf *out)
{
	struct mw_address address;
	size_t len = 0;

	mw_buf_reset(out);
	if (by == MW_LDAP_BY_DN)
		return mw_ldap_dn_canonical(value, out);
	if (by == MW_LDAP_BY_UID) {
		if (!mw_login_canonical(value, out->data, out->size, &len))
			return false;
		out->used = len;
		return true;
	}
	if (mw_address_parse(value, &address) != MW_ADDRESS_MAILBOX || mw_text_name_refused(address.whole) != '\0')
		return false;
	mw_buf_add(out, address.whole);
	return !out->truncated;
}

void mw_ldap_called(struct mw_ldap_reader *reader, enum mw_ldap_by by, struct mw_str value)
{
	char memory[2 * MW_LDAP_DN_MAX];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (mw_ldap_canonical(by, value, &text))
		add_called(reader, by, mw_buf_str(&text));
}

static void refer(struct mw_ldap_reader *reader, enum mw_ldap_role role, enum mw_ldap_by by, struct mw_str value,
		  bool turned)
{
	char memory[2 * MW_LDAP_DN_MAX];
	struct mw_buf text = MW_BUF_OVER(memory);
	void *items = reader->references;

	if (!mw_ldap_canonical(by, value, &text))
		mw_buf_reset(&text);
	if (!grow(reader, &items, reader->reference_count, &reader->reference_size, sizeof(reader->references[0])))
		return;
	reader->references = items;
	reader->references[reader->reference_count++] = (struct mw_ldap_reference){
		.number = mw_ldap_number(reader),
		.role = (uint8_t)role,
		.by = (uint8_t)by,
		.turned = turned,
		.text = mw_arena_copy(reader->arena, mw_buf_str(&text)),
	};
}

void mw_ldap_refer(struct mw_ldap_reader *reader, enum mw_ldap_role role, enum mw_ldap_by by, struct mw_str value)
{
	refer(reader, role, by, value, false);
}

void mw_ldap_count(struct mw_ldap_reader *reader, const char *what)
{
	mw_ldap_count_from(reader, what, MW_STR_EMPTY);
}

void mw_ldap_count_from(struct mw_ldap_reader *reader, const char *what, struct mw_str which)
{
	for (size_t i = 0; i < MW_LDAP_COUNTED_MAX; i++) {
		if (reader->counted[i].what == NULL)
			reader->counted[i].what = what;
		if (reader->counted[i].what == what && reader->counted[i].count == 0)
			reader->counted[i].first = mw_arena_copy(reader->arena, which);
		if (strcmp(reader->counted[i].what, what) == 0) {
			reader->counted[i].count++;
			return;
		}
	}
}

struct mw_reading *mw_ldap_reading(struct mw_ldap_reader *reader)
{
	return &reader->reading;
}

const struct mw_source *mw_ldap_source(const struct mw_ldap_reader *reader)
{
	return reader->source;
}

void **mw_ldap_data(struct mw_ldap_reader *reader)
{
	return &reader->data;
}

uint32_t mw_ldap_number(const struct mw_ldap_reader *reader)
{
	return (uint32_t)reader->entry_count;
}

/* --- values of lists */

/* The list has room for this many, as it doubles. */
static size_t room_of(size_t count)
{
	size_t room = 1;

	while (room < count)
		room *= 2;
	return count == 0 ? 0 : room;
}

/* `more`: how many values more there may be. */
static struct mw_str *list_with_room(struct mw_ldap_reader *reader, struct mw_strs *list, size_t more)
{
	struct mw_str *items;

	if (room_of(list->count + more) == room_of(list->count))
		return (struct mw_str *)(uintptr_t)list->items;
	items = MW_ARENA_ARRAY(reader->records->arena, struct mw_str, room_of(list->count + more));
	if (items == NULL)
		return NULL;
	if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(items[0]));
	list->items = items;
	return items;
}

static void add_values(struct mw_ldap_reader *reader, struct mw_record *record, const char *word,
		       const struct mw_str *values, size_t count)
{
	enum mw_row kind = mw_row_of(record->principal.kind);
	const struct mw_record_key *key = mw_record_key_find(kind, mw_str(word));
	struct mw_strs *list = key == NULL ? NULL : mw_record_key_field(key, record);
	struct mw_str *items = list == NULL || count == 0 ? NULL : list_with_room(reader, list, count);

	for (size_t i = 0; items != NULL && i < count; i++)
		if (values[i].len > 0 && mw_row_is_text(&reader->reading, mw_str(word), values[i]) &&
		    key->read_item(&reader->reading, values[i], &items[list->count]))
			list->count++;
}

static void add_mail_values(struct mw_ldap_reader *reader, struct mw_record *record, const char *word,
			    const struct mw_str *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct mw_str value = values[i];

		if (mw_ldap_is_mail(reader, &value))
			add_values(reader, record, word, &value, 1);
	}
}

void mw_ldap_add_value(struct mw_ldap_reader *reader, struct mw_record *record, const char *key, struct mw_str value)
{
	add_values(reader, record, key, &value, 1);
}

/* --- users and groups that are named */

/* uniqueMember: a DN that a number of bits may follow, as #'0101'B (RFC 4517, 3.3.21). */
static struct mw_str without_bits(const char *attribute, struct mw_str value)
{
	size_t hash = mw_str_find_last(value, '#');

	if (mw_str_equal_nocase(mw_str(attribute), MW_STR("uniqueMember")) && mw_str_ends_with(value, MW_STR("'B")) &&
	    mw_str_starts_with(mw_str_tail(value, hash), MW_STR("#'")))
		return mw_str_head(value, hash);
	return value;
}

/* An address goes into the record, whosever it is: it may be another source's. */
static void refer_by_address(struct mw_ldap_reader *reader, struct mw_record *record, enum mw_ldap_role role,
			     struct mw_str value)
{
	static const char *const keys[] = {
		[MW_LDAP_MEMBER] = "member",
		[MW_LDAP_SENDERS] = "senders",
		[MW_LDAP_SENDERS_DENIED] = "senders_denied",
	};

	switch (role) {
	case MW_LDAP_MEMBER:
	case MW_LDAP_SENDERS:
	case MW_LDAP_SENDERS_DENIED: add_values(reader, record, keys[role], &value, 1); break;
	case MW_LDAP_SEND_AS:
	case MW_LDAP_SEND_ON_BEHALF:
		if (!mw_str_empty(record->principal.name))
			mw_grant_read(&reader->reading,
				      role == MW_LDAP_SEND_AS ? MW_STR("send-as") : MW_STR("send-on-behalf"),
				      record->principal.name, value, MW_STR_EMPTY);
		break;
	case MW_LDAP_MEMBER_OF:
		mw_ldap_refer(reader, role, MW_LDAP_BY_ADDRESS, value);
		break;
	}
}

/* Its values are uids, whatever they look like. resolve.c takes one that is nobody's for an address. */
static bool is_uid(const struct mw_ldap_mapping *mapping)
{
	return mapping->role == MW_LDAP_MEMBER && mw_str_equal_nocase(mw_str(mapping->attribute), MW_STR("memberUid"));
}

static void read_references(struct mw_ldap_reader *reader, const struct mw_ldap_mapping *mapping,
			    struct mw_record *record, const struct mw_ldap_attribute *attribute)
{
	for (size_t i = 0; i < attribute->count; i++) {
		struct mw_str value = without_bits(mapping->attribute, attribute->values[i]);

		if (!mw_row_is_text(&reader->reading, mw_str(mapping->attribute), value))
			continue;
		if (mw_ldap_is_dn(value))
			mw_ldap_refer(reader, mapping->role, MW_LDAP_BY_DN, value);
		else if (mw_str_find(value, '@') < value.len && !is_uid(mapping))
			refer_by_address(reader, record, mapping->role, value);
		else
			mw_ldap_refer(reader, mapping->role, MW_LDAP_BY_UID, value);
	}
}

/* A list without anybody left is nobody: as whom nobody of the source is may be anybody elsewhere. */
static void read_senders(struct mw_ldap_reader *reader, const struct mw_ldap_mapping *mapping,
			 struct mw_record *record, const struct mw_ldap_attribute *attribute, uint64_t *seen)
{
	static const char *const words[] = { "anyone", "authenticated", "members", "nobody" };

	for (size_t i = 0; attribute->count == 1 && i < sizeof(words) / sizeof(words[0]); i++) {
		if (mw_str_equal_nocase(attribute->values[0], mw_str(words[i]))) {
			mw_record_read(&reader->reading, record, MW_STR("senders"), attribute->values[0], seen);
			return;
		}
	}
	record->principal.senders = MW_SENDERS_LIST;
	read_references(reader, mapping, record, attribute);
}

/* The entry may send as others: an address, "*@domain" or a DN. */
static void read_identities(struct mw_ldap_reader *reader, const struct mw_ldap_mapping *mapping,
			    struct mw_record *record, const struct mw_ldap_attribute *attribute)
{
	struct mw_str kind = mapping->role == MW_LDAP_SEND_AS ? MW_STR("send-as") : MW_STR("send-on-behalf");

	for (size_t i = 0; i < attribute->count; i++) {
		struct mw_str value = attribute->values[i];

		if (!mw_row_is_text(&reader->reading, mw_str(mapping->attribute), value))
			continue;
		if (mw_ldap_is_dn(value))
			refer(reader, mapping->role, MW_LDAP_BY_DN, value, true);
		else if (!mw_str_empty(record->principal.name))
			mw_grant_read(&reader->reading, kind, value, record->principal.name, MW_STR_EMPTY);
	}
}

/* --- one entry */

/* Of the attributes for a name the first that has an address gives it; more values are addresses. */
static bool read_name(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record)
{
	const struct mw_ldap_attribute *attribute;
	struct mw_str value;
	size_t at;
	bool good;

	attribute = mw_ldap_find_name(&reader->maps[reader->kind], entry, &at);
	if (attribute == NULL)
		return true;
	value = attribute->values[at];
	(void)mw_ldap_is_mail(NULL, &value);
	good = mw_row_is_text(&reader->reading, attribute->name, value) &&
	       mw_read_own_address(&reader->reading, value, &record->principal.name);
	add_mail_values(reader, record, "address", attribute->values, at);
	add_mail_values(reader, record, "address", attribute->values + at + 1, attribute->count - at - 1);
	return good;
}

static void read_value(struct mw_ldap_reader *reader, const struct mw_ldap_mapping *mapping, struct mw_record *record,
		       const struct mw_ldap_attribute *attribute, uint64_t *seen)
{
	switch (mapping->use) {
	case MW_LDAP_USE_NAME: break;
	case MW_LDAP_USE_KEY:
	case MW_LDAP_USE_TEST: break;
	case MW_LDAP_USE_LIST:
		if (strcmp(mapping->key, "login") == 0)
			add_values(reader, record, mapping->key, attribute->values, attribute->count);
		else
			add_mail_values(reader, record, mapping->key, attribute->values, attribute->count);
		break;
	case MW_LDAP_USE_REFERENCE: read_references(reader, mapping, record, attribute); break;
	case MW_LDAP_USE_SENDERS: read_senders(reader, mapping, record, attribute, seen); break;
	case MW_LDAP_USE_IDENTITY: read_identities(reader, mapping, record, attribute); break;
	case MW_LDAP_USE_VALUE:
		for (size_t i = 0; i < attribute->count; i++)
			if (mw_row_is_text(&reader->reading, mw_str(mapping->key), attribute->values[i]))
				mw_record_read(&reader->reading, record, mw_str(mapping->key), attribute->values[i],
					       seen);
		break;
	}
}

/* A group without an address has a name that no mail reaches: it may be a member, or have a grant. Another source may
   have a group of the same DN. */
static struct mw_str make_name(const struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry)
{
	char dn[MW_LDAP_DN_MAX * 2], name[128];
	struct mw_buf text = MW_BUF_OVER(dn), out = MW_BUF_OVER(name);
	const struct mw_str source = reader->source->name;
	XXH64_hash_t seed = XXH3_64bits(source.ptr, source.len);
	struct mw_str first = mw_str_tail(entry->dn, mw_str_find(entry->dn, '=') + 1);

	if (!mw_ldap_dn_canonical(entry->dn, &text))
		mw_buf_add(&text, entry->dn);
	first = mw_str_head(first, mw_str_find(first, ','));
	for (size_t i = 0; i < first.len && i < 40; i++) {
		char c = first.ptr[i] >= 'A' && first.ptr[i] <= 'Z' ? (char)(first.ptr[i] | 0x20) : first.ptr[i];

		mw_buf_add_char(&out, (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-');
	}
	mw_buf_printf(&out, ".%016llx@" MW_NAMELESS_DOMAIN,
		      (unsigned long long)XXH3_64bits_withSeed(text.data, text.used, seed));
	return mw_arena_copy(reader->records->arena, mw_buf_str(&out));
}

static void call_by_addresses(struct mw_ldap_reader *reader, const struct mw_record *group)
{
	mw_ldap_called(reader, MW_LDAP_BY_ADDRESS, group->principal.name);
	for (size_t i = 0; i < group->addresses.count; i++)
		mw_ldap_called(reader, MW_LDAP_BY_ADDRESS, group->addresses.items[i]);
}

static void add_entry(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record,
		      bool readable)
{
	void *entries = reader->entries;
	size_t before = reader->records->count;
	bool named = !mw_str_empty(record->principal.name),
	     nameless = !named && reader->kind == MW_LDAP_GROUPS && readable;

	if (!grow(reader, &entries, reader->entry_count, &reader->entry_size, sizeof(reader->entries[0])))
		return;
	reader->entries = entries;
	if (nameless)
		record->principal.name = make_name(reader, entry);
	else if (reader->kind == MW_LDAP_GROUPS && !(readable && named))
		record->made_name = make_name(reader, entry);
	/* A user without an address has no mail here: that is no fault of the entry. */
	if (!named && readable && reader->kind == MW_LDAP_USERS)
		reader->unnamed_users++;
	else
		mw_record_end(&reader->reading, record, readable && (named || nameless));
	if (named && reader->kind == MW_LDAP_GROUPS)
		call_by_addresses(reader, record);
	reader->named_of_kind += named;
	reader->entries[reader->entry_count++] = (struct mw_ldap_read_entry){
		.record = reader->records->count > before ? before : SIZE_MAX,
		.group = reader->kind == MW_LDAP_GROUPS,
		.absent = !named && readable && reader->kind == MW_LDAP_USERS,
		.nameless = nameless,
	};
}

static const char *written_key(const struct mw_ldap_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->items[i].use == MW_LDAP_USE_KEY)
			return map->items[i].attribute;
	return NULL;
}

/* What an entry is, whatever it is called: the value that the server gives it, or its DN. An attribute that the policy
   names is no such value: two entries may have the same. */
static void add_identity(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry)
{
	const char *name = reader->flavour->key;
	struct mw_str own = name == NULL ? MW_STR_EMPTY : mw_ldap_value(entry, name);
	char memory[2 * MW_LDAP_DN_MAX];
	struct mw_buf dn = MW_BUF_OVER(memory);

	if (!mw_str_empty(own))
		add_called(reader, MW_LDAP_IDENTITY, own);
	else if (mw_ldap_canonical(MW_LDAP_BY_DN, entry->dn, &dn))
		add_called(reader, MW_LDAP_IDENTITY, mw_buf_str(&dn));
}

/* Octets of a GUID, and any others that no key is written in, are written in hex. */
static void read_key(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record,
		     uint64_t *seen)
{
	const char *written = written_key(&reader->maps[reader->kind]);
	const char *name = written != NULL ? written : reader->flavour->key;
	struct mw_str value = name == NULL ? MW_STR_EMPTY : mw_ldap_value(entry, name);
	char memory[2 * MW_SOURCE_KEY_MAX];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (mw_str_empty(value))
		return;
	if ((reader->flavour->binary_key && mw_str_equal_nocase(mw_str(name), mw_str(reader->flavour->key))) ||
	    !mw_source_key_is_usual(value)) {
		for (size_t i = 0; i < value.len; i++)
			mw_buf_printf(&text, "%02x", (unsigned char)value.ptr[i]);
		value = mw_buf_str(&text);
	}
	mw_record_read(&reader->reading, record, MW_STR("source_key"), value, seen);
}

void mw_ldap_read_one(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry)
{
	const struct mw_ldap_map *map = &reader->maps[reader->kind];
	struct mw_record record;
	uint64_t seen = 0;
	bool readable;

	reader->entries_of_kind++;
	if (reader->entry_count >= MW_LDAP_NOBODY - 1) {
		reader->failed = true;
		return;
	}
	reader->reading.origin.line++;
	reader->reading.bad = NULL;
	reader->reading.entry = mw_str_head(entry->dn, 500);
	mw_record_begin(&reader->reading, reader->kind == MW_LDAP_USERS ? MW_USER : MW_GROUP, &record);
	mw_ldap_called(reader, MW_LDAP_BY_DN, entry->dn);
	add_identity(reader, entry);
	read_key(reader, entry, &record, &seen);
	readable = read_name(reader, entry, &record);
	for (size_t i = 0; i < map->count; i++) {
		const struct mw_ldap_attribute *attribute = mw_ldap_attribute(entry, map->items[i].attribute);

		if (attribute != NULL)
			read_value(reader, &map->items[i], &record, attribute, &seen);
	}
	if (reader->flavour->entry != NULL && !reader->flavour->entry(reader, entry, &record))
		readable = false;
	mw_ldap_services_hold(reader, entry, &record);
	add_entry(reader, entry, &record, readable);
	reader->reading.entry = MW_STR_EMPTY;
}

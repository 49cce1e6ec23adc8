/* SPDX-License-Identifier: MIT */
/* Entries of an LDAP server as text: "DN", then lines "ATTRIBUTE:VALUE", then an empty line; two empty ones are
   followed by groups. Invariant: a DN's canonical form is the same when it is read again; whatever entries say, what
   is wrong with one is a bad record, and the source's content can be put together. */
#include <stdint.h>
#include <stdlib.h>

#include "sync/expand/expand.h"
#include "sync/ldap/dn.h"
#include "sync/ldap/reader.h"
#include "sync/merge/merge.h"

#define VALUES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_dn(struct mw_str text)
{
	static char once_memory[4 * MW_LDAP_DN_MAX], twice_memory[4 * MW_LDAP_DN_MAX];
	struct mw_buf once = MW_BUF_OVER(once_memory), twice = MW_BUF_OVER(twice_memory);

	if (!mw_ldap_dn_canonical(text, &once) || once.used > MW_LDAP_DN_MAX / 4)
		return;
	must(mw_ldap_dn_canonical(mw_buf_str(&once), &twice));
	must(mw_str_equal(mw_buf_str(&once), mw_buf_str(&twice)));
	must(mw_ldap_dn_is_below(mw_buf_str(&once), mw_buf_str(&twice)));
}

static void read_entry(struct mw_ldap_reader *reader, struct mw_str text)
{
	struct mw_ldap_attribute attributes[VALUES_MAX];
	struct mw_str values[VALUES_MAX], line;
	struct mw_ldap_entry entry = { .attributes = attributes };

	mw_str_split(&text, '\n', &entry.dn);
	check_dn(entry.dn);
	while (entry.count < VALUES_MAX && mw_str_split(&text, '\n', &line)) {
		size_t colon = mw_str_find(line, ':'), number = entry.count++;

		values[number] = mw_str_tail(line, colon + 1);
		attributes[number] = (struct mw_ldap_attribute){ mw_str_head(line, colon), &values[number], 1 };
		check_dn(values[number]);
	}
	mw_ldap_read_one(reader, &entry);
}

/* The entries up to two empty lines, or the end. */
static void read_kind(struct mw_ldap_reader *reader, enum mw_ldap_kind kind, struct mw_str *rest)
{
	reader->kind = kind;
	mw_reading_begin(&reader->reading, reader->records, mw_ldap_kind_word(kind), reader->default_domain);
	while (rest->len > 0 && rest->ptr[0] != '\n') {
		size_t end = mw_str_find_text(*rest, "\n\n");

		read_entry(reader, mw_str_head(*rest, end));
		*rest = mw_str_tail(*rest, end + 2);
	}
	*rest = mw_str_tail(*rest, 1);
}

static void read_all(struct mw_ldap_reader *reader, struct mw_str text)
{
	char memory[256];
	struct mw_buf why = MW_BUF_OVER(memory), expected = MW_BUF_OVER(memory);

	for (int kind = 0; kind < MW_LDAP_KIND_COUNT; kind++)
		must(mw_ldap_map_init(reader, (enum mw_ldap_kind)kind, &why, &expected));
	read_kind(reader, MW_LDAP_USERS, &text);
	read_kind(reader, MW_LDAP_GROUPS, &text);
	must(mw_ldap_resolve(reader, &why));
	mw_ldap_resolve_deinit(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {
		"senders=senders", "send_as=sendAs", "send_as_identity=identity", "imap=imap", "networks=networks",
		"member_of=memberOf",
	};
	struct mw_str users[sizeof(keys) / sizeof(keys[0])];
	static const bool lenient[] = { true };
	const struct mw_source source = { .name = MW_STR("x"), .ldap = { .kinds = { [MW_LDAP_USERS] = { .attributes = {
		users, sizeof(users) / sizeof(users[0]) } } } } };
	struct mw_errors *errors = mw_errors_new(50), *reports = mw_errors_new(50);
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_records records;
	struct mw_ldap_reader reader = {
		.records = &records, .source = &source, .default_domain = MW_STR("example.org"),
		.flavour = &mw_ldap_openldap, .arena = arena,
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		users[i] = mw_str(keys[i]);
	mw_records_init(&records, arena, errors);
	records.login_domain = MW_STR("example.org");
	records.reports = reports;
	records.lenient = lenient;
	read_all(&reader, (struct mw_str){ (const char *)data, size });
	must(mw_merge(&records));
	must(mw_expand(&records) != NULL);
	mw_records_deinit(&records);
	mw_errors_free(errors);
	mw_errors_free(reports);
	mw_arena_free(arena);
	return 0;
}

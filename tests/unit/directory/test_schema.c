/* SPDX-License-Identifier: MIT */
#include "directory_support.h"

#include "directory/schema.h"

START_TEST(keys_are_multiples_of_four_and_distinct)
{
	char text[300];
	struct mw_key key, other;

	memset(text, 'x', sizeof(text));
	for (size_t len = 1; len <= MW_KEY_TEXT_MAX; len++) {
		ck_assert(mw_key_text(MW_KEY_LOGIN, (struct mw_str){ text, len }, &key));
		ck_assert_uint_eq(key.len % 4, 0);
		ck_assert(key.len > len && key.len <= sizeof(key.bytes));
		ck_assert_int_eq(key.bytes[0], 'l');
	}
	ck_assert(!mw_key_text(MW_KEY_LOGIN, (struct mw_str){ text, MW_KEY_TEXT_MAX + 1 }, &key));
	ck_assert(!mw_key_text(MW_KEY_LOGIN, MW_STR_EMPTY, &key));
	ck_assert(!mw_key_text(MW_KEY_LOGIN, MW_STR("a\0b"), &key));
	mw_key_number(MW_KEY_PRINCIPAL, 1, &key);
	mw_key_number(MW_KEY_PRINCIPAL, 256, &other);
	ck_assert(key.len == 8 && other.len == 8 && memcmp(key.bytes, other.bytes, 8) < 0);
}
END_TEST

static const uint32_t many[] = { 1, 2, 3, 70000, UINT32_MAX };
static const struct mw_ending ends[] = { { 4, 20000 }, { 70000, UINT32_MAX } };
static const struct mw_principal principals[] = {
	{ .id = 7, .kind = MW_USER, .name = { "bob@example.test", 16 }, .imap = true, .message_rate_limit = MW_NOT_SET,
	  .recipient_rate_limit = MW_UNLIMITED, .max_message_size = 1, .max_recipients = 0 },
	{ .id = 8, .kind = MW_GROUP, .name = { "g@e.test", 8 }, .senders = MW_SENDERS_LIST, .senders_list = { many, 5 },
	  .senders_denied = { many, 2 }, .groups = { many, 1 },
	  .grants = { { many, 3 }, { many, 2 }, { ends, 2 }, { ends, 1 } } },
	{ .id = 9, .kind = MW_USER, .name = { "x", 1 }, .pop3 = true, .sieve = true, .smtp = true, .relay = true,
	  .senders = MW_SENDERS_MEMBERS },
};

static bool same_ids(struct mw_ids a, struct mw_ids b)
{
	return a.count == b.count && (a.count == 0 || memcmp(a.items, b.items, a.count * sizeof(a.items[0])) == 0);
}

static bool same_endings(struct mw_endings a, struct mw_endings b)
{
	return a.count == b.count && (a.count == 0 || memcmp(a.items, b.items, a.count * sizeof(a.items[0])) == 0);
}

static bool same_grants(const struct mw_grants *a, const struct mw_grants *b)
{
	return same_ids(a->send_as, b->send_as) && same_ids(a->send_on_behalf, b->send_on_behalf) &&
	       same_endings(a->send_as_until, b->send_as_until) &&
	       same_endings(a->send_on_behalf_until, b->send_on_behalf_until);
}

START_TEST(a_principal_reads_back_as_it_was_written)
{
	const struct mw_principal *p = &principals[_i];
	uint32_t memory[100];
	struct mw_value value = { memory, mw_value_principal_size(p) };
	struct mw_principal back;
	uint64_t fingerprint;

	ck_assert_uint_eq(value.size % 4, 0);
	mw_value_principal_write(p, 0x1234567890abcdef, memory);
	ck_assert(mw_value_principal_read(value, p->id, &back, &fingerprint));
	ck_assert(fingerprint == 0x1234567890abcdef && back.id == p->id && back.kind == p->kind);
	ck_assert_slice(back.name, p->name);
	ck_assert(back.imap == p->imap && back.pop3 == p->pop3 && back.sieve == p->sieve && back.smtp == p->smtp &&
		  back.relay == p->relay && back.senders == p->senders);
	ck_assert(!back.suspended_login && !back.suspended_sending);
	ck_assert(back.message_rate_limit == p->message_rate_limit && back.max_recipients == p->max_recipients &&
		  back.recipient_rate_limit == p->recipient_rate_limit && back.max_message_size == p->max_message_size);
	ck_assert(same_ids(back.groups, p->groups) && same_ids(back.senders_list, p->senders_list) &&
		  same_ids(back.senders_denied, p->senders_denied) &&
		  same_grants(&back.grants, &p->grants));
}
END_TEST

START_TEST(networks_read_back_as_they_were_written)
{
	static const struct mw_range ranges[] = {
		{ { MW_FAMILY_IPV4, { 10 } }, { MW_FAMILY_IPV4, { 10, 255, 255, 255 } } },
		{ { MW_FAMILY_IPV6, { 0x20, 1 } }, { MW_FAMILY_IPV6, { 0x20, 2 } } },
	};
	const struct mw_networks networks = { { { ranges, 2 }, { NULL, 0 }, { ranges, 1 }, { ranges + 1, 1 } } };
	uint32_t memory[60];
	struct mw_value value = { memory, mw_value_networks_size(&networks) };
	struct mw_networks back;
	size_t whole = value.size;

	mw_value_networks_write(&networks, memory);
	ck_assert(mw_value_networks_read(value, &back));
	for (size_t i = 0; i < MW_SERVICE_COUNT; i++) {
		ck_assert_uint_eq(back.of[i].count, networks.of[i].count);
		for (size_t j = 0; j < back.of[i].count; j++)
			ck_assert(memcmp(&back.of[i].items[j], &networks.of[i].items[j], sizeof(ranges[0])) == 0);
	}
	for (value.size = 0; value.size < whole + 4; value.size++)
		ck_assert(value.size == whole || !mw_value_networks_read(value, &back));
	value.size = whole;
	memory[1] = UINT32_MAX;
	ck_assert(!mw_value_networks_read(value, &back));
}
END_TEST

/* Every length but the right one, and every count too large, is none. */
START_TEST(a_value_that_is_damaged_is_none)
{
	const struct mw_principal *p = &principals[1];
	uint32_t memory[100];
	struct mw_value value = { memory, mw_value_principal_size(p) };
	const struct mw_grants written = { { many, 5 }, { many, 2 }, { ends, 1 }, { ends, 2 } };
	struct mw_grants grants;
	struct mw_principal back;
	size_t whole = value.size;

	mw_value_principal_write(p, 0, memory);
	for (value.size = 0; value.size < whole + 4; value.size++)
		ck_assert(value.size == whole || !mw_value_principal_read(value, 1, &back, NULL));
	value.size = whole;
	for (size_t word = 1; word < 12; word++) {
		uint32_t before = memory[word];

		if (word == 6 || word == 7) /* which networks, and nothing */
			continue;
		memory[word] = UINT32_MAX;
		ck_assert(!mw_value_principal_read(value, 1, &back, NULL));
		memory[word] = before;
	}
	whole = mw_value_grants_size(&written);
	mw_value_grants_write(&written, memory);
	for (value.size = 0; value.size < whole + 4; value.size++)
		ck_assert_int_eq(mw_value_grants_read(value, &grants), value.size == whole);
	value.size = whole;
	ck_assert(mw_value_grants_read(value, &grants) && same_grants(&grants, &written));
}
END_TEST

START_TEST(names_lead_to_ids)
{
	uint32_t memory[3] = { 0 }, id;
	enum mw_held held;

	mw_value_address_write(77, MW_HELD_PRIMARY, memory);
	ck_assert(mw_value_address_read((struct mw_value){ memory, 8 }, &id, &held) && id == 77 && held == MW_HELD_PRIMARY);
	ck_assert(!mw_value_address_read((struct mw_value){ memory, 4 }, &id, &held));
	mw_value_address_write(79, MW_HELD_RECEIVE, memory);
	ck_assert(mw_value_address_read((struct mw_value){ memory, 8 }, &id, &held) && id == 79 && held == MW_HELD_RECEIVE);
	memory[1] = MW_HELD_RECEIVE + 1;
	ck_assert(!mw_value_address_read((struct mw_value){ memory, 8 }, &id, &held));
	mw_value_login_write(78, memory);
	ck_assert(mw_value_login_read((struct mw_value){ memory, 4 }, &id) && id == 78);
	ck_assert(!mw_value_login_read((struct mw_value){ memory, 8 }, &id));
}
END_TEST

START_TEST(a_trailer_with_a_bit_changed_is_none)
{
	struct mw_trailer trailer = { .pages_octets = 4096, .users = 5 };
	unsigned char *bytes = (unsigned char *)&trailer;

	mw_trailer_seal(&trailer);
	ck_assert_ptr_null(mw_trailer_check(&trailer, 4096 + sizeof(trailer)));
	ck_assert_ptr_nonnull(mw_trailer_check(&trailer, 4097 + sizeof(trailer)));
	for (size_t i = 0; i < sizeof(trailer); i++) {
		bytes[i] ^= 0x10;
		ck_assert_ptr_nonnull(mw_trailer_check(&trailer, 4096 + sizeof(trailer)));
		bytes[i] ^= 0x10;
	}
}
END_TEST

MW_UNIT_TESTS("schema")
{
	tcase_add_test(tcase, networks_read_back_as_they_were_written);
	tcase_add_test(tcase, keys_are_multiples_of_four_and_distinct);
	MW_LOOP(tcase, a_principal_reads_back_as_it_was_written, principals);
	tcase_add_test(tcase, a_value_that_is_damaged_is_none);
	tcase_add_test(tcase, names_lead_to_ids);
	tcase_add_test(tcase, a_trailer_with_a_bit_changed_is_none);
}

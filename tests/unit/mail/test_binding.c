/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "mail/network.h"

static const struct {
	const char *text, *local;
	bool matches;
	const char *overlaps, *apart;
} bindings[] = {
	{ "*:587", "192.0.2.1", true, "192.0.2.1:587", "*:588" },
	{ "*:587", "2001:db8::1", true, "[::]:587", "[::]:588" },
	{ "0.0.0.0:587", "192.0.2.1", true, "*:587", "[::]:587" },
	{ "0.0.0.0:587", "2001:db8::1", false, "192.0.2.1:587", "[2001:db8::1]:587" },
	{ "[::]:587", "2001:db8::1", true, "[2001:db8::1]:587", "0.0.0.0:587" },
	{ "[::]:587", "192.0.2.1", false, "*:587", "192.0.2.1:587" },
	{ "192.0.2.1:587", "192.0.2.1", true, "0.0.0.0:587", "192.0.2.2:587" },
	{ "192.0.2.1:587", "192.0.2.2", false, "192.0.2.1:587", "192.0.2.1:25" },
	{ "[2001:db8::1]:587", "2001:db8::1", true, "*:587", "[2001:db8::2]:587" },
	{ "[::ffff:192.0.2.1]:587", "192.0.2.1", true, "192.0.2.1:587", "[::]:587" },
};

START_TEST(a_binding_matches_its_listener)
{
	struct mw_binding binding, other;
	struct mw_ip local, unknown = mw_ip_from_bytes(NULL, 0);
	const char *why;

	ck_assert(mw_binding_parse(mw_str(bindings[_i].text), &binding, &why));
	ck_assert_uint_eq(binding.port, 587);
	ck_assert(mw_ip_parse(mw_str(bindings[_i].local), &local));
	ck_assert_int_eq(mw_binding_matches(&binding, &local, 587), bindings[_i].matches);
	ck_assert(!mw_binding_matches(&binding, &local, 25));
	ck_assert_int_eq(mw_binding_matches(&binding, &unknown, 587), binding.kind != MW_BINDING_ADDRESS);
	ck_assert(mw_binding_parse(mw_str(bindings[_i].overlaps), &other, &why));
	ck_assert(mw_binding_overlaps(&binding, &other) && mw_binding_overlaps(&other, &binding));
	ck_assert(mw_binding_parse(mw_str(bindings[_i].apart), &other, &why));
	ck_assert(!mw_binding_overlaps(&binding, &other) && !mw_binding_overlaps(&other, &binding));
}
END_TEST

START_TEST(a_binding_is_printed_as_it_can_be_read)
{
	char memory[100];
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_binding binding, again;
	const char *why;

	ck_assert(mw_binding_parse(mw_str(bindings[_i].text), &binding, &why));
	mw_binding_print(&binding, &out);
	ck_assert(mw_binding_parse(mw_buf_str(&out), &again, &why));
	ck_assert_int_eq(again.kind, binding.kind);
	ck_assert(again.port == binding.port && (again.kind != MW_BINDING_ADDRESS || mw_ip_equal(&again.ip, &binding.ip)));
}
END_TEST

static const char *const none[] = { "", "587", ":587", "*", "*:", "*:0", "*:65536", "*:-1", "*:smtp", "2001:db8::1:587",
	"[2001:db8::1]", "[2001:db8::1]587", "mail.example.test:587", "192.0.2.1:587 ", "192.0.2.0/24:587", "[]:587" };

START_TEST(what_is_no_binding_is_told_why)
{
	struct mw_binding binding;
	const char *why = NULL;

	ck_assert(!mw_binding_parse(mw_str(none[_i]), &binding, &why));
	ck_assert_ptr_nonnull(why);
}
END_TEST

MW_UNIT_TESTS("binding")
{
	MW_LOOP(tcase, a_binding_matches_its_listener, bindings);
	MW_LOOP(tcase, a_binding_is_printed_as_it_can_be_read, bindings);
	MW_LOOP(tcase, what_is_no_binding_is_told_why, none);
}

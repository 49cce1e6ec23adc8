/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "suspend/doveadm.h"

static const struct {
	const char *name, *command; /* NULL: there is none */
} names[] = {
	{ "bob", "doveadm kick bob" },
	{ "a&id@d", "doveadm kick 'a&id@d'" },
	{ "$(id)", "doveadm kick '$(id)'" },
	{ "-a", "doveadm kick -- -a" },
	{ "o'hara", "doveadm kick 'o'\\''hara'" },
	/* Masks. */
	{ "*", NULL }, { "a*@d", NULL }, { "b?b", NULL }, { "", NULL },
	/* What inet_aton(3), inet_pton(3) and getaddrinfo(3) read. */
	{ "192.0.2.7", NULL }, { "192.0.2.0/24", NULL }, { "10.1", NULL }, { "0x7f.1", NULL }, { "0x7f000001", NULL },
	{ "10.1 x", NULL }, { "0/0", NULL }, { "::1", NULL }, { "[::1]", NULL }, { "2001:db8::/32", NULL },
	{ "fe80::1%lo", NULL },
	/* What they do not, and numbers, which doveadm takes for users. */
	{ "4711", "doveadm kick 4711" },
	{ "10.1.x", "doveadm kick 10.1.x" },
	{ "1a", "doveadm kick 1a" },
	{ "abba", "doveadm kick abba" },
	{ "7@example.org", "doveadm kick 7@example.org" },
	{ "a/b", "doveadm kick a/b" },
};

START_TEST(a_name_that_means_others_is_never_kicked)
{
	char memory[256];
	struct mw_buf out = MW_BUF_OVER(memory);
	bool told = mw_doveadm_kick(&out, mw_str(names[_i].name));

	ck_assert_msg(told == (names[_i].command != NULL), "%s", names[_i].name);
	ck_assert_str_eq(memory, told ? names[_i].command : "");
}
END_TEST

/* A name that reads as a client's address is a user to it. */
START_TEST(a_script_of_others_is_never_taken_out_of_use)
{
	char memory[256];
	struct mw_buf out = MW_BUF_OVER(memory);

	ck_assert(mw_doveadm_deactivate(&out, MW_STR("-x$(id)")));
	ck_assert_str_eq(memory, "doveadm sieve deactivate -u '-x$(id)'");
	out = (struct mw_buf)MW_BUF_OVER(memory);
	ck_assert(mw_doveadm_deactivate(&out, MW_STR("10.1")));
	ck_assert_str_eq(memory, "doveadm sieve deactivate -u 10.1");
	out = (struct mw_buf)MW_BUF_OVER(memory);
	ck_assert(!mw_doveadm_deactivate(&out, MW_STR("b*")));
	ck_assert(!mw_doveadm_deactivate(&out, MW_STR_EMPTY));
	ck_assert_str_eq(memory, "");
}
END_TEST

MW_UNIT_TESTS("doveadm")
{
	MW_LOOP(tcase, a_name_that_means_others_is_never_kicked, names);
	tcase_add_test(tcase, a_script_of_others_is_never_taken_out_of_use);
}

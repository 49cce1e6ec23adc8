/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "mail/address.h"

static const struct { const char *login, *canonical; } logins[] = {
	{ "mary", "mary" },
	{ "MARY", "mary" },
	{ "MARY@Example.Test", "mary@example.test" },
	{ "M\xc3\x84RZ", "m\xc3\xa4rz" },
	{ "ma\xcc\x88rz", "m\xc3\xa4rz" },
	{ "DOMAIN\\mary", "domain\\mary" },
	{ "%u", "%u" },
	{ "%{lua:x}", "%{lua:x}" },
	{ "*)(uid=*", "*)(uid=*" },
	{ "' or 1=1--", "' or 1=1--" },
	{ "a?b", "a?b" },
	{ "", NULL },
	{ "mary ", NULL },
	{ " mary", NULL },
	{ "mary@", NULL },
	{ "@example.test", NULL },
	{ "mary@@x", NULL },
	{ "mary@a@b", NULL },
	{ "mary\n", NULL },
	{ "ma\x01ry", NULL },
	{ "ma\xffry", NULL },
	{ "\xc2\xa0mary", NULL },
};

START_TEST(a_login_name_has_one_form)
{
	char out[MW_LOGIN_MAX + 1], again[MW_LOGIN_MAX + 1];
	size_t len, len_again;

	ck_assert_int_eq(mw_login_canonical(mw_str(logins[_i].login), out, sizeof(out), &len),
			 logins[_i].canonical != NULL);
	if (logins[_i].canonical == NULL)
		return;
	ck_assert_str_eq(out, logins[_i].canonical);
	ck_assert_uint_eq(len, strlen(out));
	ck_assert(mw_login_canonical(mw_str(out), again, sizeof(again), &len_again));
	ck_assert_str_eq(again, out);
}
END_TEST

START_TEST(a_long_login_name_is_nobodys)
{
	static char text[65536];
	char out[MW_LOGIN_MAX + 1];
	size_t len;

	memset(text, 'a', sizeof(text));
	ck_assert(mw_login_canonical((struct mw_str){ text, MW_LOGIN_MAX }, out, sizeof(out), &len));
	ck_assert(!mw_login_canonical((struct mw_str){ text, MW_LOGIN_MAX + 1 }, out, sizeof(out), &len));
	ck_assert(!mw_login_canonical((struct mw_str){ text, sizeof(text) }, out, sizeof(out), &len));
	ck_assert(!mw_login_canonical(MW_STR("ma\0ry"), out, sizeof(out), &len));
}
END_TEST

MW_UNIT_TESTS("login name")
{
	MW_LOOP(tcase, a_login_name_has_one_form, logins);
	tcase_add_test(tcase, a_long_login_name_is_nobodys);
}

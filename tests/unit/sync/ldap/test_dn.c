/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "sync/ldap/dn.h"

static const struct { const char *written, *canonical; } good[] = {
	{ "cn=a", "cn=a" },
	{ "CN=Alice Jones,OU=People,DC=Example,DC=org", "cn=alice jones,ou=people,dc=example,dc=org" },
	{ " commonName = Alice  Jones , 2.5.4.11=People ,domainComponent=org ", "cn=alice jones,ou=people,dc=org" },
	{ "uid=alice+cn=Jones\\, Alice,dc=org", "cn=jones\\2c alice+uid=alice,dc=org" },
	{ "cn=Jones\\2C\\20Alice+uid=alice,dc=org", "cn=jones\\2c alice+uid=alice,dc=org" },
	{ "cn=\\ a\\ ", "cn=a" },
	{ "cn=", "cn=" },
	{ "cn=,dc=org", "cn=,dc=org" },
	{ "cn=a=b", "cn=a\\3db" },
	{ "cn=\\\"a\\\\\\#\\+\\;\\<\\=\\>\\\"", "cn=\\22a\\5c\\23\\2b\\3b\\3c\\3d\\3e\\22" },
	{ "cn=a#b", "cn=a\\23b" },
	{ "cn=\\00", "cn=\\00" },
	{ "CN=old\\0ADEL:1,DC=org", "cn=old\\0adel:1,dc=org" },
	{ "1.2.3=#04024869", "1.2.3=#04024869" },
	{ "1.2.3=#04024aFF ,dc=org", "1.2.3=#04024aff,dc=org" },
	{ "CN=M\xc3\x9cLLER", "cn=m\xc3\xbcller" },
	{ "cn=mu\xcc\x88ller", "cn=m\xc3\xbcller" },
	{ "cn=M\\C3\\9Cller", "cn=m\xc3\xbcller" },
	{ "cn=Stra\xc3\x9f" "e", "cn=strasse" },
};

START_TEST(all_spellings_of_a_dn_have_one_form)
{
	char memory[MW_LDAP_DN_MAX];
	struct mw_buf out = MW_BUF_OVER(memory);

	ck_assert(mw_ldap_dn_canonical(mw_str(good[_i].written), &out));
	ck_assert_str_eq(memory, good[_i].canonical);
	ck_assert(mw_ldap_dn_canonical(mw_str(good[_i].canonical), &out));
	ck_assert_str_eq(memory, good[_i].canonical);
}
END_TEST

static const struct mw_str bad[] = {
	MW_STR(""),		MW_STR(" "),	      MW_STR("cn"),	     MW_STR("=a"),	   MW_STR("cn=a,"),
	MW_STR(",cn=a"),	MW_STR("cn=a,,dc=b"), MW_STR("cn=a+"),	     MW_STR("cn=a+,dc=b"), MW_STR("cn=a;dc=b"),
	MW_STR("cn=a\"b"),	MW_STR("cn=<a>"),     MW_STR("cn=a\\"),	     MW_STR("cn=a\\x"),	   MW_STR("cn=a\\4"),
	MW_STR("cn=#"),		MW_STR("cn=#4"),      MW_STR("cn=#zz"),	     MW_STR("cn=#04 04"),  MW_STR("cn;x=a"),
	MW_STR("-cn=a"),	MW_STR("1.x=a"),      MW_STR("c n=a"),	     MW_STR("cn=a\0b"),	   MW_STR("cn=a\\\0"),
	MW_STR("cn=\xc3"),	MW_STR("cn=\\c3"),    MW_STR("cn=\xff,dc=b"), MW_STR("c\xc3\xa4=a"),
};

START_TEST(what_is_no_dn_has_no_form)
{
	char memory[MW_LDAP_DN_MAX];
	struct mw_buf out = MW_BUF_OVER(memory);

	ck_assert(!mw_ldap_dn_canonical(bad[_i], &out));
}
END_TEST

START_TEST(a_dn_has_its_limits)
{
	static char text[MW_LDAP_DN_MAX + 1], memory[3 * MW_LDAP_DN_MAX];
	struct mw_buf out = MW_BUF_OVER(memory);

	memset(text, 'a', sizeof(text));
	memcpy(text, "cn=", 3);
	ck_assert(mw_ldap_dn_canonical((struct mw_str){ text, MW_LDAP_DN_MAX - 1 }, &out));
	ck_assert(!mw_ldap_dn_canonical((struct mw_str){ text, MW_LDAP_DN_MAX + 1 }, &out));
	/* With its escapes it is longer. */
	memset(text + 3, '=', MW_LDAP_DN_MAX - 3);
	ck_assert(!mw_ldap_dn_canonical((struct mw_str){ text, MW_LDAP_DN_MAX }, &out));
	out = mw_buf_over(memory, 5);
	ck_assert(!mw_ldap_dn_canonical(MW_STR("cn=alice"), &out));
	out = MW_BUF_OVER(memory);
	ck_assert(mw_ldap_dn_canonical(MW_STR("a=1+b=2+c=3+d=4+e=5+f=6+g=7+h=8+i=9+j=0+k=1+l=2+m=3+n=4+o=5+p=6"), &out));
	ck_assert(!mw_ldap_dn_canonical(MW_STR("a=1+b=2+c=3+d=4+e=5+f=6+g=7+h=8+i=9+j=0+k=1+l=2+m=3+n=4+o=5+p=6+q=7"), &out));
}
END_TEST

static const struct { const char *dn, *base; bool below; } places[] = {
	{ "cn=a,dc=org", "dc=org", true },     { "dc=org", "dc=org", true },	{ "cn=a,dc=org", "", true },
	{ "cn=a,dc=borg", "dc=org", false },   { "dc=org", "cn=a,dc=org", false },
	{ "cn=a\\2cdc=org", "dc=org", false },
};

START_TEST(an_entry_is_below_its_base)
{
	ck_assert(mw_ldap_dn_is_below(mw_str(places[_i].dn), mw_str(places[_i].base)) == places[_i].below);
}
END_TEST

static const struct { const char *value; bool dn; } values[] = {
	{ "uid=a,dc=org", true }, { "cn=a", true },		   { "a=b@example.org", false },
	{ "alice", false },	  { "uid=a@example.org,dc=org", true }, { "uid=a\\,b@example.org", false },
};

START_TEST(a_dn_is_told_from_an_address)
{
	ck_assert(mw_ldap_is_dn(mw_str(values[_i].value)) == values[_i].dn);
}
END_TEST

MW_UNIT_TESTS("distinguished names")
{
	MW_LOOP(tcase, all_spellings_of_a_dn_have_one_form, good);
	MW_LOOP(tcase, what_is_no_dn_has_no_form, bad);
	tcase_add_test(tcase, a_dn_has_its_limits);
	MW_LOOP(tcase, an_entry_is_below_its_base, places);
	MW_LOOP(tcase, a_dn_is_told_from_an_address, values);
}

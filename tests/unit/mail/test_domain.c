/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "mail/domain.h"

static const struct { const char *text, *canonical; } domains[] = {
	{ "Example.TEST", "example.test" },
	{ "localhost", "localhost" },
	{ "_dmarc.example.test", "_dmarc.example.test" },
	{ "b\xc3\xbc" "cher.test", "xn--bcher-kva.test" },
	{ "B\xc3\x9c" "CHER.test", "xn--bcher-kva.test" },
	{ "XN--BCHER-KVA.test", "xn--bcher-kva.test" },
	{ "fa\xc3\x9f.test", "xn--fa-hia.test" }, /* non-transitional: not "fass" */
	{ "[192.0.2.1]", "[192.0.2.1]" },
	{ "[ipv6:2001:0db8:0:0::1]", "[IPv6:2001:db8::1]" },
	{ "", NULL },
	{ ".", NULL },
	{ "example.test.", NULL },
	{ "example..test", NULL },
	{ "exa mple.test", NULL },
	{ "example.test/x", NULL },
	{ "-a.test", NULL },
	{ "a-.test", NULL },
	{ "a1234567890123456789012345678901234567890123456789012345678901234.test", NULL },
	{ "xn--a.test", NULL },
	{ "xn--example-.test", NULL },
	{ "b\xc3.test", NULL },
	{ "\xe2\x80\x8b.test", NULL },
	{ "[192.0.2]", NULL },
	{ "[192.0.2.1", NULL },
	{ "[2001:db8::1]", NULL },
	{ "[IPv6:192.0.2.1x]", NULL },
	{ "192.0.2.1", "[192.0.2.1]" }, /* Postfix's resolve_numeric_domain */
	{ "[IPv6:::FFFF:192.0.2.1]", "[192.0.2.1]" },
	{ "[IPv6:0:0:0:0:0:0:0:1]", "[IPv6:::1]" },
	{ "1.2.3.4.test", "1.2.3.4.test" },
	{ "4.1", NULL },
	{ "192.0.2.01", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.1.", NULL },
	{ "3221225985", NULL },
	{ "::1", NULL },
	{ "\xef\xbc\x91.2.3.4", NULL }, /* a full-width digit */
};

START_TEST(a_domain_has_one_form)
{
	char out[MW_DOMAIN_MAX + 1], again[MW_DOMAIN_MAX + 1];
	size_t len, len_again;

	ck_assert_int_eq(mw_domain_canonical(mw_str(domains[_i].text), out, &len), domains[_i].canonical != NULL);
	if (domains[_i].canonical == NULL)
		return;
	ck_assert_str_eq(out, domains[_i].canonical);
	ck_assert_uint_eq(len, strlen(out));
	ck_assert(mw_domain_canonical(mw_str(out), again, &len_again));
	ck_assert_str_eq(again, out);
}
END_TEST

static const struct { const char *domain, *parent; bool below; } families[] = {
	{ "a.b.d", "d", true },	    { "b.d", "d", true },   { "d", "d", false },      { "bd", "d", false },
	{ "evilexample.test", "example.test", false }, { "a.example.test", "example.test", true },
	{ ".d", "d", false },	    { "d", "a.d", false },
};

START_TEST(below_is_with_a_label_of_its_own)
{
	ck_assert_int_eq(mw_domain_is_below(mw_str(families[_i].domain), mw_str(families[_i].parent)),
			 families[_i].below);
}
END_TEST

MW_UNIT_TESTS("domain")
{
	MW_LOOP(tcase, a_domain_has_one_form, domains);
	MW_LOOP(tcase, below_is_with_a_label_of_its_own, families);
}

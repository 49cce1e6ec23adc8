/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "mail/address.h"

#define L8 "12345678"
#define L64 L8 L8 L8 L8 L8 L8 L8 L8
#define LABEL63 "a" L8 L8 L8 L8 L8 L8 L8 "123456"

/* canonical NULL: nobody's address */
static const struct {
	const char *text, *canonical;
	enum mw_address_kind kind;
} parsed[] = {
	{ "bob@example.test", "bob@example.test", MW_ADDRESS_MAILBOX },
	{ "BOB@Example.Test", "bob@example.test", MW_ADDRESS_MAILBOX },
	{ "bob+x@example.test", "bob+x@example.test", MW_ADDRESS_MAILBOX },
	{ "o'brien@example.test", "o'brien@example.test", MW_ADDRESS_MAILBOX },
	{ "", "", MW_ADDRESS_NULL },
	{ "<>", "", MW_ADDRESS_NULL },
	{ "PostMaster", "", MW_ADDRESS_POSTMASTER },
	{ "postmaster@example.test", "postmaster@example.test", MW_ADDRESS_MAILBOX },
	/* quotes that are not needed go, those that are stay */
	{ "\"bob\"@example.test", "bob@example.test", MW_ADDRESS_MAILBOX },
	{ "\"b\\ob\"@example.test", "bob@example.test", MW_ADDRESS_MAILBOX },
	{ "\"a b\"@example.test", "\"a b\"@example.test", MW_ADDRESS_MAILBOX },
	{ "\"a\\\"b\"@example.test", "\"a\\\"b\"@example.test", MW_ADDRESS_MAILBOX },
	{ "\"a@b\"@example.test", "\"a@b\"@example.test", MW_ADDRESS_MAILBOX },
	{ "\"a..b\"@example.test", "\"a..b\"@example.test", MW_ADDRESS_MAILBOX },
	{ "\"\"@example.test", NULL, MW_ADDRESS_INVALID },
	{ "\"bob@example.test", NULL, MW_ADDRESS_INVALID },
	{ "\"bob\\\"@example.test", NULL, MW_ADDRESS_INVALID },
	{ "\"bob\"x@example.test", NULL, MW_ADDRESS_INVALID },
	{ "x\"bob\"@example.test", NULL, MW_ADDRESS_INVALID },
	/* lengths */
	{ L64 "@example.test", L64 "@example.test", MW_ADDRESS_MAILBOX },
	{ "\"" L64 "\"@example.test", L64 "@example.test", MW_ADDRESS_MAILBOX },
	{ L64 "9@example.test", L64 "9@example.test", MW_ADDRESS_FOREIGN },
	{ "\"" L64 L64 "..9\"@Example.Test", "\"" L64 L64 "..9\"@example.test", MW_ADDRESS_FOREIGN },
	{ "\"12345678 " L8 L8 L8 L8 L8 L8 "123456\"@example.test", "\"12345678 " L8 L8 L8 L8 L8 L8 "123456\"@example.test",
	  MW_ADDRESS_FOREIGN }, /* 63 octets, 65 with the quotes */
	{ L64 "%a@example.test", L64 "%a@example.test", MW_ADDRESS_ROUTED },
	{ L64 L64 L64 "12345678901234567890123456789012345678901234567@example.test",
	  L64 L64 L64 "12345678901234567890123456789012345678901234567@example.test", MW_ADDRESS_FOREIGN },
	{ L64 L64 L64 L64 "@example.test", NULL, MW_ADDRESS_INVALID },
	{ "a@" LABEL63 "." LABEL63 "." LABEL63 "." L8 L8 L8 L8 L8 L8 L8 "1234",
	  "a@" LABEL63 "." LABEL63 "." LABEL63 "." L8 L8 L8 L8 L8 L8 L8 "1234", MW_ADDRESS_MAILBOX },
	{ "a@" LABEL63 "." LABEL63 "." LABEL63 "." L8 L8 L8 L8 L8 L8 L8 "12345", NULL, MW_ADDRESS_INVALID },
	/* domains in one form */
	{ "ulla@b\xc3\xbc" "cher.test", "ulla@xn--bcher-kva.test", MW_ADDRESS_MAILBOX },
	{ "ulla@xn--BCHER-kva.test", "ulla@xn--bcher-kva.test", MW_ADDRESS_MAILBOX },
	{ "bob@EXAMPLE\xe3\x80\x82TEST", "bob@example.test", MW_ADDRESS_MAILBOX }, /* ideographic full stop: IDNA's dot */
	{ "bob@[192.0.2.1]", "bob@[192.0.2.1]", MW_ADDRESS_MAILBOX },
	{ "bob@[IPv6:2001:DB8::1]", "bob@[IPv6:2001:db8::1]", MW_ADDRESS_MAILBOX },
	{ "bob@192.0.2.1", "bob@[192.0.2.1]", MW_ADDRESS_MAILBOX },
	{ "bob@192.0.2.01", NULL, MW_ADDRESS_INVALID },
	{ "bob@192\xe3\x80\x82" "0.2.1", NULL, MW_ADDRESS_INVALID }, /* an ideographic full stop */
	/* domains that IDNA2008 does not allow: each label that it allows in one form, the others as octets */
	{ "bob@xn--bcher-kvaxxx.test", "bob@xn--bcher-kvaxxx.test", MW_ADDRESS_FOREIGN },
	{ "Bob@XN--53H.Example.Test", "bob@xn--53h.example.test", MW_ADDRESS_FOREIGN },
	{ "bob@\xe2\x98\x95.B\xc3\xbc" "cher.TEST", "bob@\xe2\x98\x95.xn--bcher-kva.test", MW_ADDRESS_FOREIGN },
	{ "bob@\xe2\x98\x95\xe3\x80\x82\xef\xbd\x85xample.test", "bob@\xe2\x98\x95.example.test", MW_ADDRESS_FOREIGN },
	{ "x%y@xn--53h.test", "x%y@xn--53h.test", MW_ADDRESS_ROUTED },
	/* joiners, and what Unicode has not yet */
	{ "b\xe2\x80\x8d" "Ob@Example.test", "b\xe2\x80\x8d" "ob@example.test", MW_ADDRESS_FOREIGN },
	{ "b\xe2\x80\x8c" "ob@example.test", "b\xe2\x80\x8c" "ob@example.test", MW_ADDRESS_FOREIGN },
	{ "\xf0\xaf\xbf\xbd@example.test", "\xf0\xaf\xbf\xbd@example.test", MW_ADDRESS_FOREIGN }, /* U+2FFFD */
	{ "bob@\xf0\xaf\xbf\xbd.test", "bob@\xf0\xaf\xbf\xbd.test", MW_ADDRESS_FOREIGN },
	{ "bob@\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb.test", "bob@\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb.test",
	  MW_ADDRESS_FOREIGN },
	{ "bob@exam\xe2\x80\x8cple.test", "bob@exam\xe2\x80\x8cple.test", MW_ADDRESS_FOREIGN },
	{ "bob@\xd9\x86\xd8\xa7\xd9\x85\xd9\x87\xe2\x80\x8c\xd8\xa7\xdb\x8c.test", "bob@xn--mgba3gch31f060k.test",
	  MW_ADDRESS_MAILBOX }, /* a non-joiner that IDNA2008 allows */
	{ "bob@\xe2\x98\x95.test.", NULL, MW_ADDRESS_INVALID },
	{ "bob@\xe2\x98\x95..test", NULL, MW_ADDRESS_INVALID },
	{ "bob@\xe2\x98\x95 .test", NULL, MW_ADDRESS_INVALID },
	{ "bob@\xe2\x98\x95(x).test", NULL, MW_ADDRESS_INVALID },
	{ "bob@xn--53h.[IPv6:::1]", NULL, MW_ADDRESS_INVALID },
	/* local parts in one form */
	{ "M\xc3\x84RZ@example.test", "m\xc3\xa4rz@example.test", MW_ADDRESS_MAILBOX },
	{ "ma\xcc\x88rz@example.test", "m\xc3\xa4rz@example.test", MW_ADDRESS_MAILBOX },
	{ "stra\xc3\x9f" "e@example.test", "strasse@example.test", MW_ADDRESS_MAILBOX },
	{ "a=\xcc\xb8@example.test", "a=\xcc\xb8@example.test", MW_ADDRESS_MAILBOX }, /* the mark makes no other sign of "=" */
	/* percent and bang paths */
	{ "x%remote.test@example.test", "x%remote.test@example.test", MW_ADDRESS_ROUTED },
	{ "remote.test!x@example.test", "remote.test!x@example.test", MW_ADDRESS_ROUTED },
	{ "\"x%remote.test\"@example.test", "x%remote.test@example.test", MW_ADDRESS_ROUTED },
	/* nobody's */
	{ "bob@example.test.", NULL, MW_ADDRESS_INVALID },
	{ "bob@.example.test", NULL, MW_ADDRESS_INVALID },
	{ "bob@example..test", NULL, MW_ADDRESS_INVALID },
	{ "bob@-example.test", NULL, MW_ADDRESS_INVALID },
	{ "bob@exam ple.test", NULL, MW_ADDRESS_INVALID },
	{ "bob@example.test@remote.test", NULL, MW_ADDRESS_INVALID },
	{ "@relay.test:bob@example.test", NULL, MW_ADDRESS_INVALID },
	{ "bob", NULL, MW_ADDRESS_INVALID },
	{ "bob@", NULL, MW_ADDRESS_INVALID },
	{ "@example.test", NULL, MW_ADDRESS_INVALID },
	{ "@", NULL, MW_ADDRESS_INVALID },
	{ ".bob@example.test", NULL, MW_ADDRESS_INVALID },
	{ "bob.@example.test", NULL, MW_ADDRESS_INVALID },
	{ "b..ob@example.test", NULL, MW_ADDRESS_INVALID },
	{ "b ob@example.test", NULL, MW_ADDRESS_INVALID },
	{ " bob@example.test", NULL, MW_ADDRESS_INVALID },
	{ "bob@example.test ", NULL, MW_ADDRESS_INVALID },
	{ "<bob@example.test>", NULL, MW_ADDRESS_INVALID },
	{ "bob@example.test,mary@example.test", NULL, MW_ADDRESS_INVALID },
	{ "bob@example.test\n", NULL, MW_ADDRESS_INVALID },
	{ "\"a\nb\"@example.test", NULL, MW_ADDRESS_INVALID },
	{ "b\x7fob@example.test", NULL, MW_ADDRESS_INVALID },
	{ "b\xc2\x85ob@example.test", NULL, MW_ADDRESS_INVALID }, /* C1 */
	{ "b\xe2\x80\x8bob@example.test", NULL, MW_ADDRESS_INVALID }, /* zero width space */
	{ "b\xe2\x81\xa0ob@example.test", NULL, MW_ADDRESS_INVALID }, /* word joiner */
	{ "b\xef\xbf\xbfob@example.test", NULL, MW_ADDRESS_INVALID }, /* a noncharacter */
	{ "b\xee\x80\x80ob@example.test", NULL, MW_ADDRESS_INVALID }, /* for private use */
	{ "b\xe2\x80\xaeob@example.test", NULL, MW_ADDRESS_INVALID }, /* right-to-left override */
	{ "b\xc2\xa0ob@example.test", NULL, MW_ADDRESS_INVALID }, /* no-break space */
	{ "b\xffob@example.test", NULL, MW_ADDRESS_INVALID },
	{ "b\xc3@example.test", NULL, MW_ADDRESS_INVALID },
	{ "b\xed\xa0\x80ob@example.test", NULL, MW_ADDRESS_INVALID }, /* a surrogate */
	{ "bob@xn--.test", NULL, MW_ADDRESS_INVALID },
	{ "bob@[300.0.2.1]", NULL, MW_ADDRESS_INVALID },
	{ "bob@[]", NULL, MW_ADDRESS_INVALID },
	{ "bob@[2001:db8::1]", NULL, MW_ADDRESS_INVALID },
};

START_TEST(an_address_has_one_form)
{
	struct mw_address address, again;

	ck_assert_int_eq(mw_address_parse(mw_str(parsed[_i].text), &address), parsed[_i].kind);
	ck_assert_int_eq(address.kind, parsed[_i].kind);
	ck_assert_slice(address.whole, mw_str(parsed[_i].canonical));
	if (mw_str_empty(address.whole))
		return;
	ck_assert_slice(address.domain, mw_str_tail(address.whole, address.local.len + 1));
	ck_assert_slice(address.local, mw_str_head(address.whole, address.local.len));
	ck_assert_int_eq(address.whole.ptr[address.local.len], '@');
	ck_assert_int_eq(mw_address_parse(address.whole, &again), address.kind);
	ck_assert_slice(again.whole, address.whole);
}
END_TEST

START_TEST(a_nul_byte_ends_no_address)
{
	struct mw_address address;

	ck_assert_int_eq(mw_address_parse(MW_STR("bob@example.test\0"), &address), MW_ADDRESS_INVALID);
	ck_assert_int_eq(mw_address_parse(MW_STR("b\0b@example.test"), &address), MW_ADDRESS_INVALID);
	ck_assert_int_eq(mw_address_parse(MW_STR("\"\0\"@example.test"), &address), MW_ADDRESS_INVALID);
}
END_TEST

/* Two ways of writing one address; and names that look alike and are two. */
static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "\xe2\x84\xab@example.test", "\xc3\xa5@example.test", true },	 /* ANGSTROM SIGN and a-ring */
	{ "\xc3\x85@example.test", "a\xcc\x8a@example.test", true },
	{ "\xce\xa3@example.test", "\xcf\x82@example.test", true },	 /* capital and final sigma */
	{ "b\xd0\xbe" "b@example.test", "bob@example.test", false },	 /* Cyrillic o */
	{ "b\xef\xbd\x8f" "b@example.test", "bob@example.test", false }, /* fullwidth o: another character (NFC, not NFKC) */
	{ "bob@example.test", "bob@exampl\xd0\xb5.test", false },
};

START_TEST(one_address_written_twice_is_one)
{
	struct mw_address a, b;

	ck_assert_int_eq(mw_address_parse(mw_str(pairs[_i].a), &a), MW_ADDRESS_MAILBOX);
	ck_assert_int_eq(mw_address_parse(mw_str(pairs[_i].b), &b), MW_ADDRESS_MAILBOX);
	ck_assert_int_eq(mw_str_equal(a.whole, b.whole), pairs[_i].same);
}
END_TEST

static const struct { const char *text, *canonical; enum mw_address_kind kind; } completed[] = {
	{ "bob", "bob@example.test", MW_ADDRESS_MAILBOX },
	{ "bob@remote.test", "bob@remote.test", MW_ADDRESS_MAILBOX },
	{ "", "", MW_ADDRESS_NULL },
	{ "<>", "", MW_ADDRESS_NULL },
	{ "b ob", "", MW_ADDRESS_INVALID },
	{ L64 L64 L64 L64 L64, "", MW_ADDRESS_INVALID },
	{ "bob%remote.test", "bob%remote.test@example.test", MW_ADDRESS_ROUTED },
};

START_TEST(a_name_alone_is_completed)
{
	struct mw_address address;
	enum mw_address_kind kind =
		mw_address_parse_completed(mw_str(completed[_i].text), MW_STR("example.test"), &address);

	ck_assert_int_eq(kind, completed[_i].kind);
	ck_assert_slice(address.whole, mw_str(completed[_i].canonical));
	ck_assert_int_eq(mw_address_parse_completed(MW_STR("bob"), MW_STR_EMPTY, &address), MW_ADDRESS_INVALID);
}
END_TEST

static const struct { const char *text, *delimiters, *base; } extended[] = {
	{ "bob+x@example.test", "+", "bob@example.test" },
	{ "bob+@example.test", "+", "bob@example.test" },
	{ "bob+a+b@example.test", "+", "bob@example.test" },
	{ "bob-a+b@example.test", "+-", "bob@example.test" },
	{ "bob-a+b@example.test", "+", "bob-a@example.test" },
	{ "bob@example.test", "+", NULL },
	{ "bob+x@example.test", "", NULL },
	{ "+x@example.test", "+", NULL },
	/* what follows is no matter: Postfix splits the local part without its quotes */
	{ "\"bob +x\"@example.test", "+", "\"bob \"@example.test" },
	{ "\"bob+x.\"@example.test", "+", "bob@example.test" },
	{ "\"bob+a..b\"@example.test", "+", "bob@example.test" },
	{ "\"bob+\\\"\"@example.test", "+", "bob@example.test" },
	{ "\"\\\"bob+x\"@example.test", "+", "\"\\\"bob\"@example.test" },
	{ "bob.+x@example.test", "+", "\"bob.\"@example.test" },
	{ "\".+x y\"@example.test", "+", "\".\"@example.test" },
	{ "\"+x y\"@example.test", "+", NULL },
	{ "+a+b@example.test", "+", NULL },
	{ "+a-b@example.test", "+-", NULL },
	{ "bob+a%b@example.test", "+", "bob@example.test" },
	{ "bob+!@example.test", "+", "bob@example.test" },
	{ "bob!x@example.test", "!", "bob@example.test" },
	{ "bob+" L64 "@example.test", "+", "bob@example.test" },
	{ L64 "+x@example.test", "+", L64 "@example.test" },
	{ L64 "9+x@example.test", "+", NULL },
	{ "BOB+X@example.test", "+", "bob@example.test" },
	{ "bobXx@example.test", "X", "bob@example.test" },
	{ "bob=\xcc\xb8x@example.test", "=", "bob@example.test" }, /* no U+2260 */
	/* and the names it does not split */
	{ "Postmaster@example.test", "m", NULL },
	{ "Mailer-Daemon@example.test", "-", NULL },
	{ "double-bounce@example.test", "-", NULL },
	{ "double-bounce-x@example.test", "-", "double@example.test" },
	{ "postmaster+x@example.test", "+", "postmaster@example.test" },
	{ "Owner-bob@example.test", "-", NULL },
	{ "owner-bob+x@example.test", "+-", NULL },
	{ "owner-bob+x@example.test", "+", "owner-bob@example.test" },
	{ "bob-Request@example.test", "-", NULL },
	{ "bob+x-request@example.test", "-+", NULL },
	{ "bob+x-request@example.test", "+", "bob@example.test" },
	{ "\"bob-a b-request\"@example.test", "-", NULL },
	{ "-request@example.test", "-", NULL }, /* nothing before it */
	{ "m\xc3\xa4rz-request@example.test", "-", NULL },
	{ "bob-reque\xc5\xbft@example.test", "-", "bob@example.test" }, /* a long s, which Postfix sees before it folds */
};

START_TEST(an_extension_is_cut_at_the_first_delimiter)
{
	struct mw_address address, base;

	mw_address_parse(mw_str(extended[_i].text), &address);
	ck_assert_int_eq(mw_address_without_extension(&address, mw_str(extended[_i].delimiters), &base),
			 extended[_i].base != NULL);
	if (extended[_i].base == NULL)
		return;
	ck_assert_slice(base.whole, mw_str(extended[_i].base));
	ck_assert_slice(base.domain, address.domain);
	ck_assert(mw_str_find(base.whole, '%') == base.whole.len && base.kind == MW_ADDRESS_MAILBOX);
}
END_TEST

START_TEST(a_copy_stands_alone)
{
	struct mw_address address, copy;

	mw_address_parse(MW_STR("Bob@Example.Test"), &address);
	mw_address_copy(&copy, &address);
	memset(&address, 'x', sizeof(address));
	ck_assert_slice(copy.whole, MW_STR("bob@example.test"));
	ck_assert_slice(copy.local, MW_STR("bob"));
	ck_assert_slice(copy.domain, MW_STR("example.test"));
}
END_TEST

static const struct {
	const char *text, *quoted;
} unquoted[] = {
	{ "bob@example.test", "bob@example.test" },
	{ "john doe@example.test", "\"john doe\"@example.test" },
	{ "a..b@example.test", "\"a..b\"@example.test" },
	{ ".a@example.test", "\".a\"@example.test" },
	{ "a\\\"b@example.test", "\"a\\\\\\\"b\"@example.test" },
	{ L64 " 9@example.test", "\"" L64 " 9\"@example.test" },
	{ "\"bob\"@example.test", "\"bob\"@example.test" },
	{ "x@remote.test@example.test", "x@remote.test@example.test" },
	{ "@a,@b:bob@example.test", "@a,@b:bob@example.test" },
	{ "", "" },
	{ "@example.test", "@example.test" },
	{ "john doe", "john doe" },
};

START_TEST(the_quotes_that_postfix_leaves_out)
{
	char memory[MW_ADDRESS_QUOTED_MAX];
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_str got = mw_address_quoted(mw_str(unquoted[_i].text), &out);

	ck_assert_slice(got, mw_str(unquoted[_i].quoted));
}
END_TEST

static bool add_domain(struct mw_str domain, const void *context)
{
	struct mw_buf *out = *(struct mw_buf *const *)context;

	mw_buf_add(out, domain);
	mw_buf_add_char(out, ' ');
	return false;
}

static const struct {
	const char *text, *domains;
} paths[] = {
	{ "bob@example.test", "" },
	{ "bob%example.test@remote.test", "example.test " },
	{ "bob%Example.Test%two.test@remote.test", "example.test two.test " },
	{ "example.test!bob@remote.test", "example.test " },
	{ "one.test!two.test!bob@remote.test", "one.test two.test " },
	{ "one.test!bob%two.test@remote.test", "one.test two.test " },
	{ "\"one.test!b b%two.test\"@remote.test", "one.test two.test " },
	{ "\"bob%x%\\\"Example . Test.. \\\"\"@remote.test", "x example.test " }, /* what Postfix drops */
	/* perhaps one to Postfix, and none */
	{ "bob%@remote.test", " " },
	{ "!bob@remote.test", " " },
	{ "\"bob%[192.0.2.1\"@remote.test", " " },
	{ "bob%\xe2\x98\x95@remote.test", " " },
	{ "bob%127.0.0.01@remote.test", " " },
	{ "\"%x:bob\"@remote.test", " " },
	{ "\"%x!:bob\"@remote.test", " x " },
	{ "\"bob%(x)example.test\"@remote.test", " " },
	{ "bob+!@remote.test", "" },
	{ "bob%+off@remote.test", "" },
	{ "\"bob%one.test%\"@remote.test", "one.test  " },
};

/* local(8) delivers \user as user. */
START_TEST(a_backslash_before_the_name)
{
	struct mw_address address, base;

	mw_address_parse(MW_STR("\"\\\\bob+x y\"@example.test"), &address);
	ck_assert(mw_address_without_backslash(&address, &base));
	ck_assert_slice(base.whole, MW_STR("\"bob+x y\"@example.test"));
	mw_address_parse(MW_STR("\"\\\\bob\"@example.test"), &address);
	ck_assert(mw_address_without_backslash(&address, &base));
	ck_assert_slice(base.whole, MW_STR("bob@example.test"));
	mw_address_parse(MW_STR("\"bob\\\\\"@example.test"), &address);
	ck_assert(!mw_address_without_backslash(&address, &base));
	mw_address_parse(MW_STR("\"\\\\\"@example.test"), &address);
	ck_assert(!mw_address_without_backslash(&address, &base));
}
END_TEST

START_TEST(the_domains_of_a_path)
{
	char memory[200];
	struct mw_buf out = MW_BUF_OVER(memory), *to = &out;
	struct mw_address address;

	mw_address_parse(mw_str(paths[_i].text), &address);
	ck_assert(!mw_address_path_domains(&address, add_domain, &to));
	ck_assert_str_eq(memory, paths[_i].domains);
}
END_TEST

START_TEST(a_domain_takes_the_place_of_another)
{
	struct mw_address address;
	char longest[MW_DOMAIN_MAX + 1];

	ck_assert_int_eq(mw_address_parse(MW_STR("\"A b\"@[127.0.0.1]"), &address), MW_ADDRESS_MAILBOX);
	ck_assert(mw_address_set_domain(&address, MW_STR("a.much.longer.example.test")));
	ck_assert(mw_str_equal(address.whole, MW_STR("\"a b\"@a.much.longer.example.test")));
	ck_assert(mw_str_equal(address.local, MW_STR("\"a b\"")));
	ck_assert(mw_str_equal(address.domain, MW_STR("a.much.longer.example.test")));
	ck_assert_str_eq(address.text, "\"a b\"@a.much.longer.example.test");
	ck_assert(mw_address_set_domain(&address, MW_STR("d")));
	ck_assert_str_eq(address.text, "\"a b\"@d");
	memset(longest, 'x', sizeof(longest));
	ck_assert(!mw_address_set_domain(&address, (struct mw_str){ longest, MW_ADDRESS_MAX - 5 }));
	ck_assert_str_eq(address.text, "\"a b\"@d");
	ck_assert(mw_address_set_domain(&address, (struct mw_str){ longest, MW_ADDRESS_MAX - 6 }));
	ck_assert_uint_eq(address.whole.len, MW_ADDRESS_MAX);
}
END_TEST

MW_UNIT_TESTS("address")
{
	MW_LOOP(tcase, an_address_has_one_form, parsed);
	tcase_add_test(tcase, a_nul_byte_ends_no_address);
	MW_LOOP(tcase, one_address_written_twice_is_one, pairs);
	MW_LOOP(tcase, a_name_alone_is_completed, completed);
	MW_LOOP(tcase, an_extension_is_cut_at_the_first_delimiter, extended);
	tcase_add_test(tcase, a_copy_stands_alone);
	tcase_add_test(tcase, a_domain_takes_the_place_of_another);
	MW_LOOP(tcase, the_quotes_that_postfix_leaves_out, unquoted);
	MW_LOOP(tcase, the_domains_of_a_path, paths);
	tcase_add_test(tcase, a_backslash_before_the_name);
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "sync/ldap/sid.h"

#define SID(octets) ((struct mw_str){ (octets), sizeof(octets) - 1 })
#define BOB "\x01\x05\0\0\0\0\0\x05\x15\0\0\0\x01\xca\x9a\x3b\x02\x94\x35\x77\x03\x5e\xd0\xb2\xea\x03\0\0"
#define BOB_DOMAIN "\x01\x05\0\0\0\0\0\x05\x15\0\0\0\x01\xca\x9a\x3b\x02\x94\x35\x77\x03\x5e\xd0\xb2"

static const struct { struct mw_str octets; const char *printed; } good[] = {
	{ SID("\x01\x00\0\0\0\0\0\x05"), "S-1-5" },
	{ SID("\x01\x01\0\0\0\0\0\x01\0\0\0\0"), "S-1-1-0" },
	{ SID("\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x20\x02\0\0"), "S-1-5-32-544" },
	{ SID(BOB), "S-1-5-21-1000000001-2000000002-3000000003-1002" },
	{ SID("\x01\x01\0\0\xff\xff\xff\xff\xff\xff\xff\xff"), "S-1-4294967295-4294967295" },
	{ SID("\x01\x01\0\x01\0\0\0\x05\x07\0\0\0"), "S-1-0x000100000005-7" },
};

START_TEST(a_sid_is_printed)
{
	char memory[MW_SID_PRINTED_MAX];
	struct mw_buf out = MW_BUF_OVER(memory);

	ck_assert(mw_sid_is_good(good[_i].octets));
	mw_sid_print(good[_i].octets, &out);
	ck_assert_str_eq(memory, good[_i].printed);
}
END_TEST

START_TEST(the_longest_sid_fits)
{
	char octets[MW_SID_MAX], memory[MW_SID_PRINTED_MAX];
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_str sid = { octets, sizeof(octets) };

	memset(octets, 0xff, sizeof(octets));
	octets[0] = 1;
	octets[1] = 15;
	ck_assert(mw_sid_is_good(sid));
	mw_sid_print(sid, &out);
	ck_assert(!out.truncated);
	ck_assert_uint_eq(mw_sid_of(sid, 5, memory).len, 0);
}
END_TEST

static const struct mw_str bad[] = {
	SID(""), SID("\x01\x00\0\0\0\0\0"), SID("\x02\x00\0\0\0\0\0\x05"), SID("\x01\x01\0\0\0\0\0\x05"),
	SID("\x01\x10\0\0\0\0\0\x05" BOB BOB BOB), SID("\x01\x01\0\0\0\0\0\x01\0\0\0\0\0"),
};

START_TEST(what_is_no_sid_is_told)
{
	ck_assert(!mw_sid_is_good(bad[_i]));
}
END_TEST

static const struct { struct mw_str octets; bool everybody, self, nobody; } known[] = {
	{ SID("\x01\x01\0\0\0\0\0\x01\0\0\0\0"), true, false, false },
	{ SID("\x01\x01\0\0\0\0\0\x05\x0b\0\0\0"), true, false, false },
	{ SID("\x01\x01\0\0\0\0\0\x05\x0a\0\0\0"), false, true, false },
	{ SID("\x01\x01\0\0\0\0\0\x03\0\0\0\0"), false, false, true },
	{ SID("\x01\x01\0\0\0\0\0\x03\x04\0\0\0"), false, false, false },
	{ SID("\x01\x01\0\0\0\0\0\x05\x12\0\0\0"), false, false, true },
	{ SID("\x01\x00\0\0\0\0\0\x05"), false, false, false },
	{ SID(BOB), false, false, false },
};

START_TEST(what_a_known_sid_stands_for)
{
	ck_assert(mw_sid_is_everybody(known[_i].octets) == known[_i].everybody);
	ck_assert(mw_sid_is_self(known[_i].octets) == known[_i].self);
	ck_assert(mw_sid_is_nobody(known[_i].octets) == known[_i].nobody);
}
END_TEST

START_TEST(a_printed_sid_is_read)
{
	char memory[MW_SID_MAX], printed[MW_SID_PRINTED_MAX];
	struct mw_buf out = MW_BUF_OVER(printed);
	struct mw_str sid;

	mw_sid_print(good[_i].octets, &out);
	sid = mw_sid_parse(mw_buf_str(&out), memory);
	/* Authorities of 2^32 and more are read nowhere. */
	if (mw_str_has(mw_buf_str(&out), "0x"))
		ck_assert_uint_eq(sid.len, 0);
	else
		ck_assert_slice(sid, good[_i].octets);
}
END_TEST

static const char *const no_sids[] = {
	"",
	"S",
	"S-1",
	"S-1-",
	"S-2-5-11",
	"S-1-5-",
	"S-1-5--11",
	"S-1-5-11-",
	"S-1-5-x",
	"S-1-5-4294967296",
	"S-1-4294967296-1",
	"S-1-5-11 ",
	"CN=S-1-5-11",
	"S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
	"S-1-5-+1",
};

START_TEST(what_is_no_printed_sid_is_told)
{
	char memory[MW_SID_MAX];

	ck_assert_uint_eq(mw_sid_parse(mw_str(no_sids[_i]), memory).len, 0);
}
END_TEST

static const struct { const char *sid; bool windows; uint32_t rid; } accounts[] = {
	{ "S-1-5-32-545", true, 0 },	    { "S-1-5-11", true, 0 }, { "S-1-5-80-1-2-3-4-5", true, 0 },
	{ "s-1-5-21-1-2-3-513", false, 513 }, { "S-1-12-1-1-2-3-4", false, 0 }, { "S-1-5-21", true, 0 },
};

START_TEST(a_sid_is_of_an_account_or_of_windows)
{
	char memory[MW_SID_MAX];
	struct mw_str sid = mw_sid_parse(mw_str(accounts[_i].sid), memory);

	ck_assert(mw_sid_is_of_windows(sid) == accounts[_i].windows);
	ck_assert_uint_eq(mw_sid_rid(sid), accounts[_i].rid);
}
END_TEST

START_TEST(a_sid_is_its_domain_and_a_number)
{
	char memory[MW_SID_MAX];
	struct mw_str domain = mw_sid_domain(SID(BOB));

	ck_assert_uint_eq(domain.len, sizeof(BOB_DOMAIN) - 1);
	ck_assert_uint_eq(mw_sid_domain(SID("\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x20\x02\0\0")).len, 0);
	ck_assert_uint_eq(mw_sid_of(MW_STR_EMPTY, 513, memory).len, 0);
	ck_assert_slice(mw_sid_of(domain, 1002, memory), SID(BOB));
}
END_TEST

MW_UNIT_TESTS("security identifiers")
{
	MW_LOOP(tcase, a_sid_is_printed, good);
	tcase_add_test(tcase, the_longest_sid_fits);
	MW_LOOP(tcase, what_is_no_sid_is_told, bad);
	MW_LOOP(tcase, what_a_known_sid_stands_for, known);
	tcase_add_test(tcase, a_sid_is_its_domain_and_a_number);
	MW_LOOP(tcase, a_printed_sid_is_read, good);
	MW_LOOP(tcase, what_is_no_printed_sid_is_told, no_sids);
	MW_LOOP(tcase, a_sid_is_of_an_account_or_of_windows, accounts);
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "mail/network.h"

static const struct { const char *text, *printed; enum mw_family family; } ips[] = {
	{ "192.0.2.1", "192.0.2.1", MW_FAMILY_IPV4 },
	{ "::ffff:192.0.2.1", "192.0.2.1", MW_FAMILY_IPV4 },
	{ "::FFFF:c000:201", "192.0.2.1", MW_FAMILY_IPV4 },
	{ "2001:DB8::1", "2001:db8::1", MW_FAMILY_IPV6 },
	{ "IPv6:2001:db8::1", "2001:db8::1", MW_FAMILY_IPV6 },
	{ "::", "::", MW_FAMILY_IPV6 },
	{ "", NULL, MW_FAMILY_UNKNOWN },
	{ "192.0.2", NULL, MW_FAMILY_UNKNOWN },
	{ "192.0.2.256", NULL, MW_FAMILY_UNKNOWN },
	{ "192.0.2.01", NULL, MW_FAMILY_UNKNOWN },
	{ "192.0.2.1 ", NULL, MW_FAMILY_UNKNOWN },
	{ "0xc0000201", NULL, MW_FAMILY_UNKNOWN },
	{ "[2001:db8::1]", NULL, MW_FAMILY_UNKNOWN },
	{ "fe80::1%eth0", NULL, MW_FAMILY_UNKNOWN },
	{ "2001:db8::1::2", NULL, MW_FAMILY_UNKNOWN },
	{ "localhost", NULL, MW_FAMILY_UNKNOWN },
	{ "unknown", NULL, MW_FAMILY_UNKNOWN },
};

START_TEST(an_address_is_read_and_printed)
{
	char memory[80];
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_ip ip;

	ck_assert_int_eq(mw_ip_parse(mw_str(ips[_i].text), &ip), ips[_i].printed != NULL);
	if (ips[_i].printed == NULL)
		return;
	ck_assert_int_eq(ip.family, ips[_i].family);
	mw_ip_print(&ip, &out);
	ck_assert_str_eq(memory, ips[_i].printed);
}
END_TEST

START_TEST(socket_addresses_are_known_by_their_length)
{
	static const unsigned char mapped[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
	struct mw_ip four = mw_ip_from_bytes("\xc0\x00\x02\x01", 4), sixteen = mw_ip_from_bytes(mapped, 16);

	ck_assert(mw_ip_equal(&four, &sixteen));
	ck_assert_int_eq(four.family, MW_FAMILY_IPV4);
	ck_assert_int_eq(mw_ip_from_bytes("abc", 3).family, MW_FAMILY_UNKNOWN);
	ck_assert_int_eq(mw_ip_from_bytes(NULL, 0).family, MW_FAMILY_UNKNOWN);
}
END_TEST

static const struct { const char *range, *inside, *outside; bool private; } ranges[] = {
	{ "192.0.2.7", "192.0.2.7", "192.0.2.8", false },
	{ "192.0.2.0/24", "192.0.2.255", "192.0.3.0", false },
	{ "192.0.2.0/24", "::ffff:192.0.2.9", "2001:db8::1", false },
	{ "0.0.0.0/0", "255.255.255.255", "::", false },
	{ "192.0.2.10-192.0.2.20", "192.0.2.20", "192.0.2.21", false },
	{ "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::", false },
	{ "::/0", "2001:db8::1", "192.0.2.1", false },
	{ "10.0.0.0/8", "10.255.0.1", "11.0.0.0", true },
	{ "172.16.0.0/12", "172.31.255.255", "172.32.0.0", true },
	{ "100.64.0.0/10", "100.127.0.1", "100.128.0.0", true },
	{ "127.0.0.0/8", "127.0.0.1", "128.0.0.0", true },
	{ "fd00::/8", "fd12::1", "fe00::", true },
	{ "fe80::/10", "fe80::1", "fec0::", true },
	{ "::1", "::1", "::2", true },
	{ "9.255.255.255-10.0.0.1", "10.0.0.0", "10.0.0.2", false },
};

START_TEST(a_range_holds_what_lies_between_its_ends)
{
	struct mw_range range;
	struct mw_ip inside, outside, unknown = mw_ip_from_bytes(NULL, 0);
	const char *why;

	ck_assert(mw_range_parse(mw_str(ranges[_i].range), &range, &why));
	ck_assert(mw_ip_parse(mw_str(ranges[_i].inside), &inside) && mw_ip_parse(mw_str(ranges[_i].outside), &outside));
	ck_assert(mw_range_contains(&range, &inside));
	ck_assert(!mw_range_contains(&range, &outside));
	ck_assert(!mw_range_contains(&range, &unknown));
	ck_assert_int_eq(mw_range_is_private(&range), ranges[_i].private);
}
END_TEST

static const char *const no_ranges[] = {
	"",
	"192.0.2.1/24",
	"192.0.2.0/33",
	"192.0.2.0/",
	"192.0.2.0/-1",
	"192.0.2.9-192.0.2.1",
	"192.0.2.1-2001:db8::1",
	"192.0.2.1-",
	"-",
	"2001:db8::/129",
	"2001:db8::1/32",
	"example.test",
	"192.0.2.0/24/8",
	"192.0.2.*",
};

START_TEST(what_is_no_range_is_told_why)
{
	struct mw_range range;
	const char *why = NULL;

	ck_assert(!mw_range_parse(mw_str(no_ranges[_i]), &range, &why));
	ck_assert_ptr_nonnull(why);
	ck_assert_int_ne(why[0], '\0');
}
END_TEST

static const struct { const char *a, *b; int width; bool overlap; } widths[] = {
	{ "192.0.2.1", "192.0.2.0/24", -1, true },
	{ "192.0.2.0/24", "192.0.2.0-192.0.2.255", 0, true },
	{ "192.0.2.0/24", "198.51.100.0/24", 0, false },
	{ "192.0.2.10-192.0.2.20", "192.0.2.15-192.0.2.16", 1, true },
	{ "192.0.2.10-192.0.2.20", "192.0.2.20-192.0.2.30", 0, true },
	{ "2001:db8::/96", "0.0.0.0/0", 0, false },
	{ "2001:db8::/32", "0.0.0.0/0", 1, false },
	{ "::/0", "0.0.0.0/0", 1, false },
	{ "::1", "127.0.0.1", 0, false },
};

START_TEST(the_narrower_range_is_known)
{
	struct mw_range a, b;
	const char *why;
	int width;

	ck_assert(mw_range_parse(mw_str(widths[_i].a), &a, &why) && mw_range_parse(mw_str(widths[_i].b), &b, &why));
	width = mw_range_compare_width(&a, &b);
	ck_assert_int_eq((width > 0) - (width < 0), widths[_i].width);
	width = mw_range_compare_width(&b, &a);
	ck_assert_int_eq((width > 0) - (width < 0), -widths[_i].width);
	ck_assert_int_eq(mw_range_overlaps(&a, &b), widths[_i].overlap);
	ck_assert_int_eq(mw_range_overlaps(&b, &a), widths[_i].overlap);
}
END_TEST

static const struct { const char *range, *hole, *pieces; } holes[] = {
	{ "10.0.0.0/8", "10.0.0.5", "10.0.0.0-10.0.0.4 10.0.0.6-10.255.255.255" },
	{ "10.0.0.0/8", "10.0.0.0/16", "10.1.0.0-10.255.255.255" },
	{ "10.0.0.0/8", "10.255.0.0/16", "10.0.0.0-10.254.255.255" },
	{ "10.0.0.0/8", "10.0.0.0/8", "" },
	{ "10.0.0.5", "10.0.0.0/8", "" },
	{ "10.0.0.0/8", "192.0.2.1", "10.0.0.0/8" },
	{ "10.0.0.0/8", "2001:db8::1", "10.0.0.0/8" },
	{ "0.0.0.0/0", "0.0.0.0", "0.0.0.1-255.255.255.255" },
	{ "0.0.0.0/0", "255.255.255.255", "0.0.0.0-255.255.255.254" },
	{ "2001:db8::/32", "2001:db8::1:0", "2001:db8::/112 2001:db8::1:1-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" },
	{ "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe" },
};

START_TEST(a_range_around_another_is_two)
{
	struct mw_range range, hole, pieces[2];
	char text[256];
	struct mw_buf out = MW_BUF_OVER(text);
	const char *why;
	size_t count;

	ck_assert(mw_range_parse(mw_str(holes[_i].range), &range, &why));
	ck_assert(mw_range_parse(mw_str(holes[_i].hole), &hole, &why));
	count = mw_range_without(&range, &hole, pieces);
	for (size_t i = 0; i < count; i++) {
		mw_buf_add_text(&out, i > 0 ? " " : "");
		mw_range_print(&pieces[i], &out);
	}
	ck_assert_str_eq(text, holes[_i].pieces);
}
END_TEST

/* Separated by blanks. */
static const struct { const char *ranges; bool everywhere; } unions[] = {
	{ "", false },
	{ "0.0.0.0/0", true },
	{ "0.0.0.1-255.255.255.255", true },
	{ "0.0.0.0-127.255.255.255", true },
	{ "8.0.0.0/8", false },
	{ "8.0.0.0/8 8.1.0.0/16 8.0.0.0/8", false },
	{ "8.0.0.0/8 9.0.0.0", true },
	{ "8.0.0.0/9 64.0.0.0/9 128.0.0.0-128.0.0.1", true },
	{ "10.0.0.0-11.255.255.255", false },
	{ "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 198.51.100.0/24", false },
	{ "198.51.100.7 203.0.113.0/24", false },
	{ "::/0", true },
	{ "2000::/3", true },
	{ "2a00::/12", true },
	{ "2003::/19", false },
	{ "2003::/17 2003:8000::/17 2004::/64", true },
	{ "fc00::/7 fe80::/10", false },
	{ "8.0.0.0/8 2001:db8::/32", false },
};

START_TEST(ranges_are_everywhere_together)
{
	struct mw_str rest = mw_str(unions[_i].ranges), text;
	struct mw_range together[8];
	const char *why;
	size_t count = 0;

	while (mw_str_split(&rest, ' ', &text))
		ck_assert(mw_range_parse(text, &together[count++], &why));
	ck_assert_int_eq(mw_ranges_are_everywhere(together, count), unions[_i].everywhere);
}
END_TEST

MW_UNIT_TESTS("network")
{
	MW_LOOP(tcase, ranges_are_everywhere_together, unions);
	MW_LOOP(tcase, a_range_around_another_is_two, holes);
	MW_LOOP(tcase, an_address_is_read_and_printed, ips);
	tcase_add_test(tcase, socket_addresses_are_known_by_their_length);
	MW_LOOP(tcase, a_range_holds_what_lies_between_its_ends, ranges);
	MW_LOOP(tcase, what_is_no_range_is_told_why, no_ranges);
	MW_LOOP(tcase, the_narrower_range_is_known, widths);
}

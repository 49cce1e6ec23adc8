/* SPDX-License-Identifier: MIT */
#include "mail/network.h"

#include "base/units.h"

static unsigned address_bits(const struct mw_ip *ip)
{
	return ip->family == MW_FAMILY_IPV4 ? 32 : 128;
}

static int compare(const struct mw_ip *a, const struct mw_ip *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* The address with all bits from `prefix` on set or cleared. */
static struct mw_ip with_host_bits(const struct mw_ip *ip, unsigned prefix, bool set)
{
	struct mw_ip result = *ip;

	for (unsigned bit = prefix; bit < address_bits(ip); bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		if (set)
			result.bytes[bit / 8] |= mask;
		else
			result.bytes[bit / 8] &= (uint8_t)~mask;
	}
	return result;
}

static bool parse_prefix(struct mw_str text, unsigned bits, unsigned *prefix_r)
{
	uint64_t number;

	if (!mw_parse_number(text, &number) || number > bits || (text.len > 1 && text.ptr[0] == '0'))
		return false;
	*prefix_r = (unsigned)number;
	return true;
}

static bool parse_network(struct mw_str address, struct mw_str length, bool host_bits, struct mw_range *range_r,
			  const char **why_r)
{
	bool written_as_ipv6 = mw_str_find(address, ':') < address.len;
	unsigned skipped = 0, prefix;
	struct mw_ip base;

	if (!mw_ip_parse(address, &base)) {
		*why_r = "not an IP address";
		return false;
	}
	if (written_as_ipv6 && base.family == MW_FAMILY_IPV4)
		skipped = 96; /* of a mapped address the prefix counts the mapping too */
	if (!parse_prefix(length, address_bits(&base) + skipped, &prefix) || prefix < skipped) {
		*why_r = "the prefix length is wrong";
		return false;
	}
	range_r->first = with_host_bits(&base, prefix - skipped, false);
	range_r->last = with_host_bits(&base, prefix - skipped, true);
	if (!host_bits && compare(&base, &range_r->first) != 0) {
		*why_r = "host bits are set";
		return false;
	}
	return true;
}

static bool parse_range(struct mw_str text, bool host_bits, struct mw_range *range_r, const char **why_r)
{
	size_t slash = mw_str_find(text, '/'), dash = mw_str_find(text, '-');

	if (slash < text.len)
		return parse_network(mw_str_head(text, slash), mw_str_tail(text, slash + 1), host_bits, range_r, why_r);
	if (!mw_ip_parse(mw_str_trim(mw_str_head(text, dash)), &range_r->first)) {
		*why_r = "not an IP address";
		return false;
	}
	range_r->last = range_r->first;
	if (dash == text.len)
		return true;
	if (!mw_ip_parse(mw_str_trim(mw_str_tail(text, dash + 1)), &range_r->last)) {
		*why_r = "the last address is not an IP address";
		return false;
	}
	if (range_r->first.family != range_r->last.family) {
		*why_r = "the two addresses are of different families";
		return false;
	}
	if (compare(&range_r->first, &range_r->last) > 0) {
		*why_r = "the last address is before the first";
		return false;
	}
	return true;
}

bool mw_range_parse(struct mw_str text, struct mw_range *range_r, const char **why_r)
{
	return parse_range(text, false, range_r, why_r);
}

bool mw_range_parse_host_bits(struct mw_str text, struct mw_range *range_r, const char **why_r)
{
	return parse_range(text, true, range_r, why_r);
}

/* The prefix length when the range is a network, else false. */
static bool is_network(const struct mw_range *range, unsigned *prefix_r)
{
	for (unsigned prefix = 0; prefix <= address_bits(&range->first); prefix++) {
		struct mw_ip first = with_host_bits(&range->first, prefix, false);
		struct mw_ip last = with_host_bits(&range->first, prefix, true);

		if (mw_ip_equal(&first, &range->first) && mw_ip_equal(&last, &range->last)) {
			*prefix_r = prefix;
			return true;
		}
	}
	return false;
}

void mw_range_print(const struct mw_range *range, struct mw_buf *out)
{
	unsigned prefix;

	mw_ip_print(&range->first, out);
	if (mw_ip_equal(&range->first, &range->last))
		return;
	if (is_network(range, &prefix)) {
		mw_buf_printf(out, "/%u", prefix);
		return;
	}
	mw_buf_add_char(out, '-');
	mw_ip_print(&range->last, out);
}

bool mw_range_contains(const struct mw_range *range, const struct mw_ip *ip)
{
	return ip->family != MW_FAMILY_UNKNOWN && ip->family == range->first.family &&
	       compare(&range->first, ip) <= 0 && compare(ip, &range->last) <= 0;
}

/* The next address, or the one before; there is one. */
static struct mw_ip beside(const struct mw_ip *ip, bool next)
{
	struct mw_ip result = *ip;

	for (unsigned i = address_bits(ip) / 8; i-- > 0;) {
		result.bytes[i] = (uint8_t)(result.bytes[i] + (next ? 1 : -1));
		/* It carries where it came round. */
		if (result.bytes[i] != (next ? 0 : 0xff))
			break;
	}
	return result;
}

size_t mw_range_without(const struct mw_range *range, const struct mw_range *hole, struct mw_range pieces_r[2])
{
	size_t count = 0;

	if (!mw_range_overlaps(range, hole)) {
		pieces_r[count++] = *range;
		return count;
	}
	if (compare(&range->first, &hole->first) < 0)
		pieces_r[count++] = (struct mw_range){ range->first, beside(&hole->first, false) };
	if (compare(&hole->last, &range->last) < 0)
		pieces_r[count++] = (struct mw_range){ beside(&hole->last, true), range->last };
	return count;
}

bool mw_range_overlaps(const struct mw_range *a, const struct mw_range *b)
{
	return a->first.family == b->first.family && compare(&a->first, &b->last) <= 0 &&
	       compare(&b->first, &a->last) <= 0;
}

/* last - first, as a number of 16 bytes whatever the family. */
static void width_of(const struct mw_range *range, uint8_t width_r[16])
{
	size_t len = address_bits(&range->first) / 8, pad = 16 - len;
	int borrow = 0;

	memset(width_r, 0, 16);
	for (size_t i = len; i-- > 0;) {
		int digit = range->last.bytes[i] - range->first.bytes[i] - borrow;

		borrow = digit < 0;
		width_r[pad + i] = (uint8_t)(digit & 0xff);
	}
}

int mw_range_compare_width(const struct mw_range *a, const struct mw_range *b)
{
	uint8_t width_a[16], width_b[16];

	width_of(a, width_a);
	width_of(b, width_b);
	return memcmp(width_a, width_b, sizeof(width_a));
}

static const struct {
	enum mw_family family;
	uint8_t bytes[2];
	unsigned prefix;
} private_networks[] = {
	{ MW_FAMILY_IPV4, { 127, 0 }, 8 },     { MW_FAMILY_IPV4, { 10, 0 }, 8 },
	{ MW_FAMILY_IPV4, { 172, 16 }, 12 },   { MW_FAMILY_IPV4, { 192, 168 }, 16 },
	{ MW_FAMILY_IPV4, { 169, 254 }, 16 },  { MW_FAMILY_IPV4, { 100, 64 }, 10 },
	{ MW_FAMILY_IPV6, { 0xfc, 0 }, 7 },    { MW_FAMILY_IPV6, { 0xfe, 0x80 }, 10 },
};

#define PRIVATE_COUNT (sizeof(private_networks) / sizeof(private_networks[0]))

bool mw_range_is_loopback(const struct mw_range *range)
{
	return mw_ip_is_loopback(&range->first) && mw_ip_is_loopback(&range->last);
}

static struct mw_range private_network(size_t i)
{
	struct mw_ip base = { .family = private_networks[i].family };

	memcpy(base.bytes, private_networks[i].bytes, 2);
	return (struct mw_range){ base, with_host_bits(&base, private_networks[i].prefix, true) };
}

bool mw_range_is_private(const struct mw_range *range)
{
	const struct mw_ip loopback = { .family = MW_FAMILY_IPV6, .bytes = { [15] = 1 } };

	if (mw_ip_equal(&range->first, &loopback) && mw_ip_equal(&range->last, &loopback))
		return true;
	for (size_t i = 0; i < PRIVATE_COUNT; i++) {
		struct mw_range network = private_network(i);

		if (mw_range_contains(&network, &range->first) && mw_range_contains(&network, &range->last))
			return true;
	}
	return false;
}

/* --- how many */

/* Addresses of IPv4, networks /64 of IPv6. */
static uint64_t size_of(const struct mw_range *range)
{
	uint64_t first = 0, last = 0;
	bool ipv4 = range->first.family == MW_FAMILY_IPV4;

	for (size_t i = 0; i < (ipv4 ? 4u : 8u); i++) {
		first = first << 8 | range->first.bytes[i];
		last = last << 8 | range->last.bytes[i];
	}
	/* It fits: what is asked about is without private networks. */
	return last - first + 1;
}

/* How much of a range is neither private nor in one of the others. */
static uint64_t size_beside(const struct mw_range *range, const struct mw_range *others, size_t count, size_t from)
{
	struct mw_range pieces[2], other = *range;
	uint64_t size = 0;
	size_t left;

	for (; from < PRIVATE_COUNT + count; from++) {
		other = from < PRIVATE_COUNT ? private_network(from) : others[from - PRIVATE_COUNT];
		if (mw_range_overlaps(range, &other))
			break;
	}
	if (from == PRIVATE_COUNT + count)
		return size_of(range);
	left = mw_range_without(range, &other, pieces);
	for (size_t i = 0; i < left; i++)
		size += size_beside(&pieces[i], others, count, from + 1);
	return size;
}

bool mw_ranges_are_everywhere(const struct mw_range *ranges, size_t count)
{
	uint64_t ipv4 = 0, ipv6 = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t *size = ranges[i].first.family == MW_FAMILY_IPV4 ? &ipv4 : &ipv6;

		*size += size_beside(&ranges[i], ranges, i, 0);
	}
	return ipv4 > UINT64_C(1) << 24 || ipv6 > UINT64_C(1) << 48;
}

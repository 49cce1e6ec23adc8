/* SPDX-License-Identifier: MIT */
#include "mail/network.h"

#include <arpa/inet.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct mw_ip mw_ip_from_bytes(const void *bytes, size_t len)
{
	struct mw_ip ip = { .family = MW_FAMILY_UNKNOWN };

	if (len == 4) {
		ip.family = MW_FAMILY_IPV4;
		memcpy(ip.bytes, bytes, 4);
	} else if (len == 16 && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		ip.family = MW_FAMILY_IPV4;
		memcpy(ip.bytes, (const uint8_t *)bytes + sizeof(mapped), 4);
	} else if (len == 16) {
		ip.family = MW_FAMILY_IPV6;
		memcpy(ip.bytes, bytes, 16);
	}
	return ip;
}

bool mw_ip_parse(struct mw_str text, struct mw_ip *ip_r)
{
	const struct mw_str tag = MW_STR("IPv6:");
	bool tagged = mw_str_equal_nocase(mw_str_head(text, tag.len), tag);
	char copy[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	*ip_r = (struct mw_ip){ .family = MW_FAMILY_UNKNOWN };
	if (tagged)
		text = mw_str_tail(text, tag.len);
	if (text.len == 0 || text.len >= sizeof(copy) || mw_str_find(text, '\0') < text.len)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	if (!tagged && inet_pton(AF_INET, copy, bytes) == 1)
		*ip_r = mw_ip_from_bytes(bytes, 4);
	else if (inet_pton(AF_INET6, copy, bytes) == 1)
		*ip_r = mw_ip_from_bytes(bytes, 16);
	return ip_r->family != MW_FAMILY_UNKNOWN;
}

/* inet_ntop() would go through printf() for each address of a log line. */
static void print_ipv4(const uint8_t bytes[4], struct mw_buf *out)
{
	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			mw_buf_add_char(out, '.');
		mw_buf_add_number(out, bytes[i]);
	}
}

void mw_ip_print(const struct mw_ip *ip, struct mw_buf *out)
{
	char text[INET6_ADDRSTRLEN];

	if (ip->family == MW_FAMILY_UNKNOWN)
		mw_buf_add_text(out, "unknown");
	else if (ip->family == MW_FAMILY_IPV4)
		print_ipv4(ip->bytes, out);
	else if (inet_ntop(AF_INET6, ip->bytes, text, sizeof(text)) != NULL)
		mw_buf_add_text(out, text);
}

bool mw_ip_is_loopback(const struct mw_ip *ip)
{
	static const uint8_t one[16] = { [15] = 1 };

	return ip->family == MW_FAMILY_IPV4 ? ip->bytes[0] == 127 :
					      ip->family == MW_FAMILY_IPV6 && memcmp(ip->bytes, one, sizeof(one)) == 0;
}

bool mw_ip_equal(const struct mw_ip *a, const struct mw_ip *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

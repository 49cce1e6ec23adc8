/* IP addresses, ranges and listeners. IPv4-mapped IPv6 addresses count as IPv4. No DNS: a host name is an error. */
#ifndef MW_MAIL_NETWORK_H
#define MW_MAIL_NETWORK_H

#include <stdint.h>

#include "base/buf.h"

enum mw_family { MW_FAMILY_UNKNOWN, MW_FAMILY_IPV4, MW_FAMILY_IPV6 };

struct mw_ip {
	enum mw_family family;
	uint8_t bytes[16]; /* network order; IPv4 in the first four, the rest zero */
};

/* "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1" (IPv4), "IPv6:2001:db8::1"; no brackets, zone or leading zeros. */
bool mw_ip_parse(struct mw_str text, struct mw_ip *ip_r);
void mw_ip_print(const struct mw_ip *ip, struct mw_buf *out);
bool mw_ip_equal(const struct mw_ip *a, const struct mw_ip *b);
/* 127.0.0.0/8 and ::1. */
bool mw_ip_is_loopback(const struct mw_ip *ip);
/* From a socket address's bytes (4 or 16, network order). Anything else: UNKNOWN. */
struct mw_ip mw_ip_from_bytes(const void *bytes, size_t len);

struct mw_range {
	struct mw_ip first, last; /* one family, first <= last */
};

/* An address, "192.0.2.0/24" (host bits must be zero), "2001:db8::/32" or "192.0.2.10-192.0.2.20".
   On failure *why_r is a static sentence part, e.g. "host bits are set". */
bool mw_range_parse(struct mw_str text, struct mw_range *range_r, const char **why_r);
/* The same, but host bits of a network may be set and are ignored, as in Dovecot's allow_nets (net_parse_range()). */
bool mw_range_parse_host_bits(struct mw_str text, struct mw_range *range_r, const char **why_r);
void mw_range_print(const struct mw_range *range, struct mw_buf *out);
bool mw_range_contains(const struct mw_range *range, const struct mw_ip *ip);
bool mw_range_overlaps(const struct mw_range *a, const struct mw_range *b);
/* What is left of a range without another: up to two ranges, in order. Returns how many. */
size_t mw_range_without(const struct mw_range *range, const struct mw_range *hole, struct mw_range pieces_r[2]);
/* Orders ranges by the number of their addresses: <0 when a is narrower, 0 when equal. Across families too. */
int mw_range_compare_width(const struct mw_range *a, const struct mw_range *b);
/* Only loopback addresses. */
bool mw_range_is_loopback(const struct mw_range *range);
/* Only loopback, private, link-local or unique local addresses (RFC 1918, 3927, 4193, 4291, 6598). */
bool mw_range_is_private(const struct mw_range *range);
/* Whether ranges together have so many public addresses that they are no network of anybody's own: more than an IPv4 /8,
   or more than an IPv6 /16. Who relays for them relays for the internet. Ranges may overlap. */
bool mw_ranges_are_everywhere(const struct mw_range *ranges, size_t count);

enum mw_binding_kind {
	MW_BINDING_ADDRESS,  /* "192.0.2.1:587", "[2001:db8::1]:587": narrower than the rest */
	MW_BINDING_ANY_IPV4, /* "0.0.0.0:587" */
	MW_BINDING_ANY_IPV6, /* "[::]:587" */
	MW_BINDING_ANY       /* "*:587" */
};

struct mw_binding {
	enum mw_binding_kind kind;
	struct mw_ip ip; /* for ADDRESS */
	uint16_t port;   /* 1 to 65535 */
};

bool mw_binding_parse(struct mw_str text, struct mw_binding *binding_r, const char **why_r);
void mw_binding_print(const struct mw_binding *binding, struct mw_buf *out);
/* An unknown local address matches only the kinds that name none. */
bool mw_binding_matches(const struct mw_binding *binding, const struct mw_ip *local, uint16_t port);
/* Whether some (address, port) matches both. */
bool mw_binding_overlaps(const struct mw_binding *a, const struct mw_binding *b);

#endif

/* SPDX-License-Identifier: MIT */
#include "mail/network.h"

#include "base/units.h"

static bool is_any(const struct mw_ip *ip)
{
	static const uint8_t zero[sizeof(ip->bytes)];

	return memcmp(ip->bytes, zero, sizeof(zero)) == 0;
}

static bool parse_port(struct mw_str text, uint16_t *port_r)
{
	uint64_t number;

	if (!mw_parse_number(text, &number) || number < 1 || number > UINT16_MAX || text.ptr[0] == '0')
		return false;
	*port_r = (uint16_t)number;
	return true;
}

static bool parse_host(struct mw_str host, struct mw_binding *binding_r, const char **why_r)
{
	bool bracketed = host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';

	if (mw_str_equal(host, MW_STR("*"))) {
		binding_r->kind = MW_BINDING_ANY;
		return true;
	}
	if (bracketed)
		host = mw_str_head(mw_str_tail(host, 1), host.len - 2);
	if (!mw_ip_parse(host, &binding_r->ip)) {
		*why_r = "not an IP address";
		return false;
	}
	if (bracketed != (mw_str_find(host, ':') < host.len)) {
		*why_r = bracketed ? "brackets around an IPv4 address" : "an IPv6 address without brackets";
		return false;
	}
	if (is_any(&binding_r->ip))
		binding_r->kind = binding_r->ip.family == MW_FAMILY_IPV4 ? MW_BINDING_ANY_IPV4 : MW_BINDING_ANY_IPV6;
	return true;
}

bool mw_binding_parse(struct mw_str text, struct mw_binding *binding_r, const char **why_r)
{
	size_t colon = mw_str_find_last(text, ':');

	*binding_r = (struct mw_binding){ .kind = MW_BINDING_ADDRESS };
	if (colon == text.len) {
		*why_r = "no port";
		return false;
	}
	if (!parse_port(mw_str_tail(text, colon + 1), &binding_r->port)) {
		*why_r = "the port is not a number from 1 to 65535";
		return false;
	}
	return parse_host(mw_str_head(text, colon), binding_r, why_r);
}

void mw_binding_print(const struct mw_binding *binding, struct mw_buf *out)
{
	bool ipv6 = binding->ip.family == MW_FAMILY_IPV6;

	if (binding->kind == MW_BINDING_ANY) {
		mw_buf_add_char(out, '*');
	} else {
		mw_buf_add_text(out, ipv6 ? "[" : "");
		mw_ip_print(&binding->ip, out);
		mw_buf_add_text(out, ipv6 ? "]" : "");
	}
	mw_buf_add_char(out, ':');
	mw_buf_add_number(out, binding->port);
}

static bool family_fits(const struct mw_binding *binding, enum mw_family family)
{
	switch (binding->kind) {
	case MW_BINDING_ADDRESS:
		return family == binding->ip.family;
	case MW_BINDING_ANY_IPV4:
		return family == MW_FAMILY_IPV4;
	case MW_BINDING_ANY_IPV6:
		return family == MW_FAMILY_IPV6;
	case MW_BINDING_ANY:
		return true;
	}
	return false;
}

bool mw_binding_matches(const struct mw_binding *binding, const struct mw_ip *local, uint16_t port)
{
	if (binding->port != port)
		return false;
	if (binding->kind == MW_BINDING_ADDRESS)
		return mw_ip_equal(&binding->ip, local);
	return local->family == MW_FAMILY_UNKNOWN || family_fits(binding, local->family);
}

bool mw_binding_overlaps(const struct mw_binding *a, const struct mw_binding *b)
{
	if (a->port != b->port)
		return false;
	if (a->kind == MW_BINDING_ADDRESS && b->kind == MW_BINDING_ADDRESS)
		return mw_ip_equal(&a->ip, &b->ip);
	return (family_fits(a, MW_FAMILY_IPV4) && family_fits(b, MW_FAMILY_IPV4)) ||
	       (family_fits(a, MW_FAMILY_IPV6) && family_fits(b, MW_FAMILY_IPV6));
}

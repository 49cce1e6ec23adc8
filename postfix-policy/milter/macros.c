/* SPDX-License-Identifier: MIT */
#include "macros.h"

#include <limits.h>

#include "base/units.h"

/* The steps by number: CONNECT, HELO, MAIL, RCPT, DATA, end of message, end of the header's fields. Where a list were
   empty Postfix would take that of main.cf, and it sends macros of steps that were declined too: these get the
   shortest. */
#define CONNECTION "{client_addr} {client_port} {daemon_addr} {daemon_port}"
#define LOGIN "{auth_authen} {auth_type}"
static const char *const lists[] = {
	CONNECTION, "i", LOGIN " {tls_version} {cipher} {cipher_bits} {cert_subject}", "i", "i",
	"i " CONNECTION " " LOGIN, "i",
};

void mw_macros_add_lists(struct mw_buf *out)
{
	for (uint32_t step = 0; step < sizeof(lists) / sizeof(lists[0]); step++) {
		mw_packet_add_number(out, step);
		mw_packet_add_string(out, mw_str(lists[step]));
	}
}

static struct mw_str *place_of(struct mw_macros *macros, struct mw_str name)
{
	const struct { const char *name; struct mw_str *place; } places[] = {
		{ "{client_addr}", &macros->client_addr }, { "{client_port}", &macros->client_port },
		{ "{daemon_addr}", &macros->daemon_addr }, { "{daemon_port}", &macros->daemon_port },
		{ "{auth_authen}", &macros->auth_authen }, { "{auth_type}", &macros->auth_type },
		{ "{tls_version}", &macros->tls_version }, { "{cipher}", &macros->cipher },
		{ "{cipher_bits}", &macros->cipher_bits }, { "{cert_subject}", &macros->cert_subject },
		{ "i", &macros->queue_id },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (mw_str_equal(name, mw_str(places[i].name)))
			return places[i].place;
	}
	return NULL;
}

bool mw_macros_read(struct mw_str data, struct mw_macros *macros_r)
{
	struct mw_str name, value, *place;

	memset(macros_r, 0, sizeof(*macros_r));
	while (data.len > 0) {
		if (!mw_packet_string(&data, &name) || !mw_packet_string(&data, &value))
			return false;
		place = place_of(macros_r, name);
		if (place != NULL)
			*place = value;
	}
	return true;
}

bool mw_macros_address(struct mw_str text, struct mw_ip *ip_r)
{
	*ip_r = (struct mw_ip){ .family = MW_FAMILY_UNKNOWN };
	return mw_str_equal(text, MW_STR("unknown")) || mw_ip_parse(text, ip_r);
}

/* The port of a macro; false: it is none. */
static bool port(struct mw_str text, uint16_t *port_r)
{
	uint64_t number;

	*port_r = 0;
	if (!mw_parse_number(text, &number) || number > UINT16_MAX)
		return false;
	*port_r = (uint16_t)number;
	return true;
}

const char *mw_macros_endpoints(const struct mw_macros *macros, struct mw_endpoints *endpoints_r)
{
	memset(endpoints_r, 0, sizeof(*endpoints_r));
	endpoints_r->protocol = MW_PROTOCOL_SMTP;
	if (!mw_macros_address(macros->client_addr, &endpoints_r->remote_ip))
		return "{client_addr} is missing or no address";
	if (!port(macros->client_port, &endpoints_r->remote_port))
		return "{client_port} is missing or no port";
	if (!mw_macros_address(macros->daemon_addr, &endpoints_r->local_ip))
		return "{daemon_addr} is missing or no address";
	if (!port(macros->daemon_port, &endpoints_r->local_port) || endpoints_r->local_port == 0)
		return "{daemon_port} is missing or 0, so that nobody can tell the listener";
	return NULL;
}

const char *mw_macros_identity(const struct mw_macros *macros, uint16_t local_port, struct mw_facts *facts)
{
	uint64_t bits = 0;

	facts->login = macros->auth_authen;
	facts->mechanism = macros->auth_type;
	facts->tls = (struct mw_tls_facts){ .version = macros->tls_version };
	if (mw_str_empty(facts->login) != mw_str_empty(facts->mechanism))
		return "{auth_authen} and {auth_type} do not come together";
	if (mw_str_empty(facts->tls.version))
		return NULL;
	if (!mw_parse_number(macros->cipher_bits, &bits) || bits > UINT_MAX)
		return "{cipher_bits} is missing or no number";
	facts->tls.origin = mw_tls_origin_of_port(local_port);
	facts->tls.cipher = macros->cipher;
	facts->tls.bits = (unsigned)bits;
	facts->tls.certificate_verified = !mw_str_empty(macros->cert_subject);
	return NULL;
}

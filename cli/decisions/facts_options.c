/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "decisions/facts_options.h"
#include "base/clock.h"
#include "ui/output.h"
#include "setting.h"
#include "tls/strength.h"

#define ANY_CLIENT "198.51.100.1"

struct fact {
	const char *name;
	const char *expected;
	bool (*set)(struct mw_given_facts *given, struct mw_str value);
};

static bool parse_port(struct mw_str value, uint16_t *port_r)
{
	uint64_t number;

	if (!mw_parse_number(value, &number) || number == 0 || number > UINT16_MAX)
		return false;
	*port_r = (uint16_t)number;
	return true;
}

static bool set_client(struct mw_given_facts *given, struct mw_str value)
{
	given->has_client = true;
	if (mw_str_equal(value, MW_STR("unknown"))) {
		given->facts.endpoints.remote_ip = (struct mw_ip){ .family = MW_FAMILY_UNKNOWN };
		return true;
	}
	return mw_ip_parse(value, &given->facts.endpoints.remote_ip);
}

static bool set_client_port(struct mw_given_facts *given, struct mw_str value)
{
	return parse_port(value, &given->facts.endpoints.remote_port);
}

static bool set_port(struct mw_given_facts *given, struct mw_str value)
{
	return parse_port(value, &given->facts.endpoints.local_port);
}

static bool set_local(struct mw_given_facts *given, struct mw_str value)
{
	size_t colon = mw_str_find_last(value, ':');
	struct mw_str host = mw_str_head(value, colon);

	if (colon == value.len || !parse_port(mw_str_tail(value, colon + 1), &given->facts.endpoints.local_port))
		return false;
	if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = (struct mw_str){ host.ptr + 1, host.len - 2 };
	if (mw_str_equal(host, MW_STR("*")))
		return true;
	return mw_ip_parse(host, &given->facts.endpoints.local_ip);
}

static bool set_tls(struct mw_given_facts *given, struct mw_str value)
{
	if (mw_str_empty(value))
		return false;
	given->has_tls = !mw_str_equal_nocase(value, MW_STR("none"));
	given->facts.tls.version = given->has_tls ? value : MW_STR_EMPTY;
	return true;
}

static bool set_cipher(struct mw_given_facts *given, struct mw_str value)
{
	given->facts.tls.cipher = value;
	return true;
}

static bool set_bits(struct mw_given_facts *given, struct mw_str value)
{
	uint64_t number;

	if (!mw_parse_number(value, &number) || number > 100000)
		return false;
	given->facts.tls.bits = (unsigned)number;
	given->has_bits = true;
	return true;
}

static bool set_origin(struct mw_given_facts *given, struct mw_str value)
{
	int origin;

	if (!mw_table_find(mw_tls_origins, value, &origin))
		return false;
	given->facts.tls.origin = (enum mw_tls_origin)origin;
	given->has_origin = true;
	return true;
}

static bool set_proxy(struct mw_given_facts *given, struct mw_str value)
{
	return mw_ip_parse(value, &given->facts.tls.proxy);
}

static bool set_fingerprint(struct mw_given_facts *given, struct mw_str value)
{
	given->facts.tls.certificate_fingerprint = value;
	return true;
}

static bool set_verified(struct mw_given_facts *given, struct mw_str value)
{
	return mw_parse_switch(value, &given->facts.tls.certificate_verified);
}

static bool set_mechanism(struct mw_given_facts *given, struct mw_str value)
{
	given->facts.mechanism = value;
	return true;
}

static bool set_login(struct mw_given_facts *given, struct mw_str value)
{
	given->facts.login = value;
	return true;
}

static bool set_master(struct mw_given_facts *given, struct mw_str value)
{
	given->facts.master = value;
	return true;
}

static bool set_sasl_service(struct mw_given_facts *given, struct mw_str value)
{
	given->facts.sasl_service = value;
	return true;
}

static bool set_stage(struct mw_given_facts *given, struct mw_str value)
{
	int stage;

	if (!mw_table_find(mw_stages, value, &stage))
		return false;
	given->facts.stage = (enum mw_stage)stage;
	given->has_stage = true;
	return true;
}

static bool set_sender(struct mw_given_facts *given, struct mw_str value)
{
	given->facts.sender = value;
	return true;
}

static bool set_recipient(struct mw_given_facts *given, struct mw_str value)
{
	given->facts.recipient = value;
	given->has_recipient = true;
	return true;
}

static bool set_recipient_count(struct mw_given_facts *given, struct mw_str value)
{
	return mw_parse_number(value, &given->facts.recipient_count);
}

static bool set_size(struct mw_given_facts *given, struct mw_str value)
{
	return mw_parse_size(value, &given->facts.size) && given->facts.size != MW_UNLIMITED;
}

static bool set_instance(struct mw_given_facts *given, struct mw_str value)
{
	given->facts.instance = value;
	given->facts.no_instance = mw_str_empty(value);
	return true;
}

static bool set_etrn_domain(struct mw_given_facts *given, struct mw_str value)
{
	given->facts.etrn_domain = value;
	return true;
}

static bool set_context(struct mw_given_facts *given, struct mw_str value)
{
	int context = MW_CONTEXT_NONE;
	bool known = mw_str_empty(value) || mw_table_find(mw_contexts, value, &context);

	given->facts.context = (enum mw_context)context;
	return known;
}

static bool set_header(struct mw_given_facts *given, struct mw_str value)
{
	size_t colon = mw_str_find(value, ':');

	if (colon == 0 || colon == value.len)
		return false;
	mw_originators_add(mw_given_facts_header(given), mw_str_head(value, colon), mw_str_tail(value, colon + 1));
	return true;
}

static bool set_today(struct mw_given_facts *given, struct mw_str value)
{
	given->has_today = mw_parse_date(value, &given->facts.today);
	return given->has_today;
}

static const struct fact facts[] = {
	{ "client", "an IP address", set_client },
	{ "client-port", "1 to 65535", set_client_port },
	{ "port", "1 to 65535", set_port },
	{ "local", "IP:PORT, [IPV6]:PORT or *:PORT", set_local },
	{ "tls", "SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3 or none", set_tls },
	{ "cipher", "a cipher's name", set_cipher },
	{ "bits", "a number", set_bits },
	{ "tls-origin", "none, starttls, implicit or proxy", set_origin },
	{ "proxy", "an IP address", set_proxy },
	{ "fingerprint", "SHA-256 in hexadecimal", set_fingerprint },
	{ "verified", "yes or no", set_verified },
	{ "mechanism", "a SASL mechanism", set_mechanism },
	{ "login", "a login name", set_login },
	{ "master", "a login name", set_master },
	{ "sasl-service", "a service's name", set_sasl_service },
	{ "stage", "CONNECT, EHLO, HELO, MAIL, RCPT, DATA, END-OF-MESSAGE, VRFY, ETRN or HEADER", set_stage },
	{ "sender", "an address", set_sender },
	{ "recipient", "an address", set_recipient },
	{ "recipient-count", "a number", set_recipient_count },
	{ "size", "octets, 500KB, 36MB", set_size },
	{ "instance", "a name", set_instance },
	{ "etrn-domain", "a domain", set_etrn_domain },
	{ "context", "relay or sender", set_context },
	{ "header", "NAME: VALUE", set_header },
	{ "today", "YYYY-MM-DD", set_today },
};

struct mw_originators_reader *mw_given_facts_header(struct mw_given_facts *given)
{
	/* One message in a run of the program. */
	static struct mw_arena *arena;

	if (arena == NULL)
		arena = mw_arena_new(0);
	if (arena == NULL)
		abort();
	if (!given->has_header)
		mw_originators_begin(&given->header, arena);
	given->has_header = true;
	return &given->header;
}

bool mw_fact_set(struct mw_given_facts *given, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (strcmp(facts[i].name, name) != 0)
			continue;
		if (facts[i].set(given, mw_str(value)))
			return true;
		mw_usage_error("--%s %s: expected %s", name, value, facts[i].expected);
		return false;
	}
	abort();
}

static uint16_t usual_port(const struct mw_facts *given)
{
	bool implicit = given->tls.origin == MW_TLS_ORIGIN_IMPLICIT;

	switch (given->endpoints.protocol) {
	case MW_PROTOCOL_IMAP:
		return implicit ? 993 : 143;
	case MW_PROTOCOL_POP3:
		return implicit ? 995 : 110;
	case MW_PROTOCOL_SIEVE:
		return 4190;
	case MW_PROTOCOL_SUBMISSION:
		return implicit ? 465 : 587;
	case MW_PROTOCOL_SMTP:
		return implicit ? 465 : mw_str_empty(given->login) ? 25 : 587;
	}
	return 0;
}

static enum mw_tls_origin usual_origin(const struct mw_facts *given)
{
	if (given->tls.proxy.family != MW_FAMILY_UNKNOWN)
		return MW_TLS_ORIGIN_PROXY;
	return mw_tls_origin_of_port(given->endpoints.local_port);
}

static const char *usual_mechanism(enum mw_protocol protocol)
{
	return protocol == MW_PROTOCOL_IMAP ? "LOGIN" : protocol == MW_PROTOCOL_POP3 ? "USER" : "PLAIN";
}

/* Somebody out there, whom no narrow range holds: an address that is for documentation alone (RFC 5737). */
static void assume_client(struct mw_given_facts *given, struct mw_buf *assumed)
{
	if (given->has_client || given->facts.endpoints.protocol != MW_PROTOCOL_SMTP)
		return;
	mw_ip_parse(MW_STR(ANY_CLIENT), &given->facts.endpoints.remote_ip);
	mw_buf_add_text(assumed, " client=" ANY_CLIENT);
}

static void assume_stage(struct mw_given_facts *given, struct mw_buf *assumed)
{
	if (given->has_stage || given->facts.endpoints.protocol != MW_PROTOCOL_SMTP)
		return;
	given->facts.stage = given->has_header ? MW_STAGE_HEADER : given->has_recipient ? MW_STAGE_RCPT : MW_STAGE_MAIL;
	mw_buf_printf(assumed, " stage=%s", mw_table_word(mw_stages, given->facts.stage));
}

static void assume_tls(struct mw_given_facts *given, struct mw_buf *assumed)
{
	struct mw_tls_facts *tls = &given->facts.tls;

	if (!given->has_tls)
		return;
	if (!given->has_bits) {
		tls->bits = mw_str_empty(tls->cipher) ? 256 : mw_tls_cipher_bits(tls->cipher);
		mw_buf_printf(assumed, " bits=%u", tls->bits);
	}
	if (!given->has_origin) {
		tls->origin = usual_origin(&given->facts);
		mw_buf_printf(assumed, " tls_origin=%s", mw_table_word(mw_tls_origins, tls->origin));
	}
}

static void assume_mechanism(struct mw_given_facts *given, struct mw_buf *assumed)
{
	enum mw_protocol protocol = given->facts.endpoints.protocol;

	if (!mw_str_empty(given->facts.mechanism) ||
	    (protocol == MW_PROTOCOL_SMTP && mw_str_empty(given->facts.login)))
		return;
	given->facts.mechanism = mw_str(usual_mechanism(protocol));
	mw_buf_printf(assumed, " mechanism=%s", given->facts.mechanism.ptr);
}

/* Once it was quoted it stands in the memory, and needs no quotes any more. */
static struct mw_str quoted(struct mw_str value, char *memory, size_t size)
{
	struct mw_buf out;

	if (value.ptr == memory)
		return value;
	out = mw_buf_over(memory, size);
	return mw_address_quoted(value, &out);
}

void mw_given_facts_quote(struct mw_given_facts *given)
{
	struct mw_quoted *into = &given->quoted;

	given->facts.sender = quoted(given->facts.sender, into->sender, sizeof(into->sender));
	given->facts.recipient = quoted(given->facts.recipient, into->recipient, sizeof(into->recipient));
}

void mw_facts_complete(struct mw_given_facts *given)
{
	struct mw_buf assumed = MW_BUF_OVER(given->assumed_text);

	if (given->has_header && !mw_originators_end(&given->header, &given->facts.originators))
		abort();
	if (!given->has_today)
		given->facts.today = mw_clock_today();
	if (!given->captured) {
		assume_client(given, &assumed);
		if (given->facts.endpoints.local_port == 0) {
			given->facts.endpoints.local_port = usual_port(&given->facts);
			mw_buf_printf(&assumed, " port=%u", given->facts.endpoints.local_port);
		}
		assume_tls(given, &assumed);
		assume_mechanism(given, &assumed);
		assume_stage(given, &assumed);
	}
	given->assumed = assumed.used > 0 ? given->assumed_text + 1 : "";
}

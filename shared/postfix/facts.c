/* SPDX-License-Identifier: MIT */
#include "postfix/facts.h"

#include <limits.h>

struct reader {
	const struct mw_request *request;
	const char *bytes;
	const char *why;
};

static struct mw_str text(const struct reader *reader, enum mw_attribute attribute)
{
	return mw_request_value(reader->request, reader->bytes, attribute);
}

/* Empty and "unknown" (Postfix's word for a port it does not know) are 0. */
static uint64_t number(struct reader *reader, enum mw_attribute attribute, uint64_t most, const char *why)
{
	struct mw_str value = text(reader, attribute);
	uint64_t result = 0;

	if (mw_str_empty(value) || mw_str_equal(value, MW_STR("unknown")))
		return 0;
	if (!mw_parse_number(value, &result) || result > most) {
		reader->why = why;
		return 0;
	}
	return result;
}

/* A missing or invalid address must not count as unknown: a wider connector would apply then. */
static struct mw_ip address(struct reader *reader, enum mw_attribute attribute, const char *why)
{
	struct mw_ip ip = { .family = MW_FAMILY_UNKNOWN };
	struct mw_str value = text(reader, attribute);

	if (!mw_request_has(reader->request, attribute))
		reader->why = why;
	if (mw_str_empty(value) || mw_str_equal(value, MW_STR("unknown")) || mw_ip_parse(value, &ip))
		return ip;
	reader->why = why;
	return (struct mw_ip){ .family = MW_FAMILY_UNKNOWN };
}

static enum mw_stage stage(const struct reader *reader)
{
	int value;

	/* HEADER is no state of Postfix's. */
	if (!mw_table_find(mw_stages, text(reader, MW_ATTRIBUTE_PROTOCOL_STATE), &value) || value == MW_STAGE_HEADER)
		return MW_STAGE_UNKNOWN;
	return (enum mw_stage)value;
}

/* Word for word, as Postfix sends what main.cf says. */
enum mw_context mw_context_read(struct mw_str value, bool *audit_r)
{
	static const char prefix[] = MW_AUDIT_CONTEXT "-";
	bool prefixed = mw_str_starts_with(value, mw_str(prefix));
	struct mw_str word = mw_str_tail(value, prefixed ? strlen(prefix) : 0);
	int context;

	/* A table takes its words in any case. */
	if (!mw_table_find(mw_contexts, word, &context) || !mw_str_equal(word, mw_str(mw_table_word(mw_contexts, context))))
		context = MW_CONTEXT_NONE;
	*audit_r = prefixed ? context != MW_CONTEXT_NONE : mw_str_equal(value, MW_STR(MW_AUDIT_CONTEXT));
	return (enum mw_context)context;
}

static bool is_sha256(struct mw_str fingerprint)
{
	size_t digits = 0;

	for (size_t i = 0; i < fingerprint.len; i++) {
		if (mw_hex_digit(fingerprint.ptr[i]) >= 0)
			digits++;
		else if (fingerprint.ptr[i] != ':')
			return false;
	}
	return digits == 64;
}

static void read_tls(struct reader *reader, uint16_t port, struct mw_tls_facts *tls)
{
	struct mw_str fingerprint = text(reader, MW_ATTRIBUTE_CCERT_FINGERPRINT);

	tls->version = text(reader, MW_ATTRIBUTE_ENCRYPTION_PROTOCOL);
	if (mw_str_empty(tls->version))
		return;
	tls->origin = mw_tls_origin_of_port(port);
	tls->cipher = text(reader, MW_ATTRIBUTE_ENCRYPTION_CIPHER);
	tls->bits = (unsigned)number(reader, MW_ATTRIBUTE_ENCRYPTION_KEYSIZE, UINT_MAX,
				     "encryption_keysize is no number");
	tls->certificate_verified = !mw_str_empty(text(reader, MW_ATTRIBUTE_CCERT_SUBJECT));
	if (is_sha256(fingerprint))
		tls->certificate_fingerprint = fingerprint;
}

static void need(struct reader *reader, enum mw_attribute attribute, const char *why)
{
	if (!mw_request_has(reader->request, attribute))
		reader->why = why;
}

/* A number that Postfix always knows at the stage: empty and "unknown" are no values of it. */
static void need_number(struct reader *reader, enum mw_attribute attribute, const char *why)
{
	struct mw_str value = text(reader, attribute);

	if (mw_str_empty(value) || mw_str_equal(value, MW_STR("unknown")))
		reader->why = why;
}

/* The attribute that the stage is about must be present: a missing one, treated as empty, could pass a check that
   its value would not. */
static void check_missing(struct reader *reader, const struct mw_facts *facts)
{
	switch (facts->stage) {
	case MW_STAGE_CONNECT:
	case MW_STAGE_HELO:
	case MW_STAGE_EHLO:
		return;
	case MW_STAGE_VRFY:
		need(reader, MW_ATTRIBUTE_RECIPIENT, "recipient is missing");
		return;
	case MW_STAGE_ETRN:
		need(reader, MW_ATTRIBUTE_ETRN_DOMAIN, "etrn_domain is missing");
		return;
	case MW_STAGE_MAIL:
		need(reader, MW_ATTRIBUTE_SENDER, "sender is missing");
		return;
	case MW_STAGE_RCPT:
	case MW_STAGE_HEADER:
	case MW_STAGE_UNKNOWN:
		need(reader, MW_ATTRIBUTE_SENDER, "sender is missing");
		need(reader, MW_ATTRIBUTE_RECIPIENT, "recipient is missing");
		return;
	case MW_STAGE_END_OF_MESSAGE:
		need_number(reader, MW_ATTRIBUTE_SIZE, "size is missing");
		/* fall through */
	case MW_STAGE_DATA:
		need(reader, MW_ATTRIBUTE_SENDER, "sender is missing");
		need_number(reader, MW_ATTRIBUTE_RECIPIENT_COUNT, "recipient_count is missing");
		if (facts->recipient_count == 1)
			need(reader, MW_ATTRIBUTE_RECIPIENT, "recipient is missing");
		return;
	}
}

static void read_endpoints(struct reader *reader, struct mw_endpoints *endpoints)
{
	endpoints->protocol = MW_PROTOCOL_SMTP;
	endpoints->local_ip = address(reader, MW_ATTRIBUTE_SERVER_ADDRESS, "server_address is no address");
	endpoints->local_port = (uint16_t)number(reader, MW_ATTRIBUTE_SERVER_PORT, UINT16_MAX,
						 "server_port is no port");
	endpoints->remote_ip = address(reader, MW_ATTRIBUTE_CLIENT_ADDRESS, "client_address is no address");
	endpoints->remote_port = (uint16_t)number(reader, MW_ATTRIBUTE_CLIENT_PORT, UINT16_MAX,
						  "client_port is no port");
}

bool mw_facts_from_request(const struct mw_request *request, const char *bytes, int64_t today,
			   struct mw_quoted *quoted, struct mw_facts *facts_r, const char **why_r)
{
	struct reader reader = { .request = request, .bytes = bytes };
	struct mw_buf sender = MW_BUF_OVER(quoted->sender), recipient = MW_BUF_OVER(quoted->recipient);

	memset(facts_r, 0, sizeof(*facts_r));
	facts_r->today = today;
	read_endpoints(&reader, &facts_r->endpoints);
	read_tls(&reader, facts_r->endpoints.local_port, &facts_r->tls);
	facts_r->mechanism = text(&reader, MW_ATTRIBUTE_SASL_METHOD);
	facts_r->login = text(&reader, MW_ATTRIBUTE_SASL_USERNAME);
	if (mw_str_empty(facts_r->login) && !mw_str_empty(facts_r->mechanism))
		reader.why = "sasl_method came without sasl_username";
	facts_r->stage = stage(&reader);
	facts_r->context = mw_context_read(text(&reader, MW_ATTRIBUTE_POLICY_CONTEXT), &facts_r->of_audit);
	facts_r->sender = mw_address_quoted(text(&reader, MW_ATTRIBUTE_SENDER), &sender);
	facts_r->recipient = mw_address_quoted(text(&reader, MW_ATTRIBUTE_RECIPIENT), &recipient);
	facts_r->etrn_domain = text(&reader, MW_ATTRIBUTE_ETRN_DOMAIN);
	facts_r->recipient_count = number(&reader, MW_ATTRIBUTE_RECIPIENT_COUNT, UINT64_MAX,
					  "recipient_count is no number");
	facts_r->size = number(&reader, MW_ATTRIBUTE_SIZE, UINT64_MAX, "size is no number");
	facts_r->instance = text(&reader, MW_ATTRIBUTE_INSTANCE);
	facts_r->no_instance = mw_str_empty(facts_r->instance);
	facts_r->queue_id = text(&reader, MW_ATTRIBUTE_QUEUE_ID);
	check_missing(&reader, facts_r);
	*why_r = reader.why;
	return reader.why == NULL;
}

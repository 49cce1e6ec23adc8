/* SPDX-License-Identifier: MIT */
#include "facts_options.h"
#include "output.h"

/* Attributes of Postfix's SMTPD_POLICY_README that are facts, and the option that takes the same value. */
static const struct { const char *attribute, *fact; } attributes[] = {
	{ "client_address", "client" },
	{ "client_port", "client-port" },
	{ "server_port", "port" },
	{ "encryption_protocol", "tls" },
	{ "encryption_cipher", "cipher" },
	{ "encryption_keysize", "bits" },
	{ "ccert_fingerprint", "fingerprint" },
	{ "sasl_method", "mechanism" },
	{ "sasl_username", "login" },
	{ "recipient_count", "recipient-count" },
	{ "size", "size" },
	{ "etrn_domain", "etrn-domain" },
};

/* What Postfix writes where it knows nothing, and what only says something about the other facts. */
static bool take_special(struct mw_given_facts *given, struct mw_str name, struct mw_str value)
{
	struct mw_facts *facts = &given->facts;

	if (mw_str_equal(name, MW_STR("server_address"))) {
		mw_ip_parse(value, &facts->endpoints.local_ip);
	} else if (mw_str_equal(name, MW_STR("ccert_subject"))) {
		facts->tls.certificate_verified = !mw_str_empty(value);
	} else if (mw_str_equal(name, MW_STR("sender"))) {
		facts->sender = value;
	} else if (mw_str_equal(name, MW_STR("recipient"))) {
		facts->recipient = value;
	} else if (mw_str_equal(name, MW_STR("instance"))) {
		facts->instance = value;
		facts->no_instance = mw_str_empty(value);
	} else if (mw_str_equal(name, MW_STR("queue_id"))) {
		facts->queue_id = value;
	} else if (mw_str_equal(name, MW_STR("policy_context"))) {
		facts->relay_context = mw_str_equal(value, MW_STR("relay"));
	} else if (mw_str_equal(name, MW_STR("protocol_state"))) {
		int stage;

		facts->stage = mw_table_find(mw_stages, value, &stage) ? (enum mw_stage)stage : MW_STAGE_UNKNOWN;
	} else {
		return false;
	}
	return true;
}

static bool take(struct mw_given_facts *given, struct mw_str name, char *value_text, struct mw_str value)
{
	if (take_special(given, name, value) || mw_str_empty(value))
		return true;
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (!mw_str_equal(name, mw_str(attributes[i].attribute)))
			continue;
		/* "0" and "unknown" are Postfix's words for a port or an address that it does not know. */
		if (mw_str_equal(value, MW_STR("0")) || mw_str_equal(value, MW_STR("unknown")))
			return true;
		return mw_fact_set(given, attributes[i].fact, value_text);
	}
	return true;
}

bool mw_given_facts_from_request(struct mw_given_facts *given, struct mw_str text)
{
	unsigned number = 0;

	given->captured = true;
	given->facts.stage = MW_STAGE_UNKNOWN;
	given->facts.no_instance = true;
	while (text.len > 0) {
		size_t end = mw_str_find(text, '\n');
		struct mw_str line = mw_str_head(text, end);
		size_t equals = mw_str_find(line, '=');

		number++;
		if (line.len == 0)
			break;
		if (equals == line.len) {
			mw_complain("explain: line %u of the request: expected name=value", number);
			return false;
		}
		/* The buffer is the caller's and ends one byte after the text: the value becomes a C string in it. */
		((char *)(uintptr_t)line.ptr)[line.len] = '\0';
		if (!take(given, mw_str_head(line, equals), (char *)(uintptr_t)line.ptr + equals + 1,
			  mw_str_tail(line, equals + 1)))
			return false;
		text = mw_str_tail(text, end + 1);
	}
	mw_given_facts_quote(given);
	/* As mailwicketd reads it: without a protocol there is no TLS, whatever else is said about it. */
	if (mw_str_empty(given->facts.tls.version))
		memset(&given->facts.tls, 0, sizeof(given->facts.tls));
	else
		given->facts.tls.origin = MW_TLS_ORIGIN_STARTTLS;
	return true;
}

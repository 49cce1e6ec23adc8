/* SPDX-License-Identifier: MIT */
#include "facts_log.h"

#include <limits.h>

static const struct mw_word verdict_words[] = {
	{ "permit", MW_LOGGED_PERMIT },
	{ "would-refuse", MW_LOGGED_WOULD_REFUSE },
	{ "refuse", MW_LOGGED_REFUSE },
	{ "defer", MW_LOGGED_DEFER },
	{ "undecided", MW_LOGGED_UNDECIDED },
};
const struct mw_table mw_logged_verdicts = MW_TABLE(verdict_words);

/* Places of the table below that are looked at by themselves. */
enum field {
	FIELD_VERSION, FIELD_VERDICT, FIELD_REASON, FIELD_PROTOCOL, FIELD_DECISION, FIELD_TLS, FIELD_TLS_ORIGIN, FIELD_CUT,
	FIELD_REPLY, FIELD_RULE, FIELD_HINT
};

struct reader {
	struct mw_logged_decision *decision;
	struct mw_buf values; /* what was kept; behind it the value that was just read */
	uint64_t seen;        /* a bit a field */
	struct mw_str cut;
};

/* How a field's value is read into its place. False: it is none. */
typedef bool read_value(struct mw_str value, void *place);

static bool read_nothing(struct mw_str value, void *place)
{
	(void)value, (void)place;
	return true;
}

static bool read_version(struct mw_str value, void *place)
{
	(void)place;
	return mw_str_equal(value, MW_STR("1"));
}

static bool read_text(struct mw_str value, void *place)
{
	*(struct mw_str *)place = value;
	return true;
}

static bool read_ip(struct mw_str value, void *place)
{
	return mw_ip_parse(value, place);
}

static bool read_number(struct mw_str value, void *place)
{
	return mw_parse_number(value, place);
}

static bool read_port(struct mw_str value, void *place)
{
	uint64_t number;

	if (!mw_parse_number(value, &number) || number > UINT16_MAX)
		return false;
	*(uint16_t *)place = (uint16_t)number;
	return true;
}

static bool read_bits(struct mw_str value, void *place)
{
	uint64_t number;

	if (!mw_parse_number(value, &number) || number > UINT_MAX)
		return false;
	*(unsigned *)place = (unsigned)number;
	return true;
}

static bool read_switch(struct mw_str value, void *place)
{
	return mw_parse_switch(value, place);
}

static bool read_context(struct mw_str value, void *place)
{
	*(bool *)place = mw_str_equal(value, MW_STR("relay"));
	return *(bool *)place;
}

static bool read_reason(struct mw_str value, void *place)
{
	for (int i = 0; i < MW_REASON_COUNT; i++) {
		if (mw_str_equal(value, mw_str(mw_reason_name((enum mw_reason)i)))) {
			*(enum mw_reason *)place = (enum mw_reason)i;
			return true;
		}
	}
	return false;
}

static bool read_verdict(struct mw_str value, void *place)
{
	return mw_table_find(mw_logged_verdicts, value, place);
}

static bool read_protocol(struct mw_str value, void *place)
{
	return mw_table_find(mw_protocols, value, place);
}

static bool read_decision(struct mw_str value, void *place)
{
	return mw_table_find(mw_decisions, value, place);
}

static bool read_origin(struct mw_str value, void *place)
{
	return mw_table_find(mw_tls_origins, value, place);
}

static bool read_stage(struct mw_str value, void *place)
{
	return mw_table_find(mw_stages, value, place);
}

#define IN(member) offsetof(struct mw_logged_decision, member)

static const struct {
	const char *key;
	read_value *read;
	size_t place; /* in struct mw_logged_decision */
} fields[] = {
	[FIELD_VERSION] = { "v", read_version, 0 },
	[FIELD_VERDICT] = { "verdict", read_verdict, IN(verdict) },
	[FIELD_REASON] = { "reason", read_reason, IN(reason) },
	[FIELD_PROTOCOL] = { "protocol", read_protocol, IN(facts.endpoints.protocol) },
	[FIELD_DECISION] = { "decision", read_decision, IN(decision) },
	[FIELD_TLS] = { "tls", read_text, IN(facts.tls.version) },
	[FIELD_TLS_ORIGIN] = { "tls_origin", read_origin, IN(facts.tls.origin) },
	[FIELD_CUT] = { "cut", read_nothing, 0 },
	[FIELD_REPLY] = { "reply", read_nothing, 0 },
	[FIELD_RULE] = { "rule", read_nothing, 0 },
	[FIELD_HINT] = { "hint", read_nothing, 0 },
	{ "stage", read_stage, IN(facts.stage) },
	{ "login", read_text, IN(facts.login) },
	{ "master", read_text, IN(facts.master) },
	{ "sender", read_text, IN(facts.sender) },
	{ "recipient", read_text, IN(facts.recipient) },
	{ "client", read_ip, IN(facts.endpoints.remote_ip) },
	{ "port", read_port, IN(facts.endpoints.local_port) },
	{ "cipher", read_text, IN(facts.tls.cipher) },
	{ "bits", read_bits, IN(facts.tls.bits) },
	{ "mechanism", read_text, IN(facts.mechanism) },
	{ "local", read_ip, IN(facts.endpoints.local_ip) },
	{ "proxy", read_ip, IN(facts.tls.proxy) },
	{ "fingerprint", read_text, IN(facts.tls.certificate_fingerprint) },
	{ "verified", read_switch, IN(facts.tls.certificate_verified) },
	{ "sasl_service", read_text, IN(facts.sasl_service) },
	{ "context", read_context, IN(facts.relay_context) },
	{ "size", read_number, IN(facts.size) },
	{ "recipient_count", read_number, IN(facts.recipient_count) },
	{ "etrn_domain", read_text, IN(facts.etrn_domain) },
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static bool has(const struct reader *reader, enum field field)
{
	return (reader->seen >> field & 1) != 0;
}

/* False: no value of the field, or the field a second time. What is no fact is passed over. */
static bool take(struct reader *reader, struct mw_str key, struct mw_str value)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (!mw_str_equal(key, mw_str(fields[i].key)))
			continue;
		if ((reader->seen >> i & 1) != 0)
			return false;
		reader->seen |= UINT64_C(1) << i;
		reader->values.used += value.len + 1;
		if (i == FIELD_CUT)
			reader->cut = value;
		return fields[i].read(value, (char *)reader->decision + fields[i].place);
	}
	return true;
}

static bool read_fields(struct reader *reader, struct mw_str line)
{
	struct mw_str key;

	while (reader->values.used < reader->values.size) {
		struct mw_buf value = mw_buf_over(reader->values.data + reader->values.used,
						  reader->values.size - reader->values.used);

		if (!mw_logline_next(&line, &key, &value))
			return mw_str_empty(line);
		if (value.truncated || !take(reader, key, mw_buf_str(&value)))
			return false;
	}
	return false;
}

/* Whether a decision of this kind looks at the field. */
static bool looks_at(enum mw_decision decision, struct mw_str key)
{
	static const struct { const char *key; unsigned decisions; } readers[] = {
		{ "tls", 1u << MW_DECISION_LOGIN | 1u << MW_DECISION_ACCOUNT | 1u << MW_DECISION_SUBMISSION },
		{ "mechanism", 1u << MW_DECISION_LOGIN | 1u << MW_DECISION_ACCOUNT | 1u << MW_DECISION_SUBMISSION },
		{ "login", 1u << MW_DECISION_ACCOUNT | 1u << MW_DECISION_SUBMISSION },
		{ "master", 1u << MW_DECISION_ACCOUNT | 1u << MW_DECISION_SUBMISSION },
		{ "sasl_service", 1u << MW_DECISION_ACCOUNT },
	};

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (mw_str_equal(key, mw_str(readers[i].key)))
			return (readers[i].decisions >> decision & 1) != 0;
	return decision == MW_DECISION_SUBMISSION;
}

static bool lost_a_value(const struct reader *reader)
{
	struct mw_str rest = reader->cut, key;

	while (mw_str_split(&rest, ',', &key))
		if (looks_at(reader->decision->decision, key))
			return true;
	return false;
}

enum mw_logged_state mw_facts_from_log(struct mw_str line, struct mw_logged_decision *decision_r)
{
	struct reader reader = { .decision = decision_r, .values = MW_BUF_OVER(decision_r->values) };

	memset(decision_r, 0, offsetof(struct mw_logged_decision, values));
	decision_r->facts.stage = MW_STAGE_UNKNOWN;
	if (!read_fields(&reader, line) || !has(&reader, FIELD_VERSION) || !has(&reader, FIELD_VERDICT) ||
	    !has(&reader, FIELD_REASON) || !has(&reader, FIELD_PROTOCOL))
		return MW_LOGGED_MALFORMED;
	if (!has(&reader, FIELD_DECISION))
		return MW_LOGGED_OLD;
	/* One of these ends every line, behind all facts: without it something was lost. */
	if (!has(&reader, FIELD_REPLY) && !has(&reader, FIELD_RULE) && !has(&reader, FIELD_HINT))
		return MW_LOGGED_MALFORMED;
	if (lost_a_value(&reader))
		return MW_LOGGED_CUT;
	if (has(&reader, FIELD_TLS_ORIGIN) && !has(&reader, FIELD_TLS))
		mw_tls_assume(&decision_r->facts.tls);
	return MW_LOGGED_WHOLE;
}

enum mw_logged_verdict mw_logged_verdict_of(const struct mw_verdict *verdict)
{
	if (verdict->outcome != MW_PERMIT && !mw_verdict_stops(verdict))
		return MW_LOGGED_WOULD_REFUSE;
	switch (verdict->outcome) {
	case MW_PERMIT:
		return MW_LOGGED_PERMIT;
	case MW_REFUSE:
		return MW_LOGGED_REFUSE;
	case MW_DEFER:
		return MW_LOGGED_DEFER;
	case MW_UNDECIDED:
		break;
	}
	return MW_LOGGED_UNDECIDED;
}

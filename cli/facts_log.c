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

/* Fields that are asked for by themselves. */
enum mark {
	MARK_NONE, MARK_VERSION = 1, MARK_VERDICT = 2, MARK_REASON = 4, MARK_PROTOCOL = 8, MARK_DECISION = 16, MARK_TLS = 32,
	MARK_TLS_ORIGIN = 64, MARK_CUT = 128, MARK_END = 256 /* stands behind all facts */
};

#define NEEDED (MARK_VERSION | MARK_VERDICT | MARK_REASON | MARK_PROTOCOL)

struct reader {
	struct mw_logged_decision *decision;
	struct mw_buf values; /* what was kept; behind it the value that was just read */
	size_t next;          /* the row where the next field is looked for first */
	uint64_t seen;        /* a bit a row */
	unsigned marks;
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

/* Which instance is nothing to a decision. */
static bool read_instance(struct mw_str value, void *place)
{
	*(bool *)place = mw_str_empty(value);
	return true;
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

#define KEY(literal) { literal, sizeof(literal) - 1 }

/* In the order of the line. */
static const struct {
	struct mw_str key;
	read_value *read;
	size_t place; /* in struct mw_logged_decision */
	enum mark mark;
} fields[] = {
	{ KEY("v"), read_version, 0, MARK_VERSION },
	{ KEY("verdict"), read_verdict, IN(verdict), MARK_VERDICT },
	{ KEY("reason"), read_reason, IN(reason), MARK_REASON },
	{ KEY("mode"), read_nothing, 0, MARK_NONE },
	{ KEY("protocol"), read_protocol, IN(facts.endpoints.protocol), MARK_PROTOCOL },
	{ KEY("stage"), read_stage, IN(facts.stage), MARK_NONE },
	{ KEY("connector"), read_nothing, 0, MARK_NONE },
	{ KEY("login_rule"), read_nothing, 0, MARK_NONE },
	{ KEY("login"), read_text, IN(facts.login), MARK_NONE },
	{ KEY("master"), read_text, IN(facts.master), MARK_NONE },
	{ KEY("sender"), read_text, IN(facts.sender), MARK_NONE },
	{ KEY("recipient"), read_text, IN(facts.recipient), MARK_NONE },
	{ KEY("client"), read_ip, IN(facts.endpoints.remote_ip), MARK_NONE },
	{ KEY("port"), read_port, IN(facts.endpoints.local_port), MARK_NONE },
	{ KEY("tls"), read_text, IN(facts.tls.version), MARK_TLS },
	{ KEY("cipher"), read_text, IN(facts.tls.cipher), MARK_NONE },
	{ KEY("bits"), read_bits, IN(facts.tls.bits), MARK_NONE },
	{ KEY("mechanism"), read_text, IN(facts.mechanism), MARK_NONE },
	{ KEY("instance"), read_instance, IN(facts.no_instance), MARK_NONE },
	{ KEY("queue_id"), read_nothing, 0, MARK_NONE },
	{ KEY("decision"), read_decision, IN(decision), MARK_DECISION },
	{ KEY("local"), read_ip, IN(facts.endpoints.local_ip), MARK_NONE },
	{ KEY("tls_origin"), read_origin, IN(facts.tls.origin), MARK_TLS_ORIGIN },
	{ KEY("proxy"), read_ip, IN(facts.tls.proxy), MARK_NONE },
	{ KEY("fingerprint"), read_text, IN(facts.tls.certificate_fingerprint), MARK_NONE },
	{ KEY("verified"), read_switch, IN(facts.tls.certificate_verified), MARK_NONE },
	{ KEY("sasl_service"), read_text, IN(facts.sasl_service), MARK_NONE },
	{ KEY("context"), read_context, IN(facts.relay_context), MARK_NONE },
	{ KEY("size"), read_number, IN(facts.size), MARK_NONE },
	{ KEY("recipient_count"), read_number, IN(facts.recipient_count), MARK_NONE },
	{ KEY("etrn_domain"), read_text, IN(facts.etrn_domain), MARK_NONE },
	{ KEY("cut"), read_nothing, 0, MARK_CUT },
	{ KEY("reply"), read_nothing, 0, MARK_END },
	{ KEY("rule"), read_nothing, 0, MARK_END },
	{ KEY("hint"), read_nothing, 0, MARK_END },
};

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

/* False: no value of the field, or the field a second time. What is no fact is passed over. */
static bool take(struct reader *reader, struct mw_str key, struct mw_str value)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		size_t at = (reader->next + i) % FIELD_COUNT;

		if (!mw_str_equal(key, fields[at].key))
			continue;
		if ((reader->seen >> at & 1) != 0)
			return false;
		reader->next = at + 1;
		reader->seen |= UINT64_C(1) << at;
		reader->marks |= (unsigned)fields[at].mark;
		reader->values.used += value.len + 1;
		if (fields[at].mark == MARK_CUT)
			reader->cut = value;
		return fields[at].read(value, (char *)reader->decision + fields[at].place);
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
	if (!read_fields(&reader, line) || (reader.marks & NEEDED) != NEEDED)
		return MW_LOGGED_MALFORMED;
	if ((reader.marks & MARK_DECISION) == 0)
		return MW_LOGGED_OLD;
	/* Without an end something was lost on the way. */
	if ((reader.marks & MARK_END) == 0)
		return MW_LOGGED_MALFORMED;
	if (lost_a_value(&reader))
		return MW_LOGGED_CUT;
	if ((reader.marks & (MARK_TLS_ORIGIN | MARK_TLS)) == MARK_TLS_ORIGIN)
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

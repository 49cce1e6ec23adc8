/* SPDX-License-Identifier: MIT */
#include "why/event.h"

#include <time.h>

#include "base/shell.h"

#define BEGINNING "mailwicket: "

/* Dovecot's auth process knows of Postfix's TLS only that there is some. */
static bool has_tls(const struct mw_logline *values)
{
	return !mw_str_empty(values->values[MW_FIELD_TLS]) || mw_logline_has(values, MW_FIELD_TLS_ORIGIN);
}

/* Before its lines had decision=, Dovecot's auth process did not say even that. */
static bool tells_tls(const struct mw_logline *values)
{
	return mw_logline_has(values, MW_FIELD_PORT) || mw_logline_has(values, MW_FIELD_DECISION);
}

/* At HEADER the sender that a reader sees. */
static struct mw_str sender_of(const struct mw_str *value)
{
	bool header = mw_str_equal(value[MW_FIELD_STAGE], MW_STR("HEADER")) && !mw_str_empty(value[MW_FIELD_FROM]);

	return value[header ? MW_FIELD_FROM : MW_FIELD_SENDER];
}

bool mw_why_decision(const struct mw_why_line *line, struct mw_logline *values, struct mw_why_event *event_r)
{
	const struct mw_str *value = values->values;
	int protocol = MW_PROTOCOL_SMTP;
	bool permitted, tls;

	if (!mw_str_starts_with(line->message, MW_STR(BEGINNING)) ||
	    !mw_logline_read(mw_str_tail(line->message, strlen(BEGINNING)), values))
		return false;
	mw_table_find(mw_protocols, value[MW_FIELD_PROTOCOL], &protocol);
	permitted = mw_str_equal(value[MW_FIELD_VERDICT], MW_STR("permit"));
	tls = has_tls(values);
	*event_r = (struct mw_why_event){
		.kind = permitted ? MW_WHY_PERMITTED : MW_WHY_DECIDED,
		.protocol = (enum mw_protocol)protocol,
		.time = line->time,
		.tls = tls,
		.tls_unknown = !tls && !tells_tls(values),
		.exposed = mw_str_equal(value[MW_FIELD_CREDENTIAL], MW_STR("exposed")),
		.user = value[MW_FIELD_LOGIN],
		.master = value[MW_FIELD_MASTER],
		.client = value[MW_FIELD_CLIENT],
		.port = value[MW_FIELD_PORT],
		.mechanism = value[MW_FIELD_MECHANISM],
		.sender = sender_of(value),
		.recipient = value[MW_FIELD_RECIPIENT],
		.verdict = value[MW_FIELD_VERDICT],
		.reason = value[MW_FIELD_REASON],
		.rule_name = value[mw_logline_has(values, MW_FIELD_CONNECTOR) ? MW_FIELD_CONNECTOR : MW_FIELD_LOGIN_RULE],
		.rule = value[MW_FIELD_RULE],
		.reply = value[MW_FIELD_REPLY],
		.tls_version = value[MW_FIELD_TLS],
		.decision = values,
	};
	/* That a login is permitted is no login yet; a submission that is permitted was asked by somebody. */
	return !permitted || mw_logline_has(values, MW_FIELD_STAGE);
}

/* Fields that have an option of their own name. */
static const struct { enum mw_logfield_id field; const char *option; } facts[] = {
	{ MW_FIELD_CLIENT, "client" }, { MW_FIELD_BITS, "bits" }, { MW_FIELD_TLS_ORIGIN, "tls-origin" },
	{ MW_FIELD_PROXY, "proxy" }, { MW_FIELD_FINGERPRINT, "fingerprint" }, { MW_FIELD_VERIFIED, "verified" },
	{ MW_FIELD_MECHANISM, "mechanism" }, { MW_FIELD_LOGIN, "login" }, { MW_FIELD_MASTER, "master" },
	{ MW_FIELD_SASL_SERVICE, "sasl-service" }, { MW_FIELD_STAGE, "stage" }, { MW_FIELD_SENDER, "sender" },
	{ MW_FIELD_RECIPIENT, "recipient" }, { MW_FIELD_RECIPIENT_COUNT, "recipient-count" }, { MW_FIELD_SIZE, "size" },
	{ MW_FIELD_ETRN_DOMAIN, "etrn-domain" }, { MW_FIELD_CONTEXT, "context" },
};

static void add_option(struct mw_buf *out, const char *name, struct mw_str value)
{
	mw_buf_printf(out, " --%s ", name);
	mw_shell_word(out, value);
}

static const struct { enum mw_logfield_id addresses, fault; const char *name; } originators[] = {
	{ MW_FIELD_FROM, MW_FIELD_FROM_FAULT, "From" },
	{ MW_FIELD_HEADER_SENDER, MW_FIELD_HEADER_SENDER_FAULT, "Sender" },
	{ MW_FIELD_RESENT_FROM, MW_FIELD_RESENT_FROM_FAULT, "Resent-From" },
	{ MW_FIELD_RESENT_SENDER, MW_FIELD_RESENT_SENDER_FAULT, "Resent-Sender" },
};

static void add_header(struct mw_buf *out, const char *name, struct mw_str value, struct mw_str comment)
{
	char memory[1024];
	struct mw_buf field = MW_BUF_OVER(memory);

	mw_buf_printf(&field, "%s: %.*s", name, MW_STR_ARG(value));
	if (!mw_str_empty(comment))
		mw_buf_printf(&field, " (%.*s)", MW_STR_ARG(comment));
	add_option(out, "header", mw_buf_str(&field));
}

/* Fields that are judged as those of the message were: of one with a fault the line has no text. */
static void add_originators(const struct mw_str *value, struct mw_buf *out)
{
	for (size_t i = 0; i < sizeof(originators) / sizeof(originators[0]); i++) {
		struct mw_str addresses = value[originators[i].addresses], fault = value[originators[i].fault];

		if (!mw_str_empty(addresses))
			add_header(out, originators[i].name, addresses,
				   i == 0 ? value[MW_FIELD_CLAIMS] : MW_STR_EMPTY);
		else if (!mw_str_empty(fault) && !mw_str_equal(fault, MW_STR("missing")))
			add_header(out, originators[i].name, MW_STR("-"), MW_STR_EMPTY);
		if (mw_str_equal(fault, MW_STR("repeated")))
			add_header(out, originators[i].name, MW_STR("-"), MW_STR_EMPTY);
	}
	if (!mw_str_empty(value[MW_FIELD_SENDER_SIGNED]))
		add_header(out, "DKIM-Signature", MW_STR("h=sender"), MW_STR_EMPTY);
}

/* The listener: its port, with its address where a rule may look at that. */
static void add_listener(struct mw_str local, struct mw_str port, struct mw_buf *out)
{
	char memory[128];
	struct mw_buf both = MW_BUF_OVER(memory);
	bool six = mw_str_find(local, ':') < local.len;

	if (mw_str_empty(port))
		return;
	if (mw_str_empty(local)) {
		add_option(out, "port", port);
		return;
	}
	mw_buf_printf(&both, "%s%.*s%s:%.*s", six ? "[" : "", MW_STR_ARG(local), six ? "]" : "", MW_STR_ARG(port));
	add_option(out, "local", mw_buf_str(&both));
}

/* An audit ends with a day of the policy. */
static void add_day(int64_t moment, struct mw_buf *out)
{
	time_t seconds = (time_t)moment;
	struct tm day;
	char text[16];

	gmtime_r(&seconds, &day);
	if (strftime(text, sizeof(text), "%Y-%m-%d", &day) > 0)
		add_option(out, "today", mw_str(text));
}

void mw_why_decision_explain(const struct mw_logline *values, int64_t today, struct mw_buf *out)
{
	const struct mw_str *value = values->values;

	add_listener(value[MW_FIELD_LOCAL], value[MW_FIELD_PORT], out);
	/* Without TLS the line has none, and `explain` would assume some. */
	if (!mw_str_empty(value[MW_FIELD_TLS]))
		add_option(out, "tls", value[MW_FIELD_TLS]);
	else if (tells_tls(values) && !has_tls(values))
		add_option(out, "tls", MW_STR("none"));
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (!mw_str_empty(value[facts[i].field]))
			add_option(out, facts[i].option, value[facts[i].field]);
	add_originators(value, out);
	/* Named and empty it is another thing than not named. */
	if (mw_logline_has(values, MW_FIELD_INSTANCE) && mw_str_empty(value[MW_FIELD_INSTANCE]))
		add_option(out, "instance", MW_STR_EMPTY);
	if (mw_str_equal(value[MW_FIELD_VERDICT], MW_STR("would-refuse")))
		add_day(today, out);
}

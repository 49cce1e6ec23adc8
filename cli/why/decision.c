/* SPDX-License-Identifier: MIT */
#include "why/event.h"

#include <time.h>

#include "report/shell.h"

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
		.client = value[MW_FIELD_CLIENT],
		.port = value[MW_FIELD_PORT],
		.mechanism = value[MW_FIELD_MECHANISM],
		.sender = value[MW_FIELD_SENDER],
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
	/* Named and empty it is another thing than not named. */
	if (mw_logline_has(values, MW_FIELD_INSTANCE) && mw_str_empty(value[MW_FIELD_INSTANCE]))
		add_option(out, "instance", MW_STR_EMPTY);
	if (mw_str_equal(value[MW_FIELD_VERDICT], MW_STR("would-refuse")))
		add_day(today, out);
}

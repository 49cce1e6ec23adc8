/* SPDX-License-Identifier: MIT */
#include "why/event.h"

#define BEGINNING "mailwicket: "

bool mw_why_decision(const struct mw_why_line *line, struct mw_logline *values, struct mw_why_event *event_r)
{
	const struct mw_str *value = values->values;
	int protocol = MW_PROTOCOL_SMTP;
	bool permitted;

	if (!mw_str_starts_with(line->message, MW_STR(BEGINNING)) ||
	    !mw_logline_read(mw_str_tail(line->message, strlen(BEGINNING)), values))
		return false;
	mw_table_find(mw_protocols, value[MW_FIELD_PROTOCOL], &protocol);
	permitted = mw_str_equal(value[MW_FIELD_VERDICT], MW_STR("permit"));
	*event_r = (struct mw_why_event){
		.kind = permitted ? MW_WHY_PERMITTED : MW_WHY_DECIDED,
		.protocol = (enum mw_protocol)protocol,
		.time = line->time,
		.tls = !mw_str_empty(value[MW_FIELD_TLS]),
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
	};
	/* That a login is permitted is no login yet; a submission that is permitted was asked by somebody. */
	return !permitted || mw_logline_has(values, MW_FIELD_STAGE);
}

/* SPDX-License-Identifier: MIT */
#include "report/logline.h"
#include "why_event.h"

#define BEGINNING "mailwicket: "
#define VALUE_MAX 1024

/* Keeps a value that was read; empty when the memory is full. */
static struct mw_str keep(struct mw_buf *values, struct mw_str value)
{
	size_t at = values->used;

	mw_buf_add(values, value);
	return (struct mw_str){ values->data + at, values->used - at };
}

static struct mw_str *place_of(struct mw_why_event *event, struct mw_str key)
{
	const struct { const char *key; struct mw_str *place; } places[] = {
		{ "verdict", &event->verdict }, { "reason", &event->reason }, { "login", &event->user },
		{ "client", &event->client }, { "port", &event->port }, { "mechanism", &event->mechanism },
		{ "sender", &event->sender }, { "recipient", &event->recipient }, { "rule", &event->rule },
		{ "connector", &event->rule_name }, { "login_rule", &event->rule_name }, { "reply", &event->reply },
		{ "tls", &event->tls_version },
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (mw_str_equal(key, mw_str(places[i].key)))
			return places[i].place;
	return NULL;
}

static void take_field(struct mw_why_event *event, struct mw_buf *values, struct mw_str key, struct mw_str value,
		       bool *staged)
{
	struct mw_str *place = place_of(event, key);
	int number;

	if (place != NULL)
		*place = keep(values, value);
	else if (mw_str_equal(key, MW_STR("protocol")) && mw_table_find(mw_protocols, value, &number))
		event->protocol = (enum mw_protocol)number;
	else if (mw_str_equal(key, MW_STR("credential")))
		event->exposed = mw_str_equal(value, MW_STR("exposed"));
	else if (mw_str_equal(key, MW_STR("stage")))
		*staged = true;
}

bool mw_why_decision(const struct mw_why_line *line, struct mw_buf *values, struct mw_why_event *event_r)
{
	char memory[VALUE_MAX];
	struct mw_buf value = MW_BUF_OVER(memory);
	struct mw_str rest = line->message, key;
	bool version = false, staged = false;

	if (!mw_str_starts_with(rest, MW_STR(BEGINNING)))
		return false;
	rest = mw_str_tail(rest, strlen(BEGINNING));
	mw_buf_reset(values);
	*event_r = (struct mw_why_event){ .kind = MW_WHY_DECIDED, .time = line->time, .protocol = MW_PROTOCOL_SMTP };
	while (mw_logline_next(&rest, &key, &value)) {
		version = version || (mw_str_equal(key, MW_STR("v")) && mw_str_equal(mw_buf_str(&value), MW_STR("1")));
		take_field(event_r, values, key, mw_buf_str(&value), &staged);
	}
	if (!version || !mw_str_empty(rest) || values->truncated)
		return false;
	event_r->tls = !mw_str_empty(event_r->tls_version);
	if (!mw_str_equal(event_r->verdict, MW_STR("permit")))
		return true;
	/* That a login is permitted is no login yet; a submission that is permitted was asked by somebody. */
	event_r->kind = MW_WHY_PERMITTED;
	return staged;
}

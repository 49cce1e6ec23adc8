/* SPDX-License-Identifier: MIT */
#include "why/queue.h"

#include <stdlib.h>

#include "why/fault.h"
#include "why/part.h"

#define PLACES 4096 /* a newer message takes the place of an older one */

struct message {
	char id[24], client[64], port[24], login[128], sender[128], recipient[128];
	bool tls, settled; /* settled: accepted or refused */
	int64_t time;
};

struct mw_why_queue {
	size_t used;
	struct message messages[PLACES];
};

struct mw_why_queue *mw_why_queue_new(void)
{
	return calloc(1, sizeof(struct mw_why_queue));
}

void mw_why_queue_free(struct mw_why_queue *queue)
{
	free(queue);
}

static struct message *place_of(struct mw_why_queue *queue, struct mw_str id)
{
	return &queue->messages[mw_part_hash(id) % PLACES];
}

static struct message *message_of(struct mw_why_queue *queue, struct mw_str id)
{
	struct message *message = place_of(queue, id);

	return queue->used > 0 && id.len > 0 && mw_str_equal(mw_str(message->id), id) ? message : NULL;
}

void mw_why_queue_begin(struct mw_why_queue *queue, const struct mw_why_event *event)
{
	struct message *message = place_of(queue, event->queue);

	if (event->queue.len >= sizeof(message->id))
		return;
	*message = (struct message){ .tls = event->tls, .time = event->time };
	mw_part_copy(message->id, sizeof(message->id), event->queue);
	mw_part_copy(message->client, sizeof(message->client), event->client);
	mw_part_copy(message->port, sizeof(message->port), event->port);
	mw_part_copy(message->login, sizeof(message->login), event->user);
	queue->used++;
}

bool mw_why_queue_continue(struct mw_why_queue *queue, struct mw_str id, struct mw_str earlier)
{
	const struct message *known = message_of(queue, earlier);
	struct message kept, *message = place_of(queue, id);

	if (known == NULL || mw_str_empty(id) || id.len >= sizeof(message->id))
		return false;
	kept = *known;
	*message = kept;
	message->settled = true;
	mw_part_copy(message->id, sizeof(message->id), id);
	return true;
}

static struct mw_why_event event_of(const struct message *message, enum mw_why_kind kind, int64_t time)
{
	return (struct mw_why_event){
		.kind = kind, .protocol = MW_PROTOCOL_SMTP, .time = time, .tls = message->tls,
		.tls_unknown = !message->tls,
		.user = mw_str(message->login), .client = mw_str(message->client), .port = mw_str(message->port),
		.sender = mw_str(message->sender), .queue = mw_str(message->id),
	};
}

/* "<bob@example.org>, ...": NAME up to its bracket; the local part may be quoted. */
static struct mw_str bracketed(struct mw_str text)
{
	size_t quoted = mw_str_starts_with(text, MW_STR("\"")) ? mw_part_find(text, "\"@") : 0;
	struct mw_str rest = mw_str_tail(text, quoted);

	return mw_str_head(text, text.len - rest.len + mw_str_find(rest, '>'));
}

static struct mw_str in_brackets(struct mw_str text)
{
	return mw_str_ends_with(text, MW_STR(")")) && mw_str_starts_with(text, MW_STR("("))
		       ? (struct mw_str){ text.ptr + 1, text.len - 2 } : text;
}

static bool is_local(struct mw_str relay)
{
	return mw_str_starts_with(relay, MW_STR("127.")) || mw_str_starts_with(relay, MW_STR("localhost")) ||
	       mw_str_starts_with(relay, MW_STR("::1")) || mw_str_starts_with(relay, MW_STR("[127."));
}

/* "to=<ann@example.net>, relay=none, delay=30, delays=0.2/0/30/0, dsn=4.4.1, status=deferred (WORDS)". */
static bool read_delivery(struct mw_why_queue *queue, struct message *message, struct mw_str said,
			  struct mw_why_event *event)
{
	static const struct { const char *word; enum mw_why_kind kind; } states[] = {
		{ "sent", MW_WHY_DELIVERED }, { "deferred", MW_WHY_DEFERRED }, { "bounced", MW_WHY_BOUNCED },
		{ "expired", MW_WHY_EXPIRED }, { "undeliverable", MW_WHY_BOUNCED },
	};
	struct mw_str to = mw_str_tail(said, strlen("to=<")), recipient = bracketed(to);
	struct mw_str rest = mw_str_tail(to, recipient.len), relay = mw_part_after(rest, ", relay=");
	struct mw_str status = mw_part_after(rest, ", status=");
	struct mw_str word = mw_str_head(status, mw_str_find(status, ' ')), words = mw_str_tail(status, word.len + 1);
	struct mw_str next = mw_part_after(words, "queued as ");

	message->settled = true;
	*event = event_of(message, MW_WHY_KINDS, event->time);
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (mw_str_equal(word, mw_str(states[i].word)))
			event->kind = states[i].kind;
	event->recipient = recipient;
	event->reply = in_brackets(words);
	next = mw_str_head(next, mw_str_find(next, ')'));
	/* amavis: "250 2.7.0 Ok, discarded, id=04711-02 - INFECTED: ...". */
	if (event->kind == MW_WHY_DELIVERED && is_local(relay) && mw_str_has(words, " discarded, "))
		event->kind = MW_WHY_HELD;
	if (event->kind == MW_WHY_DELIVERED && is_local(relay) &&
	    mw_why_queue_continue(queue, mw_str_head(next, mw_str_find(next, ' ')), mw_str(message->id)))
		return false;
	return event->kind != MW_WHY_KINDS;
}

/* "from=<bob@example.org>, size=1104, nrcpt=1 (queue active)", "from=<...>, status=expired, returned to sender". */
static bool read_manager(struct message *message, struct mw_str said, struct mw_why_event *event)
{
	struct mw_str sender = bracketed(mw_str_tail(said, strlen("from=<")));
	struct mw_str rest = mw_str_tail(said, strlen("from=<") + sender.len);
	bool first = !message->settled;

	mw_part_copy(message->sender, sizeof(message->sender), sender);
	*event = event_of(message, MW_WHY_SUBMITTED, event->time);
	if (mw_part_find(rest, "expired, ") < rest.len) {
		event->kind = MW_WHY_EXPIRED;
		event->reply = mw_part_after(rest, "status=");
		return true;
	}
	message->settled = true;
	return first;
}

/* "milter-reject: END-OF-MESSAGE from unknown[192.0.2.7]: WORDS; from=<...> to=<...> ...", or "reject: header Subject:
   ... from unknown[192.0.2.7]; from=<...> to=<...> proto=ESMTP helo=<...>: WORDS". */
static bool read_refusal(struct message *message, struct mw_str said, enum mw_why_kind kind, struct mw_why_event *event)
{
	struct mw_str words = mw_part_after(said, "]: "), from = mw_part_after(said, "; from=<");

	if (mw_part_find(said, "]: ") > mw_part_find(said, "; from=<"))
		words = mw_part_after(mw_part_after(said, " proto="), ">: ");
	else
		words = mw_str_head(words, mw_part_find(words, "; from=<"));
	message->settled = true;
	mw_part_copy(message->sender, sizeof(message->sender), bracketed(from));
	*event = event_of(message, kind, event->time);
	event->recipient = mw_part_find(from, " to=<") < from.len ? bracketed(mw_part_after(from, " to=<")) : MW_STR_EMPTY;
	event->reply = mw_str_empty(words) ? said : words;
	/* Postfix's own words where the filter does not answer. */
	if (kind == MW_WHY_CONTENT_REFUSED && mw_why_fault_of_reply(event->reply) == MW_WHY_FAULT)
		event->kind = MW_WHY_FAULT;
	return true;
}

static const struct { const char *begins; enum mw_why_kind kind; } cleanup[] = {
	{ "milter-reject: ", MW_WHY_CONTENT_REFUSED }, { "proxy-reject: ", MW_WHY_CONTENT_REFUSED },
	{ "reject: header ", MW_WHY_CONTENT_REFUSED }, { "reject: body ", MW_WHY_CONTENT_REFUSED },
	{ "reject: mime", MW_WHY_CONTENT_REFUSED }, { "reject: nested ", MW_WHY_CONTENT_REFUSED },
	{ "milter-discard: ", MW_WHY_HELD }, { "discard: ", MW_WHY_HELD }, { "milter-hold: ", MW_WHY_HELD },
	{ "hold: ", MW_WHY_HELD }, { "placed on hold", MW_WHY_HELD },
};

/* A warning of cleanup's, for which the message was not accepted. */
static bool read_cleanup(struct message *message, struct mw_str said, struct mw_why_event *event)
{
	bool big = mw_part_find(said, "queue file size limit exceeded") == 0;

	if (!big && !mw_str_has(said, "map lookup problem -- message not accepted"))
		return false;
	message->settled = true;
	*event = event_of(message, big ? MW_WHY_TOO_BIG : MW_WHY_FAULT, event->time);
	event->reply = said;
	return true;
}

bool mw_why_queue_line(struct mw_why_queue *queue, const struct mw_why_line *line, struct mw_why_event *event_r)
{
	static const struct mw_str warning = { "warning: ", 9 };
	bool warned = mw_str_starts_with(line->message, warning);
	struct mw_str text = mw_str_tail(line->message, warned ? warning.len : 0), said = text;
	struct message *message = message_of(queue, mw_str_head(text, mw_str_find(text, ':')));

	if (message == NULL)
		return false;
	said = mw_str_tail(text, strlen(message->id) + 2);
	*event_r = (struct mw_why_event){ .time = line->time };
	if (warned)
		return read_cleanup(message, said, event_r);
	if (mw_str_starts_with(said, MW_STR("to=<")))
		return read_delivery(queue, message, said, event_r);
	if (mw_str_starts_with(said, MW_STR("from=<")))
		return read_manager(message, said, event_r);
	if (mw_str_equal(said, MW_STR("removed (canceled)")) && !message->settled) {
		message->settled = true;
		*event_r = event_of(message, MW_WHY_CUT, line->time);
		event_r->reply = said;
		return true;
	}
	for (size_t i = 0; i < sizeof(cleanup) / sizeof(cleanup[0]); i++)
		if (mw_str_starts_with(said, mw_str(cleanup[i].begins)))
			return read_refusal(message, said, cleanup[i].kind, event_r);
	return false;
}

bool mw_why_refuses_message(const struct mw_why_event *event)
{
	return event->texts_taken == 0 &&
	       (event->kind == MW_WHY_PIPELINED || event->kind == MW_WHY_LINE_ENDS || event->kind == MW_WHY_LIMIT ||
		event->kind == MW_WHY_FAULT || event->kind == MW_WHY_REJECTED || event->kind == MW_WHY_TOO_BIG ||
		event->kind == MW_WHY_CONTENT_REFUSED);
}

bool mw_why_queue_session(struct mw_why_queue *queue, const struct mw_why_event *event, struct mw_why_event *event_r)
{
	struct message *message = message_of(queue, event->queue);
	bool cut = event->kind == MW_WHY_CUT, refused = mw_why_refuses_message(event);

	if (message == NULL || message->settled || (!cut && !refused && event->texts == 0) ||
	    (!cut && event->texts_taken != event->texts && event->texts_taken > 0))
		return false;
	message->settled = true;
	if (refused) {
		*event_r = event_of(message, event->kind, event->time);
		event_r->reply = event->reply;
		return true;
	}
	*event_r = event_of(message, cut || event->texts_taken == 0 ? MW_WHY_CUT : MW_WHY_SUBMITTED, event->time);
	event_r->reply = event->reply;
	return true;
}

bool mw_why_queue_settled(struct mw_why_queue *queue, struct mw_str id)
{
	const struct message *message = message_of(queue, id);

	return message != NULL && message->settled;
}

bool mw_why_queue_left(struct mw_why_queue *queue, size_t *at_io, struct mw_why_event *event_r)
{
	while (*at_io < PLACES && queue->used > 0) {
		const struct message *message = &queue->messages[(*at_io)++];

		if (message->id[0] == '\0' || message->settled)
			continue;
		*event_r = event_of(message, MW_WHY_BEGUN, message->time);
		return true;
	}
	return false;
}

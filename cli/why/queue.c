/* SPDX-License-Identifier: MIT */
#include "why/queue.h"

#include <stdlib.h>

#include "why/fault.h"
#include "why/part.h"

#define PLACES 4096 /* a newer message takes the place of an older one */
#define STRANGERS 8192

/* How a message ended that is the user's by its sender. */
struct outcome {
	bool is;
	enum mw_why_kind kind;
	int64_t time;
	char reply[384], recipient[128];
};

struct message {
	char id[24], client[64], port[24], login[128], sender[128];
	bool tls, settled; /* settled: accepted or refused */
	bool taken, ended; /* accepted; and the log shows what became of it */
	bool by_sender, accepted;
	int64_t time;
	struct outcome outcome;
};

/* Whose message it is, its sender will tell. */
struct stranger {
	char id[24], client[64], port[24];
	bool tls, has_login;
	int64_t time;
};

struct mw_why_queue {
	void (*tell)(void *context, const struct mw_why_event *event);
	void *context;
	size_t used;
	struct message messages[PLACES];
	struct stranger strangers[STRANGERS];
};

struct mw_why_queue *mw_why_queue_new(void (*tell)(void *context, const struct mw_why_event *event), void *context)
{
	struct mw_why_queue *queue = calloc(1, sizeof(*queue));

	if (queue != NULL) {
		queue->tell = tell;
		queue->context = context;
	}
	return queue;
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

static struct mw_why_event event_of(const struct message *message, enum mw_why_kind kind, int64_t time)
{
	return (struct mw_why_event){
		.kind = kind, .protocol = MW_PROTOCOL_SMTP, .time = time, .tls = message->tls,
		.tls_unknown = !message->tls,
		.user = mw_str(message->login), .client = mw_str(message->client), .port = mw_str(message->port),
		.sender = mw_str(message->sender), .queue = mw_str(message->id),
	};
}

static void tell_outcome(struct mw_why_queue *queue, const struct message *message)
{
	struct mw_why_event event = event_of(message, message->outcome.kind, message->outcome.time);

	if (!message->outcome.is)
		return;
	event.reply = mw_str(message->outcome.reply);
	event.recipient = mw_str(message->outcome.recipient);
	queue->tell(queue->context, &event);
}

/* Its place is free then. */
static void tell_whole(struct mw_why_queue *queue, struct message *message)
{
	struct mw_why_event event = event_of(message, MW_WHY_SUBMITTED, message->time);

	if (message->by_sender && message->accepted)
		queue->tell(queue->context, &event);
	if (message->by_sender)
		tell_outcome(queue, message);
	message->by_sender = false;
}

void mw_why_queue_tell(struct mw_why_queue *queue)
{
	for (size_t i = 0; i < PLACES && queue->used > 0; i++)
		tell_whole(queue, &queue->messages[i]);
}

void mw_why_queue_see(struct mw_why_queue *queue, const struct mw_why_event *event)
{
	struct stranger *stranger = &queue->strangers[mw_part_hash(event->queue) % STRANGERS];

	if (event->queue.len >= sizeof(stranger->id))
		return;
	*stranger = (struct stranger){ .tls = event->tls, .time = event->time, .has_login = !mw_str_empty(event->user) };
	mw_part_copy(stranger->id, sizeof(stranger->id), event->queue);
	mw_part_copy(stranger->client, sizeof(stranger->client), event->client);
	mw_part_copy(stranger->port, sizeof(stranger->port), event->port);
}

void mw_why_queue_adopt(struct mw_why_queue *queue, struct mw_str id, struct mw_str sender)
{
	const struct stranger *stranger = &queue->strangers[mw_part_hash(id) % STRANGERS];
	struct message *message = place_of(queue, id);
	bool known = mw_str_equal(mw_str(stranger->id), id);

	if (mw_str_empty(id) || id.len >= sizeof(message->id) || message_of(queue, id) != NULL ||
	    (known && stranger->has_login))
		return;
	tell_whole(queue, message);
	*message = (struct message){ .by_sender = true };
	mw_part_copy(message->id, sizeof(message->id), id);
	mw_part_copy(message->sender, sizeof(message->sender), sender);
	queue->used++;
	if (!known)
		return;
	message->tls = stranger->tls;
	message->time = stranger->time;
	memcpy(message->client, stranger->client, sizeof(message->client));
	memcpy(message->port, stranger->port, sizeof(message->port));
}

void mw_why_queue_begin(struct mw_why_queue *queue, const struct mw_why_event *event)
{
	struct message *message = place_of(queue, event->queue);

	if (event->queue.len >= sizeof(message->id))
		return;
	tell_whole(queue, message);
	*message = (struct message){ .tls = event->tls, .time = event->time };
	mw_part_copy(message->id, sizeof(message->id), event->queue);
	mw_part_copy(message->client, sizeof(message->client), event->client);
	mw_part_copy(message->port, sizeof(message->port), event->port);
	mw_part_copy(message->login, sizeof(message->login), event->user);
	queue->used++;
}

void mw_why_queue_claim(struct mw_why_queue *queue, const struct mw_why_event *event)
{
	struct message *message = message_of(queue, event->queue);

	if (message == NULL) {
		mw_why_queue_begin(queue, event);
		message = message_of(queue, event->queue);
	}
	if (message == NULL)
		return;
	message->by_sender = false;
	message->settled = message->taken = true;
	message->client[0] = message->port[0] = '\0'; /* Dovecot was Postfix's client */
	mw_part_copy(message->login, sizeof(message->login), event->user);
	tell_outcome(queue, message);
	message->outcome.is = false;
}

bool mw_why_queue_continue(struct mw_why_queue *queue, struct mw_str id, struct mw_str earlier)
{
	struct message *known = message_of(queue, earlier), *message = place_of(queue, id);
	struct message kept;

	if (known == NULL || mw_str_empty(id) || id.len >= sizeof(message->id))
		return false;
	kept = *known;
	known->by_sender = false;
	known->ended = true;
	/* What is known of it by its sender alone is a part of the same story. */
	kept.ended = message_of(queue, id) != NULL && message != known && message->ended;
	if (message_of(queue, id) != NULL && message->by_sender)
		kept.outcome = message->outcome;
	else if (message != known)
		tell_whole(queue, message);
	*message = kept;
	message->settled = true;
	mw_part_copy(message->id, sizeof(message->id), id);
	if (!message->by_sender) {
		tell_outcome(queue, message);
		message->outcome.is = false;
	}
	return true;
}

/* "<bob@example.org>, ...": NAME up to its bracket; the local part may be quoted. */
static struct mw_str bracketed(struct mw_str text)
{
	size_t quoted = mw_str_starts_with(text, MW_STR("\"")) ? mw_str_find_text(text, "\"@") : 0;
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
		{ "SOFTBOUNCE", MW_WHY_DEFERRED }, /* soft_bounce = yes */
	};
	struct mw_str to = mw_str_tail(said, strlen("to=<")), recipient = bracketed(to);
	struct mw_str rest = mw_str_tail(to, recipient.len), relay = mw_part_after(rest, ", relay=");
	struct mw_str status = mw_part_after(rest, ", status=");
	struct mw_str word = mw_str_head(status, mw_str_find(status, ' ')), words = mw_str_tail(status, word.len + 1);
	struct mw_str next = mw_part_after(words, "queued as ");

	message->settled = message->ended = true;
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
	if (mw_str_find_text(rest, "expired, ") < rest.len) {
		event->kind = MW_WHY_EXPIRED;
		event->reply = mw_part_after(rest, "status=");
		message->ended = true;
		return true;
	}
	message->settled = message->taken = true;
	return first;
}

/* "milter-reject: END-OF-MESSAGE from unknown[192.0.2.7]: WORDS; from=<...> to=<...> ...", or "reject: header Subject:
   ... from unknown[192.0.2.7]; from=<...> to=<...> proto=ESMTP helo=<...>: WORDS". */
static bool read_refusal(struct message *message, struct mw_str said, enum mw_why_kind kind, struct mw_why_event *event)
{
	struct mw_str words = mw_part_after(said, "]: "), from = mw_part_after(said, "; from=<");

	if (mw_str_find_text(said, "]: ") > mw_str_find_text(said, "; from=<"))
		words = mw_part_after(mw_part_after(said, " proto="), ">: ");
	else
		words = mw_str_head(words, mw_str_find_text(words, "; from=<"));
	message->settled = message->ended = true;
	mw_part_copy(message->sender, sizeof(message->sender), bracketed(from));
	*event = event_of(message, kind, event->time);
	event->recipient = mw_str_find_text(from, " to=<") < from.len ? bracketed(mw_part_after(from, " to=<")) : MW_STR_EMPTY;
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

/* A warning of cleanup's or smtpd's, for which the message was not accepted: by its begin or its end, as an address may
   stand between. */
static const struct { const char *begins, *ends; enum mw_why_kind kind; } warnings[] = {
	{ "queue file size limit exceeded", "", MW_WHY_TOO_BIG },
	{ "BDAT request from ", "] exceeds message size limit", MW_WHY_TOO_BIG },
	{ "write queue file: ", "", MW_WHY_FAULT },
	{ "message rejected: ", "", MW_WHY_CONTENT_REFUSED }, /* hopcount exceeded, and what the text may not have */
	{ "", "message not accepted, try again later", MW_WHY_FAULT }, /* a table is away, or aliases have no end */
};

static bool read_warning(struct message *message, struct mw_str said, struct mw_why_event *event)
{
	for (size_t i = 0; i < sizeof(warnings) / sizeof(warnings[0]); i++) {
		if (!mw_str_starts_with(said, mw_str(warnings[i].begins)) ||
		    !mw_str_ends_with(said, mw_str(warnings[i].ends)))
			continue;
		message->settled = message->ended = true;
		*event = event_of(message, warnings[i].kind, event->time);
		event->reply = said;
		return true;
	}
	return false;
}

/* A delivery that was put off is forgotten once it has come to its end; of several recipients the worst is told. */
static bool is_worse(const struct outcome *outcome, const struct mw_why_event *event)
{
	static const enum mw_why_kind kinds[] = { MW_WHY_DELIVERED, MW_WHY_DEFERRED, MW_WHY_HELD, MW_WHY_BOUNCED,
						  MW_WHY_EXPIRED };
	size_t before = 0, now = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		before = kinds[i] == outcome->kind ? i : before;
		now = kinds[i] == event->kind ? i : now;
	}
	return !outcome->is || now >= before ||
	       (outcome->kind == MW_WHY_DEFERRED && mw_str_equal(mw_str(outcome->recipient), event->recipient));
}

/* True: the event is told now. */
static bool tell_or_keep(struct message *message, const struct mw_why_event *event)
{
	struct outcome *outcome = &message->outcome;

	if (!message->by_sender)
		return true;
	if (event->kind == MW_WHY_SUBMITTED) {
		message->accepted = true;
		message->time = message->time != 0 ? message->time : event->time;
	} else if (is_worse(outcome, event)) {
		*outcome = (struct outcome){ .is = true, .kind = event->kind, .time = event->time };
		mw_part_copy(outcome->reply, sizeof(outcome->reply), event->reply);
		mw_part_copy(outcome->recipient, sizeof(outcome->recipient), event->recipient);
	}
	return false;
}

/* The administrator took it out of the queue. */
static bool read_deletion(struct message *message, struct mw_why_event *event)
{
	message->settled = message->ended = true;
	*event = event_of(message, MW_WHY_HELD, event->time);
	event->reply = MW_STR("removed from the queue by an administrator (" MW_WHY_DELETED ")");
	return true;
}

/* `text` begins with the message's id. */
static bool read_line(struct mw_why_queue *queue, struct message *message, struct mw_str text, bool warned,
		      struct mw_why_event *event)
{
	struct mw_str said = mw_str_tail(text, strlen(message->id) + 2);

	if (warned)
		return read_warning(message, said, event);
	if (mw_str_starts_with(said, MW_STR("to=<")))
		return read_delivery(queue, message, said, event);
	if (mw_str_starts_with(said, MW_STR("from=<")))
		return read_manager(message, said, event);
	if (mw_str_equal(said, MW_STR("removed (canceled)")) && !message->settled) {
		message->settled = message->ended = true;
		*event = event_of(message, MW_WHY_CUT, event->time);
		event->reply = said;
		return true;
	}
	for (size_t i = 0; i < sizeof(cleanup) / sizeof(cleanup[0]); i++)
		if (mw_str_starts_with(said, mw_str(cleanup[i].begins)))
			return read_refusal(message, said, cleanup[i].kind, event);
	return false;
}

bool mw_why_queue_line(struct mw_why_queue *queue, const struct mw_why_line *line, struct mw_why_event *event_r)
{
	static const struct mw_str warning = { "warning: ", 9 };
	bool warned = mw_str_starts_with(line->message, warning);
	struct mw_str text = mw_str_tail(line->message, warned ? warning.len : 0);
	struct message *message = message_of(queue, mw_str_head(text, mw_str_find(text, ':')));

	*event_r = (struct mw_why_event){ .time = line->time };
	if (message == NULL)
		return false;
	if (mw_str_ends_with(line->program, MW_STR("/postsuper")) && mw_str_ends_with(text, MW_STR(": removed")))
		return read_deletion(message, event_r) && tell_or_keep(message, event_r);
	return read_line(queue, message, text, warned, event_r) && tell_or_keep(message, event_r);
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
	message->taken = !refused && !cut && event->texts_taken > 0;
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

		if (message->id[0] == '\0' || message->by_sender || (message->settled && (!message->taken || message->ended)))
			continue;
		*event_r = event_of(message, message->settled ? MW_WHY_UNDERWAY : MW_WHY_BEGUN, message->time);
		return true;
	}
	return false;
}

/* SPDX-License-Identifier: MIT */
/* Invariants: however a stream of a milter's connection is cut, the same packets come out of it, in the same order, and
   the same is answered; a message is only judged that a MAIL began; without a fault it has a queue id and a port. */
#include <stdlib.h>

#include "milter/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was seen of a stream: steps, answers and facts, folded into one number. */
struct seen {
	uint64_t hash;
	size_t used; /* octets until the connection ended */
	bool ended;
};

static void fold(struct seen *seen, const void *octets, size_t len)
{
	const unsigned char *at = octets;

	for (size_t i = 0; i < len; i++)
		seen->hash = (seen->hash ^ at[i]) * 1099511628211u;
}

static void fold_text(struct seen *seen, struct mw_str text)
{
	fold(seen, &text.len, sizeof(text.len));
	fold(seen, text.ptr, text.len);
}

static void look_at_message(struct seen *seen, const struct mw_message *message)
{
	const struct mw_facts *facts = &message->facts;

	if (message->fault == NULL && (mw_str_empty(facts->queue_id) || facts->endpoints.local_port == 0))
		abort();
	if (mw_str_empty(facts->login) != mw_str_empty(facts->mechanism) && message->fault == NULL)
		abort();
	fold_text(seen, message->fault != NULL ? mw_str(message->fault) : MW_STR("good"));
	fold_text(seen, facts->login);
	fold_text(seen, facts->queue_id);
	fold_text(seen, facts->originators.from.addresses);
	fold(seen, &facts->originators.from.fault, sizeof(facts->originators.from.fault));
	fold_text(seen, facts->originators.sender.addresses);
}

static void take(struct seen *seen, struct mw_session_of_milter *session, const struct mw_packet *packet)
{
	char memory[1024];
	struct mw_buf out = MW_BUF_OVER(memory);
	const char *why = NULL;
	enum mw_session_state before = session->state;
	enum mw_session_step step = mw_session_take(session, packet, &out, &why);

	if (out.truncated || (step == MW_SESSION_FAILS) != (why != NULL))
		abort();
	if ((step == MW_SESSION_ANSWERS) != (out.used > 0))
		abort();
	fold(seen, &step, sizeof(step));
	fold_text(seen, mw_buf_str(&out));
	if (step == MW_SESSION_ENDS) {
		if (before != MW_SESSION_MESSAGE || session->message == NULL)
			abort();
		look_at_message(seen, session->message);
		mw_session_forget(session);
	}
	if (session->message != NULL && session->state != MW_SESSION_MACROS && session->state != MW_SESSION_MESSAGE)
		abort();
	seen->ended = step == MW_SESSION_QUITS || step == MW_SESSION_FAILS;
}

/* A copy of its own size: an octet read beyond it is found. */
static char *copy_of(struct mw_str bytes)
{
	char *copy = malloc(bytes.len > 0 ? bytes.len : 1);

	if (copy == NULL)
		abort();
	if (bytes.len > 0)
		memcpy(copy, bytes.ptr, bytes.len);
	return copy;
}

/* Reads the stream with at most `step` more octets each time. */
static struct seen read_in_steps(struct mw_str bytes, size_t step)
{
	struct seen seen = { .hash = 14695981039346656037u };
	struct mw_packet_reader reader = { 0 };
	struct mw_session_of_milter session = { 0 };
	size_t come = 0;

	while (!seen.ended) {
		struct mw_packet packet;
		const char *why = NULL;
		size_t used, len = come - seen.used;
		struct mw_str rest = { bytes.ptr + seen.used, len };
		/* The stream as a whole is as it came: copies of it would cost the square of its length. */
		char *copy = step < bytes.len ? copy_of(rest) : NULL;
		enum mw_packet_progress progress;

		if (copy != NULL)
			rest.ptr = copy;
		progress = mw_packet_read(&reader, rest, &packet, &used, &why);
		if (used > len || (progress == MW_PACKET_PARTIAL && len - used >= MW_PACKET_HEAD + MW_PACKET_KEPT))
			abort();
		seen.used += used;
		if (progress == MW_PACKET_WHOLE)
			take(&seen, &session, &packet);
		if (progress == MW_PACKET_BAD)
			seen.ended = true;
		free(copy);
		if (progress == MW_PACKET_PARTIAL && come == bytes.len)
			break;
		if (progress == MW_PACKET_PARTIAL)
			come = come + step < bytes.len ? come + step : bytes.len;
	}
	mw_session_forget(&session);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_str bytes = { (const char *)data, size };
	struct seen whole = read_in_steps(bytes, size + 1);
	/* Octet by octet costs the square of the length; a stride does for long ones. */
	struct seen steps = read_in_steps(bytes, size > 600 ? 97 + size / 20 : 1);

	if (whole.hash != steps.hash || whole.used != steps.used || whole.ended != steps.ended)
		abort();
	return 0;
}

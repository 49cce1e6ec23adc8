/* SPDX-License-Identifier: MIT */
#include "postfix/answer.h"

#include <unistr.h>

#include "decide/submission.h"

#define ACTION "action="

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool mw_answer_reply_is_safe(struct mw_str reply)
{
	if (reply.len < 5 || reply.len + sizeof(ACTION) > MW_ANSWER_MAX)
		return false;
	if ((reply.ptr[0] != '4' && reply.ptr[0] != '5') || !is_digit(reply.ptr[1]) || !is_digit(reply.ptr[2]) ||
	    reply.ptr[3] != ' ' || reply.ptr[4] == ' ')
		return false;
	for (size_t i = 0; i < reply.len; i++) {
		if ((unsigned char)reply.ptr[i] < ' ' || reply.ptr[i] == 0x7f)
			return false;
	}
	return u8_check((const uint8_t *)reply.ptr, reply.len) == NULL;
}

static bool may_say_ok(const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	return verdict->outcome == MW_PERMIT && verdict->mode == MW_MODE_ENFORCE && verdict->accept_any_recipient &&
	       facts->context == MW_CONTEXT_RELAY && facts->stage == MW_STAGE_RCPT;
}

struct mw_str mw_answer_action(const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	if (verdict->outcome == MW_UNDECIDED && mw_verdict_stops(verdict))
		return MW_STR_EMPTY;
	if (mw_verdict_stops(verdict))
		return mw_answer_reply_is_safe(mw_str(verdict->reply)) ? mw_str(verdict->reply) : MW_STR_EMPTY;
	return may_say_ok(facts, verdict) ? MW_STR("OK") : MW_STR("DUNNO");
}

bool mw_answer_write(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out)
{
	struct mw_str action = mw_answer_action(facts, verdict);

	/* A cut answer would be a permit: check that it fits before the first byte is written. */
	if (mw_str_empty(action) || out->truncated || out->size - out->used <= sizeof(ACTION) + action.len + 2)
		return false;
	mw_buf_add(out, MW_STR(ACTION));
	mw_buf_add(out, action);
	mw_buf_add(out, MW_STR("\n\n"));
	return !out->truncated;
}

static bool refuses_sender(const struct mw_facts *facts)
{
	return facts->stage == MW_STAGE_RCPT && mw_submission_is_sender_question(facts);
}

/* The status that Postfix sends for x.1.7 when it refuses a recipient, and for x.1.y when it refuses no address. */
static struct mw_str fixed_status(struct mw_str status, const struct mw_facts *facts)
{
	if (status.len < 5 || status.ptr[2] != '1' || status.ptr[3] != '.' || refuses_sender(facts))
		return status;
	if (facts->stage != MW_STAGE_RCPT)
		return status.ptr[0] == '4' ? MW_STR("4.0.0") : MW_STR("5.0.0");
	if (mw_str_ends_with(status, MW_STR(".1.7")))
		return status.ptr[0] == '4' ? MW_STR("4.1.3") : MW_STR("5.1.3");
	return status;
}

static void print_printable(struct mw_str text, struct mw_buf *out)
{
	for (size_t i = 0; i < text.len; i++)
		mw_buf_add_char(out, (unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f ? '?' : text.ptr[i]);
}

static void print_rejected(const struct mw_facts *facts, struct mw_buf *out)
{
	mw_buf_add_char(out, '<');
	if (facts->stage == MW_STAGE_RCPT)
		print_printable(refuses_sender(facts) ? facts->sender : facts->recipient, out);
	else
		mw_buf_add_text(out, mw_table_word(mw_stages, facts->stage));
	mw_buf_add_text(out, refuses_sender(facts) ? ">: Sender address rejected: "
			     : facts->stage == MW_STAGE_RCPT ? ">: Recipient address rejected: "
			     : facts->stage == MW_STAGE_DATA ? ">: Data command rejected: " : ">: End-of-data rejected: ");
}

void mw_answer_print_client(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out)
{
	struct mw_str reply = mw_answer_action(facts, verdict), code, status;

	if (mw_str_empty(reply) || !mw_verdict_stops(verdict) ||
	    (facts->stage != MW_STAGE_RCPT && facts->stage != MW_STAGE_DATA && facts->stage != MW_STAGE_END_OF_MESSAGE))
		return;
	code = mw_str_head(reply, mw_str_find(reply, ' '));
	reply = mw_str_tail(reply, code.len + 1);
	status = mw_str_head(reply, mw_str_find(reply, ' '));
	mw_buf_add(out, code);
	mw_buf_add_char(out, ' ');
	mw_buf_add(out, fixed_status(status, facts));
	mw_buf_add_char(out, ' ');
	print_rejected(facts, out);
	mw_buf_add(out, mw_str_tail(reply, status.len + 1));
}

/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <unistr.h>

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
	       facts->relay_context && facts->stage == MW_STAGE_RCPT;
}

bool mw_answer_write(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out)
{
	struct mw_str action = MW_STR("DUNNO");

	if (verdict->outcome == MW_UNDECIDED)
		return false;
	if (mw_verdict_stops(verdict)) {
		action = mw_str(verdict->reply);
		if (!mw_answer_reply_is_safe(action))
			return false;
	} else if (may_say_ok(facts, verdict)) {
		action = MW_STR("OK");
	}
	/* A cut answer would be a permit: see that it fits before the first byte is written. */
	if (out->truncated || out->size - out->used <= sizeof(ACTION) + action.len + 2)
		return false;
	mw_buf_add(out, MW_STR(ACTION));
	mw_buf_add(out, action);
	mw_buf_add(out, MW_STR("\n\n"));
	return !out->truncated;
}

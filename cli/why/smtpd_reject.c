/* SPDX-License-Identifier: MIT */
#include "why/smtpd.h"

#include "decide/verdict.h"
#include "why/fault.h"
#include "why/part.h"

/* The words behind "<ADDRESS>: ", where Postfix puts an address before them; nothing that a client wrote is in them.
   Empty where the address is quoted: it may have anything in it. */
static struct mw_str own_words(struct mw_str reply)
{
	size_t bracket = mw_str_find(reply, '<');
	struct mw_str address = mw_str_tail(reply, bracket + 1);

	if (bracket == reply.len || mw_str_starts_with(address, MW_STR("LF> ")))
		return reply;
	if (mw_str_find(address, '"') < mw_str_find(address, '>'))
		return MW_STR_EMPTY;
	return mw_part_after(address, ">: ");
}

static bool wants_login(struct mw_str words)
{
	static const char *const said[] = { "not logged in", "not authenticated", "SMTP AUTH is required", NULL };

	return mw_part_has_one(words, said);
}

/* The policy's words of a reason, behind the codes of its reply. */
static bool says(struct mw_str words, enum mw_reason reason)
{
	for (int style = MW_REPLIES_CLASSIC; style <= MW_REPLIES_CURRENT; style++) {
		struct mw_str reply = mw_str(mw_reason_reply(reason, (enum mw_reply_style)style));

		if (mw_str_ends_with(words, mw_part_after(mw_part_after(reply, " "), " ")))
			return true;
	}
	return false;
}

/* Words that only may mean it: the policy's for a user without the right, logged in or not, those of
   reject_unauth_destination and of a bare `reject`. */
static bool may_want_login(struct mw_str words)
{
	return says(words, MW_REASON_RELAY_DENIED) || mw_str_ends_with(words, MW_STR("Relay access denied")) ||
	       mw_str_ends_with(words, MW_STR("rejected: Access denied"));
}

/* Before AUTH, or in its place: what is refused there is not that nobody logged in. */
static bool is_before_login(struct mw_str rest)
{
	static const char *const stages[] = { "reject: CONNECT ", "reject: HELO ", "reject: EHLO ", "reject: STARTTLS ",
					      "reject: AUTH ", NULL };

	return mw_part_begins_with_one(rest, stages);
}

/* "... helo=<x> sasl_method=PLAIN sasl_username=bob", since Postfix 3.9. What the client says in HELO ends with a
   bracket, which such a line does not. */
static struct mw_str user_of(struct mw_str rest)
{
	static const char method[] = "> sasl_method=";
	struct mw_str behind = mw_str_tail(rest, mw_str_find_last_text(rest, method));

	return mw_str_ends_with(rest, MW_STR(">")) ? MW_STR_EMPTY : mw_part_after(behind, " sasl_username=");
}

/* One of a session is enough: the others are of the same kind. */
static bool wait_for_end(struct mw_why_session *session, const struct mw_why_event *event)
{
	struct mw_why_pending *pending = &session->pending;

	*pending = (struct mw_why_pending){ .is = true, .time = event->time, .tls = event->tls };
	mw_part_copy(pending->reply, sizeof(pending->reply), event->reply);
	mw_part_copy(pending->sender, sizeof(pending->sender), event->sender);
	mw_part_copy(pending->recipient, sizeof(pending->recipient), event->recipient);
	return false;
}

void mw_smtpd_envelope(struct mw_str from, struct mw_why_event *event)
{
	if (mw_str_find(from, '"') < from.len)
		return;
	event->sender = mw_str_head(from, mw_str_find(from, '>'));
	from = mw_part_after(from, "to=<");
	event->recipient = mw_str_head(from, mw_str_find(from, '>'));
}

static enum mw_why_kind kind_of(struct mw_str reply, struct mw_str words)
{
	if (mw_str_has(words, "bare <LF> received"))
		return MW_WHY_LINE_ENDS;
	if (mw_str_has(words, "SMTP protocol synchronization") || mw_str_has(words, "SMTP command pipelining"))
		return MW_WHY_PIPELINED;
	if (wants_login(words))
		return MW_WHY_NO_LOGIN;
	/* Two of the policy's reasons have a status of the mail system's own. */
	if (says(words, MW_REASON_NO_CONNECTOR) || says(words, MW_REASON_TOO_BIG))
		return MW_WHY_REJECTED;
	return mw_why_fault_of_reply(reply);
}

bool mw_smtpd_reject(struct mw_why_session *session, struct mw_str rest, struct mw_why_event *event)
{
	static const char *const whole[] = { "reject: DATA ", "reject: BDAT ", "reject: END-OF-MESSAGE ", NULL };
	static const char owned[] = "not owned by user ";
	struct mw_str reply = mw_part_after(rest, "]: "), words;

	/* Before MAIL there is no sender. */
	event->reply = mw_part_before(mw_part_before(reply, "; from=<"), "; proto=");
	if (mw_part_begins_with_one(rest, whole))
		event->queue = mw_str(session->queue);
	words = own_words(event->reply);
	mw_smtpd_envelope(mw_part_after(reply, "; from=<"), event);
	event->user = user_of(rest);
	session->told = session->refused = true;
	event->kind = kind_of(event->reply, words);
	if (event->kind == MW_WHY_FAULT)
		event->reply = mw_smtpd_with_fault(session, event->reply);
	if (event->kind == MW_WHY_NO_LOGIN && session->tried)
		event->login_state = MW_WHY_LOGIN_TRIED;
	if (event->kind != MW_WHY_REJECTED)
		return true;
	if (mw_str_has(words, owned) || mw_str_ends_with(words, MW_STR("rejected: Sender login mismatch"))) {
		event->kind = MW_WHY_NOT_OWNED;
		if (mw_str_has(words, owned))
			event->user = mw_part_after(words, owned);
		return true;
	}
	event->login_state = is_before_login(rest) ? MW_WHY_LOGIN_NOT_YET : MW_WHY_LOGIN_TOLD;
	if (!may_want_login(words) || !mw_str_empty(event->user) || event->login_state == MW_WHY_LOGIN_NOT_YET)
		return true;
	return wait_for_end(session, event);
}

static const char too_big[] = "NOQUEUE: queue file size limit exceeded";

bool mw_smtpd_too_big(struct mw_str warning)
{
	return mw_str_equal(warning, mw_str(too_big));
}

bool mw_smtpd_refuse_size(struct mw_why_session *session, struct mw_str warning, struct mw_why_event *event)
{
	event->kind = MW_WHY_TOO_BIG;
	event->client = mw_str(session->client);
	event->queue = mw_str(session->queue);
	event->tls = session->tls;
	event->tls_unknown = !event->tls;
	event->reply = mw_part_after(warning, ": ");
	return session->told = session->refused = true;
}

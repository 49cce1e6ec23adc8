/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "reply.h"

/* How each of Dovecot's login processes puts a text into its protocol: before authentication (the login plugin's
   refusal), for a wrong password, and for a temporary failure. */
struct form {
	const char *refused_before, *refused_after;
	const char *wrong_password;
	const char *temporary;
};

static const struct form forms[MW_PROTOCOL_COUNT] = {
	[MW_PROTOCOL_IMAP] = { "NO [PRIVACYREQUIRED] ", "", "NO [AUTHENTICATIONFAILED] Authentication failed.",
			       "NO [UNAVAILABLE] Temporary authentication failure." },
	[MW_PROTOCOL_POP3] = { "-ERR [AUTH] ", "", "-ERR [AUTH] Authentication failed.",
			       "-ERR [SYS/TEMP] Temporary authentication failure." },
	[MW_PROTOCOL_SIEVE] = { "NO (ENCRYPT-NEEDED) \"", "\"", "NO \"Authentication failed.\"",
				"NO (TRYLATER) \"Temporary authentication failure.\"" },
	[MW_PROTOCOL_SUBMISSION] = { "530 5.7.0 ", "", "535 5.7.8 Authentication failed.",
				     "454 4.7.0 Temporary authentication failure." },
	[MW_PROTOCOL_SMTP] = { "", "", "535 5.7.8 Error: authentication failed: (reason unavailable)",
			       "454 4.7.0 Temporary authentication failure: (reason unavailable)" },
};

static void print_login(const struct form *form, const struct mw_verdict *verdict, struct mw_buf *out)
{
	if (!mw_verdict_stops(verdict))
		return;
	mw_buf_add_text(out, form->refused_before);
	mw_buf_add_text(out, verdict->reply);
	mw_buf_add_text(out, form->refused_after);
}

static void print_account(const struct form *form, const struct mw_verdict *verdict, struct mw_buf *out)
{
	if (mw_verdict_stops(verdict))
		mw_buf_add_text(out, verdict->outcome == MW_UNDECIDED ? form->temporary : form->wrong_password);
}

static void print_submission(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out)
{
	if (verdict->outcome == MW_UNDECIDED)
		return;
	if (mw_verdict_stops(verdict))
		mw_buf_add_text(out, verdict->reply);
	else if (verdict->outcome == MW_PERMIT && verdict->mode == MW_MODE_ENFORCE && facts->relay_context &&
		 facts->stage == MW_STAGE_RCPT && verdict->accept_any_recipient)
		mw_buf_add_text(out, "OK");
	else
		mw_buf_add_text(out, "DUNNO");
}

void mw_reply_print(const struct mw_facts *facts, const struct mw_verdict *verdict, enum mw_reply_step step,
		    struct mw_buf *out)
{
	const struct form *form = &forms[facts->endpoints.protocol];

	switch (step) {
	case MW_REPLY_LOGIN:
		print_login(form, verdict, out);
		return;
	case MW_REPLY_ACCOUNT:
		print_account(form, verdict, out);
		return;
	case MW_REPLY_SUBMISSION:
		print_submission(facts, verdict, out);
		return;
	}
}

/* What Postfix makes of x.1.7 where it refuses a recipient, and of x.1.y where it refuses no address. */
static struct mw_str fixed_status(struct mw_str status, enum mw_stage stage)
{
	if (status.len < 5 || status.ptr[2] != '1' || status.ptr[3] != '.')
		return status;
	if (stage != MW_STAGE_RCPT)
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
		print_printable(facts->recipient, out);
	else
		mw_buf_add_text(out, mw_table_word(mw_stages, facts->stage));
	mw_buf_add_text(out, facts->stage == MW_STAGE_RCPT ? ">: Recipient address rejected: "
			     : facts->stage == MW_STAGE_DATA ? ">: Data command rejected: " : ">: End-of-data rejected: ");
}

void mw_reply_print_client(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out)
{
	struct mw_str reply = mw_str(verdict->reply), code, status;

	if (!mw_verdict_stops(verdict) || verdict->outcome == MW_UNDECIDED ||
	    (facts->stage != MW_STAGE_RCPT && facts->stage != MW_STAGE_DATA && facts->stage != MW_STAGE_END_OF_MESSAGE))
		return;
	code = mw_str_head(reply, mw_str_find(reply, ' '));
	reply = mw_str_tail(reply, code.len + 1);
	status = mw_str_head(reply, mw_str_find(reply, ' '));
	mw_buf_add(out, code);
	mw_buf_add_char(out, ' ');
	mw_buf_add(out, fixed_status(status, facts->stage));
	mw_buf_add_char(out, ' ');
	print_rejected(facts, out);
	mw_buf_add(out, mw_str_tail(reply, status.len + 1));
}

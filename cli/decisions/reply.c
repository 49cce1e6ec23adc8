/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "postfix/answer.h"
#include "decisions/reply.h"

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

/* What the milter answers at the end of the message. */
static void print_header(const struct mw_verdict *verdict, struct mw_buf *out)
{
	if (!mw_verdict_stops(verdict))
		mw_buf_add_text(out, "CONTINUE");
	else
		mw_buf_add_text(out, verdict->outcome == MW_UNDECIDED ? "TEMPFAIL" : verdict->reply);
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
		if (facts->stage == MW_STAGE_HEADER)
			print_header(verdict, out);
		else
			mw_buf_add(out, mw_answer_action(facts, verdict));
		return;
	}
}

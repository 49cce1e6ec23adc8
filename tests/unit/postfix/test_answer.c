/* SPDX-License-Identifier: MIT */
#include "postfix/answer.h"

#include "unit.h"

static struct mw_str write_answer(const struct mw_facts *facts, const struct mw_verdict *verdict)
{
	static char memory[MW_ANSWER_MAX + 8];
	struct mw_buf out = MW_BUF_OVER(memory);

	if (!mw_answer_write(facts, verdict, &out)) {
		ck_assert_uint_eq(out.used, 0);
		return MW_STR_EMPTY;
	}
	return mw_buf_str(&out);
}

static const struct {
	enum mw_outcome outcome;
	enum mw_mode mode;
	bool any_recipient;
	enum mw_context context;
	enum mw_stage stage;
	const char *reply, *answer;
} cases[] = {
	{ MW_PERMIT, MW_MODE_ENFORCE, false, MW_CONTEXT_NONE, MW_STAGE_RCPT, "", "action=DUNNO\n\n" },
	{ MW_PERMIT, MW_MODE_ENFORCE, true, MW_CONTEXT_NONE, MW_STAGE_RCPT, "", "action=DUNNO\n\n" },
	{ MW_PERMIT, MW_MODE_ENFORCE, false, MW_CONTEXT_RELAY, MW_STAGE_RCPT, "", "action=DUNNO\n\n" },
	{ MW_PERMIT, MW_MODE_ENFORCE, true, MW_CONTEXT_RELAY, MW_STAGE_RCPT, "", "action=OK\n\n" },
	{ MW_PERMIT, MW_MODE_ENFORCE, true, MW_CONTEXT_RELAY, MW_STAGE_MAIL, "", "action=DUNNO\n\n" },
	{ MW_PERMIT, MW_MODE_ENFORCE, true, MW_CONTEXT_RELAY, MW_STAGE_UNKNOWN, "", "action=DUNNO\n\n" },
	{ MW_PERMIT, MW_MODE_AUDIT, true, MW_CONTEXT_RELAY, MW_STAGE_RCPT, "", "action=DUNNO\n\n" },
	{ MW_REFUSE, MW_MODE_ENFORCE, true, MW_CONTEXT_RELAY, MW_STAGE_RCPT, "550 5.7.1 No", "action=550 5.7.1 No\n\n" },
	{ MW_REFUSE, MW_MODE_AUDIT, true, MW_CONTEXT_RELAY, MW_STAGE_RCPT, "550 5.7.1 No", "action=DUNNO\n\n" },
	{ MW_DEFER, MW_MODE_ENFORCE, false, MW_CONTEXT_NONE, MW_STAGE_RCPT, "450 4.3.5 Later", "action=450 4.3.5 Later\n\n" },
	{ MW_UNDECIDED, MW_MODE_ENFORCE, false, MW_CONTEXT_NONE, MW_STAGE_RCPT, "", "" },
	{ MW_UNDECIDED, MW_MODE_AUDIT, true, MW_CONTEXT_RELAY, MW_STAGE_RCPT, "", "action=DUNNO\n\n" },
	{ MW_REFUSE, MW_MODE_ENFORCE, false, MW_CONTEXT_NONE, MW_STAGE_RCPT, "", "" },
	{ MW_REFUSE, MW_MODE_ENFORCE, false, MW_CONTEXT_NONE, MW_STAGE_RCPT, "OK", "" },
	{ MW_REFUSE, MW_MODE_ENFORCE, false, MW_CONTEXT_NONE, MW_STAGE_RCPT, "250 fine", "" },
	{ MW_PERMIT, MW_MODE_ENFORCE, true, MW_CONTEXT_SENDER, MW_STAGE_RCPT, "", "action=DUNNO\n\n" },
};

START_TEST(the_answer_of_a_verdict)
{
	struct mw_facts facts = { .stage = cases[_i].stage, .context = cases[_i].context };
	struct mw_verdict verdict = {
		.outcome = cases[_i].outcome, .mode = cases[_i].mode, .accept_any_recipient = cases[_i].any_recipient,
		.reply = cases[_i].reply,
	};
	struct mw_str answer = write_answer(&facts, &verdict);

	ck_assert_msg(mw_str_equal(answer, mw_str(cases[_i].answer)), "%.*s", MW_STR_ARG(answer));
}
END_TEST

START_TEST(replies_that_may_be_sent)
{
	char longest[MW_ANSWER_MAX + 1];

	ck_assert(mw_answer_reply_is_safe(MW_STR("550 5.7.1 No")));
	ck_assert(mw_answer_reply_is_safe(MW_STR("421 4.4.2 Zu viele M\xc3\xa4rchen")));
	ck_assert(!mw_answer_reply_is_safe(MW_STR("550 5.7.1 No\naction=OK")));
	ck_assert(!mw_answer_reply_is_safe(MW_STR("550 5.7.1 No\r")));
	ck_assert(!mw_answer_reply_is_safe(MW_STR("550 5.7.1 \xff")));
	ck_assert(!mw_answer_reply_is_safe(MW_STR("550")));
	ck_assert(!mw_answer_reply_is_safe(MW_STR("550 ")));
	ck_assert(!mw_answer_reply_is_safe(MW_STR("")));
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, "550 ", 4);
	/* "action=" and the newline count. */
	ck_assert(mw_answer_reply_is_safe((struct mw_str){ longest, MW_ANSWER_MAX - 8 }));
	ck_assert(!mw_answer_reply_is_safe((struct mw_str){ longest, MW_ANSWER_MAX - 7 }));
}
END_TEST

START_TEST(an_answer_that_does_not_fit_is_none)
{
	struct mw_facts facts = { .stage = MW_STAGE_RCPT };
	struct mw_verdict verdict = { .outcome = MW_REFUSE, .mode = MW_MODE_ENFORCE, .reply = "550 5.7.1 No" };

	for (size_t size = 1; size < 40; size++) {
		char memory[40] = "";
		struct mw_buf out = mw_buf_over(memory, size);
		bool fits = mw_answer_write(&facts, &verdict, &out);

		ck_assert_uint_eq(out.used, fits ? strlen("action=550 5.7.1 No\n\n") : 0);
	}
}
END_TEST

/* Postfix's words around the reply: smtpd_check.c, smtpd_dsn_fix.c. */
static const struct {
	enum mw_stage stage;
	enum mw_outcome outcome;
	const char *reply, *client;
	enum mw_context context;
} seen[] = {
	{ MW_STAGE_RCPT, MW_REFUSE, "550 5.7.1 No", "550 5.7.1 <a@b>: Recipient address rejected: No", MW_CONTEXT_NONE },
	{ MW_STAGE_RCPT, MW_REFUSE, "501 5.1.7 No", "501 5.1.3 <a@b>: Recipient address rejected: No", MW_CONTEXT_NONE },
	{ MW_STAGE_RCPT, MW_REFUSE, "550 5.7.1 No", "550 5.7.1 <a@b>: Recipient address rejected: No", MW_CONTEXT_RELAY },
	{ MW_STAGE_RCPT, MW_REFUSE, "550 5.7.1 No", "550 5.7.1 <s@b>: Sender address rejected: No", MW_CONTEXT_SENDER },
	{ MW_STAGE_RCPT, MW_REFUSE, "501 5.1.7 No", "501 5.1.7 <s@b>: Sender address rejected: No", MW_CONTEXT_SENDER },
	{ MW_STAGE_DATA, MW_REFUSE, "501 5.1.7 No", "501 5.0.0 <DATA>: Data command rejected: No", MW_CONTEXT_SENDER },
	{ MW_STAGE_DATA, MW_REFUSE, "501 5.1.7 No", "501 5.0.0 <DATA>: Data command rejected: No", MW_CONTEXT_NONE },
	{ MW_STAGE_END_OF_MESSAGE, MW_DEFER, "421 4.5.1 No",
	  "421 4.5.1 <END-OF-MESSAGE>: End-of-data rejected: No", MW_CONTEXT_NONE },
	{ MW_STAGE_MAIL, MW_REFUSE, "550 5.7.1 No", "", MW_CONTEXT_NONE },
	{ MW_STAGE_RCPT, MW_PERMIT, "", "", MW_CONTEXT_NONE },
	{ MW_STAGE_RCPT, MW_UNDECIDED, "550 5.7.1 No", "", MW_CONTEXT_NONE },
	{ MW_STAGE_RCPT, MW_REFUSE, "no reply", "", MW_CONTEXT_NONE },
};

START_TEST(what_the_client_reads)
{
	struct mw_facts facts = { .stage = seen[_i].stage, .sender = MW_STR("s@b"), .recipient = MW_STR("a@b"),
				  .context = seen[_i].context };
	struct mw_verdict verdict = { .outcome = seen[_i].outcome, .mode = MW_MODE_ENFORCE, .reply = seen[_i].reply };
	char memory[256];
	struct mw_buf out = MW_BUF_OVER(memory);

	mw_answer_print_client(&facts, &verdict, &out);
	ck_assert_str_eq(memory, seen[_i].client);
}
END_TEST

MW_UNIT_TESTS("answer")
{
	MW_LOOP(tcase, the_answer_of_a_verdict, cases);
	tcase_add_test(tcase, replies_that_may_be_sent);
	tcase_add_test(tcase, an_answer_that_does_not_fit_is_none);
	MW_LOOP(tcase, what_the_client_reads, seen);
}

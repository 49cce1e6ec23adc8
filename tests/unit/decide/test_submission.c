/* SPDX-License-Identifier: MIT */
#include "decide_support.h"

#include "decide/submission.h"

static struct mw_verdict decide(const struct mw_facts *facts, const struct mw_directory_view *view)
{
	struct mw_verdict verdict;

	mw_submission_decide(mw_test_policy, view, facts, &verdict);
	return verdict;
}

/* Which checks leave a step at which stage, in the order of the table. */
static const struct { enum mw_stage stage; const char *checks; } stages[] = {
	{ MW_STAGE_CONNECT, "rule" },
	{ MW_STAGE_EHLO, "rule" },
	{ MW_STAGE_HELO, "rule" },
	{ MW_STAGE_MAIL, "rule tls mechanism login service submit sender size" },
	{ MW_STAGE_RCPT, "rule tls mechanism login service submit sender recipient senders size" },
	{ MW_STAGE_UNKNOWN, "rule tls mechanism login service submit sender recipient senders size" },
	{ MW_STAGE_VRFY, "rule tls mechanism login service submit recipient" },
	{ MW_STAGE_END_OF_MESSAGE, "rule tls mechanism login service submit sender recipient senders recipients size" },
};

START_TEST(a_stage_allows_its_checks)
{
	struct mw_facts facts = mw_test_facts();
	struct mw_verdict verdict;
	char memory[200];
	struct mw_buf out = MW_BUF_OVER(memory);

	facts.stage = stages[_i].stage;
	facts.recipient_count = facts.stage == MW_STAGE_END_OF_MESSAGE ? 1 : 0;
	verdict = decide(&facts, mw_test_view);
	ck_assert_int_eq(verdict.outcome, MW_PERMIT);
	for (unsigned i = 0; i < verdict.trace.count; i++) {
		if (i > 0)
			mw_buf_add_char(&out, ' ');
		mw_buf_add_text(&out, mw_table_word(mw_checks, verdict.trace.steps[i].check));
	}
	ck_assert_str_eq(memory, stages[_i].checks);
}
END_TEST

START_TEST(the_first_refusal_ends_the_trace)
{
	struct mw_facts facts = mw_test_facts();
	struct mw_verdict verdict;

	facts.sender = MW_STR("mary@example.test");
	facts.recipient = MW_STR("x@remote.test");
	verdict = decide(&facts, mw_test_view);
	ck_assert_int_eq(verdict.reason, MW_REASON_SEND_AS_DENIED);
	ck_assert_int_eq(verdict.trace.steps[verdict.trace.count - 1].check, MW_CHECK_SENDER);
	ck_assert_int_eq(verdict.trace.steps[verdict.trace.count - 1].outcome, MW_FAILED);
	ck_assert(!verdict.accept_any_recipient);
	ck_assert(mw_verdict_stops(&verdict));
	ck_assert_slice(mw_verdict_rule_name(&verdict), MW_STR("Client"));
	ck_assert_uint_eq(mw_verdict_rule_place(&verdict).line, 7);
}
END_TEST

START_TEST(without_a_directory_nothing_is_decided)
{
	struct mw_facts facts = mw_test_facts();
	struct mw_verdict verdict = decide(&facts, &mw_test_away);

	ck_assert_int_eq(verdict.outcome, MW_UNDECIDED);
	ck_assert_str_eq(verdict.reply, "");
	ck_assert(mw_verdict_stops(&verdict));
	verdict = decide(&facts, NULL);
	ck_assert_int_eq(verdict.outcome, MW_UNDECIDED);
}
END_TEST

/* Half a login is no anonymous session. */
START_TEST(a_mechanism_without_a_name_is_an_unknown_login)
{
	struct mw_facts facts = mw_test_facts();

	facts.login = MW_STR_EMPTY;
	ck_assert_int_eq(decide(&facts, mw_test_view).reason, MW_REASON_UNKNOWN_LOGIN);
	facts.mechanism = MW_STR_EMPTY;
	ck_assert_int_eq(decide(&facts, mw_test_view).reason, MW_REASON_NOT_AUTHENTICATED);
}
END_TEST

MW_UNIT_TESTS("submission")
{
	tcase_add_checked_fixture(tcase, mw_test_world, mw_test_world_end);
	MW_LOOP(tcase, a_stage_allows_its_checks, stages);
	tcase_add_test(tcase, the_first_refusal_ends_the_trace);
	tcase_add_test(tcase, without_a_directory_nothing_is_decided);
	tcase_add_test(tcase, a_mechanism_without_a_name_is_an_unknown_login);
}

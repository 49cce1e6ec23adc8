/* SPDX-License-Identifier: MIT */
#include "decide_support.h"

#include "decide/trace_write.h"

START_TEST(a_check_has_one_step)
{
	struct mw_trace trace = { .count = 0 };

	for (int round = 0; round < 3; round++)
		for (int check = 0; check < MW_CHECK_COUNT; check++)
			mw_trace_write(&trace, &(struct mw_step){ .check = (enum mw_check)check,
								  .number = (uint64_t)(round * 100 + check) });
	ck_assert_uint_eq(trace.count, MW_CHECK_COUNT);
	for (int check = 0; check < MW_CHECK_COUNT; check++) {
		const struct mw_step *step = mw_trace_step(&trace, (enum mw_check)check);

		ck_assert_ptr_eq(step, &trace.steps[check]);
		ck_assert_uint_eq(step->number, 200 + (unsigned)check);
	}
	trace.count = 0;
	ck_assert_ptr_null(mw_trace_step(&trace, MW_CHECK_RULE));
}
END_TEST

START_TEST(words_are_there_for_all)
{
	for (int i = 0; i < MW_CHECK_COUNT; i++)
		ck_assert_ptr_nonnull(mw_table_word(mw_checks, i));
	for (int i = MW_PASSED; i <= MW_UNKNOWN; i++)
		ck_assert_ptr_nonnull(mw_table_word(mw_check_outcomes, i));
	for (int i = MW_PERMIT; i <= MW_UNDECIDED; i++)
		ck_assert_ptr_nonnull(mw_table_word(mw_outcomes, i));
	for (int i = MW_TLS_ORIGIN_NONE; i <= MW_TLS_ORIGIN_PROXY; i++)
		ck_assert_ptr_nonnull(mw_table_word(mw_tls_origins, i));
}
END_TEST

static const struct { enum mw_outcome outcome; enum mw_mode mode; bool stops; } verdicts[] = {
	{ MW_PERMIT, MW_MODE_ENFORCE, false },	 { MW_PERMIT, MW_MODE_AUDIT, false },
	{ MW_REFUSE, MW_MODE_ENFORCE, true },	 { MW_REFUSE, MW_MODE_AUDIT, false },
	{ MW_DEFER, MW_MODE_ENFORCE, true },	 { MW_DEFER, MW_MODE_AUDIT, false },
	{ MW_UNDECIDED, MW_MODE_ENFORCE, true }, { MW_UNDECIDED, MW_MODE_AUDIT, false },
};

START_TEST(nothing_stops_in_audit_mode)
{
	struct mw_verdict verdict = { .outcome = verdicts[_i].outcome, .mode = verdicts[_i].mode };

	ck_assert_int_eq(mw_verdict_stops(&verdict), verdicts[_i].stops);
	ck_assert_slice(mw_verdict_rule_name(&verdict), MW_STR(""));
	ck_assert_str_eq(mw_verdict_rule_place(&verdict).file, "built-in");
}
END_TEST

MW_UNIT_TESTS("trace and verdict")
{
	tcase_add_test(tcase, a_check_has_one_step);
	tcase_add_test(tcase, words_are_there_for_all);
	MW_LOOP(tcase, nothing_stops_in_audit_mode, verdicts);
}

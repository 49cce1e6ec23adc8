/* SPDX-License-Identifier: MIT */
/* Every case of tests/policy-cases through the core, and what they must cover together. */
#include <stdio.h>
#include <stdlib.h>

#include "case_run.h"
#include "decisions/facts_log.h"
#include "decisions/reply.h"
#include "report/logline.h"
#include "report/prose.h"
#include "unit.h"

#define CASES_MIN 250

static struct mw_cases cases;
static struct mw_errors *errors;

static void read_cases(void)
{
	const char *source = getenv("srcdir");
	char memory[4096];
	struct mw_buf folder = MW_BUF_OVER(memory);

	mw_buf_printf(&folder, "%s/tests/policy-cases", source == NULL ? "." : source);
	errors = mw_errors_new(100);
	mw_cases_read_folder(&cases, folder.data, errors);
}

START_TEST(the_case_files_are_well_formed)
{
	char memory[20000];
	struct mw_buf text = MW_BUF_OVER(memory);

	for (unsigned i = 0; i < mw_errors_kept(errors); i++) {
		if (mw_errors_get(errors, i)->severity != MW_ERROR)
			continue;
		mw_error_print(mw_errors_get(errors, i), &text);
		mw_buf_add_char(&text, '\n');
	}
	ck_assert_msg(text.used == 0, "%s", text.data);
}
END_TEST

/* What was decided, in the words of the decision log. */
struct result {
	char verdict[32], reason[64], rule[256], reply[512];
	char text[4096]; /* for the reader of a failed test */
};

static void keep(char *to, size_t size, struct mw_str value)
{
	struct mw_buf out = mw_buf_over(to, size);

	mw_buf_add(&out, value);
}

static void read_log(const struct mw_facts *facts, const struct mw_verdict *verdict, struct result *result)
{
	char line_memory[MW_LOGLINE_MAX], value_memory[1024];
	struct mw_buf line = MW_BUF_OVER(line_memory), value = MW_BUF_OVER(value_memory);
	struct mw_str rest, key;

	mw_logline_write(facts, verdict, &line);
	ck_assert(!line.truncated);
	keep(result->text, sizeof(result->text), mw_buf_str(&line));
	rest = mw_buf_str(&line);
	while (mw_logline_next(&rest, &key, &value)) {
		if (mw_str_equal(key, MW_STR("verdict")))
			keep(result->verdict, sizeof(result->verdict), mw_buf_str(&value));
		else if (mw_str_equal(key, MW_STR("reason")))
			keep(result->reason, sizeof(result->reason), mw_buf_str(&value));
		else if (mw_str_equal(key, MW_STR("connector")) || mw_str_equal(key, MW_STR("login_rule")))
			keep(result->rule, sizeof(result->rule), mw_buf_str(&value));
	}
	ck_assert_msg(mw_str_empty(rest), "the log line cannot be read back: %s", line.data);
}

static void run(const struct mw_case *one, struct result *result)
{
	static const enum mw_reply_step steps[] = {
		[MW_CASE_LOGIN] = MW_REPLY_LOGIN,
		[MW_CASE_ACCOUNT] = MW_REPLY_ACCOUNT,
		[MW_CASE_SUBMISSION] = MW_REPLY_SUBMISSION,
	};
	struct mw_given_facts given;
	struct mw_verdict verdict;
	struct mw_buf reply;

	memset(result, 0, sizeof(*result));
	ck_assert_msg(mw_case_facts(one, &given), "%s:%u: %s", one->file, one->line, mw_case_complaint());
	mw_case_decide(one, &given.facts, &verdict);
	reply = mw_buf_over(result->reply, sizeof(result->reply));
	mw_reply_print(&given.facts, &verdict, steps[one->decision], &reply);
	read_log(&given.facts, &verdict, result);
}

static bool differs(const char *expected, const char *got)
{
	return expected != NULL && strcmp(expected, got) != 0;
}

START_TEST(a_case_gives_what_it_expects)
{
	const struct mw_case *one = &cases.items[_i];
	const char *reply = mw_case_expected_reply(one);
	struct result result;

	run(one, &result);
	ck_assert_msg(!differs(one->verdict, result.verdict) && !differs(one->reason, result.reason) &&
		      !differs(one->rule, result.rule) && !differs(reply, result.reply),
		      "%s:%u: %s\n  expected %s %s rule \"%s\" reply \"%s\"\n  got      %s %s rule \"%s\" reply \"%s\"\n  %s",
		      one->file, one->line, one->name, one->verdict, one->reason, one->rule == NULL ? "" : one->rule,
		      reply == NULL ? "" : reply, result.verdict, result.reason, result.rule, result.reply, result.text);
}
END_TEST

START_TEST(every_refusal_of_a_case_has_a_hint_and_a_fix)
{
	const struct mw_case *one = &cases.items[_i];
	char memory[2048];
	struct mw_buf text = MW_BUF_OVER(memory);
	struct mw_given_facts given;
	struct mw_verdict verdict;

	ck_assert_msg(mw_case_facts(one, &given), "%s:%u: %s", one->file, one->line, mw_case_complaint());
	mw_case_decide(one, &given.facts, &verdict);
	mw_prose_hint(&verdict, &text);
	ck_assert_int_eq(text.used > 0, verdict.outcome != MW_PERMIT);
	mw_buf_reset(&text);
	mw_prose_fix(NULL, &given.facts, &verdict, &text);
	ck_assert_int_eq(text.used > 0, verdict.outcome != MW_PERMIT);
	ck_assert(!text.truncated);
	/* Nobody knows which connector it was: none is to be opened. */
	if (verdict.listener_unknown) {
		ck_assert_ptr_null(strstr(memory, "auth_mechanism"));
		ck_assert_ptr_null(strstr(memory, "permission"));
	}
}
END_TEST

static bool same_verdict(const struct mw_verdict *a, const struct mw_verdict *b)
{
	return a->decision == b->decision && a->outcome == b->outcome && a->mode == b->mode && a->reason == b->reason &&
	       a->reply == b->reply && a->connector == b->connector && a->login_rule == b->login_rule &&
	       a->permissions == b->permissions && a->accept_any_recipient == b->accept_any_recipient &&
	       a->trace.count == b->trace.count;
}

static bool has_long_value(const struct mw_facts *facts)
{
	return facts->login.len > 254 || facts->sender.len > 254 || facts->recipient.len > 254 ||
	       facts->etrn_domain.len > 254 || facts->tls.version.len > 64 || facts->mechanism.len > 64;
}

/* What `replay` promises: from the log line come the same facts, and from them the same verdict. */
START_TEST(a_case_is_decided_again_from_its_log_line)
{
	static struct mw_logline read;
	static struct mw_logged logged;
	const struct mw_case *one = &cases.items[_i];
	char memory[MW_LOGLINE_MAX];
	struct mw_buf line = MW_BUF_OVER(memory);
	struct mw_given_facts given;
	struct mw_verdict verdict, again;
	enum mw_logged_state state;

	ck_assert(mw_case_facts(one, &given));
	mw_case_decide(one, &given.facts, &verdict);
	mw_logline_write(&given.facts, &verdict, &line);
	state = mw_facts_from_log(mw_buf_str(&line), &read, &logged);
	if (has_long_value(&given.facts)) {
		ck_assert_int_eq(state, MW_LOGGED_CUT);
		return;
	}
	ck_assert_msg(state == MW_LOGGED_WHOLE, "%s:%u: %s: %s", one->file, one->line, one->name, line.data);
	ck_assert_int_eq(logged.decision, verdict.decision);
	ck_assert_int_eq(logged.verdict, mw_logged_verdict_of(&verdict));
	ck_assert_int_eq(logged.reason, verdict.reason);
	/* No verdict of a case hangs on these alone. */
	ck_assert_int_eq(logged.facts.context, given.facts.context);
	ck_assert(mw_str_equal(logged.facts.sasl_service, given.facts.sasl_service));
	logged.facts.today = given.facts.today;
	mw_case_decide(one, &logged.facts, &again);
	ck_assert_msg(same_verdict(&verdict, &again), "%s:%u: %s: %s", one->file, one->line, one->name, line.data);
}
END_TEST

/* Long values are few: the test above would prove little if most cases had one. */
START_TEST(few_cases_have_a_value_too_long_for_the_log)
{
	size_t count = 0;

	for (size_t i = 0; i < cases.count; i++) {
		struct mw_given_facts given;

		ck_assert(mw_case_facts(&cases.items[i], &given));
		count += has_long_value(&given.facts);
	}
	ck_assert_uint_le(count, 5);
}
END_TEST

START_TEST(there_are_enough_cases_and_each_has_a_name_of_its_own)
{
	ck_assert_msg(cases.count >= CASES_MIN, "%zu cases", cases.count);
	for (size_t i = 0; i < cases.count; i++)
		for (size_t j = i + 1; j < cases.count; j++)
			ck_assert_msg(strcmp(cases.items[i].name, cases.items[j].name) != 0, "%s:%u and %s:%u: %s",
				      cases.items[i].file, cases.items[i].line, cases.items[j].file,
				      cases.items[j].line, cases.items[i].name);
}
END_TEST

static bool is_reached(const char *verdict, const char *reason)
{
	for (size_t i = 0; i < cases.count; i++)
		if (strcmp(cases.items[i].verdict, verdict) == 0 && strcmp(cases.items[i].reason, reason) == 0)
			return true;
	return false;
}

/* Without a message to judge there is no rule whose mode could be audit; a suspension stops in either mode; and a
   policy that cannot be read decides nothing: the login plugin gives that reason itself. */
START_TEST(every_reason_is_reached_in_both_modes)
{
	for (int i = 0; i < MW_REASON_COUNT; i++) {
		const char *reason = mw_reason_name((enum mw_reason)i);

		if (i == MW_REASON_PERMITTED) {
			ck_assert(is_reached("permit", reason));
		} else if (i == MW_REASON_NO_CONNECTOR) {
			ck_assert(is_reached("defer", reason));
			ck_assert(is_reached("would-refuse", reason));
		} else if (i == MW_REASON_NO_TRANSACTION) {
			ck_assert_msg(is_reached("defer", reason), "%s", reason);
			ck_assert_msg(!is_reached("would-refuse", reason), "%s in mode audit", reason);
		} else if (i == MW_REASON_DIRECTORY_UNAVAILABLE || i == MW_REASON_CLIENT_UNKNOWN) {
			ck_assert(is_reached("undecided", reason));
			ck_assert(is_reached("would-refuse", reason));
		} else if (i == MW_REASON_SENDING_SUSPENDED || i == MW_REASON_LOGIN_SUSPENDED) {
			ck_assert_msg(is_reached("refuse", reason), "%s", reason);
			ck_assert_msg(!is_reached("would-refuse", reason), "%s in mode audit", reason);
		} else if (i != MW_REASON_POLICY_UNREADABLE) {
			ck_assert_msg(is_reached("refuse", reason), "%s in mode enforce", reason);
			ck_assert_msg(is_reached("would-refuse", reason), "%s in mode audit", reason);
		}
	}
}
END_TEST

static void free_cases(void)
{
	mw_cases_free(&cases);
	mw_errors_free(errors);
}

MW_UNIT_TESTS("cases")
{
	read_cases();
	atexit(free_cases);
	tcase_add_test(tcase, the_case_files_are_well_formed);
	tcase_add_test(tcase, there_are_enough_cases_and_each_has_a_name_of_its_own);
	tcase_add_test(tcase, every_reason_is_reached_in_both_modes);
	if (mw_errors_count(errors, MW_ERROR) == 0) {
		tcase_add_loop_test(tcase, a_case_gives_what_it_expects, 0, (int)cases.count);
		tcase_add_loop_test(tcase, a_case_is_decided_again_from_its_log_line, 0, (int)cases.count);
		tcase_add_test(tcase, few_cases_have_a_value_too_long_for_the_log);
		tcase_add_loop_test(tcase, every_refusal_of_a_case_has_a_hint_and_a_fix, 0, (int)cases.count);
	}
}

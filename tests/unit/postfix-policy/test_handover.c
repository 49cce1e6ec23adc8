/* SPDX-License-Identifier: MIT */
#include "server/handover.h"

#include <stdio.h>

#include "unit.h"

#define FINGERPRINT "ab:cd"

static struct mw_facts facts_of(const char *queue_id)
{
	struct mw_facts facts;

	memset(&facts, 0, sizeof(facts));
	facts.stage = MW_STAGE_END_OF_MESSAGE;
	ck_assert(mw_ip_parse(MW_STR("192.0.2.1"), &facts.endpoints.remote_ip));
	facts.endpoints.remote_port = 4711;
	facts.login = MW_STR("bob");
	facts.queue_id = mw_str(queue_id);
	facts.tls.certificate_fingerprint = MW_STR(FINGERPRINT);
	return facts;
}

static const struct mw_verdict permitted;

START_TEST(an_entry_is_taken_once)
{
	struct mw_handover *handover = mw_handover_new();
	struct mw_facts facts = facts_of("A1");
	struct mw_handed_over entry;

	ck_assert_int_eq(mw_handover_take(handover, &facts, 100, &entry), MW_HANDOVER_NONE);
	mw_handover_leave(handover, &facts, &permitted, 100);
	ck_assert_int_eq(mw_handover_take(handover, &facts, 101, &entry), MW_HANDOVER_TAKEN);
	ck_assert_str_eq(entry.fingerprint, FINGERPRINT);
	ck_assert(!entry.stopped);
	ck_assert_int_eq(mw_handover_take(handover, &facts, 101, &entry), MW_HANDOVER_NONE);
	mw_handover_free(handover);
}
END_TEST

START_TEST(an_entry_ends_after_a_minute)
{
	struct mw_handover *handover = mw_handover_new();
	struct mw_facts facts = facts_of("A1");
	struct mw_handed_over entry;

	mw_handover_leave(handover, &facts, &permitted, 100);
	ck_assert_int_eq(mw_handover_take(handover, &facts, 100 + MW_HANDOVER_SECONDS, &entry), MW_HANDOVER_NONE);
	mw_handover_leave(handover, &facts, &permitted, 100);
	ck_assert_int_eq(mw_handover_take(handover, &facts, 99.9 + MW_HANDOVER_SECONDS, &entry), MW_HANDOVER_TAKEN);
	mw_handover_free(handover);
}
END_TEST

START_TEST(another_client_or_port_gets_nothing_another_login_is_told_and_either_ends_it)
{
	struct mw_handover *handover = mw_handover_new();
	struct mw_facts facts = facts_of("A1"), other[4] = { facts_of("A1"), facts_of("A1"), facts_of("A1"), facts_of("A1") };
	struct mw_handed_over entry;

	ck_assert(mw_ip_parse(MW_STR("192.0.2.2"), &other[0].endpoints.remote_ip));
	other[1].endpoints.remote_port = 4712;
	other[2].login = MW_STR("bobby");
	other[3].login = MW_STR_EMPTY;
	for (size_t i = 0; i < 4; i++) {
		mw_handover_leave(handover, &facts, &permitted, 100);
		ck_assert_int_eq(mw_handover_take(handover, &other[i], 100, &entry),
				 i < 2 ? MW_HANDOVER_NONE : MW_HANDOVER_OTHER_LOGIN);
		ck_assert_int_eq(mw_handover_take(handover, &facts, 100, &entry), MW_HANDOVER_NONE);
	}
	/* What is too old is another message's. */
	mw_handover_leave(handover, &facts, &permitted, 100);
	ck_assert_int_eq(mw_handover_take(handover, &other[3], 100 + MW_HANDOVER_SECONDS, &entry), MW_HANDOVER_NONE);
	mw_handover_free(handover);
}
END_TEST

START_TEST(a_later_question_takes_the_place_of_an_earlier_one)
{
	struct mw_handover *handover = mw_handover_new();
	struct mw_facts facts = facts_of("A1"), later = facts_of("A1");
	struct mw_handed_over entry;
	char long_login[MW_HANDOVER_LOGIN_MAX + 2];

	later.tls.certificate_fingerprint = MW_STR_EMPTY;
	mw_handover_leave(handover, &facts, &permitted, 100);
	mw_handover_leave(handover, &later, &permitted, 100);
	ck_assert_int_eq(mw_handover_take(handover, &facts, 100, &entry), MW_HANDOVER_TAKEN);
	ck_assert_str_eq(entry.fingerprint, "");
	/* One that cannot be kept ends what was left before it, too. */
	memset(long_login, 'x', sizeof(long_login));
	later.login = (struct mw_str){ long_login, sizeof(long_login) };
	mw_handover_leave(handover, &facts, &permitted, 100);
	mw_handover_leave(handover, &later, &permitted, 100);
	ck_assert_int_eq(mw_handover_take(handover, &facts, 100, &entry), MW_HANDOVER_NONE);
	mw_handover_free(handover);
}
END_TEST

START_TEST(only_the_end_of_a_message_leaves_something)
{
	struct mw_handover *handover = mw_handover_new();
	struct mw_facts facts = facts_of("A1"), none = facts_of("");
	struct mw_handed_over entry;

	facts.stage = MW_STAGE_DATA;
	mw_handover_leave(handover, &facts, &permitted, 100);
	mw_handover_leave(handover, &none, &permitted, 100);
	ck_assert_int_eq(mw_handover_take(handover, &facts, 100, &entry), MW_HANDOVER_NONE);
	ck_assert_int_eq(mw_handover_take(handover, &none, 100, &entry), MW_HANDOVER_NONE);
	mw_handover_free(handover);
}
END_TEST

/* A table of any number of questions that no milter asks for: the last ones are there. */
START_TEST(the_oldest_give_way)
{
	struct mw_handover *handover = mw_handover_new();
	struct mw_handed_over entry;
	char id[16];
	int found = 0;

	for (int i = 0; i < 20000; i++) {
		struct mw_facts facts;

		snprintf(id, sizeof(id), "%X", i);
		facts = facts_of(id);
		mw_handover_leave(handover, &facts, &permitted, 100 + i / 1000.0);
	}
	for (int i = 19500; i < 20000; i++) {
		struct mw_facts facts;

		snprintf(id, sizeof(id), "%X", i);
		facts = facts_of(id);
		found += mw_handover_take(handover, &facts, 120, &entry) == MW_HANDOVER_TAKEN;
	}
	ck_assert_int_ge(found, 490);
	mw_handover_free(handover);
}
END_TEST

START_TEST(a_refused_question_says_so)
{
	struct mw_handover *handover = mw_handover_new();
	struct mw_verdict refused = { .outcome = MW_REFUSE, .mode = MW_MODE_ENFORCE };
	struct mw_facts facts = facts_of("A1");
	struct mw_handed_over entry;

	mw_handover_leave(handover, &facts, &refused, 100);
	ck_assert_int_eq(mw_handover_take(handover, &facts, 100, &entry), MW_HANDOVER_TAKEN);
	ck_assert(entry.stopped);
	mw_handover_free(handover);
}
END_TEST

MW_UNIT_TESTS("handover")
{
	tcase_add_test(tcase, an_entry_is_taken_once);
	tcase_add_test(tcase, an_entry_ends_after_a_minute);
	tcase_add_test(tcase, another_client_or_port_gets_nothing_another_login_is_told_and_either_ends_it);
	tcase_add_test(tcase, a_later_question_takes_the_place_of_an_earlier_one);
	tcase_add_test(tcase, only_the_end_of_a_message_leaves_something);
	tcase_add_test(tcase, the_oldest_give_way);
	tcase_add_test(tcase, a_refused_question_says_so);
}

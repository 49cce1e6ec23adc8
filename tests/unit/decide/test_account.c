/* SPDX-License-Identifier: MIT */
#include "decide_support.h"

#include "decide/account.h"

static struct mw_principal user;

static enum mw_lookup the_user(void *context, struct mw_str login, struct mw_principal *user_r)
{
	(void)context, (void)login;
	*user_r = user;
	return MW_LOOKUP_FOUND;
}

static const struct mw_directory_view one_user = { .by_login = the_user };

static struct mw_verdict decide(enum mw_protocol protocol, const struct mw_directory_view *view)
{
	struct mw_facts facts = mw_test_facts();
	struct mw_verdict verdict;

	facts.endpoints.protocol = protocol;
	mw_account_decide(mw_test_policy, view, &facts, &verdict);
	return verdict;
}

/* Each protocol has its own switch, and what `mailwicket suspend` does is above them. */
START_TEST(switches_and_suspensions)
{
	enum mw_protocol protocol = (enum mw_protocol)_i;
	bool sends = protocol == MW_PROTOCOL_SMTP || protocol == MW_PROTOCOL_SUBMISSION;

	user = (struct mw_principal){ .id = 1, .kind = MW_USER, .name = MW_STR("bob@example.test"), .imap = true,
				      .pop3 = true, .sieve = true, .smtp = true };
	ck_assert_int_eq(decide(protocol, &one_user).outcome, MW_PERMIT);
	user.suspended_sending = true;
	/* A session of ManageSieve sends by the scripts it puts in place. */
	ck_assert_int_eq(decide(protocol, &one_user).outcome,
			 sends || protocol == MW_PROTOCOL_SIEVE ? MW_REFUSE : MW_PERMIT);
	user.suspended_sending = false;
	user.suspended_login = true;
	ck_assert_int_eq(decide(protocol, &one_user).outcome, MW_REFUSE);
	user.suspended_login = false;
	user.imap = protocol != MW_PROTOCOL_IMAP;
	user.pop3 = protocol != MW_PROTOCOL_POP3;
	user.sieve = protocol != MW_PROTOCOL_SIEVE;
	user.smtp = !sends;
	ck_assert_int_eq(decide(protocol, &one_user).outcome, MW_REFUSE);
	user.imap = !user.imap, user.pop3 = !user.pop3, user.sieve = !user.sieve, user.smtp = !user.smtp;
	ck_assert_int_eq(decide(protocol, &one_user).outcome, MW_PERMIT);
}
END_TEST

START_TEST(a_group_logs_in_nowhere)
{
	user = (struct mw_principal){ .id = 1, .kind = MW_GROUP, .imap = true, .pop3 = true, .sieve = true,
				      .smtp = true };
	ck_assert_int_eq(decide((enum mw_protocol)_i, &one_user).reason, MW_REASON_UNKNOWN_LOGIN);
}
END_TEST

START_TEST(without_a_directory_nothing_is_decided)
{
	ck_assert_int_eq(decide((enum mw_protocol)_i, &mw_test_away).outcome, MW_UNDECIDED);
	ck_assert_int_eq(decide((enum mw_protocol)_i, NULL).outcome, MW_UNDECIDED);
	ck_assert_int_eq(decide((enum mw_protocol)_i, &mw_test_away).reason, MW_REASON_DIRECTORY_UNAVAILABLE);
}
END_TEST

/* Postfix tells the auth process no port: the most permissive connector that may be meant, or the one of the
   service. */
static const struct { uint16_t port; const char *service, *mechanism; enum mw_reason reason; } asked[] = {
	{ 587, "smtp", "PLAIN", MW_REASON_PERMITTED },
	{ 2525, "smtp", "PLAIN", MW_REASON_MECHANISM_REFUSED },
	{ 0, "smtp", "PLAIN", MW_REASON_PERMITTED },
	{ 0, "relay", "PLAIN", MW_REASON_MECHANISM_REFUSED },
	{ 0, "relay", "GSSAPI", MW_REASON_PERMITTED },
	{ 25, "smtp", "PLAIN", MW_REASON_NO_CONNECTOR },
};

START_TEST(the_connector_of_a_sasl_service)
{
	struct mw_facts facts = mw_test_facts();
	struct mw_verdict verdict;

	facts.endpoints.local_port = asked[_i].port;
	facts.sasl_service = mw_str(asked[_i].service);
	facts.mechanism = mw_str(asked[_i].mechanism);
	mw_account_decide(mw_test_policy, mw_test_view, &facts, &verdict);
	ck_assert_str_eq(mw_reason_name(verdict.reason), mw_reason_name(asked[_i].reason));
}
END_TEST

MW_UNIT_TESTS("account")
{
	tcase_add_checked_fixture(tcase, mw_test_world, mw_test_world_end);
	tcase_add_loop_test(tcase, switches_and_suspensions, 0, MW_PROTOCOL_COUNT);
	tcase_add_loop_test(tcase, a_group_logs_in_nowhere, 0, MW_PROTOCOL_COUNT);
	tcase_add_loop_test(tcase, without_a_directory_nothing_is_decided, 0, MW_PROTOCOL_COUNT);
	MW_LOOP(tcase, the_connector_of_a_sasl_service, asked);
}

/* SPDX-License-Identifier: MIT */
#include "decide_support.h"

#include "decide/login.h"

static const struct { const char *client; bool tls, basic, challenge; } offers[] = {
	{ "198.51.100.9", false, false, false },
	{ "198.51.100.9", true, true, true },
	{ "127.0.0.1", false, false, false },
	{ "10.9.0.1", false, true, true },
	{ "10.1.0.1", false, false, true },
	{ "10.1.0.1", true, true, true },
};

/* What is offered is what would pass. */
START_TEST(an_offer_is_what_the_decision_lets_pass)
{
	static const char *const mechanisms[] = { "PLAIN", "LOGIN", "OAUTHBEARER", "X-FOO", "CRAM-MD5", "SCRAM-SHA-256",
						  "GSSAPI", "EXTERNAL", "NTLM" };
	struct mw_facts facts = mw_test_facts();
	struct mw_login_offer offer;

	facts.endpoints.protocol = MW_PROTOCOL_IMAP;
	ck_assert(mw_ip_parse(mw_str(offers[_i].client), &facts.endpoints.remote_ip));
	if (!offers[_i].tls)
		memset(&facts.tls, 0, sizeof(facts.tls));
	mw_login_offer(mw_test_policy, &facts, &offer);
	ck_assert_int_eq(offer.tls_satisfied, offers[_i].tls);
	ck_assert_int_eq(offer.basic, offers[_i].basic);
	ck_assert_int_eq(offer.challenge, offers[_i].challenge);
	for (size_t i = 0; i < MW_COUNT(mechanisms); i++) {
		struct mw_verdict verdict;

		facts.mechanism = mw_str(mechanisms[i]);
		mw_login_decide(mw_test_policy, &facts, &verdict);
		ck_assert_int_eq(verdict.outcome == MW_PERMIT, i < 4 ? offer.basic : offer.challenge);
		ck_assert_ptr_eq(verdict.login_rule, offer.rule);
		ck_assert_ptr_null(verdict.connector);
	}
}
END_TEST

TCase *mw_test_login_case(void)
{
	TCase *tcase = tcase_create("login");

	tcase_add_checked_fixture(tcase, mw_test_world, mw_test_world_end);
	MW_LOOP(tcase, an_offer_is_what_the_decision_lets_pass, offers);
	return tcase;
}

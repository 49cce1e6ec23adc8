/* SPDX-License-Identifier: MIT */
#include "decide_support.h"

#include "base/units.h"
#include "decide/login.h"

enum { NONE, CHALLENGE, ALL };

static const struct { const char *client; bool tls; const char *today; int offered; } offers[] = {
	{ "198.51.100.9", false, "2026-11-29", NONE },
	{ "198.51.100.9", true, "2026-11-29", ALL },
	{ "127.0.0.1", false, "2026-11-29", NONE },
	{ "10.9.0.1", false, "2026-11-29", ALL },
	{ "10.1.0.1", false, "2026-11-29", CHALLENGE },
	{ "10.1.0.1", true, "2026-11-29", ALL },
	/* Audit stops nobody, so it hides nothing. */
	{ "10.2.0.1", false, "2026-11-29", ALL },
	{ "10.2.0.1", true, "2026-11-29", ALL },
	{ "10.3.0.1", false, "2026-11-29", ALL },
	{ "10.3.0.1", false, "2026-11-30", CHALLENGE },
	{ "10.3.0.1", true, "2026-11-30", ALL },
};

static const struct { const char *name; bool shows_secret; } mechanisms[] = {
	{ "PLAIN", true }, { "LOGIN", true }, { "USER", true }, { "OAUTHBEARER", true }, { "XOAUTH2", true },
	{ "X-FOO", true }, { "unknown", true }, { "", true },
	{ "CRAM-MD5", false }, { "SCRAM-SHA-256", false }, { "APOP", false }, { "GSSAPI", false }, { "NTLM", false },
	{ "EXTERNAL", false },
};

/* What is offered is what is not stopped, for every class of mechanisms. */
START_TEST(an_offer_is_what_the_decision_does_not_stop)
{
	struct mw_facts facts = mw_test_facts();
	unsigned offer, seen = 0;

	facts.endpoints.protocol = MW_PROTOCOL_IMAP;
	ck_assert(mw_ip_parse(mw_str(offers[_i].client), &facts.endpoints.remote_ip));
	ck_assert(mw_parse_date(mw_str(offers[_i].today), &facts.today));
	if (!offers[_i].tls)
		memset(&facts.tls, 0, sizeof(facts.tls));
	offer = mw_login_offer(mw_test_policy, &facts);
	for (size_t i = 0; i < MW_COUNT(mechanisms); i++) {
		enum mw_mechanism_class class = mw_mechanism_class(mw_str(mechanisms[i].name));
		bool offered = (offer >> class & 1) != 0;
		struct mw_verdict verdict;

		facts.mechanism = mw_str(mechanisms[i].name);
		mw_login_decide(mw_test_policy, &facts, &verdict);
		ck_assert_msg(offered != mw_verdict_stops(&verdict), "%s", mechanisms[i].name);
		ck_assert_msg(offered == (offers[_i].offered == ALL ||
					  (offers[_i].offered == CHALLENGE && !mechanisms[i].shows_secret)),
			      "%s", mechanisms[i].name);
		ck_assert_ptr_null(verdict.connector);
		seen |= 1u << class;
	}
	ck_assert_uint_eq(seen, (1u << MW_MECHANISM_CLASS_COUNT) - 1);
	ck_assert_uint_eq(offer & ~seen, 0);
}
END_TEST

MW_UNIT_TESTS("login")
{
	tcase_add_checked_fixture(tcase, mw_test_world, mw_test_world_end);
	MW_LOOP(tcase, an_offer_is_what_the_decision_does_not_stop, offers);
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "decisions/facts_log.h"

static struct mw_logline line;
static struct mw_logged logged;

#define BEGINNING "v=1 verdict=refuse reason=send-as-denied mode=enforce protocol=smtp "
#define END " rule=mailwicket.conf:31"

START_TEST(every_fact_is_read)
{
	const struct mw_facts *facts = &logged.facts;
	struct mw_ip ip;

	ck_assert_int_eq(mw_facts_from_log(MW_STR(BEGINNING "stage=RCPT connector=Client login=alice master=root "
						 "sender=\"a b@example.org\" recipient=c@example.net client=192.0.2.7 port=587 "
						 "tls=TLSv1.3 cipher=AES bits=128 mechanism=PLAIN instance=1.2 queue_id=A "
						 "decision=submission local=2001:db8::1 tls_origin=proxy proxy=203.0.113.9 "
						 "fingerprint=0A:1B verified=yes sasl_service=smtp context=relay size=4096 "
						 "recipient_count=3 etrn_domain=example.net reply=\"550 5.7.1 no\"" END),
					 &line, &logged), MW_LOGGED_WHOLE);
	ck_assert_int_eq(logged.decision, MW_DECISION_SUBMISSION);
	ck_assert_int_eq(logged.verdict, MW_LOGGED_REFUSE);
	ck_assert_int_eq(logged.reason, MW_REASON_SEND_AS_DENIED);
	ck_assert_int_eq(facts->endpoints.protocol, MW_PROTOCOL_SMTP);
	ck_assert_int_eq(facts->stage, MW_STAGE_RCPT);
	ck_assert_slice(facts->login, MW_STR("alice"));
	ck_assert_slice(facts->master, MW_STR("root"));
	ck_assert_slice(facts->sender, MW_STR("a b@example.org"));
	ck_assert_slice(facts->recipient, MW_STR("c@example.net"));
	ck_assert(mw_ip_parse(MW_STR("192.0.2.7"), &ip) && mw_ip_equal(&facts->endpoints.remote_ip, &ip));
	ck_assert(mw_ip_parse(MW_STR("2001:db8::1"), &ip) && mw_ip_equal(&facts->endpoints.local_ip, &ip));
	ck_assert(mw_ip_parse(MW_STR("203.0.113.9"), &ip) && mw_ip_equal(&facts->tls.proxy, &ip));
	ck_assert_uint_eq(facts->endpoints.local_port, 587);
	ck_assert_slice(facts->tls.version, MW_STR("TLSv1.3"));
	ck_assert_slice(facts->tls.cipher, MW_STR("AES"));
	ck_assert_uint_eq(facts->tls.bits, 128);
	ck_assert_int_eq(facts->tls.origin, MW_TLS_ORIGIN_PROXY);
	ck_assert(!facts->tls.assumed && facts->tls.certificate_verified && facts->context == MW_CONTEXT_RELAY);
	ck_assert_slice(facts->tls.certificate_fingerprint, MW_STR("0A:1B"));
	ck_assert_slice(facts->mechanism, MW_STR("PLAIN"));
	ck_assert_slice(facts->sasl_service, MW_STR("smtp"));
	ck_assert_uint_eq(facts->size, 4096);
	ck_assert_uint_eq(facts->recipient_count, 3);
	ck_assert_slice(facts->etrn_domain, MW_STR("example.net"));
}
END_TEST

START_TEST(what_is_not_told_is_not_known)
{
	ck_assert_int_eq(mw_facts_from_log(MW_STR(BEGINNING "decision=submission" END), &line, &logged), MW_LOGGED_WHOLE);
	ck_assert_int_eq(logged.facts.stage, MW_STAGE_UNKNOWN);
	ck_assert_int_eq(logged.facts.endpoints.remote_ip.family, MW_FAMILY_UNKNOWN);
	ck_assert_int_eq(logged.facts.tls.origin, MW_TLS_ORIGIN_NONE);
	ck_assert(mw_str_empty(logged.facts.tls.version) && mw_str_empty(logged.facts.sender));
}
END_TEST

START_TEST(tls_of_a_version_that_nobody_told_is_assumed_to_be_good)
{
	ck_assert_int_eq(mw_facts_from_log(MW_STR(BEGINNING "decision=account tls_origin=starttls" END), &line, &logged),
			 MW_LOGGED_WHOLE);
	ck_assert(logged.facts.tls.assumed);
	ck_assert_slice(logged.facts.tls.version, MW_STR("TLSv1.3"));
	ck_assert_uint_eq(logged.facts.tls.bits, 256);
}
END_TEST

static const struct { const char *line; enum mw_logged_state state; } lines[] = {
	{ BEGINNING "stage=RCPT login=alice" END, MW_LOGGED_OLD },
	{ BEGINNING "stage=RCPT decision=submission cut=sender" END, MW_LOGGED_CUT },
	{ BEGINNING "stage=RCPT decision=submission cut=etrn_domain,sender" END, MW_LOGGED_CUT },
	{ BEGINNING "decision=account cut=login" END, MW_LOGGED_CUT },
	{ BEGINNING "decision=account cut=sender,recipient" END, MW_LOGGED_WHOLE },
	{ BEGINNING "decision=login cut=login,master" END, MW_LOGGED_WHOLE },
	{ BEGINNING "decision=login cut=mechanism" END, MW_LOGGED_CUT },
	{ BEGINNING "decision=account cut=future" END, MW_LOGGED_WHOLE },
	{ BEGINNING "decision=submission cut=future" END, MW_LOGGED_CUT },
	{ BEGINNING "decision=login future=field" END, MW_LOGGED_WHOLE },
	{ BEGINNING "decision=submission hint=\"no connector\"", MW_LOGGED_WHOLE },
	{ BEGINNING "decision=submission reply=450", MW_LOGGED_WHOLE },
	/* Lost its end on the way: within a field, between two. */
	{ BEGINNING "stage=RCPT decision=submission size=40", MW_LOGGED_MALFORMED },
	{ BEGINNING "stage=RCPT decision=submission" END " hint=\"no se", MW_LOGGED_MALFORMED },
	{ "v=1 verdict=refuse reason=send-as-denied mode=enforce", MW_LOGGED_MALFORMED },
	{ "", MW_LOGGED_MALFORMED },
	/* Written by nobody of ours. */
	{ "verdict=refuse reason=send-as-denied protocol=smtp decision=login" END, MW_LOGGED_MALFORMED },
	{ "v=2 verdict=refuse reason=send-as-denied protocol=smtp decision=login" END, MW_LOGGED_MALFORMED },
	{ "v=1 verdict=maybe reason=send-as-denied protocol=smtp decision=login" END, MW_LOGGED_MALFORMED },
	{ "v=1 verdict=refuse reason=lunch protocol=smtp decision=login" END, MW_LOGGED_MALFORMED },
	{ BEGINNING "decision=lunch" END, MW_LOGGED_MALFORMED },
	{ BEGINNING "decision=submission stage=LUNCH" END, MW_LOGGED_MALFORMED },
	{ BEGINNING "decision=submission port=65536" END, MW_LOGGED_MALFORMED },
	{ BEGINNING "decision=submission bits=4294967296" END, MW_LOGGED_MALFORMED },
	{ BEGINNING "decision=submission client=somewhere" END, MW_LOGGED_MALFORMED },
	{ BEGINNING "decision=submission size=-1" END, MW_LOGGED_MALFORMED },
	{ BEGINNING "decision=submission login=a login=b" END, MW_LOGGED_MALFORMED },
	{ BEGINNING "decision=submission login=a b" END, MW_LOGGED_MALFORMED },
};

START_TEST(a_line_is_whole_or_told_why_not)
{
	ck_assert_msg(mw_facts_from_log(mw_str(lines[_i].line), &line, &logged) == lines[_i].state, "%s", lines[_i].line);
}
END_TEST

START_TEST(a_line_longer_than_any_of_ours_is_not_read)
{
	static char text[5 * MW_LOGLINE_MAX] = BEGINNING "decision=submission login=";
	size_t len = strlen(text);

	memset(text + len, 'x', sizeof(text) - 1 - len);
	ck_assert_int_eq(mw_facts_from_log(mw_str(text), &line, &logged), MW_LOGGED_MALFORMED);
}
END_TEST

MW_UNIT_TESTS("facts of a log line")
{
	tcase_add_test(tcase, every_fact_is_read);
	tcase_add_test(tcase, what_is_not_told_is_not_known);
	tcase_add_test(tcase, tls_of_a_version_that_nobody_told_is_assumed_to_be_good);
	MW_LOOP(tcase, a_line_is_whole_or_told_why_not, lines);
	tcase_add_test(tcase, a_line_longer_than_any_of_ours_is_not_read);
}

/* SPDX-License-Identifier: MIT */
#include "postfix/facts.h"

#include "unit.h"

#define HEAD "request=smtpd_access_policy\nclient_address=\nserver_address=unknown\n"
#define RCPT HEAD "protocol_state=RCPT\nsender=bob@example.test\nrecipient=mary@example.test\n"

struct asked {
	struct mw_request request;
	struct mw_facts facts;
	const char *why;
	bool fine;
};

static struct asked ask(const char *text)
{
	struct asked asked = { .why = NULL };
	size_t used;
	char whole[2000];
	static char kept[2000];
	static struct mw_quoted quoted;

	ck_assert_uint_lt(strlen(text) + 2, sizeof(whole));
	strcpy(kept, text);
	strcat(kept, "\n");
	mw_request_init(&asked.request);
	ck_assert_int_eq(mw_request_read(&asked.request, mw_str(kept), &used, &asked.why), MW_REQUEST_WHOLE);
	asked.fine = mw_facts_from_request(&asked.request, kept, 20000, &quoted, &asked.facts, &asked.why);
	return asked;
}

START_TEST(every_fact_of_a_request)
{
	struct asked asked = ask("request=smtpd_access_policy\n"
		"protocol_state=RCPT\nsender=bob@example.test\nrecipient=mary@example.test\n"
		"server_address=203.0.113.1\nserver_port=587\nclient_address=192.0.2.7\nclient_port=40000\n"
		"sasl_method=PLAIN\nsasl_username=bob\nencryption_protocol=TLSv1.3\n"
		"encryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\npolicy_context=relay\n"
		"instance=1.2\nqueue_id=ABC\nsize=1000\n"
		"ccert_subject=cn\nccert_fingerprint=AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:"
		"AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99\n");
	const struct mw_facts *facts = &asked.facts;

	ck_assert_msg(asked.fine, "%s", asked.why);
	ck_assert_int_eq(facts->endpoints.protocol, MW_PROTOCOL_SMTP);
	ck_assert_uint_eq(facts->endpoints.local_port, 587);
	ck_assert_uint_eq(facts->endpoints.remote_port, 40000);
	ck_assert_int_eq(facts->endpoints.local_ip.family, MW_FAMILY_IPV4);
	ck_assert_int_eq(facts->endpoints.remote_ip.bytes[3], 7);
	ck_assert_int_eq(facts->stage, MW_STAGE_RCPT);
	ck_assert_int_eq(facts->context, MW_CONTEXT_RELAY);
	ck_assert(mw_str_equal(facts->login, MW_STR("bob")));
	ck_assert(mw_str_equal(facts->mechanism, MW_STR("PLAIN")));
	ck_assert_int_eq(facts->tls.origin, MW_TLS_ORIGIN_STARTTLS);
	ck_assert_uint_eq(facts->tls.bits, 256);
	ck_assert(facts->tls.certificate_verified);
	ck_assert_uint_eq(facts->tls.certificate_fingerprint.len, 95);
	ck_assert_uint_eq(facts->size, 1000);
	ck_assert_int_eq(facts->today, 20000);
	ck_assert(mw_str_equal(facts->instance, MW_STR("1.2")));
	ck_assert(!facts->no_instance);
	ck_assert(mw_str_equal(facts->queue_id, MW_STR("ABC")));
}
END_TEST

/* POL-03: what is left out is unknown, never a better value. */
START_TEST(what_is_left_out_is_unknown)
{
	struct asked asked = ask(HEAD "sender=bob@example.test\nrecipient=mary@example.test\n");
	const struct mw_facts *facts = &asked.facts;

	ck_assert(asked.fine);
	ck_assert_int_eq(facts->stage, MW_STAGE_UNKNOWN);
	ck_assert_uint_eq(facts->endpoints.local_port, 0);
	ck_assert_int_eq(facts->endpoints.local_ip.family, MW_FAMILY_UNKNOWN);
	ck_assert_int_eq(facts->endpoints.remote_ip.family, MW_FAMILY_UNKNOWN);
	ck_assert_int_eq(facts->tls.origin, MW_TLS_ORIGIN_NONE);
	ck_assert_uint_eq(facts->tls.bits, 0);
	ck_assert(!facts->tls.certificate_verified);
	ck_assert(mw_str_empty(facts->login));
	ck_assert_int_eq(facts->context, MW_CONTEXT_NONE);
	ck_assert(facts->no_instance);
}
END_TEST

static const struct { const char *text, *why; } not_judged[] = {
	{ "request=smtpd_access_policy\nprotocol_state=CONNECT\nserver_address=192.0.2.1\n", "client_address is no address" },
	{ "request=smtpd_access_policy\nprotocol_state=CONNECT\nclient_address=192.0.2.1\n", "server_address is no address" },
	{ "request=smtpd_access_policy\nprotocol_state=CONNECT\nclient_address=192.0.2.1.\nserver_address=\n",
	  "client_address is no address" },
	{ RCPT "size=many\n", "size is no number" },
	{ RCPT "size=-1\n", "size is no number" },
	{ RCPT "size=18446744073709551616\n", "size is no number" },
	{ RCPT "recipient_count=1x\n", "recipient_count is no number" },
	{ RCPT "server_port=65536\n", "server_port is no port" },
	{ RCPT "client_port=imap\n", "client_port is no port" },
	{ RCPT "encryption_protocol=TLSv1.3\nencryption_keysize=big\n", "encryption_keysize is no number" },
	{ RCPT "sasl_method=PLAIN\n", "sasl_method came without sasl_username" },
	{ RCPT "sasl_method=PLAIN\nsasl_username=\n", "sasl_method came without sasl_username" },
	{ HEAD "protocol_state=RCPT\nrecipient=a@b\n", "sender is missing" },
	{ HEAD "protocol_state=RCPT\nsender=a@b\n", "recipient is missing" },
	{ HEAD "protocol_state=MAIL\n", "sender is missing" },
	{ HEAD "protocol_state=VRFY\n", "recipient is missing" },
	{ HEAD "protocol_state=ETRN\n", "etrn_domain is missing" },
	{ HEAD "protocol_state=DATA\nsender=a@b\n", "recipient_count is missing" },
	{ HEAD "protocol_state=DATA\nsender=a@b\nrecipient_count=1\n", "recipient is missing" },
	{ HEAD "protocol_state=END-OF-MESSAGE\nsender=a@b\nrecipient_count=2\n", "size is missing" },
	{ HEAD "protocol_state=END-OF-MESSAGE\nsender=a@b\nrecipient_count=2\nsize=\n", "size is missing" },
	{ HEAD "protocol_state=END-OF-MESSAGE\nsender=a@b\nrecipient_count=2\nsize=unknown\n", "size is missing" },
	{ HEAD "protocol_state=DATA\nsender=a@b\nrecipient_count=\n", "recipient_count is missing" },
	{ HEAD "protocol_state=LUNCH\nrecipient=a@b\n", "sender is missing" },
};

START_TEST(what_cannot_be_judged)
{
	struct asked asked = ask(not_judged[_i].text);

	ck_assert(!asked.fine);
	ck_assert_str_eq(asked.why, not_judged[_i].why);
}
END_TEST

static const char *const judged[] = {
	HEAD "protocol_state=CONNECT\n",
	HEAD "protocol_state=EHLO\n",
	HEAD "protocol_state=HELO\n",
	HEAD "protocol_state=MAIL\nsender=\n",
	HEAD "protocol_state=DATA\nsender=\nrecipient_count=2\n",
	HEAD "protocol_state=END-OF-MESSAGE\nsender=a@b\nrecipient_count=2\nsize=0\n",
	HEAD "protocol_state=VRFY\nrecipient=bob\n",
	HEAD "protocol_state=ETRN\netrn_domain=example.test\n",
	RCPT "client_port=unknown\nserver_port=\n",
};

START_TEST(what_a_stage_needs_is_enough)
{
	struct asked asked = ask(judged[_i]);

	ck_assert_msg(asked.fine, "%s", asked.why);
}
END_TEST

/* Postfix sends what main.cf says, to the letter: another word is the administrator's own. */
static const struct { const char *text; enum mw_context context; } contexts[] = {
	{ RCPT "policy_context=\n", MW_CONTEXT_NONE },
	{ RCPT "policy_context=relay\n", MW_CONTEXT_RELAY },
	{ RCPT "policy_context=sender\n", MW_CONTEXT_SENDER },
	{ RCPT "policy_context=Sender\n", MW_CONTEXT_NONE },
	{ RCPT "policy_context=senders\n", MW_CONTEXT_NONE },
	{ RCPT "policy_context=relay sender\n", MW_CONTEXT_NONE },
};

START_TEST(which_list_asks)
{
	struct asked asked = ask(contexts[_i].text);

	ck_assert(asked.fine);
	ck_assert_int_eq(asked.facts.context, contexts[_i].context);
}
END_TEST

/* Postfix leaves the quotes out of what the client sent: "john doe"@example.test. */
START_TEST(quotes_that_postfix_left_out)
{
	struct asked asked = ask(HEAD "protocol_state=RCPT\nsender=john doe@example.test\nrecipient=a..b\"c@example.test\n");

	ck_assert(asked.fine);
	ck_assert(mw_str_equal(asked.facts.sender, MW_STR("\"john doe\"@example.test")));
	ck_assert(mw_str_equal(asked.facts.recipient, MW_STR("\"a..b\\\"c\"@example.test")));
	asked = ask(HEAD "protocol_state=RCPT\nsender=@a,@b:bob@example.test\nrecipient=x@remote@example.test\n");
	ck_assert(mw_str_equal(asked.facts.sender, MW_STR("@a,@b:bob@example.test")));
	ck_assert(mw_str_equal(asked.facts.recipient, MW_STR("x@remote@example.test")));
}
END_TEST

START_TEST(another_digest_is_no_fingerprint)
{
	struct asked asked = ask(RCPT "encryption_protocol=TLSv1.3\n"
				 "ccert_fingerprint=AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99\n");

	ck_assert(asked.fine);
	ck_assert(mw_str_empty(asked.facts.tls.certificate_fingerprint));
	asked = ask(RCPT "ccert_subject=cn\nccert_fingerprint=x\n");
	ck_assert_msg(!asked.facts.tls.certificate_verified, "without TLS there is no certificate");
}
END_TEST

MW_UNIT_TESTS("facts")
{
	tcase_add_test(tcase, every_fact_of_a_request);
	tcase_add_test(tcase, what_is_left_out_is_unknown);
	MW_LOOP(tcase, what_cannot_be_judged, not_judged);
	MW_LOOP(tcase, what_a_stage_needs_is_enough, judged);
	MW_LOOP(tcase, which_list_asks, contexts);
	tcase_add_test(tcase, quotes_that_postfix_left_out);
	tcase_add_test(tcase, another_digest_is_no_fingerprint);
}

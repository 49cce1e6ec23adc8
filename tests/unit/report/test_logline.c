/* SPDX-License-Identifier: MIT */
#include "report_support.h"

#include <limits.h>

#include "report/logline.h"

#define ROUNDS 10000

static char line_memory[MW_LOGLINE_MAX];

static struct mw_buf new_line(void)
{
	return MW_BUF_OVER(line_memory);
}

static struct mw_facts some_facts(void)
{
	struct mw_facts facts = {
		.endpoints = { .protocol = MW_PROTOCOL_SMTP, .local_port = 587 },
		.tls = { .origin = MW_TLS_ORIGIN_STARTTLS, .version = MW_STR("TLSv1.3"), .cipher = MW_STR("AES"), .bits = 256 },
		.mechanism = MW_STR("PLAIN"),
		.login = MW_STR("alice"),
		.stage = MW_STAGE_RCPT,
		.sender = MW_STR("bob@example.org"),
		.recipient = MW_STR("x@example.net"),
		.instance = MW_STR("1a.2b"),
		.queue_id = MW_STR("ABC"),
	};

	ck_assert(mw_ip_parse(MW_STR("192.0.2.7"), &facts.endpoints.remote_ip));
	return facts;
}

START_TEST(the_line_has_the_documented_fields_in_order)
{
	struct mw_facts facts = some_facts();
	struct mw_buf line = new_line();
	struct mw_verdict verdict;

	mw_test_verdict(&mw_test_connector, &verdict);
	mw_logline_write(&facts, &verdict, &line);
	ck_assert_str_eq(line.data,
			 "v=1 verdict=refuse reason=send-as-denied mode=enforce protocol=smtp stage=RCPT connector=Client "
			 "login=alice sender=bob@example.org recipient=x@example.net client=192.0.2.7 port=587 tls=TLSv1.3 "
			 "cipher=AES bits=256 mechanism=PLAIN instance=1a.2b queue_id=ABC "
			 "decision=submission tls_origin=starttls "
			 "reply=\"550 5.7.1 Client does not have permissions to send as this sender\" "
			 "rule=mailwicket.conf:31 hint=\"no send-as grant on bob@example.org for alice@example.org\"");
}
END_TEST

START_TEST(what_is_not_known_is_left_out)
{
	struct mw_facts facts = { .endpoints = { .protocol = MW_PROTOCOL_IMAP } };
	struct mw_buf line = new_line();
	struct mw_verdict verdict = { .outcome = MW_PERMIT, .reason = MW_REASON_PERMITTED, .reply = "" };

	mw_logline_write(&facts, &verdict, &line);
	ck_assert_str_eq(line.data, "v=1 verdict=permit reason=permitted mode=enforce protocol=imap decision=login");
}
END_TEST

static struct mw_facts all_circumstances(void)
{
	struct mw_facts facts = some_facts();

	ck_assert(mw_ip_parse(MW_STR("203.0.113.1"), &facts.endpoints.local_ip));
	ck_assert(mw_ip_parse(MW_STR("2001:db8::9"), &facts.tls.proxy));
	facts.tls.origin = MW_TLS_ORIGIN_PROXY;
	facts.tls.certificate_fingerprint = MW_STR("0A:1B");
	facts.tls.certificate_verified = true;
	facts.sasl_service = MW_STR("smtp");
	facts.context = MW_CONTEXT_RELAY;
	facts.size = 4096;
	facts.recipient_count = 3;
	facts.etrn_domain = MW_STR("example.net");
	return facts;
}

START_TEST(all_that_a_decision_looks_at_is_in_the_line)
{
	struct mw_facts facts = all_circumstances();
	struct mw_buf line = new_line();
	struct mw_verdict verdict;

	mw_test_verdict(&mw_test_connector, &verdict);
	mw_logline_write(&facts, &verdict, &line);
	ck_assert_ptr_nonnull(strstr(line.data, " queue_id=ABC decision=submission local=203.0.113.1 tls_origin=proxy "
				     "proxy=2001:db8::9 fingerprint=0A:1B verified=yes sasl_service=smtp context=relay "
				     "size=4096 recipient_count=3 etrn_domain=example.net reply="));
}
END_TEST

START_TEST(tls_that_was_assumed_is_told_by_its_origin_alone)
{
	struct mw_facts facts = some_facts();
	struct mw_buf line = new_line();
	struct mw_verdict verdict;

	mw_tls_assume(&facts.tls);
	mw_test_verdict(&mw_test_connector, &verdict);
	mw_logline_write(&facts, &verdict, &line);
	ck_assert_ptr_nonnull(strstr(line.data, " tls_origin=starttls "));
	ck_assert_ptr_null(strstr(line.data, " tls="));
	ck_assert_ptr_null(strstr(line.data, " bits="));
	ck_assert_ptr_null(strstr(line.data, " cipher="));
}
END_TEST

START_TEST(values_that_were_cut_are_named)
{
	char bytes[300];
	struct mw_facts facts = some_facts();
	struct mw_buf line = new_line();
	struct mw_verdict verdict;

	memset(bytes, 'a', sizeof(bytes));
	mw_test_verdict(&mw_test_connector, &verdict);
	facts.sender = (struct mw_str){ bytes, 254 };
	facts.login = (struct mw_str){ bytes, 65 };
	mw_logline_write(&facts, &verdict, &line);
	ck_assert_ptr_null(strstr(line.data, " cut="));
	mw_buf_reset(&line);
	mw_logline_write_exposed(&facts, &verdict, &line);
	ck_assert_ptr_nonnull(strstr(line.data, " cut=login "));
	mw_buf_reset(&line);
	facts.sender.len++;
	facts.mechanism = facts.login;
	mw_logline_write(&facts, &verdict, &line);
	ck_assert_ptr_nonnull(strstr(line.data, " cut=sender,mechanism "));
}
END_TEST

START_TEST(in_audit_the_line_says_would_refuse_and_no_reply)
{
	struct mw_facts facts = some_facts();
	struct mw_buf line = new_line();
	struct mw_verdict verdict;

	mw_test_verdict(&mw_test_connector, &verdict);
	verdict.mode = MW_MODE_AUDIT;
	mw_logline_write(&facts, &verdict, &line);
	ck_assert_ptr_nonnull(strstr(line.data, "verdict=would-refuse reason=send-as-denied mode=audit "));
	ck_assert_ptr_null(strstr(line.data, "reply="));
}
END_TEST

START_TEST(an_exposed_credential_is_the_last_field_and_its_login_cut_at_64)
{
	char login[300];
	struct mw_facts facts = { .endpoints = { .protocol = MW_PROTOCOL_IMAP } };
	struct mw_buf line = new_line();
	struct mw_verdict verdict;
	const char *at;

	memset(login, 'p', sizeof(login));
	facts.login = (struct mw_str){ login, sizeof(login) };
	mw_test_verdict(NULL, &verdict);
	verdict.trace.steps[1].value = facts.login;
	mw_logline_write_exposed(&facts, &verdict, &line);
	ck_assert_str_eq(line.data + line.used - strlen(" credential=exposed"), " credential=exposed");
	at = strstr(line.data, " login=");
	ck_assert_ptr_nonnull(at);
	ck_assert_uint_eq(strspn(at + strlen(" login="), "p"), 64);
	ck_assert_ptr_null(strstr(at + strlen(" login=") + 64, "ppp"));
}
END_TEST

static const struct { const char *value, *written; } written[] = {
	{ "alice@example.org", "k=alice@example.org" },
	{ "DOM\\alice", "k=DOM\\alice" },
	{ "a b", "k=\"a b\"" },
	{ "a\"b", "k=\"a\\\"b\"" },
	{ "a=b\\c", "k=\"a=b\\\\c\"" },
	{ "a\nb", "k=\"a\\x0ab\"" },
	{ "a\x7f", "k=\"a\\x7f\"" },
	{ "\xc3\xa9", "k=\xc3\xa9" },
	{ "\xc3", "k=\"\\xc3\"" },
	{ "\xc2\x85", "k=\"\\xc2\\x85\"" },
	{ "\xe2\x80\xa8", "k=\"\\xe2\\x80\\xa8\"" },
	{ "\xe2\x80\xae", "k=\"\\xe2\\x80\\xae\"" },
	{ "", "" },
};

START_TEST(a_value_is_quoted_and_escaped_where_needed)
{
	struct mw_buf line = new_line();

	mw_logline_field(&line, "k", mw_str(written[_i].value));
	ck_assert_str_eq(line.data, written[_i].written);
}
END_TEST

/* CLI-05: own parser reads the same fields; exactly one line each. */
START_TEST(cli_05_hostile_values_come_back_and_forge_nothing)
{
	uint64_t seed = 20261124;

	for (int round = 0; round < ROUNDS; round++) {
		char login[254], sender[254], value_memory[1024];
		struct mw_facts facts = some_facts();
		struct mw_buf line = new_line(), value = MW_BUF_OVER(value_memory);
		struct mw_str rest, key;
		struct mw_verdict verdict;
		unsigned fields = 0;

		facts.login = (struct mw_str){ login, mw_test_hostile(&seed, login, sizeof(login)) };
		facts.sender = (struct mw_str){ sender, mw_test_hostile(&seed, sender, sizeof(sender)) };
		mw_test_verdict(&mw_test_connector, &verdict);
		verdict.trace.steps[1].value = facts.sender;
		verdict.trace.steps[1].other = facts.login;
		mw_logline_write(&facts, &verdict, &line);
		ck_assert(!line.truncated);
		ck_assert(mw_test_is_printable(mw_buf_str(&line)));
		rest = mw_buf_str(&line);
		while (mw_logline_next(&rest, &key, &value)) {
			fields++;
			if (mw_str_equal(key, MW_STR("verdict")))
				ck_assert_str_eq(value.data, "refuse");
			else if (mw_str_equal(key, MW_STR("login")))
				ck_assert(mw_str_equal(mw_buf_str(&value), facts.login));
			else if (mw_str_equal(key, MW_STR("sender")))
				ck_assert(mw_str_equal(mw_buf_str(&value), facts.sender));
			ck_assert(!mw_str_equal(key, MW_STR("credential")));
		}
		ck_assert_msg(mw_str_empty(rest), "round %d: %s", round, line.data);
		ck_assert_uint_eq(fields, 23);
	}
}
END_TEST

START_TEST(every_field_at_its_longest_fits)
{
	char bytes[1000];
	struct mw_facts facts = all_circumstances();
	struct mw_connector connector = mw_test_connector;
	struct mw_buf line = new_line();
	struct mw_verdict verdict;
	const struct mw_str hostile = { bytes, sizeof(bytes) };

	memset(bytes, '\n', sizeof(bytes));
	facts.login = facts.master = facts.sender = facts.recipient = facts.mechanism = hostile;
	facts.tls.version = facts.tls.cipher = facts.instance = facts.queue_id = hostile;
	facts.tls.certificate_fingerprint = facts.sasl_service = facts.etrn_domain = hostile;
	facts.size = facts.recipient_count = UINT64_MAX;
	facts.tls.bits = UINT_MAX;
	facts.endpoints.local_ip = facts.tls.proxy;
	connector.name = mw_str_head(hostile, 254);
	mw_test_verdict(&connector, &verdict);
	verdict.trace.steps[1].value = verdict.trace.steps[1].other = hostile;
	mw_logline_write(&facts, &verdict, &line);
	ck_assert(!line.truncated);
	ck_assert_ptr_nonnull(strstr(line.data, " client=192.0.2.7 "));
	ck_assert_ptr_nonnull(strstr(line.data, " hint="));
	ck_assert(mw_test_is_printable(mw_buf_str(&line)));
}
END_TEST

START_TEST(a_value_is_cut_at_254_octets_and_not_within_a_character)
{
	char bytes[512];
	struct mw_buf line = new_line();

	memset(bytes, 'a', sizeof(bytes));
	mw_logline_field(&line, "k", (struct mw_str){ bytes, sizeof(bytes) });
	ck_assert_uint_eq(line.used, strlen("k=") + 254);
	memcpy(bytes + 253, "\xc3\xa9", 2);
	mw_buf_reset(&line);
	mw_logline_field(&line, "k", (struct mw_str){ bytes, sizeof(bytes) });
	ck_assert_uint_eq(line.used, strlen("k=") + 253);
}
END_TEST

START_TEST(a_field_that_does_not_fit_is_left_out_whole)
{
	char memory[16];
	struct mw_buf line = MW_BUF_OVER(memory);

	mw_logline_field(&line, "a", MW_STR("1"));
	mw_logline_field(&line, "b", MW_STR("a value that is too long"));
	ck_assert_str_eq(line.data, "a=1");
	ck_assert(line.truncated);
}
END_TEST

static const char *const malformed[] = {
	"a", "=1", "a=", "a= ", "A=1", "a b=1", "a=\"1", "a=\"1\\\"", "a=\"1\\x0\"", "a=\"1\\q\"", "a=\"1\"2", "a=1\"",
	"a=1=2", "a=\xff", "a=\"\xff\"", "a=\"\n\"", "a=1 ", "a=1  b=2", "a=\"1\" ", " a=1", "a=1\nb=2",
};

START_TEST(a_malformed_line_is_not_read)
{
	char memory[64];
	struct mw_buf value = MW_BUF_OVER(memory);
	struct mw_str rest = mw_str(malformed[_i]), key;

	while (mw_logline_next(&rest, &key, &value))
		;
	ck_assert_msg(!mw_str_empty(rest), "%s", malformed[_i]);
}
END_TEST

START_TEST(an_empty_value_in_quotes_is_read)
{
	char memory[64];
	struct mw_buf value = MW_BUF_OVER(memory);
	struct mw_str rest = MW_STR("sender=\"\" b=2"), key;

	ck_assert(mw_logline_next(&rest, &key, &value));
	ck_assert(mw_str_equal(key, MW_STR("sender")));
	ck_assert_uint_eq(value.used, 0);
	ck_assert(mw_logline_next(&rest, &key, &value));
	ck_assert_str_eq(value.data, "2");
	ck_assert(mw_str_empty(rest));
}
END_TEST

MW_UNIT_TESTS("log line")
{
	tcase_add_test(tcase, the_line_has_the_documented_fields_in_order);
	tcase_add_test(tcase, what_is_not_known_is_left_out);
	tcase_add_test(tcase, all_that_a_decision_looks_at_is_in_the_line);
	tcase_add_test(tcase, tls_that_was_assumed_is_told_by_its_origin_alone);
	tcase_add_test(tcase, values_that_were_cut_are_named);
	tcase_add_test(tcase, in_audit_the_line_says_would_refuse_and_no_reply);
	tcase_add_test(tcase, an_exposed_credential_is_the_last_field_and_its_login_cut_at_64);
	MW_LOOP(tcase, a_value_is_quoted_and_escaped_where_needed, written);
	tcase_add_test(tcase, cli_05_hostile_values_come_back_and_forge_nothing);
	tcase_add_test(tcase, every_field_at_its_longest_fits);
	tcase_add_test(tcase, a_value_is_cut_at_254_octets_and_not_within_a_character);
	tcase_add_test(tcase, a_field_that_does_not_fit_is_left_out_whole);
	MW_LOOP(tcase, a_malformed_line_is_not_read, malformed);
	tcase_add_test(tcase, an_empty_value_in_quotes_is_read);
}

/* SPDX-License-Identifier: MIT */
#include "report_support.h"

#include "report/prose.h"

static char memory[4096];

/* A sentence that could be shown to somebody: no template marks left, no gap where a value is missing. */
static void check_sentence(const struct mw_buf *text, const char *what)
{
	ck_assert_msg(text->used > 0, "%s: nothing", what);
	ck_assert_msg(strpbrk(text->data, "[]<>") == NULL, "%s: %s", what, text->data);
	ck_assert_msg(strstr(text->data, "  ") == NULL, "%s: %s", what, text->data);
	ck_assert_msg(text->data[text->used - 1] != ' ' && text->data[0] != ' ', "%s: %s", what, text->data);
	ck_assert(!text->truncated);
	ck_assert(mw_test_is_printable(mw_buf_str(text)));
}

START_TEST(every_note_has_a_sentence)
{
	struct mw_step step = {
		.note = (enum mw_note)_i, .value = MW_STR("alice@example.org"), .other = MW_STR("sales"), .number = 1, .limit = 2,
	};
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_prose_step(&step, &text);
	check_sentence(&text, "with values");
	step.other = MW_STR_EMPTY;
	mw_buf_reset(&text);
	mw_prose_step(&step, &text);
	check_sentence(&text, "without the other value");
}
END_TEST

static struct mw_facts facts_of(enum mw_protocol protocol)
{
	struct mw_facts facts = {
		.endpoints = { .protocol = protocol, .local_port = 587 },
		.login = MW_STR("alice"),
		.sender = MW_STR("bob@example.org"),
		.recipient = MW_STR("x@example.net"),
		.tls = { .version = MW_STR("TLSv1.1"), .bits = 112 },
	};

	ck_assert(mw_ip_parse(MW_STR("192.0.2.7"), &facts.endpoints.remote_ip));
	ck_assert(mw_ip_parse(MW_STR("192.0.2.80"), &facts.tls.proxy));
	return facts;
}

START_TEST(every_reason_has_a_fix_for_every_note)
{
	struct mw_facts facts = facts_of(MW_PROTOCOL_SMTP);
	struct mw_buf text = MW_BUF_OVER(memory);
	struct mw_verdict verdict;

	mw_test_verdict(&mw_test_connector, &verdict);
	verdict.reason = (enum mw_reason)_i;
	for (int note = 0; note < MW_NOTE_COUNT; note++) {
		verdict.trace.steps[1].note = (enum mw_note)note;
		mw_buf_reset(&text);
		mw_prose_fix(NULL, &facts, &verdict, &text);
		check_sentence(&text, mw_reason_name(verdict.reason));
	}
}
END_TEST

START_TEST(what_is_permitted_has_no_hint_and_no_fix)
{
	struct mw_facts facts = facts_of(MW_PROTOCOL_SMTP);
	struct mw_buf text = MW_BUF_OVER(memory);
	struct mw_verdict verdict;

	mw_test_verdict(&mw_test_connector, &verdict);
	verdict.outcome = MW_PERMIT;
	mw_prose_hint(&verdict, &text);
	mw_prose_fix(NULL, &facts, &verdict, &text);
	ck_assert_uint_eq(text.used, 0);
}
END_TEST

START_TEST(a_verdict_without_a_failed_step_hints_at_its_reason)
{
	struct mw_buf text = MW_BUF_OVER(memory);
	struct mw_verdict verdict;

	mw_test_verdict(&mw_test_connector, &verdict);
	verdict.trace.count = 0;
	mw_prose_hint(&verdict, &text);
	ck_assert_str_eq(text.data, mw_reason_sentence(MW_REASON_SEND_AS_DENIED));
}
END_TEST

static const struct {
	enum mw_reason reason;
	enum mw_note note;
	enum mw_protocol protocol;
	const char *part;
} fixes[] = {
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_SENDER_NO_GRANT, MW_PROTOCOL_SMTP, "grant send-as bob@example.org alice" },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_SENDER_NULL_REFUSED, MW_PROTOCOL_SMTP, "allow_null_sender = yes" },
	{ MW_REASON_RELAY_DENIED, MW_NOTE_RELAY_OFF, MW_PROTOCOL_SMTP, "user alice relay=yes" },
	{ MW_REASON_RELAY_DENIED, MW_NOTE_RECIPIENT_RELAY, MW_PROTOCOL_SMTP, "accepted_domain \"example.net\" {" },
	{ MW_REASON_RELAY_DENIED, MW_NOTE_RECIPIENT_RELAY, MW_PROTOCOL_SMTP,
	  "conf:31): permission_groups = { ExchangeUsers }, and no Accept-Any-Recipient in deny_permissions" },
	{ MW_REASON_SEND_AS_DENIED, MW_NOTE_SENDER_AUTHORITATIVE, MW_PROTOCOL_SMTP, "and none in deny_permissions" },
	{ MW_REASON_TOO_BIG, MW_NOTE_OVER_USER_LIMIT, MW_PROTOCOL_SMTP, "source: user alice max_message_size=" },
	{ MW_REASON_TOO_BIG, MW_NOTE_OVER_LIMIT, MW_PROTOCOL_SMTP, "conf:31): max_message_size = \"" },
	{ MW_REASON_TOO_MANY_RECIPIENTS, MW_NOTE_OVER_USER_LIMIT, MW_PROTOCOL_SMTP, "source: user alice max_recipients=" },
	{ MW_REASON_TLS_REQUIRED, MW_NOTE_TLS_NONE, MW_PROTOCOL_SMTP,
	  "connector \"Client\" (/etc/mailwicket/mailwicket.conf:31): require_tls = no" },
	{ MW_REASON_TLS_REQUIRED, MW_NOTE_TLS_TOO_OLD, MW_PROTOCOL_SMTP, "tls_min_version = \"TLSv1.1\"" },
	{ MW_REASON_TLS_REQUIRED, MW_NOTE_TLS_TOO_WEAK, MW_PROTOCOL_SMTP, "tls_min_bits = 112" },
	{ MW_REASON_TLS_REQUIRED, MW_NOTE_TLS_PROXY_NOT_NAMED, MW_PROTOCOL_SMTP, "add \"192.0.2.80\" to tls_proxies" },
	{ MW_REASON_MECHANISM_REFUSED, MW_NOTE_MECHANISM_NOT_ADMITTED, MW_PROTOCOL_SMTP, "add BasicAuth to auth_mechanism" },
	{ MW_REASON_LOGIN_WITHOUT_TLS, MW_NOTE_TLS_NONE, MW_PROTOCOL_IMAP,
	  "protocols = { imap } remote = { \"192.0.2.7\" } login_type = PlainTextLogin }" },
	{ MW_REASON_SERVICE_DISABLED, MW_NOTE_SERVICE_OFF, MW_PROTOCOL_POP3, "user alice pop3=yes" },
	{ MW_REASON_NETWORK_REFUSED, MW_NOTE_NETWORK_OUTSIDE, MW_PROTOCOL_IMAP,
	  "to imap_networks= of alice@example.org; where it has no such key, to its networks=" },
	{ MW_REASON_NO_CONNECTOR, MW_NOTE_NO_RULE, MW_PROTOCOL_SMTP, "bindings = { \"*:587\" }" },
};

START_TEST(a_fix_names_the_line_to_write)
{
	struct mw_facts facts = facts_of(fixes[_i].protocol);
	struct mw_buf text = MW_BUF_OVER(memory);
	struct mw_verdict verdict;

	mw_test_verdict(&mw_test_connector, &verdict);
	verdict.reason = fixes[_i].reason;
	verdict.trace.steps[1].note = fixes[_i].note;
	mw_prose_fix(NULL, &facts, &verdict, &text);
	ck_assert_msg(strstr(text.data, fixes[_i].part) != NULL, "%s\n%s", fixes[_i].part, text.data);
}
END_TEST

/* The directory was away, and the list of suspensions had the master user. */
START_TEST(a_fix_names_who_is_suspended_where_the_login_was_not_found)
{
	struct mw_facts facts = facts_of(MW_PROTOCOL_SMTP);
	struct mw_buf text = MW_BUF_OVER(memory);
	struct mw_verdict verdict;

	mw_test_verdict(&mw_test_connector, &verdict);
	verdict.reason = MW_REASON_LOGIN_SUSPENDED;
	verdict.trace.steps[1] = (struct mw_step){ .check = MW_CHECK_LOGIN, .outcome = MW_UNKNOWN,
						   .note = MW_NOTE_DIRECTORY_UNAVAILABLE };
	verdict.trace.steps[2] = (struct mw_step){ .check = MW_CHECK_SERVICE, .outcome = MW_FAILED,
						   .note = MW_NOTE_SUSPENDED_LOGIN,
						   .other = MW_STR("admin@example.org") };
	verdict.trace.count = 3;
	mw_prose_fix(NULL, &facts, &verdict, &text);
	ck_assert_msg(strstr(text.data, "resume admin@example.org") != NULL, "%s", text.data);
}
END_TEST

START_TEST(hostile_values_do_not_reach_the_terminal)
{
	uint64_t seed = 4711;

	for (int round = 0; round < 2000; round++) {
		char bytes[300];
		struct mw_facts facts = facts_of(MW_PROTOCOL_SMTP);
		struct mw_buf text = MW_BUF_OVER(memory);
		struct mw_verdict verdict;

		facts.sender = facts.login = (struct mw_str){ bytes, mw_test_hostile(&seed, bytes, sizeof(bytes)) };
		mw_test_verdict(&mw_test_connector, &verdict);
		verdict.trace.steps[1].value = facts.sender;
		mw_prose_hint(&verdict, &text);
		mw_prose_fix(NULL, &facts, &verdict, &text);
		ck_assert(mw_test_is_printable(mw_buf_str(&text)));
	}
}
END_TEST

MW_UNIT_TESTS("prose")
{
	tcase_add_loop_test(tcase, every_note_has_a_sentence, 0, MW_NOTE_COUNT);
	tcase_add_loop_test(tcase, every_reason_has_a_fix_for_every_note, MW_REASON_PERMITTED + 1, MW_REASON_COUNT);
	tcase_add_test(tcase, what_is_permitted_has_no_hint_and_no_fix);
	tcase_add_test(tcase, a_verdict_without_a_failed_step_hints_at_its_reason);
	MW_LOOP(tcase, a_fix_names_the_line_to_write, fixes);
	tcase_add_test(tcase, a_fix_names_who_is_suspended_where_the_login_was_not_found);
	tcase_add_test(tcase, hostile_values_do_not_reach_the_terminal);
}

/* SPDX-License-Identifier: MIT */
#include "report_support.h"

#include "report/logfield.h"

/* A value of each field, and one that it cannot have; NULL: there is none such. */
static const struct { const char *value, *wrong; } samples[MW_FIELD_COUNT] = {
	[MW_FIELD_VERSION] = { "1", NULL },
	[MW_FIELD_VERDICT] = { "would-refuse", "maybe" },
	[MW_FIELD_REASON] = { "send-as-denied", "lunch" },
	[MW_FIELD_MODE] = { "audit", NULL },
	[MW_FIELD_PROTOCOL] = { "smtp", "x400" },
	[MW_FIELD_STAGE] = { "END-OF-MESSAGE", "LUNCH" },
	[MW_FIELD_CONNECTOR] = { "Client", NULL },
	[MW_FIELD_LOGIN_RULE] = { "Outside", NULL },
	[MW_FIELD_LOGIN] = { "alice", NULL },
	[MW_FIELD_MASTER] = { "root", NULL },
	[MW_FIELD_SENDER] = { "bob@example.org", NULL },
	[MW_FIELD_RECIPIENT] = { "carol@example.org", NULL },
	[MW_FIELD_CLIENT] = { "192.0.2.7", "somewhere" },
	[MW_FIELD_PORT] = { "65535", "65536" },
	[MW_FIELD_TLS] = { "TLSv1.3", NULL },
	[MW_FIELD_CIPHER] = { "AES", NULL },
	[MW_FIELD_BITS] = { "4294967295", "4294967296" },
	[MW_FIELD_MECHANISM] = { "PLAIN", NULL },
	[MW_FIELD_INSTANCE] = { "1a.2b", NULL },
	[MW_FIELD_QUEUE_ID] = { "ABC", NULL },
	[MW_FIELD_DECISION] = { "submission", "lunch" },
	[MW_FIELD_LOCAL] = { "2001:db8::1", "2001:db8" },
	[MW_FIELD_TLS_ORIGIN] = { "proxy", "tls" },
	[MW_FIELD_PROXY] = { "203.0.113.9", "203.0.113" },
	[MW_FIELD_FINGERPRINT] = { "0A:1B", NULL },
	[MW_FIELD_VERIFIED] = { "yes", "maybe" },
	[MW_FIELD_SASL_SERVICE] = { "smtp", NULL },
	[MW_FIELD_CONTEXT] = { "relay", "client" },
	[MW_FIELD_SIZE] = { "18446744073709551615", "18446744073709551616" },
	[MW_FIELD_RECIPIENT_COUNT] = { "3", "-3" },
	[MW_FIELD_ETRN_DOMAIN] = { "example.net", NULL },
	[MW_FIELD_FROM] = { "bob@example.org,mary@example.org", NULL },
	[MW_FIELD_FROM_FAULT] = { "too-many-addresses", "ok" },
	[MW_FIELD_HEADER_SENDER] = { "bob@example.org", NULL },
	[MW_FIELD_HEADER_SENDER_FAULT] = { "repeated", "lunch" },
	[MW_FIELD_RESENT_FROM] = { "bob@example.org", NULL },
	[MW_FIELD_RESENT_FROM_FAULT] = { "syntax", "lunch" },
	[MW_FIELD_RESENT_SENDER] = { "bob@example.org", NULL },
	[MW_FIELD_RESENT_SENDER_FAULT] = { "comment", "lunch" },
	[MW_FIELD_CLAIMS] = { "mary@example.org", NULL },
	[MW_FIELD_CLAIMS_CUT] = { "yes", "maybe" },
	[MW_FIELD_SENDER_SIGNED] = { "yes", "maybe" },
	[MW_FIELD_CUT] = { "sender", NULL },
	[MW_FIELD_REPLY] = { "550 5.7.1 no", NULL },
	[MW_FIELD_RULE] = { "mailwicket.conf:31", NULL },
	[MW_FIELD_HINT] = { "no connector", NULL },
	[MW_FIELD_CREDENTIAL] = { "exposed", NULL },
};

static struct mw_logged logged;

static struct mw_str written(int field, char *memory, size_t size)
{
	struct mw_buf text = mw_buf_over(memory, size);

	return mw_logfield_write(&mw_logfields[field], &logged, &text);
}

static bool is_read(int field, const char *value)
{
	return mw_logfield_read(&mw_logfields[field], mw_str(value), &logged);
}

START_TEST(what_is_read_is_what_is_written)
{
	char memory[MW_LOGFIELD_WORD_MAX];
	struct mw_str value;

	ck_assert(is_read(_i, samples[_i].value));
	value = written(_i, memory, sizeof(memory));
	ck_assert_msg(mw_str_equal(value, mw_str(samples[_i].value)), "%.*s", MW_STR_ARG(value));
}
END_TEST

START_TEST(what_is_no_value_of_a_field_is_not_read)
{
	if (samples[_i].wrong != NULL)
		ck_assert(!is_read(_i, samples[_i].wrong));
}
END_TEST

/* Two fields in one place, or a place that is too small, would show here. */
START_TEST(no_field_changes_another)
{
	char memory[MW_LOGFIELD_WORD_MAX];

	for (int i = 0; i < MW_FIELD_COUNT; i++)
		ck_assert(is_read(i, samples[i].value));
	for (int i = 0; i < MW_FIELD_COUNT; i++)
		ck_assert_msg(mw_str_equal(written(i, memory, sizeof(memory)), mw_str(samples[i].value)), "%s", samples[i].value);
}
END_TEST

START_TEST(a_field_is_found_by_its_key_wherever_the_search_begins)
{
	for (size_t first = 0; first <= MW_FIELD_COUNT + 1; first++)
		ck_assert_uint_eq(mw_logfield_find(mw_logfields[_i].key, first), (size_t)_i);
	ck_assert_uint_eq(mw_logfield_find(MW_STR("lunch"), (size_t)_i), MW_FIELD_COUNT);
}
END_TEST

MW_UNIT_TESTS("log fields")
{
	tcase_add_loop_test(tcase, what_is_read_is_what_is_written, 0, MW_FIELD_COUNT);
	tcase_add_loop_test(tcase, what_is_no_value_of_a_field_is_not_read, 0, MW_FIELD_COUNT);
	tcase_add_test(tcase, no_field_changes_another);
	tcase_add_loop_test(tcase, a_field_is_found_by_its_key_wherever_the_search_begins, 0, MW_FIELD_COUNT);
}

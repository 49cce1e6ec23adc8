/* SPDX-License-Identifier: MIT */
#include "policy_support.h"

#include "mailwicket-config.h"
#include "policy/print.h"

static const char *const texts[] = {
	"",
	"hostname = a.example recipient_delimiter = \"+-\" default_domain = example.org\n"
	"replies = current "
	"aliases_grant_send_as = no master_users_submit = yes",
	"accepted_domain \"*.b.example\" { type = ExternalRelay } accepted_domain \"a.example\" { }",
	"accepted_domain \"a.example\" { local_names = { localhost, \"[127.0.0.1]\", \"[IPv6:0::1]\" } }",
	"login \"a \\\"quoted\\\" \\\\ name\" { protocols = { sieve }\n"
	"local = { \"[2001:db8::1]:143\", \"0.0.0.0:143\" }\n"
	"remote = { \"2001:db8::/32\", \"192.0.2.1\", \"192.0.2.7-192.0.2.9\" } mode = audit audit_until = 2027-01-31 }",
	"login \"all\" { login_type = PlainTextAuthentication tls_min_version = none tls_min_bits = 0 "
	"tls_proxies = { 192.0.2.0/24 } }",
	"connector \"x\" { bindings = { \"[::]:25\" } auth_mechanism = { None } permission_groups = { None }\n"
	"sasl_services = { a, b } max_message_size = unlimited max_recipients_per_message = unlimited\n"
	"message_rate_limit = unlimited message_rate_source = All deny_permissions = { Submit } }",
	"connector \"p\" { permission_groups = { Partners } partner_certificates = {\n"
	"\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\" } max_message_size = 1 }",
	"unlisted_logins = own_address default_domain = example.org accepted_domain \"example.org\" { }\n"
	"connector \"e\" { mode = audit enforce_for = { sales, \"Bob@Example.ORG\", x@other.example } }\n"
	"directory { source \"s\" { path = \"/a\" complete = yes interval = 90 full_every = 30m } }",
	"milter { listen = { \"unix:/run/m\", \"inet:127.0.0.1:9\" } }\n"
	"connector \"h\" { header_from = off display_name = check allow_resend = yes add_sender = yes }",
	"connector \"h\" { permission_groups = { AnonymousUsers, ExchangeUsers }\n"
	"deny_permissions = { Accept-Authoritative-Domain-Sender } }",
#ifdef HAVE_PGSQL
	"directory { source \"s\" { driver = pgsql dbname = d user = u host = db.example port = 5433 password_file = /p\n"
	"statement_timeout = 5m users = \"\"\"SELECT \"a\" AS name,\n\t'\\b' AS login FROM x\"\"\"\n"
	"grants = \"SELECT \\\"\\\\\" } }",
	"directory { source \"s\" { driver = pgsql dbname = d user = u users = a } }",
#endif
	"policy_service { listen = { \"inet:[::1]:10045\" } socket_group = \"\" peers = { a, b } socket_mode = 0600 }\n"
	"directory { source \"s\" { path = \"/a b\" } } log { decisions = all }",
};

static void print(const struct mw_policy *policy, char *memory, size_t size)
{
	struct mw_buf out = mw_buf_over(memory, size);

	mw_policy_print(policy, &out);
	ck_assert(!out.truncated);
}

START_TEST(what_is_printed_reads_back_the_same)
{
	static char first[20000], second[20000];
	struct mw_policy *policy = mw_test_good(texts[_i]);

	print(policy, first, sizeof(first));
	mw_policy_free(policy);
	policy = mw_test_good(first);
	print(policy, second, sizeof(second));
	mw_policy_free(policy);
	ck_assert_str_eq(first, second);
}
END_TEST

START_TEST(a_connector_without_its_defaults_reads_back_the_same)
{
	struct mw_policy *policy = mw_test_good(texts[_i]);
	char brief[8192], whole[8192], again[8192];
	struct mw_buf text = MW_BUF_OVER(brief), first = MW_BUF_OVER(whole), second = MW_BUF_OVER(again);
	struct mw_policy *read;

	for (size_t i = 0; i < policy->connector_count; i++) {
		mw_connector_print(&policy->connectors[i], &first);
		mw_connector_print_short(&policy->connectors[i], &text);
	}
	read = mw_test_good(brief);
	for (size_t i = 0; i < read->connector_count; i++)
		mw_connector_print(&read->connectors[i], &second);
	ck_assert_str_eq(again, whole);
	ck_assert_ptr_null(strstr(brief, "max_message_size = 36MB"));
	mw_policy_free(read);
	mw_policy_free(policy);
}
END_TEST

START_TEST(a_small_buffer_is_cut_not_overrun)
{
	struct mw_policy *policy = mw_test_good("");
	char small[100];
	struct mw_buf out = MW_BUF_OVER(small);

	mw_policy_print(policy, &out);
	ck_assert(out.truncated);
	mw_policy_free(policy);
}
END_TEST

START_TEST(a_header_from_that_nobody_wrote_is_a_comment)
{
	struct mw_policy *policy = mw_test_good("milter { listen = { \"unix:/run/m\" } }\n"
						"connector \"c\" { permission_groups = { ExchangeUsers } }\n"
						"connector \"a\" { bindings = { \"*:26\" } permission_groups = { AnonymousUsers } }\n"
						"connector \"w\" { bindings = { \"*:27\" } permission_groups = { ExchangeUsers } "
						"header_from = check }");
	static char text[20000];

	print(policy, text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "\n    # header_from = check\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n    # header_from = off\n"));
	ck_assert_ptr_nonnull(strstr(text, "\n    header_from = check\n"));
	mw_policy_free(policy);
}
END_TEST

MW_UNIT_TESTS("print")
{
	tcase_add_checked_fixture(tcase, NULL, mw_test_end);
	MW_LOOP(tcase, what_is_printed_reads_back_the_same, texts);
	MW_LOOP(tcase, a_connector_without_its_defaults_reads_back_the_same, texts);
	tcase_add_test(tcase, a_header_from_that_nobody_wrote_is_a_comment);
	tcase_add_test(tcase, a_small_buffer_is_cut_not_overrun);
}

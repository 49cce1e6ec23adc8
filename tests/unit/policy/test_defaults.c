/* SPDX-License-Identifier: MIT */
#include "policy_support.h"

#include "policy/setting.h"

static void assert_text(struct mw_str got, const char *want)
{
	ck_assert_msg(mw_str_equal(got, mw_str(want)), "got \"%.*s\", want \"%s\"", MW_STR_ARG(got), want);
}

START_TEST(an_empty_file_is_secure_login_and_two_connectors)
{
	struct mw_policy *policy = mw_test_good("");
	const struct mw_connector *port_25 = &policy->connectors[0], *client = &policy->connectors[1];

	ck_assert_uint_eq(policy->login_rule_count, 1);
	ck_assert_int_eq(policy->login_rules[0].login_type, MW_SECURE_LOGIN);
	ck_assert_int_eq(policy->login_rules[0].tls.version, MW_TLS_1_2);
	ck_assert_uint_eq(policy->login_rules[0].tls.bits, 128);
	ck_assert_str_eq(policy->login_rules[0].place.file, "built-in");
	ck_assert_uint_eq(policy->connector_count, 2);
	assert_text(port_25->name, "Default");
	ck_assert_uint_eq(port_25->bindings.items[0].port, 25);
	ck_assert_uint_eq(port_25->auth_mechanism, MW_AUTH_TLS | MW_AUTH_BASIC | MW_AUTH_BASIC_REQUIRE_TLS |
			  MW_AUTH_INTEGRATED | MW_AUTH_EXCHANGE_SERVER);
	ck_assert_uint_eq(port_25->permission_groups, MW_ANONYMOUS_USERS | MW_EXCHANGE_USERS | MW_EXCHANGE_SERVERS);
	ck_assert(port_25->message_rate_limit == MW_UNLIMITED);
	assert_text(client->name, "Client");
	ck_assert_uint_eq(client->bindings.count, 2);
	ck_assert_uint_eq(client->permission_groups, MW_EXCHANGE_USERS);
	ck_assert_uint_eq(client->max_message_size, 37748736);
	ck_assert_uint_eq(client->max_recipients_per_message, 200);
	ck_assert_uint_eq(client->message_rate_limit, 5);
	ck_assert(client->enabled && client->allow_null_sender && !client->require_tls);
	ck_assert_uint_eq(mw_errors_kept(mw_test_errors), 0);
	mw_policy_free(policy);
}
END_TEST

START_TEST(services_have_their_defaults)
{
	struct mw_policy *policy = mw_test_good("");

	assert_text(policy->hostname, "mail.example.org");
	assert_text(policy->recipient_delimiter, "");
	ck_assert(policy->aliases_grant_send_as && !policy->master_users_submit);
	assert_text(policy->policy_service.listen.items[0], "unix:/var/spool/postfix/mailwicket/policy");
	ck_assert_uint_eq(policy->policy_service.socket_mode, 0660);
	assert_text(policy->policy_service.socket_group, "postfix");
	assert_text(policy->directory.path, "/var/lib/mailwicket/directory");
	assert_text(policy->counters.driver, "memory");
	assert_text(policy->metrics_listen, "");
	assert_text(policy->log.facility, "mail");
	ck_assert(!policy->log.all_decisions);
	mw_policy_free(policy);
}
END_TEST

static const char whole[] =
	"\xef\xbb\xbfhostname = \"Mail.Example.ORG\" /* a comment\nover two lines */ recipient_delimiter = +\r\n"
	"default_domain = 'example.org' // another\n"
	"replies = CURRENT # third\n"
	"accepted_domain \"Example.org\" { type = authoritative }\n"
	"accepted_domain \"*.corp.example.org\" { type = InternalRelay }\n"
	"login \"webmail\" { protocols = { imap, POP3, } local = { \"127.0.0.1:143\" }\n"
	"  remote = { 127.0.0.1, \"::1\", 10.0.0.0/8 } login_type = PlainTextLogin tls_min_version = none\n"
	"  tls_min_bits = 0 mode = audit audit_until = 2027-01-31 tls_proxies = { \"10.0.0.1\" } }\n"
	"connector \"Inbound\" { bindings = \"*:25\" auth_mechanism = { None } permission_groups = { AnonymousUsers, "
	"Partners }\n"
	"  partner_certificates = { \"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
	"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\" } max_message_size = unlimited }\n"
	"connector Client { sasl_services = { submission } enabled = off }\n"
	"policy_service { listen = { \"unix:/run/mw\", \"inet:127.0.0.1:10045\" }\n"
	"peers = { nobody } socket_mode = 0600 }\n"
	"directory { path = /srv/d source \"local\" { driver = text path = \"/etc/mailwicket/directory\" } }\n"
	"log { facility = local3 decisions = all }\n";

START_TEST(everything_in_the_grammar_is_read)
{
	struct mw_policy *policy = mw_test_good(whole);
	const struct mw_login_rule *rule = &policy->login_rules[0];

	assert_text(policy->hostname, "mail.example.org");
	assert_text(policy->recipient_delimiter, "+");
	assert_text(policy->default_domain, "example.org");
	ck_assert_int_eq(policy->replies, MW_REPLIES_CURRENT);
	ck_assert_uint_eq(policy->accepted_domain_count, 2);
	assert_text(rule->name, "webmail");
	ck_assert_uint_eq(rule->place.line, 7);
	ck_assert_uint_eq(policy->login_rule_count, 2);
	ck_assert(rule->names_protocols && rule->protocols[MW_PROTOCOL_IMAP] && !rule->protocols[MW_PROTOCOL_SIEVE]);
	ck_assert_uint_eq(rule->remote.count, 3);
	ck_assert_int_eq(rule->tls.version, MW_TLS_NONE);
	ck_assert_uint_eq(rule->tls.proxies.count, 1);
	ck_assert(rule->enforcement.mode == MW_MODE_AUDIT && rule->enforcement.has_audit_until);
	assert_text(policy->connectors[0].partner_certificates.items[0],
		    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
	ck_assert(policy->connectors[0].max_message_size == MW_UNLIMITED);
	ck_assert_uint_eq(policy->connectors[0].auth_mechanism, 0);
	ck_assert(!policy->connectors[1].enabled);
	ck_assert_uint_eq(policy->policy_service.listen.count, 2);
	ck_assert_uint_eq(policy->policy_service.socket_mode, 0600);
	assert_text(policy->directory.sources[0].path, "/etc/mailwicket/directory");
	ck_assert(policy->log.all_decisions);
	mw_policy_free(policy);
}
END_TEST

START_TEST(groups_carry_exchanges_permissions)
{
	ck_assert_uint_eq(mw_permissions_of_groups(0), 0);
	ck_assert_uint_eq(mw_permissions_of_groups(MW_EXCHANGE_USERS) & MW_ACCEPT_ANY_SENDER, 0);
	ck_assert_uint_ne(mw_permissions_of_groups(MW_EXCHANGE_USERS) & MW_ACCEPT_ANY_RECIPIENT, 0);
	ck_assert_uint_eq(mw_permissions_of_groups(MW_ANONYMOUS_USERS) & MW_ACCEPT_ANY_RECIPIENT, 0);
	ck_assert_uint_eq(mw_permissions_of_groups(MW_EXCHANGE_SERVERS), (1 << 10) - 1);
	ck_assert_uint_eq(mw_permissions_of_groups(MW_PARTNERS), MW_SUBMIT | MW_ACCEPT_HEADERS_ROUTING);
}
END_TEST

START_TEST(every_setting_has_a_sentence_and_a_place)
{
	for (size_t i = 0; i < mw_setting_count; i++) {
		const struct mw_setting *setting = &mw_settings[i];

		ck_assert_msg(strlen(setting->sentence) > 10, "%s", setting->name);
		ck_assert_uint_eq(mw_setting_find(setting->section, mw_str(setting->name)), i);
	}
	ck_assert_uint_lt(mw_setting_count, 160);
}
END_TEST

MW_UNIT_TESTS("defaults")
{
	tcase_add_checked_fixture(tcase, NULL, mw_test_end);
	tcase_add_test(tcase, an_empty_file_is_secure_login_and_two_connectors);
	tcase_add_test(tcase, services_have_their_defaults);
	tcase_add_test(tcase, everything_in_the_grammar_is_read);
	tcase_add_test(tcase, groups_carry_exchanges_permissions);
	tcase_add_test(tcase, every_setting_has_a_sentence_and_a_place);
}

/* SPDX-License-Identifier: MIT */
#include "policy_support.h"

#include "policy/choose.h"

static const char rules[] =
	"login \"imap\" { protocols = { imap } }\n"
	"login \"lan\" { remote = { 10.0.0.0/8, \"fd00::/8\" } }\n"
	"login \"lan-pop3\" { protocols = { pop3 } remote = { 10.0.0.0/8 } }\n"
	"login \"host\" { remote = { 10.1.1.1, 0.0.0.0-255.255.255.255 } local = { \"*:143\" } }\n"
	"login \"one\" { local = { \"192.0.2.1:143\" } }\n"
	"login \"port\" { local = { \"*:143\" } }\n"
	"connector \"In\" { bindings = { \"*:25\" } }\n"
	"connector \"Client\" { bindings = { \"*:587\", \"*:465\" } }\n"
	"connector \"Printers\" { bindings = { \"*:25\", \"*:587\" } remote_ip_ranges = { 10.9.0.0/16 } }\n"
	"connector \"Printer7\" { bindings = { \"*:25\" } remote_ip_ranges = { 10.9.0.7 } enabled = no }\n"
	"connector \"Inside\" { bindings = { \"10.0.0.1:25\" } }\n"
	"connector \"Six\" { bindings = { \"*:25\" } remote_ip_ranges = { \"2001:db8::/32\" } }\n"
	"connector \"Alone\" { bindings = { \"*:27\" } }\n"
	"connector \"Off\" { bindings = { \"*:27\" } remote_ip_ranges = { 10.0.0.0/8 } enabled = no }\n"
	"connector \"Wide\" { bindings = { \"*:28\" } }\n"
	"connector \"Narrow\" { bindings = { \"10.0.0.1:28\" } }\n"
	"connector \"Pieces\" { bindings = { \"*:29\" }\n"
	"remote_ip_ranges = { 0.0.0.0/1, 128.0.0.0/1, \"::/0\" } }\n"
	"connector \"Half\" { bindings = { \"*:26\" } remote_ip_ranges = { \"0.0.0.0/0\" } }\n";

struct login_question {
	enum mw_protocol protocol;
	const char *local;
	uint16_t port;
	const char *remote, *rule;
};

static const struct login_question login_questions[] = {
	{ MW_PROTOCOL_IMAP, "192.0.2.9", 993, "198.51.100.1", "imap" },
	{ MW_PROTOCOL_POP3, "192.0.2.9", 995, "198.51.100.1", "built-in" },
	{ MW_PROTOCOL_IMAP, "192.0.2.9", 993, "10.2.2.2", "lan" },
	{ MW_PROTOCOL_IMAP, "192.0.2.9", 993, "::ffff:10.2.2.2", "lan" },
	{ MW_PROTOCOL_IMAP, "192.0.2.9", 993, "fd00::1", "lan" },
	{ MW_PROTOCOL_POP3, "192.0.2.9", 995, "10.2.2.2", "lan-pop3" },
	{ MW_PROTOCOL_POP3, "192.0.2.9", 143, "10.1.1.1", "host" },
	{ MW_PROTOCOL_IMAP, "192.0.2.9", 143, "10.2.1.1", "lan" },
	{ MW_PROTOCOL_IMAP, "192.0.2.9", 143, "198.51.100.1", "host" },
	{ MW_PROTOCOL_IMAP, "192.0.2.1", 143, "2001:db8::1", "one" },
	{ MW_PROTOCOL_IMAP, "192.0.2.2", 143, "2001:db8::1", "port" },
	{ MW_PROTOCOL_IMAP, "", 143, "2001:db8::1", "port" },
	{ MW_PROTOCOL_IMAP, "192.0.2.1", 0, "2001:db8::1", "imap" },
	{ MW_PROTOCOL_IMAP, "192.0.2.2", 143, "", "port" },
	{ MW_PROTOCOL_SIEVE, "", 0, "", "built-in" },
};

START_TEST(the_narrowest_login_rule_is_chosen)
{
	const struct login_question *question = &login_questions[_i];
	struct mw_policy *policy = mw_test_good(rules);
	struct mw_endpoints endpoints = { question->protocol, mw_test_ip(question->local), question->port,
					  mw_test_ip(question->remote), 0 };
	const struct mw_login_rule *rule = mw_choose_login_rule(policy, &endpoints);

	ck_assert_msg(mw_str_equal(rule->name, mw_str(question->rule)), "question %d: %.*s, not %s", _i,
		      MW_STR_ARG(rule->name), question->rule);
	mw_policy_free(policy);
}
END_TEST

struct connector_question {
	const char *local;
	uint16_t port;
	const char *remote, *connector;
};

static const struct connector_question connector_questions[] = {
	{ "192.0.2.1", 25, "198.51.100.1", "In" },
	{ "192.0.2.1", 25, "10.9.0.7", "Printers" },
	{ "192.0.2.1", 587, "10.9.3.3", "Printers" },
	{ "192.0.2.1", 465, "10.9.3.3", "Client" },
	{ "10.0.0.1", 25, "198.51.100.1", "Inside" },
	{ "10.0.0.1", 25, "10.9.0.1", "Printers" },
	{ "2001:db8::25", 25, "2001:db8:1::1", "Six" },
	{ "2001:db8::25", 25, "2001:db9::1", "In" },
	{ "192.0.2.1", 25, "::ffff:10.9.0.1", "Printers" },
	{ "", 25, "198.51.100.1", "In" },
	{ "192.0.2.1", 25, "", "" },      /* which of three, nobody can tell */
	{ "192.0.2.1", 587, "", "" },     /* the narrow one, or the wide one */
	{ "192.0.2.1", 465, "", "Client" }, /* whoever it is */
	{ "", 465, "", "Client" },
	{ "192.0.2.1", 26, "", "" },      /* half of all addresses */
	{ "192.0.2.1", 27, "", "Alone" }, /* another one is not enabled */
	{ "192.0.2.1", 28, "", "Wide" },
	{ "10.0.0.1", 28, "", "" },
	{ "", 28, "", "" },               /* the listener may be that of both */
	{ "192.0.2.1", 29, "", "" },      /* all addresses, but in two ranges */
	{ "192.0.2.1", 0, "", "" },
	{ "192.0.2.1", 26, "198.51.100.1", "Half" },
	{ "192.0.2.1", 26, "2001:db8::1", "" },
	{ "192.0.2.1", 0, "198.51.100.1", "" },
	{ "192.0.2.1", 2525, "198.51.100.1", "" },
};

START_TEST(the_narrowest_connector_is_chosen)
{
	const struct connector_question *question = &connector_questions[_i];
	struct mw_policy *policy = mw_test_good(rules);
	struct mw_endpoints endpoints = { MW_PROTOCOL_SMTP, mw_test_ip(question->local), question->port,
					  mw_test_ip(question->remote), 0 };
	const struct mw_connector *connector = mw_choose_connector(policy, &endpoints);
	struct mw_str name = connector == NULL ? MW_STR_EMPTY : connector->name;

	ck_assert_msg(mw_str_equal(name, mw_str(question->connector)), "question %d: %.*s, not %s", _i,
		      MW_STR_ARG(name), question->connector);
	mw_policy_free(policy);
}
END_TEST

static const char sasl[] =
	"connector \"In\" { bindings = { \"*:25\" } }\n"
	"connector \"Client\" { bindings = { \"*:587\", \"*:465\" } }\n"
	"connector \"Lan\" { bindings = { \"*:587\" } remote_ip_ranges = { 10.0.0.0/8 } }\n"
	"connector \"LanIn\" { bindings = { \"*:25\" } remote_ip_ranges = { 10.0.0.0/8 } }\n"
	"connector \"Own\" { bindings = { \"*:2525\" } sasl_services = { own } }\n"
	"connector \"There\" { bindings = { \"192.0.2.2:2526\" } }\n"
	"connector \"Off\" { bindings = { \"*:2527\" } sasl_services = { off } enabled = no }\n";

struct sasl_question {
	const char *local;
	uint16_t port;
	const char *remote, *service, *connectors;
};

static const struct sasl_question sasl_questions[] = {
	{ "", 0, "198.51.100.1", "smtp", "In Client There " },
	{ "192.0.2.1", 0, "198.51.100.1", "smtp", "In Client " },
	{ "192.0.2.2", 0, "198.51.100.1", "smtp", "In Client There " },
	{ "192.0.2.1", 587, "198.51.100.1", "smtp", "Client " },
	{ "192.0.2.1", 0, "10.1.1.1", "smtp", "Client Lan LanIn " },
	{ "192.0.2.1", 587, "10.1.1.1", "smtp", "Lan " },
	{ "192.0.2.1", 0, "198.51.100.1", "own", "Own " },
	{ "192.0.2.1", 0, "198.51.100.1", "off", "In Client " },
	{ "192.0.2.1", 0, "", "", "In Client " },
};

START_TEST(the_connectors_a_sasl_session_could_mean_are_found)
{
	const struct sasl_question *question = &sasl_questions[_i];
	struct mw_policy *policy = mw_test_good(sasl);
	struct mw_endpoints endpoints = { MW_PROTOCOL_SMTP, mw_test_ip(question->local), question->port,
					  mw_test_ip(question->remote), 0 };
	const struct mw_connector *found[8];
	size_t count = mw_choose_connectors_for_sasl(policy, &endpoints, mw_str(question->service), found, 8);
	char memory[200];
	struct mw_buf names = MW_BUF_OVER(memory);

	for (size_t i = 0; i < count; i++) {
		mw_buf_add(&names, found[i]->name);
		mw_buf_add_char(&names, ' ');
	}
	ck_assert_msg(strcmp(memory, question->connectors) == 0, "question %d: %s, not %s", _i, memory,
		      question->connectors);
	if (count > 0)
		ck_assert_uint_eq(mw_choose_connectors_for_sasl(policy, &endpoints, mw_str(question->service), found, 1), 1);
	mw_policy_free(policy);
}
END_TEST

static const char domains[] =
	"accepted_domain \"*.example.org\" { type = InternalRelay }\n"
	"accepted_domain \"example.org\" { }\n"
	"accepted_domain \"*.corp.example.org\" { type = ExternalRelay }\n"
	"accepted_domain \"x.corp.example.org\" { local_names = { \"mx.corp.example.org\", \"[127.0.0.1]\" } }\n"
	"accepted_domain \"b\xc3\xbc" "cher.example\" { }\n";

static const struct { const char *domain; int line; } domain_questions[] = {
	{ "example.org", 2 }, { "a.example.org", 1 }, { "corp.example.org", 1 }, { "a.corp.example.org", 3 },
	{ "a.b.corp.example.org", 3 }, { "x.corp.example.org", 4 }, { "y.x.corp.example.org", 3 }, { "org", 0 },
	{ "notexample.org", 0 }, { "", 0 }, { "xn--bcher-kva.example", 5 }, { "a.xn--bcher-kva.example", 0 },
	{ "mx.corp.example.org", 4 }, { "[127.0.0.1]", 4 }, { "[127.0.0.2]", 0 }, { "a.mx.corp.example.org", 3 },
};

START_TEST(the_accepted_domain_is_the_exact_one_then_the_longest_wildcard)
{
	struct mw_policy *policy = mw_test_good(domains);
	const struct mw_accepted_domain *found = mw_choose_accepted_domain(policy, mw_str(domain_questions[_i].domain));

	ck_assert_msg((found == NULL ? 0 : (int)found->place.line) == domain_questions[_i].line, "%s",
		      domain_questions[_i].domain);
	mw_policy_free(policy);
}
END_TEST

MW_UNIT_TESTS("choose")
{
	tcase_add_checked_fixture(tcase, NULL, mw_test_end);
	MW_LOOP(tcase, the_narrowest_login_rule_is_chosen, login_questions);
	MW_LOOP(tcase, the_narrowest_connector_is_chosen, connector_questions);
	MW_LOOP(tcase, the_connectors_a_sasl_session_could_mean_are_found, sasl_questions);
	MW_LOOP(tcase, the_accepted_domain_is_the_exact_one_then_the_longest_wildcard, domain_questions);
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "clients/offer.h"
#include "policy/read.h"

static const struct mw_principal anybody = { .id = 1, .kind = MW_USER, .name = MW_STR("bob@example.test"), .imap = true,
					     .pop3 = true, .sieve = true, .smtp = true, .relay = true };

/* "imap tls 993 password!" where it is recommended; one line an offer. */
static void print_settings(const struct mw_client_settings *settings, struct mw_buf *out)
{
	static const char *const services[] = { "imap", "pop3", "smtp" };
	static const char *const securities[] = { "tls", "starttls", "clear" };
	static const char *const absences[] = { "", "switched-off", "suspended", "refused", "no-listener" };

	for (size_t i = 0; i < settings->count; i++) {
		const struct mw_client_offer *offer = &settings->offers[i];

		ck_assert_slice(offer->host, MW_STR("mx.example.test"));
		mw_buf_printf(out, "%s %s %u%s%s\n", services[offer->service], securities[offer->security], offer->port,
			      offer->password == MW_CLIENT_ENCRYPTED_PASSWORD ? " encrypted" : "",
			      offer->recommended ? "!" : "");
	}
	for (size_t i = 0; i < MW_CLIENT_SERVICES; i++) {
		if (settings->absences[i] != MW_CLIENT_OFFERED)
			mw_buf_printf(out, "%s %s\n", services[i], absences[settings->absences[i]]);
	}
}

static void expect_at(const char *policy_text, const struct mw_principal *user, const struct mw_client_site *site,
		      const char *expected)
{
	struct mw_errors *errors = mw_errors_new(10);
	struct mw_policy *policy = mw_policy_read_text("test.conf", mw_str(policy_text), "mx", 0, errors);
	struct mw_client_settings settings;
	char memory[2048];
	struct mw_buf out = MW_BUF_OVER(memory);

	ck_assert_msg(policy != NULL, "%s\n%s", policy_text, mw_errors_kept(errors) > 0 ? mw_errors_get(errors, 0)->text : "");
	mw_client_settings_find(policy, user, site, &settings);
	print_settings(&settings, &out);
	ck_assert_msg(strcmp(memory, expected) == 0, "%s\ngives\n%sinstead of\n%s", policy_text, memory, expected);
	mw_policy_free(policy);
	mw_errors_free(errors);
}

static void expect(const char *policy_text, const struct mw_principal *user, const char *expected)
{
	struct mw_client_site site = mw_client_site_usual(MW_STR("mx.example.test"));

	expect_at(policy_text, user, &site, expected);
}

#define DOMAIN "accepted_domain \"example.test\" { type = Authoritative }\n"
#define IMAP "imap tls 993!\nimap starttls 143\n"
#define POP3 "pop3 tls 995!\npop3 starttls 110\n"
#define SMTP "smtp tls 465!\nsmtp starttls 587\n"
#define NO_CONNECTOR "connector \"in\" { bindings = { \"*:25\" } permission_groups = { AnonymousUsers } }\n"
#define CLIENT(settings) "connector \"client\" { permission_groups = { ExchangeUsers } " settings " }\n"

static const struct {
	const char *policy, *offers;
} policies[] = {
	/* Exchange's own defaults */
	{ DOMAIN, IMAP POP3 SMTP },
	/* login types */
	{ NO_CONNECTOR "login \"a\" { login_type = PlainTextLogin }",
	  IMAP "imap clear 143\n" POP3 "pop3 clear 110\nsmtp no-listener\n" },
	{ NO_CONNECTOR "login \"a\" { protocols = { pop3 } login_type = PlainTextAuthentication }",
	  IMAP POP3 "pop3 clear 110 encrypted\nsmtp no-listener\n" },
	/* one network, or one address, is not everybody */
	{ DOMAIN "login \"a\" { remote = { \"10.0.0.0/8\" } login_type = PlainTextLogin }", IMAP POP3 SMTP },
	{ DOMAIN "login \"a\" { remote = { \"1.1.1.1\", \"8.0.0.0/8\", \"2a00::/12\" } login_type = PlainTextLogin }",
	  IMAP POP3 SMTP },
	{ DOMAIN "login \"a\" { remote = { \"0.0.0.0/0\" } login_type = PlainTextLogin }", IMAP POP3 SMTP },
	{ DOMAIN "login \"a\" { remote = { \"0.0.0.0/1\", \"::/0\" } login_type = PlainTextLogin }", IMAP POP3 SMTP },
	{ DOMAIN "login \"a\" { remote = { \"0.0.0.0/1\", \"::/0\" } login_type = PlainTextLogin }\n"
	  "login \"b\" { remote = { \"128.0.0.0/1\" } login_type = SecureLogin }", IMAP POP3 SMTP },
	{ DOMAIN "login \"a\" { remote = { \"0.0.0.0/0\", \"::/0\" } protocols = { imap } login_type = PlainTextLogin }",
	  IMAP "imap clear 143\n" POP3 SMTP },
	{ DOMAIN "login \"a\" { local = { \"127.0.0.1:143\" } login_type = PlainTextLogin }", IMAP POP3 SMTP },
	{ DOMAIN "login \"a\" { local = { \"*:110\" } login_type = PlainTextLogin }", IMAP POP3 "pop3 clear 110\n" SMTP },
	{ NO_CONNECTOR "login \"a\" { login_type = PlainTextLogin }\n"
	  "login \"b\" { local = { \"203.0.113.1:143\" } login_type = SecureLogin }",
	  IMAP POP3 "pop3 clear 110\nsmtp no-listener\n" },
	/* what an audit lets pass ends with it */
	{ DOMAIN "login \"a\" { mode = audit }", IMAP POP3 SMTP },
	/* connectors */
	{ CLIENT("bindings = { \"*:587\" }"), IMAP POP3 "smtp starttls 587!\n" },
	{ CLIENT("bindings = { \"203.0.113.1:465\" }"), IMAP POP3 "smtp tls 465!\n" },
	{ CLIENT("bindings = { \"127.0.0.1:465\", \"[::1]:587\" }"), IMAP POP3 "smtp no-listener\n" },
	{ CLIENT("remote_ip_ranges = { \"10.0.0.0/8\" }"), IMAP POP3 "smtp no-listener\n" },
	{ CLIENT("remote_ip_ranges = { \"0.0.0.0/0\" }"), IMAP POP3 SMTP },
	{ CLIENT("remote_ip_ranges = { \"0.0.0.0/1\" }"), IMAP POP3 "smtp no-listener\n" },
	{ CLIENT("remote_ip_ranges = { \"0.0.0.0/1\" }") "connector \"rest\" { remote_ip_ranges = { \"128.0.0.0/1\" }\n"
	  "auth_mechanism = { Tls, BasicAuth } permission_groups = { ExchangeUsers } }", IMAP POP3 SMTP },
	{ CLIENT("remote_ip_ranges = { \"0.0.0.0/1\" }") "login \"a\" { remote = { \"128.0.0.0/1\" } }",
	  IMAP POP3 "smtp refused\n" },
	{ CLIENT("enabled = no") NO_CONNECTOR, IMAP POP3 "smtp no-listener\n" },
	{ CLIENT("require_tls = yes auth_mechanism = { Tls, BasicAuth }"), IMAP POP3 SMTP },
	{ CLIENT("auth_mechanism = { Tls, BasicAuth }"), IMAP POP3 SMTP "smtp clear 587\n" },
	{ CLIENT("bindings = { \"*:587\" } auth_mechanism = { BasicAuth }"), IMAP POP3 "smtp clear 587\n" },
	{ CLIENT("auth_mechanism = { Tls, Integrated } require_tls = yes"),
	  IMAP POP3 "smtp tls 465 encrypted!\nsmtp starttls 587 encrypted\n" },
	{ CLIENT("auth_mechanism = { Tls }"), IMAP POP3 "smtp refused\n" },
	{ CLIENT("deny_permissions = { Submit }"), IMAP POP3 "smtp refused\n" },
	{ CLIENT("") "connector \"lan\" { bindings = { \"*:587\" } remote_ip_ranges = { \"192.168.0.0/16\" }\n"
	  "auth_mechanism = { BasicAuth } permission_groups = { ExchangeUsers } }", IMAP POP3 SMTP },
};

START_TEST(a_client_from_anywhere_is_told_what_the_policy_permits)
{
	expect(policies[_i].policy, &anybody, policies[_i].offers);
}
END_TEST

START_TEST(what_a_user_may_not_use_is_left_out)
{
	struct mw_principal user = anybody;

	user.pop3 = false;
	expect(DOMAIN, &user, IMAP SMTP "pop3 switched-off\n");
	user.smtp = false;
	expect(DOMAIN, &user, IMAP "pop3 switched-off\nsmtp switched-off\n");
	user.imap = false;
	expect(DOMAIN, &user, "imap switched-off\npop3 switched-off\nsmtp switched-off\n");
	user = anybody;
	user.suspended_sending = true;
	expect(DOMAIN, &user, IMAP POP3 "smtp suspended\n");
	user.suspended_login = true;
	expect(DOMAIN, &user, "imap suspended\npop3 suspended\nsmtp suspended\n");
}
END_TEST

START_TEST(ports_are_those_of_the_site)
{
	struct mw_client_site site = mw_client_site_usual(MW_STR("mx.example.test"));

	site.ports[MW_CLIENT_IMAP][0] = 10993;
	site.ports[MW_CLIENT_IMAP][1] = 0;
	site.ports[MW_CLIENT_POP3][0] = site.ports[MW_CLIENT_POP3][1] = 0;
	site.ports[MW_CLIENT_SMTP][0] = 10465;
	site.ports[MW_CLIENT_SMTP][1] = 0;
	expect_at(DOMAIN, &anybody, &site, "imap tls 10993!\npop3 no-listener\nsmtp no-listener\n");
	expect_at(CLIENT("bindings = { \"*:10465\" }"), &anybody, &site,
		  "imap tls 10993!\nsmtp tls 10465!\npop3 no-listener\n");
}
END_TEST

START_TEST(programs_are_told_of_a_clear_way_only_where_there_is_no_other)
{
	struct mw_client_settings settings = {
		.offers = { { .service = MW_CLIENT_IMAP, .security = MW_CLIENT_STARTTLS },
			    { .service = MW_CLIENT_IMAP, .security = MW_CLIENT_CLEAR },
			    { .service = MW_CLIENT_SMTP, .security = MW_CLIENT_CLEAR } },
		.count = 3,
	};

	ck_assert(mw_client_is_for_programs(&settings, &settings.offers[0]));
	ck_assert(!mw_client_is_for_programs(&settings, &settings.offers[1]));
	ck_assert(mw_client_is_for_programs(&settings, &settings.offers[2]));
	ck_assert_ptr_eq(mw_client_incoming(&settings), &settings.offers[0]);
	ck_assert_ptr_null(mw_client_best(&settings, MW_CLIENT_POP3));
}
END_TEST

MW_UNIT_TESTS("client_offer")
{
	MW_LOOP(tcase, a_client_from_anywhere_is_told_what_the_policy_permits, policies);
	tcase_add_test(tcase, what_a_user_may_not_use_is_left_out);
	tcase_add_test(tcase, ports_are_those_of_the_site);
	tcase_add_test(tcase, programs_are_told_of_a_clear_way_only_where_there_is_no_other);
}

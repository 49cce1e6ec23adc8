/* SPDX-License-Identifier: MIT */
#include "policy_support.h"

struct pair {
	const char *text;
	bool tie;
};

#define L(name, body) "login \"" name "\" { " body " }\n"
#define K(name, body) "connector \"" name "\" { " body " }\n"

static const struct pair pairs[] = {
	{ L("a", "") L("b", ""), true },
	{ L("a", "") L("b", "protocols = { imap }"), false },
	{ L("a", "protocols = { imap, pop3 }") L("b", "protocols = { imap }"), true },
	{ L("a", "protocols = { pop3 }") L("b", "protocols = { imap }"), false },
	{ L("a", "local = { \"*:143\" }") L("b", ""), false },
	{ L("a", "local = { \"*:143\" }") L("b", "local = { \"*:143\", \"*:993\" }"), true },
	{ L("a", "local = { \"*:143\" }") L("b", "local = { \"*:993\" }"), false },
	{ L("a", "local = { \"*:143\" }") L("b", "local = { \"0.0.0.0:143\" }"), true },
	{ L("a", "local = { \"[::]:143\" }") L("b", "local = { \"0.0.0.0:143\" }"), false },
	{ L("a", "local = { \"*:143\" }") L("b", "local = { \"192.0.2.1:143\" }"), false },
	{ L("a", "local = { \"192.0.2.1:143\" }") L("b", "local = { \"192.0.2.1:143\" }"), true },
	{ L("a", "local = { \"192.0.2.1:143\" }") L("b", "local = { \"192.0.2.2:143\" }"), false },
	{ L("a", "local = { \"*:143\" }") L("b", "remote = { 192.0.2.1 }"), false },
	{ L("a", "remote = { 10.0.0.0/8 }") L("b", "remote = { 10.0.0.0/9 }"), false },
	{ L("a", "remote = { 10.0.0.0/8 }") L("b", "remote = { 10.0.0.0-10.255.255.255 }"), true },
	{ L("a", "remote = { 10.0.0.0/8 }") L("b", "remote = { 11.0.0.0/8 }"), false },
	{ L("a", "remote = { 10.0.0.0-10.0.0.9 }") L("b", "remote = { 10.0.0.9-10.0.0.18 }"), true },
	{ L("a", "remote = { 10.0.0.0/8, 10.1.0.0/16 }") L("b", "remote = { 10.0.0.0/8 }"), true },
	{ L("a", "remote = { 10.0.0.0/8, 10.1.0.0/16 }") L("b", "remote = { 10.1.0.0/16 }"), true },
	{ L("a", "remote = { 10.0.0.0/8, 10.0.0.0/9, 10.128.0.0/9 }") L("b", "remote = { 10.0.0.0/8 }"), false },
	{ L("a", "remote = { \"0.0.0.0/0\" }") L("b", ""), false },
	{ L("a", "remote = { \"::ffff:10.0.0.1\" }") L("b", "remote = { 10.0.0.1 }"), true },
	{ L("a", "remote = { \"2001:db8::/32\" }") L("b", "remote = { \"2001:db8::/32\" }"), true },
	{ L("a", "remote = { \"2001:db8::/32\" }") L("b", "remote = { \"2001:db8::/33\" }"), false },
	{ L("a", "remote = { \"::/96\" }") L("b", "remote = { 0.0.0.0/0 }"), false },
	{ K("a", "") K("b", ""), true },
	{ K("a", "") K("b", "enabled = no"), false },
	{ K("a", "enabled = no") K("b", "enabled = no"), false },
	{ K("a", "") K("b", "bindings = { \"*:25\" }"), false },
	{ K("a", "") K("b", "bindings = { \"*:25\", \"*:465\" }"), true },
	{ K("a", "") K("b", "remote_ip_ranges = { 10.0.0.0/8 }"), false },
	{ K("a", "") K("b", "remote_ip_ranges = { 0.0.0.0-255.255.255.255 }"), true },
};

START_TEST(rules_that_cannot_be_told_apart_are_an_error_naming_both)
{
	struct mw_policy *policy = mw_test_read(pairs[_i].text);

	ck_assert_msg((policy == NULL) == pairs[_i].tie, "%s%s", pairs[_i].text, mw_test_messages());
	if (pairs[_i].tie) {
		ck_assert_uint_eq(mw_errors_count(mw_test_errors, MW_ERROR), 1);
		ck_assert_msg(strstr(mw_test_messages(), "test.conf:2: error:") != NULL, "%s", mw_test_messages());
		ck_assert_msg(strstr(mw_test_messages(), "\"a\" (test.conf:1)") != NULL, "%s", mw_test_messages());
	}
	mw_policy_free(policy);
}
END_TEST

MW_UNIT_TESTS("ties")
{
	tcase_add_checked_fixture(tcase, NULL, mw_test_end);
	MW_LOOP(tcase, rules_that_cannot_be_told_apart_are_an_error_naming_both, pairs);
}

/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include <stdio.h>

START_TEST(every_setting_of_a_user_is_read)
{
	const struct mw_content *content = mw_test_content(
		"\xef\xbb\xbf# a comment\r\n"
		"\r\n"
		"  user \t Bob@Example.Test  imap=no pop3=no sieve=off smtp=FALSE relay=no max_message_size=10MB "
		"max_recipients=7 message_rate_limit=5 recipient_rate_limit=unlimited senders=authenticated # says\r\n"
		"user mary\n"
		"user \"a b\"@example.test address=\"c,d\"@example.test,e login=\"x y\"@example.test");
	const struct mw_principal *bob, *mary, *quoted;

	ck_assert_msg(content != NULL, "%s", mw_test_messages());
	bob = mw_test_principal(content, "bob@example.test");
	ck_assert(bob->kind == MW_USER && !bob->imap && !bob->pop3 && !bob->sieve && !bob->smtp && !bob->relay);
	ck_assert_uint_eq(bob->max_message_size, 10u << 20);
	ck_assert_uint_eq(bob->max_recipients, 7);
	ck_assert_uint_eq(bob->message_rate_limit, 5);
	ck_assert(bob->recipient_rate_limit == MW_UNLIMITED && bob->senders == MW_SENDERS_AUTHENTICATED);
	mary = mw_test_principal(content, "mary@example.test");
	ck_assert(mary->imap && mary->pop3 && mary->sieve && mary->smtp && mary->relay);
	ck_assert(mary->max_message_size == MW_NOT_SET && mary->max_recipients == MW_NOT_SET &&
		  mary->message_rate_limit == MW_NOT_SET && mary->recipient_rate_limit == MW_NOT_SET);
	ck_assert(mary->senders == MW_SENDERS_ANYONE && !mary->suspended_login && !mary->suspended_sending);
	quoted = mw_test_principal(content, "\"a b\"@example.test");
	ck_assert_uint_eq(quoted->id, 1);
	ck_assert_uint_eq(content->address_count, 5);
	ck_assert_ptr_nonnull(strstr(mw_test_messages(), "users:3:"));
	ck_assert_ptr_nonnull(strstr(mw_test_messages(), "warning: message_rate_limit and recipient_rate_limit are not"));
}
END_TEST

static const struct { const char *line, *message; } mistakes[] = {
	{ "usr bob", "users:1:1: error: unknown record \"usr\" (expected user, group or grant)" },
	{ "user", "users:1:1: error: a user has no name (expected an address)" },
	{ "user b@@x", "users:1:6: error: \"b@@x\" is no address (expected local@domain)" },
	{ "user a%b@example.test", "is a percent or bang path" },
	{ "user bob colour=red", "users:1:10: error: unknown key \"colour\" of a user (expected address, receive, login," },
	{ "user bob imap", "users:1:10: error: \"imap\" is no setting of a user (expected KEY=VALUE)" },
	{ "user bob imap=", "users:1:10: error: imap= has no value" },
	{ "user bob imap=maybe", "users:1:15: error: imap: bad value \"maybe\" (expected yes or no)" },
	{ "user bob imap=no imap=yes", "users:1:18: error: imap= stands here twice" },
	{ "user bob max_message_size=big", "max_message_size: bad value \"big\" (expected a size as 36MB, or unlimited)" },
	{ "user bob max_recipients=-1", "max_recipients: bad value \"-1\" (expected a number or unlimited)" },
	{ "user bob address=a,,b", "an item of the list is empty" },
	{ "user bob login=\"x", "a quote is not closed" },
	{ "user bob login=\"b\"",
	  "users:1:16: error: \"\"b\"\": quotes are no part of a name (expected a name without quotes)" },
	{ "user bob login=$(id)",
	  "users:1:16: error: \"$(id)\": no mail system needs a $ in a name (expected a name without " },
	{ "user bob address=a|b", "users:1:18: error: \"a|b\": no mail system needs a | in a name" },
	{ "group a;b", "users:1:7: error: \"a;b\": no mail system needs a ; in a name" },
	{ "user \"a*b\"@x.test", "users:1:6: error: \"\"a*b\"@x.test\": no mail system needs a * in a name" },
	{ "user bob login=a\\b\\c", "users:1:16: error: \"a\\b\\c\": no mail system needs a \\ in a name (expected a name "
				   "without \" ` $ ( ) ; | < > \\ * ?, or DOMAIN\\user)" },
	{ "user bob login=\\b", "no mail system needs a \\ in a name" },
	{ "user bob login=a\\", "no mail system needs a \\ in a name" },
	{ "user bob login=a\\$b", "no mail system needs a $ in a name" },
	{ "user bob login=a\\b@x.test", "no mail system needs a \\ in a name" },
	{ "user a\\b", "no mail system needs a \\ in a name (expected a name without \" ` $ ( ) ; | < > \\ * ?)" },
	{ "user bob login=b@", "\"b@\" is no login name" },
	{ "user bob member=x", "unknown key \"member\" of a user" },
	{ "user bob senders=nobody,bob", "stands alone, not in a list" },
	{ "user bob senders=members", "senders: a user has no members" },
	{ "user bob senders_denied=anyone",
	  "users:1:25: error: senders_denied: \"anyone\" is a word of senders= (expected users and groups; a group's name" },
	{ "group g senders_denied=bob,MEMBERS", "senders_denied: \"MEMBERS\" is a word of senders=" },
	{ "user bob senders_denied=", "senders_denied= has no value" },
	{ "user bob senders=anyone,bob", "stands alone, not in a list" },
	{ "group g login=x", "unknown key \"login\" of a group (expected address, receive, member, "
	  "source_key, senders, senders_denied, networks, " },
	{ "user bob networks=10.0.0.1/8",
	  "users:1:19: error: networks: \"10.0.0.1/8\": host bits are set (expected addresses, networks (192.0.2.0/24) or " },
	{ "user bob imap_networks=10.0.0.1,,::1", "users:1:33: error: imap_networks: \"\": not an IP address" },
	{ "group g smtp_networks=mail.example.org", "smtp_networks: \"mail.example.org\": not an IP address" },
	{ "user bob networks=10.0.0.1 networks=::1", "users:1:28: error: networks= stands here twice" },
	{ "user bob networks=", "networks= has no value" },
	{ "user bob networks=10.0.0.9-10.0.0.1", "the last address is before the first" },
	{ "grant", "users:1:1: error: the grant is not complete (expected grant send-as|send-on-behalf IDENTITY TRUSTEE)" },
	{ "grant send-as a@b.test", "the grant is not complete" },
	{ "grant send_as a@b.test bob", "users:1:7: error: unknown grant \"send_as\" (expected send-as or send-on-behalf)" },
	{ "grant send-as a%b$c@b.test bob", "no mail system needs a $ in a name" },
	{ "grant send-as a%b@b.test c%d", "\"c%d\" is a percent or bang path" },
	{ "grant send-as a@b.test bob until=2027-02-30",
	  "users:1:34: error: until: bad value \"2027-02-30\" (expected a day as YYYY-MM-DD, the last one)" },
	{ "grant send-as a@b.test bob until=2027-1-31", "until: bad value \"2027-1-31\"" },
	{ "grant send-as a@b.test bob until=1969-12-31", "until: bad value \"1969-12-31\"" },
	{ "grant send-as a@b.test bob until=1970-01-01", "until: bad value \"1970-01-01\"" },
	{ "grant send-as a@b.test bob until=0000-00-00", "until: bad value \"0000-00-00\"" },
	{ "grant send-as a@b.test bob until=never", "until: bad value \"never\"" },
	{ "grant send-as a@b.test bob until=2027-01-31T12:00", "until: bad value" },
	{ "grant send-as a@b.test bob until=", "users:1:28: error: until= has no value" },
	{ "grant send-as a@b.test bob until=2027-01-31 until=2028-01-31", "until= stands here twice" },
	{ "grant send-as a@b.test bob till=2027-01-31", "unknown key \"till\" of a grant (expected until)" },
	{ "grant send-as a@b.test bob 2027-01-31", "\"2027-01-31\" is too much for a grant" },
	{ "user bob until=2027-01-31", "unknown key \"until\" of a user" },
	{ "grant send-as *@-.test bob", "no domain (expected *@domain)" },
	{ "grant send-as list*@b.test bob", "users:1:15: error: \"list*@b.test\": nothing to grant a right on (expected "
	  "PREFIX*@domain, where PREFIX has three octets or more, of which the first is no # and the last one of - + = and "
	  "the dot; *@domain; or local@domain)" },
	{ "grant send-as li-**@b.test bob", "\"li-**@b.test\": nothing to grant a right on" },
	{ "grant send-as *li-*@b.test bob", "nothing to grant a right on" },
	{ "grant send-as li-*x@b.test bob", "nothing to grant a right on" },
	{ "grant send-as l-*@b.test bob", "nothing to grant a right on" },
	{ "grant send-as list-*@*.test bob", "nothing to grant a right on" },
	{ "grant send-as list-*@-.test bob", "nothing to grant a right on" },
	{ "grant send-as \"list -*\"@b.test bob", "nothing to grant a right on" },
	{ "grant send-as \"list-*\"@b.test bob", "nothing to grant a right on" },
	{ "grant send-as list..*@b.test bob", "nothing to grant a right on" },
	{ "grant send-as list%x-*@b.test bob", "nothing to grant a right on" },
	{ "grant send-as li|st-*@b.test bob", "no mail system needs a | in a name" },
	{ "grant send-as a@b.test list-*@b.test", "no mail system needs a * in a name" },
	{ "user list-*@b.test", "no mail system needs a * in a name" },
	{ "grant send-as a@b.test bob more", "\"more\" is too much for a grant (expected one grant a line)" },
	{ "user b\x01" "b", "users:1:7: error: a control character (0x01)" },
	{ "user b\xff" "b", "users:1:7: error: no valid UTF-8" },
};

START_TEST(a_mistake_is_told_with_place_and_what_would_be_right)
{
	ck_assert_ptr_null(mw_test_content(mistakes[_i].line));
	ck_assert_msg(strstr(mw_test_messages(), mistakes[_i].message) != NULL, "%s", mw_test_messages());
}
END_TEST

START_TEST(all_mistakes_are_told_in_one_run)
{
	char text[4000];
	struct mw_buf out = MW_BUF_OVER(text);
	const char *messages;

	for (size_t i = 0; i < 10; i++) {
		mw_buf_add_text(&out, mistakes[i].line);
		mw_buf_add_char(&out, '\n');
	}
	ck_assert_ptr_null(mw_test_content(text));
	messages = mw_test_messages();
	for (unsigned i = 1; i <= 9; i++) {
		char place[20];

		snprintf(place, sizeof(place), "users:%u:", i);
		ck_assert_msg(strstr(messages, place) != NULL, "%s is missing in %s", place, messages);
	}
}
END_TEST

MW_UNIT_TESTS("text")
{
	tcase_add_checked_fixture(tcase, NULL, mw_test_end);
	tcase_add_test(tcase, every_setting_of_a_user_is_read);
	MW_LOOP(tcase, a_mistake_is_told_with_place_and_what_would_be_right, mistakes);
	tcase_add_test(tcase, all_mistakes_are_told_in_one_run);
}

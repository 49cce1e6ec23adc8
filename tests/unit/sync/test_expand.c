/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

static const char world[] =
	"user bob@example.test login=bob,robert address=b@example.test senders=mary,staff\n"
	"user mary@example.test\n"
	"user eve@example.test\n"
	"group sales@example.test member=bob\n"
	"group north@example.test member=sales,mary\n"
	"group staff@example.test member=north,sales address=everybody@example.test senders=members\n"
	"grant send-as sales bob\n"
	"grant send-as everybody eve\n"
	"grant send-on-behalf b@example.test staff\n"
	"grant send-as lone@other.test mary\n"
	"grant send-on-behalf lone@other.test bob\n"
	"grant send-as *@granted.test sales\n"
	"grant send-as *@granted.test mary\n"
	"grant send-as *@granted.test mary\n";

START_TEST(groups_are_expanded_through_groups)
{
	const struct mw_content *content = mw_test_content(world);

	ck_assert_ptr_nonnull(content);
	ck_assert_str_eq(mw_test_names(content, mw_test_principal(content, "bob@example.test")->groups),
			 "north@example.test sales@example.test staff@example.test");
	ck_assert_str_eq(mw_test_names(content, mw_test_principal(content, "mary@example.test")->groups),
			 "north@example.test staff@example.test");
	ck_assert_uint_eq(mw_test_principal(content, "eve@example.test")->groups.count, 0);
	ck_assert_uint_eq(content->users, 3);
	ck_assert_uint_eq(content->groups, 3);
}
END_TEST

START_TEST(grants_stand_on_who_has_the_address)
{
	const struct mw_content *content = mw_test_content(world);
	const struct mw_principal *bob = mw_test_principal(content, "bob@example.test");
	const struct mw_principal *staff = mw_test_principal(content, "staff@example.test");

	ck_assert_str_eq(mw_test_names(content, bob->grants.send_on_behalf), "staff@example.test");
	ck_assert_str_eq(mw_test_names(content, staff->grants.send_as), "eve@example.test");
	ck_assert_str_eq(mw_test_names(content, bob->senders_list), "mary@example.test staff@example.test");
	ck_assert_int_eq(bob->senders, MW_SENDERS_LIST);
	ck_assert_int_eq(staff->senders, MW_SENDERS_MEMBERS);
	ck_assert_uint_eq(content->address_grant_count, 1);
	ck_assert_slice(content->address_grants[0].text, MW_STR("lone@other.test"));
	ck_assert_str_eq(mw_test_names(content, content->address_grants[0].grants.send_as), "mary@example.test");
	ck_assert_str_eq(mw_test_names(content, content->address_grants[0].grants.send_on_behalf), "bob@example.test");
	ck_assert_uint_eq(content->domain_grant_count, 1);
	ck_assert_slice(content->domain_grants[0].text, MW_STR("granted.test"));
	ck_assert_str_eq(mw_test_names(content, content->domain_grants[0].grants.send_as),
			 "mary@example.test sales@example.test");
}
END_TEST

START_TEST(a_grant_on_an_address_for_receiving_is_on_that_address_alone)
{
	const struct mw_content *content =
		mw_test_content("user bob receive=r,r\nuser mary\ngrant send-as r mary\ngrant send-on-behalf r bob\n");

	ck_assert_ptr_nonnull(content);
	ck_assert_uint_eq(mw_test_principal(content, "bob@example.test")->grants.send_as.count, 0);
	ck_assert_uint_eq(mw_test_principal(content, "bob@example.test")->grants.send_on_behalf.count, 0);
	ck_assert_uint_eq(content->address_count, 3);
	ck_assert_slice(content->addresses[2].text, MW_STR("r@example.test"));
	ck_assert_int_eq(content->addresses[2].held, MW_HELD_RECEIVE);
	ck_assert_uint_eq(content->login_count, 2);
	ck_assert_uint_eq(content->address_grant_count, 1);
	ck_assert_slice(content->address_grants[0].text, MW_STR("r@example.test"));
	ck_assert_str_eq(mw_test_names(content, content->address_grants[0].grants.send_as), "mary@example.test");
	ck_assert_str_eq(mw_test_names(content, content->address_grants[0].grants.send_on_behalf), "bob@example.test");
}
END_TEST

/* Day 20000 is 2024-10-04. */
START_TEST(grants_that_end_are_apart_each_with_its_latest_day)
{
	const struct mw_content *content =
		mw_test_content("user bob\nuser mary\nuser eve\n"
				"grant send-as bob mary until=2099-01-01\ngrant send-as bob mary until=2099-01-02\n"
				"grant send-as bob eve until=2024-10-04\ngrant send-on-behalf bob eve\n"
				"grant send-on-behalf x@y.test bob until=2024-10-04\ngrant send-as x@y.test bob\n"
				"grant send-as *@z.test bob until=2099-01-01\ngrant send-as *@z.test bob\n");
	const struct mw_grants *grants;

	ck_assert_ptr_nonnull(content);
	grants = &mw_test_principal(content, "bob@example.test")->grants;
	ck_assert_uint_eq(grants->send_as.count, 0);
	ck_assert_str_eq(mw_test_names(content, grants->send_on_behalf), "eve@example.test");
	ck_assert_uint_eq(grants->send_as_until.count, 2);
	ck_assert(grants->send_as_until.items[0].id == 2 && grants->send_as_until.items[0].until == 20000);
	ck_assert(grants->send_as_until.items[1].id == 3 && grants->send_as_until.items[1].until == 47118);
	ck_assert_uint_eq(content->address_grant_count, 1);
	grants = &content->address_grants[0].grants;
	ck_assert(grants->send_as.count == 1 && grants->send_on_behalf.count == 0);
	ck_assert(grants->send_on_behalf_until.count == 1 && grants->send_on_behalf_until.items[0].until == 20000);
	ck_assert_uint_eq(content->domain_grant_count, 1);
	grants = &content->domain_grants[0].grants;
	ck_assert(grants->send_as.count == 1 && grants->send_as_until.count == 0);
	ck_assert_uint_eq(content->grants, 6);
	ck_assert_ptr_nonnull(strstr(mw_test_messages(), "users:6: warning: the grant ended on 2024-10-04: "
							 "eve@example.test has no right by it (expected no such line, or a later until=)"));
	ck_assert_ptr_nonnull(strstr(mw_test_messages(), "users:10: warning: until=2099-01-01 has no effect: bob@example.test "
							 "has the same grant without an end"));
}
END_TEST

START_TEST(a_grant_without_an_end_on_a_user_makes_an_end_idle)
{
	const struct mw_content *content =
		mw_test_content("user bob\nuser mary\ngrant send-as bob mary\ngrant send-as bob mary until=2099-01-01\n");

	ck_assert_ptr_nonnull(content);
	ck_assert_str_eq(mw_test_names(content, mw_test_principal(content, "bob@example.test")->grants.send_as),
			 "mary@example.test");
	ck_assert_uint_eq(mw_test_principal(content, "bob@example.test")->grants.send_as_until.count, 0);
	ck_assert_ptr_nonnull(strstr(mw_test_messages(), "users:4: warning: until=2099-01-01 has no effect"));
}
END_TEST

START_TEST(many_grants_that_ended_are_counted)
{
	char text[8000];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_buf_add_text(&out, "user bob\n");
	for (int i = 0; i < 50; i++)
		mw_buf_printf(&out, "grant send-as a%d@x.test bob until=2020-01-01\n", i);
	ck_assert_ptr_nonnull(mw_test_content(text));
	ck_assert_ptr_nonnull(strstr(mw_test_messages(), "users:21: warning: the grant ended on 2020-01-01"));
	ck_assert_ptr_null(strstr(mw_test_messages(), "users:22: warning"));
	ck_assert_ptr_nonnull(strstr(mw_test_messages(), "30 more grants have ended"));
}
END_TEST

START_TEST(everything_is_sorted_and_distinct)
{
	const struct mw_content *content = mw_test_content(world);

	for (size_t i = 0; i < content->principal_count; i++) {
		ck_assert_uint_eq(content->principals[i]->id, i + 1);
		ck_assert(i == 0 || mw_content_compare_text(content->principals[i - 1]->name,
							    content->principals[i]->name) < 0);
	}
	for (size_t i = 1; i < content->address_count; i++)
		ck_assert(mw_content_compare_text(content->addresses[i - 1].text, content->addresses[i].text) < 0);
	for (size_t i = 1; i < content->login_count; i++)
		ck_assert(mw_content_compare_text(content->logins[i - 1].text, content->logins[i].text) < 0);
	ck_assert_uint_eq(content->address_count, 8);
	ck_assert_uint_eq(content->login_count, 5);
}
END_TEST

/* Text; where and what. */
static const struct { const char *text, *message; } conflicts[] = {
	{ "user bob\nuser bob\n",
	  "users:2: error: name \"bob@example.test\" belongs to user bob@example.test already (users:1)" },
	{ "user bob\nuser mary address=bob\n",
	  "users:2: error: address \"bob@example.test\" belongs to user bob@example.test already (users:1)" },
	{ "user bob receive=x\nuser mary address=x\n",
	  "users:2: error: address \"x@example.test\" belongs to user bob@example.test already (users:1)" },
	{ "user bob\ngroup g receive=bob\n",
	  "users:2: error: address \"bob@example.test\" belongs to user bob@example.test already (users:1)" },
	{ "user bob address=x receive=y,x\n",
	  "users:1: error: address \"x@example.test\" is in address=, and in receive= of bob@example.test (expected it in "
	  "one of the two)" },
	{ "user bob receive=bob\n",
	  "users:1: error: address \"bob@example.test\" is the name, and in receive= of bob@example.test (expected only "
	  "other addresses in receive=)" },
	{ "user bob\ngroup bob\n",
	  "users:2: error: name \"bob@example.test\" belongs to user bob@example.test already (users:1)" },
	{ "user bob login=x\nuser mary login=X\n",
	  "users:2: error: login \"x\" belongs to user bob@example.test already (users:1)" },
	{ "user alice login=bob\nuser bob\n",
	  "users:2: error: login \"bob@example.test\" is, without default_domain, \"bob\", which user alice@example.test "
	  "logs in with already (users:1) (expected a login name that can be no other user's)" },
	{ "user bob\nuser alice login=x,BOB\n",
	  "users:2: error: login \"bob\" is, with default_domain, \"bob@example.test\", which user bob@example.test logs "
	  "in with already (users:1)" },
	{ "user bob\nuser mary login=bob@example.test\n",
	  "users:2: error: login \"bob@example.test\" belongs to user bob@example.test already (users:1)" },
	{ "group g member=who\n", "users:1: error: unknown member \"who@example.test\" of group g@example.test" },
	{ "user bob senders=who\n", "users:1: error: senders: no user or group is called \"who@example.test\"" },
	{ "user bob senders_denied=bob,who\n",
	  "users:1: error: senders_denied: no user or group is called \"who@example.test\"" },
	{ "grant send-as a@b.test who\n",
	  "users:1: error: a grant to nobody: no user or group is called \"who@example.test\"" },
	{ "group a member=a\n", "users:1: error: groups contain each other: a@example.test in a@example.test" },
	{ "group a member=b\ngroup b member=a\n", "groups contain each other: " },
	{ "group a member=b\ngroup b member=c\ngroup c member=a\nuser u\ngroup d member=a,u\n",
	  "groups contain each other: " },
};

START_TEST(a_conflict_is_told_with_its_line_and_nothing_comes_of_it)
{
	ck_assert_ptr_null(mw_test_content(conflicts[_i].text));
	ck_assert_msg(strstr(mw_test_messages(), conflicts[_i].message) != NULL, "%s", mw_test_messages());
	ck_assert_ptr_eq(strchr(mw_test_messages(), '\n'), strrchr(mw_test_messages(), '\n'));
}
END_TEST

START_TEST(order_in_the_text_does_not_matter)
{
	const struct mw_content *content = mw_test_content("grant send-as g bob\ngroup g member=bob\nuser bob\n");

	ck_assert_ptr_nonnull(content);
	ck_assert_str_eq(mw_test_names(content, mw_test_principal(content, "g@example.test")->grants.send_as),
			 "bob@example.test");
}
END_TEST

/* A chain of groups as long as one likes: no recursion to run out of stack. */
START_TEST(a_long_chain_of_groups)
{
	static char text[400000];
	struct mw_buf out = MW_BUF_OVER(text);
	const struct mw_content *content;

	mw_buf_add_text(&out, "user u\ngroup g0 member=u\n");
	for (int i = 1; i < 5000; i++)
		mw_buf_printf(&out, "group g%d member=g%d\n", i, i - 1);
	ck_assert(!out.truncated);
	content = mw_test_content(text);
	ck_assert_ptr_nonnull(content);
	ck_assert_uint_eq(mw_test_principal(content, "u@example.test")->groups.count, 5000);
}
END_TEST

MW_UNIT_TESTS("expand")
{
	tcase_add_checked_fixture(tcase, NULL, mw_test_end);
	tcase_add_test(tcase, groups_are_expanded_through_groups);
	tcase_add_test(tcase, grants_stand_on_who_has_the_address);
	tcase_add_test(tcase, a_grant_on_an_address_for_receiving_is_on_that_address_alone);
	tcase_add_test(tcase, grants_that_end_are_apart_each_with_its_latest_day);
	tcase_add_test(tcase, a_grant_without_an_end_on_a_user_makes_an_end_idle);
	tcase_add_test(tcase, many_grants_that_ended_are_counted);
	tcase_add_test(tcase, everything_is_sorted_and_distinct);
	MW_LOOP(tcase, a_conflict_is_told_with_its_line_and_nothing_comes_of_it, conflicts);
	tcase_add_test(tcase, order_in_the_text_does_not_matter);
	tcase_add_test(tcase, a_long_chain_of_groups);
}

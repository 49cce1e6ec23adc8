/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

START_TEST(a_view_in_memory_answers_as_a_snapshot_does)
{
	struct mw_errors *errors = mw_errors_new(10);
	struct mw_memory_directory *directory = mw_memory_directory_new(
		"users", MW_STR("user bob login=b address=x@example.test\ngroup g member=bob\ngrant send-as a@b.test bob\n"
				"grant send-as *@c.test g\n"), MW_STR("example.test"), errors);
	const struct mw_directory_view *view = mw_memory_directory_view(directory);
	struct mw_principal found;
	struct mw_grants grants;
	enum mw_held held;

	ck_assert_int_eq(view->by_login(view->context, MW_STR("b"), &found), MW_LOOKUP_FOUND);
	ck_assert_slice(found.name, MW_STR("bob@example.test"));
	ck_assert_int_eq(view->by_login(view->context, MW_STR("g@example.test"), &found), MW_LOOKUP_NONE);
	ck_assert_int_eq(view->by_address(view->context, MW_STR("x@example.test"), &found, &held), MW_LOOKUP_FOUND);
	ck_assert_int_eq(held, MW_HELD_ALIAS);
	ck_assert_int_eq(view->by_address(view->context, MW_STR("bob@example.test"), &found, &held), MW_LOOKUP_FOUND);
	ck_assert_int_eq(held, MW_HELD_PRIMARY);
	ck_assert_int_eq(view->by_address(view->context, MW_STR("none@example.test"), &found, &held), MW_LOOKUP_NONE);
	ck_assert_int_eq(view->grants_on_address(view->context, MW_STR("a@b.test"), &grants), MW_LOOKUP_FOUND);
	ck_assert_uint_eq(grants.send_as.count, 1);
	ck_assert_int_eq(view->grants_on_address(view->context, MW_STR("x@example.test"), &grants), MW_LOOKUP_NONE);
	ck_assert_int_eq(view->grants_on_domain(view->context, MW_STR("c.test"), &grants), MW_LOOKUP_FOUND);
	ck_assert_int_eq(view->grants_on_domain(view->context, MW_STR("test"), &grants), MW_LOOKUP_NONE);
	ck_assert_int_eq(view->by_id(view->context, 1, &found), MW_LOOKUP_FOUND);
	ck_assert_int_eq(view->by_id(view->context, 0, &found), MW_LOOKUP_NONE);
	ck_assert_int_eq(view->by_id(view->context, 3, &found), MW_LOOKUP_NONE);
	mw_memory_directory_free(directory);
	ck_assert_ptr_null(mw_memory_directory_new("users", MW_STR("nonsense\n"), MW_STR_EMPTY, errors));
	ck_assert_uint_eq(mw_errors_count(errors, MW_ERROR), 1);
	mw_memory_directory_free(NULL);
	mw_errors_free(errors);
}
END_TEST

START_TEST(a_change_that_is_not_made_yet_is_read_and_checked_as_sources_are)
{
	const struct mw_source sources[] = {
		{ .driver = MW_STR("text"), .path = MW_STR("/nonexistent/first") },
	};
	struct mw_policy policy = { .default_domain = MW_STR("example.test") };
	struct mw_text_change change = { .text = MW_STR("user bob\nuser mary\ngrant send-as x@y.test bob\n") };
	struct mw_errors *errors = mw_errors_new(10);
	struct mw_memory_directory *directory;
	const struct mw_directory_view *view;
	struct mw_principal found;

	policy.directory.sources = sources;
	policy.directory.source_count = 1;
	ck_assert_ptr_null(mw_memory_directory_of(&policy, NULL, errors));
	mw_errors_free(errors);
	errors = mw_errors_new(10);
	directory = mw_memory_directory_of(&policy, &change, errors);
	ck_assert_ptr_nonnull(directory);
	view = mw_memory_directory_view(directory);
	ck_assert_int_eq(view->by_login(view->context, MW_STR("mary@example.test"), &found), MW_LOOKUP_FOUND);
	mw_memory_directory_free(directory);
	change.text = MW_STR("user bob\nuser bob\n");
	ck_assert_ptr_null(mw_memory_directory_of(&policy, &change, errors));
	ck_assert_str_eq(mw_errors_get(errors, 0)->file, "/nonexistent/first");
	mw_errors_free(errors);
}
END_TEST

MW_UNIT_TESTS("memory")
{
	tcase_add_test(tcase, a_change_that_is_not_made_yet_is_read_and_checked_as_sources_are);
	tcase_add_test(tcase, a_view_in_memory_answers_as_a_snapshot_does);
}

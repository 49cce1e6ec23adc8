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
	bool primary;

	ck_assert_int_eq(view->by_login(view->context, MW_STR("b"), &found), MW_LOOKUP_FOUND);
	ck_assert_slice(found.name, MW_STR("bob@example.test"));
	ck_assert_int_eq(view->by_login(view->context, MW_STR("g@example.test"), &found), MW_LOOKUP_NONE);
	ck_assert_int_eq(view->by_address(view->context, MW_STR("x@example.test"), &found, &primary), MW_LOOKUP_FOUND);
	ck_assert(!primary);
	ck_assert_int_eq(view->by_address(view->context, MW_STR("bob@example.test"), &found, &primary), MW_LOOKUP_FOUND);
	ck_assert(primary);
	ck_assert_int_eq(view->by_address(view->context, MW_STR("none@example.test"), &found, &primary), MW_LOOKUP_NONE);
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

MW_UNIT_TESTS("memory")
{
	tcase_add_test(tcase, a_view_in_memory_answers_as_a_snapshot_does);
}

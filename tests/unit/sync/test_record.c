/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

START_TEST(records_keep_what_they_are_given)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_errors *errors = mw_errors_new(10);
	struct mw_records records;

	mw_errors_add(errors, MW_ERROR, "before", 1, 0, NULL, "of another reader");
	mw_records_init(&records, arena, errors);
	ck_assert_uint_eq(records.errors_before, 1);
	ck_assert_uint_eq(mw_records_add_source(&records, "one"), 0);
	ck_assert_uint_eq(mw_records_add_source(&records, "two"), 1);
	for (uint32_t i = 0; i < 1000; i++) {
		mw_records_add(&records, &(struct mw_record){ .origin = { 1, i } });
		mw_records_add_grant(&records, &(struct mw_grant_record){ .origin = { 0, i }, .domain = i % 2 == 0 });
	}
	ck_assert(!records.failed && records.count == 1000 && records.grant_count == 1000);
	for (uint32_t i = 0; i < 1000; i++)
		ck_assert(records.items[i].origin.line == i && records.grants[i].domain == (i % 2 == 0));
	ck_assert_str_eq(mw_origin_file(&records, records.items[0].origin), "two");
	ck_assert_str_eq(mw_origin_file(&records, (struct mw_origin){ 9, 1 }), "");
	mw_records_deinit(&records);
	mw_errors_free(errors);
	mw_arena_free(arena);
}
END_TEST

static const struct { struct mw_origin a, b; int order; } origins[] = {
	{ { 0, 1 }, { 0, 2 }, -1 }, { { 0, 9 }, { 1, 2 }, -1 }, { { 1, 1 }, { 1, 1 }, 0 }, { { 1, 1 }, { 0, 7 }, 1 },
};

START_TEST(origins_are_in_order_of_source_and_line)
{
	ck_assert_int_eq(mw_origin_compare(origins[_i].a, origins[_i].b), origins[_i].order);
}
END_TEST

MW_UNIT_TESTS("record")
{
	tcase_add_test(tcase, records_keep_what_they_are_given);
	MW_LOOP(tcase, origins_are_in_order_of_source_and_line, origins);
}

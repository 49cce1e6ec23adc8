/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include "sync/expand/pairs.h"

START_TEST(ids_come_sorted_and_once_by_owner)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_pairs pairs = { 0 };
	struct mw_ids ids;

	for (uint32_t i = 0; i < 3000; i++)
		mw_pairs_add(&pairs, i * 7 % 10 + 1, i * 13 % 100);
	mw_pairs_add(&pairs, UINT32_MAX, UINT32_MAX);
	mw_pairs_sort(&pairs);
	for (uint32_t owner = 1; owner <= 10; owner += 3) {
		ids = mw_pairs_take(&pairs, owner, arena);
		ck_assert_uint_eq(ids.count, 10);
		for (size_t i = 1; i < ids.count; i++)
			ck_assert_uint_lt(ids.items[i - 1], ids.items[i]);
	}
	ck_assert_uint_eq(mw_pairs_take(&pairs, 50, arena).count, 0);
	ids = mw_pairs_take(&pairs, UINT32_MAX, arena);
	ck_assert(ids.count == 1 && ids.items[0] == UINT32_MAX);
	ck_assert(!pairs.failed);
	mw_pairs_deinit(&pairs);
	mw_arena_free(arena);
}
END_TEST

MW_UNIT_TESTS("pairs")
{
	tcase_add_test(tcase, ids_come_sorted_and_once_by_owner);
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdint.h>

#include "base/arena.h"

START_TEST(memory_is_zeroed_aligned_and_apart)
{
	struct mw_arena *arena = mw_arena_new(0);
	unsigned char *blocks[500];

	for (size_t i = 0; i < MW_COUNT(blocks); i++) {
		size_t size = i * 37 % 5000 + 1;

		blocks[i] = mw_arena_alloc(arena, size);
		ck_assert_ptr_nonnull(blocks[i]);
		ck_assert_uint_eq((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < size; k++)
			ck_assert_uint_eq(blocks[i][k], 0);
		memset(blocks[i], (int)(i % 255) + 1, size);
	}
	for (size_t i = 0; i < MW_COUNT(blocks); i++)
		for (size_t k = 0; k < i * 37 % 5000 + 1; k++)
			ck_assert_uint_eq(blocks[i][k], i % 255 + 1);
	ck_assert(!mw_arena_failed(arena));
	mw_arena_free(arena);
}
END_TEST

START_TEST(something_large_does_not_waste_the_block_in_use)
{
	struct mw_arena *arena = mw_arena_new(0);
	char *before = mw_arena_alloc(arena, 16), *large = mw_arena_alloc(arena, 1 << 22);
	char *after = mw_arena_alloc(arena, 16);

	memset(large, 'x', 1 << 22);
	ck_assert(after > before && after - before < 1024);
	ck_assert_uint_ge(mw_arena_used(arena), (1 << 22) + 32);
	mw_arena_free(arena);
}
END_TEST

START_TEST(the_limit_is_kept_and_remembered)
{
	struct mw_arena *arena = mw_arena_new(1000);

	ck_assert_ptr_nonnull(mw_arena_alloc(arena, 600));
	ck_assert(!mw_arena_failed(arena));
	ck_assert_ptr_null(mw_arena_alloc(arena, 600));
	ck_assert(mw_arena_failed(arena));
	ck_assert_uint_le(mw_arena_used(arena), 1000);
	mw_arena_free(arena);
}
END_TEST

START_TEST(a_size_that_overflows_fails)
{
	struct mw_arena *arena = mw_arena_new(0);

	ck_assert_ptr_null(mw_arena_alloc_array(arena, 16, SIZE_MAX / 8));
	ck_assert(mw_arena_failed(arena));
	mw_arena_free(arena);
	arena = mw_arena_new(0);
	ck_assert_ptr_null(mw_arena_alloc(arena, SIZE_MAX));
	ck_assert(mw_arena_failed(arena));
	mw_arena_free(arena);
}
END_TEST

START_TEST(copies_are_terminated_and_their_own)
{
	struct mw_arena *arena = mw_arena_new(0);
	char text[] = "abcdef";
	struct mw_str copy = mw_arena_copy(arena, (struct mw_str){ text, 3 });
	const char *whole = mw_arena_text(arena, mw_str(text));

	text[0] = 'X';
	ck_assert_slice(copy, MW_STR("abc"));
	ck_assert_int_eq(copy.ptr[3], '\0');
	ck_assert_str_eq(whole, "abcdef");
	mw_arena_fail_at(arena, 1);
	copy = mw_arena_copy(arena, MW_STR("more"));
	ck_assert(mw_str_empty(copy) && copy.ptr != NULL);
	ck_assert(mw_arena_failed(arena));
	mw_arena_free(arena);
	mw_arena_free(NULL);
}
END_TEST

START_TEST(a_printed_text_has_its_length_whatever_it_is)
{
	struct mw_arena *arena = mw_arena_new(0);
	const char *text = mw_arena_textf(arena, "%s %0*d", "a", 5000, 1);

	ck_assert_uint_eq(strlen(text), 5002);
	ck_assert_str_eq(text + 5000, "01");
	mw_arena_fail_at(arena, 1);
	ck_assert_str_eq(mw_arena_textf(arena, "%d", 1), "");
	ck_assert(mw_arena_failed(arena));
	mw_arena_free(arena);
}
END_TEST

MW_UNIT_TESTS("arena")
{
	tcase_add_test(tcase, memory_is_zeroed_aligned_and_apart);
	tcase_add_test(tcase, something_large_does_not_waste_the_block_in_use);
	tcase_add_test(tcase, the_limit_is_kept_and_remembered);
	tcase_add_test(tcase, a_size_that_overflows_fails);
	tcase_add_test(tcase, copies_are_terminated_and_their_own);
	tcase_add_test(tcase, a_printed_text_has_its_length_whatever_it_is);
}

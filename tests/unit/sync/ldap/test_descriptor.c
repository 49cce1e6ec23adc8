/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>

#include "descriptors.h"
#include "sync/ldap/descriptor.h"
#include "sync/ldap/sid.h"

#define ALICE "1001"
#define BOB "1002"
#define TEAM "2001"

static struct mw_arena *arena;

static void set_up(void)
{
	arena = mw_arena_new(0);
}

static void tear_down(void)
{
	mw_arena_free(arena);
}

static const struct made *find(const char *name)
{
	for (size_t i = 0; i < MW_COUNT(made); i++) {
		if (strcmp(made[i].name, name) == 0)
			return &made[i];
	}
	ck_abort_msg("no descriptor \"%s\"", name);
	return NULL;
}

static struct mw_str octets_of(const char *name)
{
	const struct made *found = find(name);

	return (struct mw_str){ found->octets, found->len };
}

/* The last numbers of somebody's SIDs, each with a blank behind it. */
static bool is_for(void *context, const struct mw_ace *ace)
{
	char memory[MW_SID_PRINTED_MAX], word[16];
	struct mw_buf printed = MW_BUF_OVER(memory);

	mw_sid_print(ace->sid, &printed);
	snprintf(word, sizeof(word), "%s ", strrchr(memory, '-') + 1);
	return strstr(context, word) != NULL;
}

static bool permits(const char *name, const char *sids, bool all_rights)
{
	char token[64];
	struct mw_descriptor descriptor;

	snprintf(token, sizeof(token), "%s ", sids);
	ck_assert_ptr_null(mw_descriptor_read(octets_of(name), arena, &descriptor));
	return mw_descriptor_permits(&descriptor, all_rights, is_for, token);
}

static const struct { const char *descriptor, *sids; bool permits, with_all_rights; } rows[] = {
	{ "user", ALICE, true, true },
	{ "user", BOB " " TEAM, false, false },
	{ "group", ALICE " " TEAM, true, true },
	{ "group", ALICE, false, false },
	{ "denial before group", ALICE " " TEAM, true, true },
	{ "denial before group", BOB " " TEAM, false, false },
	{ "group denied", BOB " " TEAM, false, false },
	{ "group denied", BOB, true, true },
	/* Windows would permit the first: it looks at the order that is there. The canonical order denies. */
	{ "denial behind", BOB " " TEAM, false, false },
	{ "denial behind", ALICE " " TEAM, true, true },
	{ "own before inherited denial", ALICE, true, true },
	/* The other way round: Windows denies. */
	{ "inherited denial in front", ALICE, false, false },
	{ "inherited from near and far", ALICE, true, true },
	{ "inherited denial", ALICE " " TEAM, false, false },
	{ "inherited denial", BOB " " TEAM, true, true },
	{ "own denial behind inherited", ALICE, false, false },
	{ "to be inherited only", ALICE, false, false },
	{ "to be inherited only", BOB, true, true },
	{ "for users below", ALICE, true, true },
	{ "all extended rights", ALICE, false, true },
	{ "full control", ALICE, false, true },
	{ "generic all", ALICE, false, true },
	{ "full control denied", ALICE, false, false },
	{ "generic all denied", ALICE, false, false },
	{ "full control before inherited denial", ALICE, false, true },
	{ "other rights", ALICE, false, false },
	{ "other rights", BOB, true, true },
	{ "no control access", ALICE, false, false },
	{ "with audit", ALICE, true, true },
	{ "nobody", ALICE, false, false },
	{ "no DACL", ALICE, false, false },
	{ "NULL DACL", ALICE, false, false },
};

START_TEST(who_may_send_as_the_entry)
{
	ck_assert_msg(permits(rows[_i].descriptor, rows[_i].sids, false) == rows[_i].permits, "%s: %s",
		      find(rows[_i].descriptor)->sddl, rows[_i].sids);
	ck_assert_msg(permits(rows[_i].descriptor, rows[_i].sids, true) == rows[_i].with_all_rights,
		      "all rights, %s: %s", find(rows[_i].descriptor)->sddl, rows[_i].sids);
}
END_TEST

START_TEST(a_descriptor_without_a_dacl_is_told)
{
	struct mw_descriptor descriptor;

	ck_assert_ptr_null(mw_descriptor_read(octets_of("no DACL"), arena, &descriptor));
	ck_assert(descriptor.open);
	ck_assert_ptr_null(mw_descriptor_read(octets_of("NULL DACL"), arena, &descriptor));
	ck_assert(descriptor.open);
	ck_assert_ptr_null(mw_descriptor_read(octets_of("nobody"), arena, &descriptor));
	ck_assert(!descriptor.open);
}
END_TEST

START_TEST(only_denials_of_the_right_are_denials)
{
	struct mw_descriptor descriptor;

	ck_assert_ptr_null(mw_descriptor_read(octets_of("other rights"), arena, &descriptor));
	ck_assert(!mw_descriptor_denies(&descriptor));
	ck_assert_ptr_null(mw_descriptor_read(octets_of("full control denied"), arena, &descriptor));
	ck_assert(mw_descriptor_denies(&descriptor));
}
END_TEST

#define DACL_AT(octets) ((unsigned char)(octets)[16]) /* below 256 in all of these */
#define ACE_AT(octets) (DACL_AT(octets) + 8)

/* A copy whose octets a test changes. */
static char *copy(const char *name, size_t *len_r)
{
	struct mw_str octets = octets_of(name);
	char *copied = mw_arena_alloc(arena, octets.len);

	memcpy(copied, octets.ptr, octets.len);
	*len_r = octets.len;
	return copied;
}

static const struct { const char *of; unsigned char type; bool permits; unsigned conditional; } kinds[] = {
	{ "user", 0x05, true, 0 },   { "user", 0x0b, false, 1 },         { "user", 0x07, false, 0 },
	{ "user", 0x08, false, 0 },  { "user", 0x04, false, 0 },         { "user", 0x11, false, 0 },
	{ "user", 0xff, false, 0 },  { "generic all", 0x00, true, 0 },   { "generic all", 0x09, false, 1 },
	{ "generic all", 0x02, false, 0 },
};

START_TEST(an_entry_of_another_kind_allows_nothing)
{
	struct mw_descriptor descriptor;
	char token[] = ALICE " ";
	size_t len;
	char *octets = copy(kinds[_i].of, &len);

	octets[ACE_AT(octets)] = (char)kinds[_i].type;
	ck_assert_ptr_null(mw_descriptor_read((struct mw_str){ octets, len }, arena, &descriptor));
	ck_assert(mw_descriptor_permits(&descriptor, true, is_for, token) == kinds[_i].permits);
	ck_assert_uint_eq(descriptor.conditional, kinds[_i].conditional);
}
END_TEST

START_TEST(a_denial_under_a_condition_denies)
{
	static const unsigned char types[] = { 0x06, 0x0c };
	struct mw_descriptor descriptor;
	char token[] = BOB " " TEAM " ";
	size_t len;
	char *octets = copy("denial before group", &len);

	octets[ACE_AT(octets)] = (char)types[_i];
	ck_assert_ptr_null(mw_descriptor_read((struct mw_str){ octets, len }, arena, &descriptor));
	ck_assert(!mw_descriptor_permits(&descriptor, false, is_for, token));
}
END_TEST

/* What is changed: an octet at a place behind the DACL's or the descriptor's beginning. */
static const struct { bool in_dacl; unsigned char at, value; const char *wrong; } broken[] = {
	{ false, 0, 2, "it is of an unknown revision" },
	{ false, 3, 0, "it is not self-relative" },
	{ false, 16, 4, "its DACL lies outside of it" },
	{ false, 17, 0xff, "its DACL lies outside of it" },
	{ false, 19, 0x80, "its DACL lies outside of it" },
	{ true, 0, 1, "its DACL is of an unknown revision" },
	{ true, 0, 9, "its DACL is of an unknown revision" },
	{ true, 2, 4, "its DACL is longer than it" },
	{ true, 3, 0xff, "its DACL is longer than it" },
	{ true, 5, 0xff, "its DACL is longer than it" },
	{ true, 4, 2, "its DACL has less entries than it says" },
	{ true, 8 + 2, 0, "an entry of its DACL has a wrong length" },
	{ true, 8 + 2, 3, "an entry of its DACL has a wrong length" },
	{ true, 8 + 2, 4, "an entry of its DACL is too short" },
	{ true, 8 + 2, 8, "an entry of its DACL is too short" },
	{ true, 8 + 2, 12, "an entry of its DACL is too short" },
	{ true, 8 + 2, 28, "a SID of its DACL is broken" },
	{ true, 8 + 3, 0xff, "an entry of its DACL has a wrong length" },
	{ true, 8 + 8, 3, "a SID of its DACL is broken" },
	{ true, 8 + 28, 2, "a SID of its DACL is broken" },
	{ true, 8 + 28 + 1, 16, "a SID of its DACL is broken" },
	{ true, 8 + 28 + 1, 15, "a SID of its DACL is broken" },
};

START_TEST(a_broken_descriptor_gives_no_right)
{
	struct mw_descriptor descriptor;
	size_t len;
	char *octets = copy("user", &len);
	const char *wrong;

	octets[(broken[_i].in_dacl ? DACL_AT(octets) : 0) + broken[_i].at] = (char)broken[_i].value;
	wrong = mw_descriptor_read((struct mw_str){ octets, len }, arena, &descriptor);
	ck_assert_ptr_nonnull(wrong);
	ck_assert_str_eq(wrong, broken[_i].wrong);
	ck_assert_uint_eq(descriptor.count, 0);
	ck_assert(!descriptor.open);
}
END_TEST

START_TEST(a_descriptor_that_is_cut_off_gives_no_right)
{
	struct mw_str octets = octets_of("denial before group");
	struct mw_descriptor descriptor;

	for (size_t len = 0; len < octets.len; len++) {
		char *cut = malloc(len + 1); /* so that a sanitizer sees what is read behind its end */

		memcpy(cut, octets.ptr, len);
		ck_assert_ptr_nonnull(mw_descriptor_read((struct mw_str){ cut, len }, arena, &descriptor));
		ck_assert_uint_eq(descriptor.count, 0);
		free(cut);
	}
}
END_TEST

MW_UNIT_TESTS("security descriptors")
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	MW_LOOP(tcase, who_may_send_as_the_entry, rows);
	tcase_add_test(tcase, a_descriptor_without_a_dacl_is_told);
	tcase_add_test(tcase, only_denials_of_the_right_are_denials);
	MW_LOOP(tcase, an_entry_of_another_kind_allows_nothing, kinds);
	tcase_add_loop_test(tcase, a_denial_under_a_condition_denies, 0, 2);
	MW_LOOP(tcase, a_broken_descriptor_gives_no_right, broken);
	tcase_add_test(tcase, a_descriptor_that_is_cut_off_gives_no_right);
}

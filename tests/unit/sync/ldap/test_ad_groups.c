/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>

#include "sync/ldap/ad_groups.h"
#include "sync/ldap/sid.h"

/* Everybody's SID is S-1-5-21-1-2-3-NUMBER, and the place of who has a record is the number too. */
enum { ALICE = 1, BOB, CAROL, DAVE, TEAM = 11, INNER, OTHER, NOBODYS = 99 };

static struct mw_arena *arena;
static struct mw_ad_groups groups;
static uint32_t alice, bob, carol, dave;

static struct mw_str sid_of(uint32_t number)
{
	static const char domain[] = "\x01\x04\0\0\0\0\0\x05\x15\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0";
	char memory[MW_SID_MAX];

	return mw_arena_copy(arena, mw_sid_of((struct mw_str){ domain, sizeof(domain) - 1 }, number, memory));
}

static uint32_t add_user(uint32_t number)
{
	uint32_t node = mw_ad_groups_add_user(&groups, number);

	mw_ad_groups_add_sid(&groups, node, sid_of(number));
	return node;
}

/* `named`: it has a record. */
static uint32_t add_group(uint32_t number, bool security, bool named)
{
	uint32_t node = mw_ad_groups_add_group(&groups, security);

	mw_ad_groups_add_sid(&groups, node, sid_of(number));
	if (named)
		groups.nodes[node].place = number;
	return node;
}

static void set_up(void)
{
	arena = mw_arena_new(0);
	mw_ad_groups_init(&groups, arena);
	alice = add_user(ALICE);
	bob = add_user(BOB);
	carol = add_user(CAROL);
	dave = add_user(DAVE);
}

static void tear_down(void)
{
	mw_ad_groups_deinit(&groups);
	mw_arena_free(arena);
}

static char given[256];

static void note(void *context, uint32_t place)
{
	size_t len = strlen(given);

	(void)context;
	snprintf(given + len, sizeof(given) - len, "%s%u", len == 0 ? "" : " ", place);
}

static const char *members_of(uint32_t group)
{
	given[0] = '\0';
	mw_ad_groups_name_members(&groups, group, note, NULL);
	return given;
}

#define ALLOW(number) \
	{ \
		MW_ACE_ALLOW, false, sid_of(number) \
	}
#define DENY(number) \
	{ \
		MW_ACE_DENY, false, sid_of(number) \
	}
#define KNOWN(authority, number) ((struct mw_str){ "\x01\x01\0\0\0\0\0" authority number "\0\0\0", 12 })

static struct mw_ad_lost lost;

/* Who may send as Dave by a DACL of these. */
#define RIGHTS(...) \
	rights_of(dave, DAVE, (struct mw_ace[]){ __VA_ARGS__ }, MW_COUNT(((struct mw_ace[]){ __VA_ARGS__ })))

static const char *rights_of(uint32_t self, uint32_t number, struct mw_ace *aces, size_t count)
{
	const struct mw_descriptor descriptor = { .aces = aces, .count = count };

	given[0] = '\0';
	mw_ad_groups_rights(&groups, self, sid_of(number), &descriptor, false, note, NULL, &lost);
	ck_assert(!groups.failed);
	return given;
}

START_TEST(who_is_named_may)
{
	ck_assert(mw_ad_groups_ready(&groups));
	ck_assert_str_eq(RIGHTS(ALLOW(ALICE), ALLOW(BOB), ALLOW(ALICE), ALLOW(DAVE)), "1 2");
	ck_assert_uint_eq(lost.nobodys, 0);
	ck_assert_str_eq(RIGHTS(ALLOW(NOBODYS), ALLOW(BOB)), "2");
	ck_assert_uint_eq(lost.nobodys, 1);
	ck_assert(!lost.withheld);
}
END_TEST

START_TEST(a_group_may_as_a_group_and_without_a_record_as_its_members)
{
	uint32_t team = add_group(TEAM, true, true), inner = add_group(INNER, true, false);

	mw_ad_groups_add_member(&groups, team, alice);
	mw_ad_groups_add_member(&groups, team, inner);
	mw_ad_groups_add_member(&groups, inner, bob);
	ck_assert(mw_ad_groups_ready(&groups));
	ck_assert_str_eq(RIGHTS(ALLOW(TEAM)), "11");
	ck_assert_str_eq(RIGHTS(ALLOW(INNER)), "2");
	ck_assert_str_eq(members_of(team), "1 2");
}
END_TEST

START_TEST(a_denial_of_one_group_beats_another_group)
{
	uint32_t team = add_group(TEAM, true, true), other = add_group(OTHER, true, false);

	mw_ad_groups_add_member(&groups, team, alice);
	mw_ad_groups_add_member(&groups, team, bob);
	mw_ad_groups_add_member(&groups, other, bob);
	mw_ad_groups_add_member(&groups, other, carol);
	ck_assert(mw_ad_groups_ready(&groups));
	ck_assert_str_eq(RIGHTS(DENY(OTHER), ALLOW(TEAM), ALLOW(CAROL)), "1");
	ck_assert(!lost.withheld);
	/* Of nobody: the group may be named again. */
	ck_assert_str_eq(RIGHTS({ MW_ACE_DENY, false, KNOWN("\5", "\x12") }, ALLOW(TEAM)), "11");
}
END_TEST

START_TEST(a_denial_of_who_is_not_known_denies_everybody)
{
	uint32_t team = add_group(TEAM, true, true), other = add_group(OTHER, true, false);

	mw_ad_groups_add_member(&groups, team, alice);
	groups.nodes[other].incomplete = true;
	ck_assert(mw_ad_groups_ready(&groups));
	ck_assert_str_eq(RIGHTS(DENY(NOBODYS), ALLOW(TEAM), ALLOW(BOB)), "");
	ck_assert(lost.withheld);
	ck_assert_str_eq(RIGHTS(DENY(OTHER), ALLOW(TEAM)), "");
	ck_assert(lost.withheld);
	/* Where it is allowed before that, by its own entry over an inherited one, it stays. */
	ck_assert_str_eq(RIGHTS(ALLOW(TEAM), { MW_ACE_DENY, true, sid_of(NOBODYS) }), "1");
}
END_TEST

START_TEST(a_distribution_group_gives_no_right)
{
	uint32_t team = add_group(TEAM, true, true), list = add_group(INNER, false, true);

	mw_ad_groups_add_member(&groups, team, alice);
	mw_ad_groups_add_member(&groups, team, list);
	mw_ad_groups_add_member(&groups, list, bob);
	ck_assert(mw_ad_groups_ready(&groups));
	ck_assert_str_eq(RIGHTS(ALLOW(INNER)), "");
	/* The record of the group has Bob too. */
	ck_assert_str_eq(RIGHTS(ALLOW(TEAM)), "1");
	ck_assert_str_eq(members_of(team), "1 12");
}
END_TEST

START_TEST(groups_in_one_another_end)
{
	uint32_t team = add_group(TEAM, true, false), inner = add_group(INNER, true, false);

	mw_ad_groups_add_member(&groups, team, inner);
	mw_ad_groups_add_member(&groups, inner, team);
	mw_ad_groups_add_member(&groups, inner, bob);
	mw_ad_groups_add_member(&groups, team, alice);
	mw_ad_groups_add_member(&groups, team, team);
	ck_assert(mw_ad_groups_ready(&groups));
	ck_assert_str_eq(RIGHTS(ALLOW(TEAM)), "1 2");
	ck_assert_str_eq(RIGHTS(ALLOW(INNER)), "1 2");
	ck_assert_str_eq(members_of(team), "1 2");
}
END_TEST

START_TEST(everybody_is_every_user)
{
	uint32_t team = add_group(TEAM, true, true);

	mw_ad_groups_add_member(&groups, team, alice);
	groups.nodes[team].everybody = true;
	ck_assert(mw_ad_groups_ready(&groups));
	ck_assert_str_eq(RIGHTS({ MW_ACE_ALLOW, false, KNOWN("\5", "\x0b") }), "1 2 3");
	ck_assert_str_eq(RIGHTS(ALLOW(TEAM)), "1 2 3");
	ck_assert_str_eq(RIGHTS({ MW_ACE_DENY, false, KNOWN("\1", "\0") }, ALLOW(ALICE)), "");
}
END_TEST

START_TEST(self_is_nobody_else)
{
	uint32_t team = add_group(TEAM, true, true);

	mw_ad_groups_add_member(&groups, team, alice);
	ck_assert(mw_ad_groups_ready(&groups));
	ck_assert_str_eq(RIGHTS({ MW_ACE_ALLOW, false, KNOWN("\5", "\x0a") }), "");
	ck_assert_str_eq(rights_of(team, TEAM, (struct mw_ace[]){ { MW_ACE_ALLOW, false, KNOWN("\5", "\x0a") } }, 1),
			 "");
	/* A denial holds for the group's members. */
	ck_assert_str_eq(
		rights_of(team, TEAM,
			  (struct mw_ace[]){ { MW_ACE_DENY, false, KNOWN("\5", "\x0a") }, ALLOW(ALICE), ALLOW(BOB) },
			  3),
		"2");
}
END_TEST

START_TEST(a_sid_of_two_is_nobodys)
{
	mw_ad_groups_add_sid(&groups, carol, sid_of(BOB));
	ck_assert(mw_ad_groups_ready(&groups));
	ck_assert_str_eq(RIGHTS(ALLOW(BOB)), "");
	ck_assert_str_eq(RIGHTS(ALLOW(CAROL)), "3");
	ck_assert_str_eq(RIGHTS(DENY(BOB), ALLOW(CAROL)), "");
}
END_TEST

MW_UNIT_TESTS("groups of Active Directory")
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, who_is_named_may);
	tcase_add_test(tcase, a_group_may_as_a_group_and_without_a_record_as_its_members);
	tcase_add_test(tcase, a_denial_of_one_group_beats_another_group);
	tcase_add_test(tcase, a_denial_of_who_is_not_known_denies_everybody);
	tcase_add_test(tcase, a_distribution_group_gives_no_right);
	tcase_add_test(tcase, groups_in_one_another_end);
	tcase_add_test(tcase, everybody_is_every_user);
	tcase_add_test(tcase, self_is_nobody_else);
	tcase_add_test(tcase, a_sid_of_two_is_nobodys);
}

/* SPDX-License-Identifier: MIT */
#include "server/lookup_cache.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

/* A directory whose every answer says how often it was asked. */
static struct below {
	unsigned asked;
	enum mw_lookup result;
} below;

static enum mw_lookup find_principal(void *context, struct mw_str name, struct mw_principal *principal_r)
{
	struct below *state = context;

	(void)name;
	memset(principal_r, 0, sizeof(*principal_r));
	principal_r->id = ++state->asked;
	return state->result;
}

static enum mw_lookup find_address(void *context, struct mw_str address, struct mw_principal *principal_r,
				   bool *primary_r)
{
	*primary_r = true;
	return find_principal(context, address, principal_r);
}

static enum mw_lookup find_grants(void *context, struct mw_str name, struct mw_grants *grants_r)
{
	static uint32_t id;
	struct below *state = context;

	(void)name;
	id = ++state->asked;
	grants_r->send_as = (struct mw_ids){ &id, 1 };
	grants_r->send_on_behalf = (struct mw_ids){ NULL, 0 };
	return state->result;
}

static const struct mw_directory_view view = {
	.context = &below,
	.by_login = find_principal,
	.by_address = find_address,
	.grants_on_address = find_grants,
	.grants_on_domain = find_grants,
};

static struct mw_lookup_cache *cache;
static const struct mw_directory_view *cached;

static void begin(void)
{
	below = (struct below){ 0, MW_LOOKUP_FOUND };
	cache = mw_lookup_cache_new();
	ck_assert_ptr_nonnull(cache);
	mw_lookup_cache_reset(cache, &view);
	cached = mw_lookup_cache_view(cache);
}

static void end(void)
{
	mw_lookup_cache_free(cache);
}

static enum mw_lookup ask(int kind, const char *name)
{
	struct mw_principal principal;
	struct mw_grants grants;
	bool primary = false;
	enum mw_lookup result;

	switch (kind) {
	case 0:
		return cached->by_login(cached->context, mw_str(name), &principal);
	case 1:
		result = cached->by_address(cached->context, mw_str(name), &principal, &primary);
		ck_assert(result != MW_LOOKUP_FOUND || primary);
		return result;
	case 2:
		return cached->grants_on_address(cached->context, mw_str(name), &grants);
	default:
		return cached->grants_on_domain(cached->context, mw_str(name), &grants);
	}
}

START_TEST(an_answer_is_asked_for_once)
{
	ck_assert_int_eq(ask(_i, "bob@example.test"), MW_LOOKUP_FOUND);
	ck_assert_int_eq(ask(_i, "bob@example.test"), MW_LOOKUP_FOUND);
	ck_assert_uint_eq(below.asked, 1);
	ck_assert_int_eq(ask(_i, "Bob@example.test"), MW_LOOKUP_FOUND);
	ck_assert_uint_eq(below.asked, 2);
}
END_TEST

START_TEST(kinds_are_kept_apart)
{
	for (int kind = 0; kind < 4; kind++)
		ask(kind, "bob@example.test");
	ck_assert_uint_eq(below.asked, 4);
}
END_TEST

START_TEST(nobody_is_an_answer_too)
{
	below.result = MW_LOOKUP_NONE;
	ck_assert_int_eq(ask(_i, "nobody"), MW_LOOKUP_NONE);
	ck_assert_int_eq(ask(_i, "nobody"), MW_LOOKUP_NONE);
	ck_assert_uint_eq(below.asked, 1);
}
END_TEST

START_TEST(unavailable_is_never_kept)
{
	below.result = MW_LOOKUP_UNAVAILABLE;
	ck_assert_int_eq(ask(_i, "bob"), MW_LOOKUP_UNAVAILABLE);
	below.result = MW_LOOKUP_FOUND;
	ck_assert_int_eq(ask(_i, "bob"), MW_LOOKUP_FOUND);
	ck_assert_uint_eq(below.asked, 2);
}
END_TEST

START_TEST(nothing_outlives_a_change_of_the_directory)
{
	ask(_i, "bob");
	mw_lookup_cache_reset(cache, &view);
	below.result = MW_LOOKUP_NONE;
	ck_assert_int_eq(ask(_i, "bob"), MW_LOOKUP_NONE);
}
END_TEST

START_TEST(many_keys_and_long_ones_are_answered_exactly)
{
	for (unsigned i = 0; i < 50000; i++) {
		char name[100];
		struct mw_principal principal;

		snprintf(name, sizeof(name), "user%0*u@example.test", i % 3 == 0 ? 70 : 7, i);
		below.asked = i;
		ck_assert_int_eq(cached->by_login(cached->context, mw_str(name), &principal), MW_LOOKUP_FOUND);
		ck_assert_uint_eq(principal.id, i + 1);
		ck_assert_int_eq(cached->by_login(cached->context, mw_str(name), &principal), MW_LOOKUP_FOUND);
		ck_assert(principal.id == i + 1 || i % 3 == 0);
	}
}
END_TEST

MW_UNIT_TESTS("lookup cache")
{
	tcase_add_checked_fixture(tcase, begin, end);
	tcase_add_loop_test(tcase, an_answer_is_asked_for_once, 0, 4);
	tcase_add_test(tcase, kinds_are_kept_apart);
	tcase_add_loop_test(tcase, nobody_is_an_answer_too, 0, 4);
	tcase_add_loop_test(tcase, unavailable_is_never_kept, 0, 4);
	tcase_add_loop_test(tcase, nothing_outlives_a_change_of_the_directory, 0, 4);
	tcase_add_test(tcase, many_keys_and_long_ones_are_answered_exactly);
}

/* SPDX-License-Identifier: MIT */
#include "decide_support.h"

#include "decide/identity.h"

static const struct { const char *address; enum mw_right right; const char *granted_on; } rights[] = {
	{ "bob@example.test", MW_RIGHT_OWN, "bob@example.test" },
	{ "robert@example.test", MW_RIGHT_OWN, "bob@example.test" },
	{ "bob+x@example.test", MW_RIGHT_OWN, "bob@example.test" },
	{ "sales@example.test", MW_RIGHT_SEND_AS, "sales@example.test" },
	{ "sales+x@example.test", MW_RIGHT_SEND_AS, "sales@example.test" },
	{ "lone@other.test", MW_RIGHT_SEND_AS, "lone@other.test" },
	{ "any@granted.test", MW_RIGHT_SEND_AS, "granted.test" },
	{ "any@sub.granted.test", MW_RIGHT_NONE, "" },
	{ "boss@example.test", MW_RIGHT_SEND_ON_BEHALF, "boss@example.test" },
	{ "mary@example.test", MW_RIGHT_NONE, "" },
	{ "all@example.test", MW_RIGHT_NONE, "" }, /* a member of it, and no grant on it */
	{ "nobody@example.test", MW_RIGHT_NONE, "" },
	{ "bob%example.test@granted.test", MW_RIGHT_NONE, "" },
	{ "", MW_RIGHT_NONE, "" },
	{ "postmaster", MW_RIGHT_NONE, "" },
};

START_TEST(the_strongest_right_is_found)
{
	struct mw_principal user;
	struct mw_address address;
	struct mw_identity identity;

	ck_assert_int_eq(mw_identity_login(mw_test_policy, mw_test_view, MW_STR("BOB"), &user), MW_LOOKUP_FOUND);
	mw_address_parse(mw_str(rights[_i].address), &address);
	mw_identity_right(mw_test_policy, mw_test_view, &user, &address, &identity);
	ck_assert_int_eq(identity.right, rights[_i].right);
	ck_assert_slice(identity.granted_on, mw_str(rights[_i].granted_on));
	mw_identity_right(mw_test_policy, &mw_test_away, &user, &address, &identity);
	/* Its own name is in the record that the login led to: there is nothing more to look up. */
	if (mw_str_equal(address.whole, user.name))
		ck_assert_int_eq(identity.right, MW_RIGHT_OWN);
	else
		ck_assert_int_eq(identity.right,
				 address.kind == MW_ADDRESS_MAILBOX ? MW_RIGHT_UNAVAILABLE : MW_RIGHT_NONE);
}
END_TEST

/* Each lookup that fails, in its turn, leaves the question open. */
static int fail_at;
static const struct mw_directory_view *behind;

static enum mw_lookup half_address(void *context, struct mw_str text, struct mw_principal *owner_r, bool *primary_r)
{
	(void)context;
	return fail_at == 0 ? MW_LOOKUP_UNAVAILABLE : behind->by_address(behind->context, text, owner_r, primary_r);
}

static enum mw_lookup half_grants(void *context, struct mw_str text, struct mw_grants *grants_r)
{
	(void)context;
	return fail_at == 1 ? MW_LOOKUP_UNAVAILABLE : behind->grants_on_address(behind->context, text, grants_r);
}

static enum mw_lookup half_domain(void *context, struct mw_str text, struct mw_grants *grants_r)
{
	(void)context;
	return fail_at == 2 ? MW_LOOKUP_UNAVAILABLE : behind->grants_on_domain(behind->context, text, grants_r);
}

START_TEST(a_lookup_that_fails_is_no_answer)
{
	const struct mw_directory_view half = { .by_address = half_address, .grants_on_address = half_grants,
						.grants_on_domain = half_domain };
	struct mw_principal user;
	struct mw_address address;
	struct mw_identity identity;

	behind = mw_test_view;
	fail_at = _i;
	mw_identity_login(mw_test_policy, mw_test_view, MW_STR("bob"), &user);
	mw_address_parse(MW_STR("nobody@example.test"), &address);
	mw_identity_right(mw_test_policy, &half, &user, &address, &identity);
	ck_assert_int_eq(identity.right, _i < 3 ? MW_RIGHT_UNAVAILABLE : MW_RIGHT_NONE);
}
END_TEST

static const struct { const char *login; enum mw_lookup found; } logins[] = {
	{ "bob", MW_LOOKUP_FOUND },
	{ "Bob@Example.Test", MW_LOOKUP_FOUND },
	{ "boss", MW_LOOKUP_FOUND }, /* completed with default_domain */
	{ "robert@example.test", MW_LOOKUP_NONE },
	{ "sales", MW_LOOKUP_NONE },
	{ "bob@", MW_LOOKUP_NONE },
	{ "bob ", MW_LOOKUP_NONE },
	{ "", MW_LOOKUP_NONE },
	{ "bob@remote.test", MW_LOOKUP_NONE },
};

START_TEST(a_login_name_leads_to_a_user)
{
	struct mw_principal user;

	ck_assert_int_eq(mw_identity_login(mw_test_policy, mw_test_view, mw_str(logins[_i].login), &user),
			 logins[_i].found);
}
END_TEST

START_TEST(ids_are_found_in_sorted_lists)
{
	static const uint32_t ids[] = { 2, 4, 6, 8, 10 }, groups[] = { 7, 10 }, others[] = { 1, 9 };
	struct mw_principal user = { .id = 99 };
	struct mw_ids list = { ids, MW_COUNT(ids) };

	for (uint32_t id = 0; id < 12; id++) {
		user.id = id;
		ck_assert_int_eq(mw_identity_in(&user, list), id != 0 && id % 2 == 0);
	}
	user.id = 99;
	user.groups = (struct mw_ids){ groups, 2 };
	ck_assert(mw_identity_in(&user, list));
	user.groups = (struct mw_ids){ others, 2 };
	ck_assert(!mw_identity_in(&user, list));
	ck_assert(!mw_identity_in(&user, (struct mw_ids){ NULL, 0 }));
}
END_TEST

TCase *mw_test_identity_case(void)
{
	TCase *tcase = tcase_create("identity");

	tcase_add_checked_fixture(tcase, mw_test_world, mw_test_world_end);
	MW_LOOP(tcase, the_strongest_right_is_found, rights);
	tcase_add_loop_test(tcase, a_lookup_that_fails_is_no_answer, 0, 4);
	MW_LOOP(tcase, a_login_name_leads_to_a_user, logins);
	tcase_add_test(tcase, ids_are_found_in_sorted_lists);
	return tcase;
}

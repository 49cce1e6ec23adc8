/* SPDX-License-Identifier: MIT */
#include "decide_support.h"

#include "decide/identity.h"
#include "sync/sync.h"

#define L8 "12345678"
#define L64 L8 L8 L8 L8 L8 L8 L8 L8

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
	/* an extension of any kind, as Postfix splits it */
	{ "\"bob+x.\"@example.test", MW_RIGHT_OWN, "bob@example.test" },
	{ "\"robert+a b\"@example.test", MW_RIGHT_OWN, "bob@example.test" },
	{ "bob+a%b@example.test", MW_RIGHT_OWN, "bob@example.test" },
	{ "sales+!@example.test", MW_RIGHT_SEND_AS, "sales@example.test" },
	{ "bob+" L64 "@example.test", MW_RIGHT_OWN, "bob@example.test" },
	{ "bob+x@xn--53h.test", MW_RIGHT_NONE, "" },
	/* a path is the mailbox of the domain behind the "@" */
	{ "bob%example.test@granted.test", MW_RIGHT_SEND_AS, "granted.test" },
	{ "bob%x@example.test", MW_RIGHT_NONE, "" },
	/* and what no directory has is covered by no grant */
	{ L64 "9@granted.test", MW_RIGHT_NONE, "" },
	{ "", MW_RIGHT_NONE, "" },
	{ "postmaster", MW_RIGHT_NONE, "" },
};

static bool is_looked_up(const struct mw_address *address)
{
	if (address->kind == MW_ADDRESS_FOREIGN)
		return mw_str_find(address->local, '+') < address->local.len;
	return mw_address_has_domain(address);
}

START_TEST(the_strongest_right_is_found)
{
	struct mw_principal user;
	struct mw_address address;
	struct mw_identity identity;

	ck_assert_int_eq(mw_identity_login(mw_test_policy, mw_test_view, MW_STR("BOB"), &user), MW_LOOKUP_FOUND);
	mw_address_parse(mw_str(rights[_i].address), &address);
	mw_identity_right(mw_test_policy, mw_test_view, &user, &address, 20000, &identity);
	ck_assert_int_eq(identity.right, rights[_i].right);
	ck_assert_slice(identity.granted_on, mw_str(rights[_i].granted_on));
	mw_identity_right(mw_test_policy, &mw_test_away, &user, &address, 20000, &identity);
	/* Its own name is in the record that the login led to: there is nothing more to look up. */
	if (mw_str_equal(address.whole, user.name))
		ck_assert_int_eq(identity.right, MW_RIGHT_OWN);
	else
		ck_assert_int_eq(identity.right, is_looked_up(&address) ? MW_RIGHT_UNAVAILABLE : MW_RIGHT_NONE);
}
END_TEST

/* Each lookup that fails, in its turn, leaves the question open. */
static int fail_at;
static const struct mw_directory_view *behind;

static enum mw_lookup half_address(void *context, struct mw_str text, struct mw_principal *owner_r,
				   enum mw_held *held_r)
{
	(void)context;
	return fail_at == 0 ? MW_LOOKUP_UNAVAILABLE : behind->by_address(behind->context, text, owner_r, held_r);
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
	mw_identity_right(mw_test_policy, &half, &user, &address, 20000, &identity);
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

/* Published without a default_domain, and read with one: bob is alice's login name, and bob@example.test a user. */
static const char torn[] = "user alice@example.test login=bob address=info@example.test\n"
			   "user bob@example.test login=carl\nuser office@example.test login=info\n"
			   "group info2@example.test member=bob@example.test\nuser x@example.test login=info2@example.test\n";

static const struct {
	const char *name;
	enum mw_lookup login, named;
	bool ambiguous;
	const char *first, *second; /* of the two, or the one alone */
} names[] = {
	{ "bob", MW_LOOKUP_UNAVAILABLE, MW_LOOKUP_NONE, true, "alice@example.test", "bob@example.test" },
	{ "BOB", MW_LOOKUP_UNAVAILABLE, MW_LOOKUP_NONE, true, "alice@example.test", "bob@example.test" },
	{ "bob@example.test", MW_LOOKUP_FOUND, MW_LOOKUP_FOUND, false, "bob@example.test", NULL },
	{ "alice", MW_LOOKUP_FOUND, MW_LOOKUP_FOUND, false, "alice@example.test", NULL },
	{ "carl", MW_LOOKUP_FOUND, MW_LOOKUP_FOUND, false, "bob@example.test", NULL },
	{ "info", MW_LOOKUP_FOUND, MW_LOOKUP_NONE, true, "alice@example.test", "office@example.test" },
	{ "info@example.test", MW_LOOKUP_NONE, MW_LOOKUP_FOUND, false, "alice@example.test", NULL },
	{ "info2@example.test", MW_LOOKUP_FOUND, MW_LOOKUP_FOUND, false, "info2@example.test", NULL },
	{ "info2", MW_LOOKUP_FOUND, MW_LOOKUP_NONE, true, "info2@example.test", "x@example.test" },
	{ "alice+x@example.test", MW_LOOKUP_NONE, MW_LOOKUP_FOUND, false, "alice@example.test", NULL },
	{ "nobody", MW_LOOKUP_NONE, MW_LOOKUP_NONE, false, NULL, NULL },
	{ "", MW_LOOKUP_NONE, MW_LOOKUP_NONE, false, NULL, NULL },
};

START_TEST(a_name_of_two_is_nobodys)
{
	struct mw_errors *errors = mw_errors_new(5);
	struct mw_memory_directory *directory = mw_memory_directory_new("torn", mw_str(torn), MW_STR_EMPTY, errors);
	const struct mw_directory_view *view;
	struct mw_principal user;
	struct mw_named named;

	ck_assert_ptr_nonnull(directory);
	view = mw_memory_directory_view(directory);
	ck_assert_int_eq(mw_identity_login(mw_test_policy, view, mw_str(names[_i].name), &user), names[_i].login);
	ck_assert_int_eq(mw_identity_login_is_ambiguous(mw_test_policy, view, mw_str(names[_i].name)),
			 names[_i].login == MW_LOOKUP_UNAVAILABLE);
	ck_assert_int_eq(mw_identity_named(mw_test_policy, view, mw_str(names[_i].name), &named), names[_i].named);
	ck_assert_int_eq(named.ambiguous, names[_i].ambiguous);
	if (names[_i].first != NULL)
		ck_assert_slice(named.principal.name, mw_str(names[_i].first));
	if (names[_i].second != NULL)
		ck_assert_slice(named.other.name, mw_str(names[_i].second));
	ck_assert_int_eq(mw_identity_named(mw_test_policy, &mw_test_away, MW_STR("bob"), &named), MW_LOOKUP_UNAVAILABLE);
	mw_memory_directory_free(directory);
	mw_errors_free(errors);
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

static uint64_t random_state;

static unsigned draw(unsigned below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(random_state >> 33) % below;
}

/* All printable ASCII but "@", and characters of several octets, some of which fold into ASCII letters or compose. */
static void add_random_character(struct mw_buf *out)
{
	static const char *const wide[] = { "\xc3\xa4", "\xcc\xb8", "\xc5\xbf", "\xe2\x84\xaa", "\xef\xac\x86",
					    "\xe2\x98\x95", "\xf0\x9f\x99\x82", "\xcd\xbe", "\xcc\x88" };
	char c = (char)(' ' + draw(95));

	if (draw(8) == 0)
		mw_buf_add_text(out, wide[draw(sizeof(wide) / sizeof(wide[0]))]);
	else
		mw_buf_add_char(out, c == '@' ? '%' : c);
}

/* As Postfix asks: without quotes. */
static enum mw_lookup owner_of(struct mw_str text, struct mw_principal *owner_r)
{
	char memory[MW_ADDRESS_QUOTED_MAX];
	struct mw_buf quoted = MW_BUF_OVER(memory);
	struct mw_address address, base;
	enum mw_held held;

	mw_address_parse(mw_address_quoted(text, &quoted), &address);
	ck_assert_msg(mw_address_has_domain(&address), "%.*s", MW_STR_ARG(text));
	return mw_identity_owner(mw_test_policy, mw_test_view, &address, &base, owner_r, &held);
}

static bool is_request(struct mw_str extension)
{
	size_t last = mw_str_find_last(extension, '-');

	return last < extension.len &&
	       mw_str_equal_nocase(mw_str_tail(extension, last + 1), MW_STR("request"));
}

START_TEST(whatever_the_extension_the_owner_is_the_same)
{
	static const char *const bases[] = { "bob", "Robert", "sales", "BOSS" };
	struct mw_principal base_owner, owner;
	struct mw_str extension;
	char delimiter;

	random_state = 15;
	mw_test_policy->recipient_delimiter = MW_STR("+-=%");
	for (unsigned round = 0; round < 100000; round++) {
		char memory[256], text[300];
		struct mw_buf local = MW_BUF_OVER(memory), whole = MW_BUF_OVER(text);
		const char *base = bases[round % 4];

		for (unsigned left = draw(draw(4) == 0 ? 60 : 12); left > 0 && local.used < 100; left--)
			add_random_character(&local);
		if (draw(50) == 0)
			mw_buf_add_text(&local, "-ReQuest");
		extension = mw_buf_str(&local);
		delimiter = mw_test_policy->recipient_delimiter.ptr[draw(4)];
		mw_buf_printf(&whole, "%s@Example.Test", base);
		ck_assert_int_eq(owner_of(mw_buf_str(&whole), &base_owner), MW_LOOKUP_FOUND);
		mw_buf_reset(&whole);
		mw_buf_printf(&whole, "%s%c%s@Example.Test", base, delimiter, memory);
		if (is_request(extension) || (delimiter == '-' && mw_str_equal_nocase(extension, MW_STR("request")))) {
			ck_assert_int_eq(owner_of(mw_buf_str(&whole), &owner), MW_LOOKUP_NONE);
			continue;
		}
		ck_assert_msg(owner_of(mw_buf_str(&whole), &owner) == MW_LOOKUP_FOUND && owner.id == base_owner.id,
			      "round %u: %s", round, text);
	}
}
END_TEST

START_TEST(an_address_of_its_own_is_no_extension)
{
	struct mw_principal owner;

	mw_test_policy->recipient_delimiter = MW_STR("-+");
	ck_assert_int_eq(owner_of(MW_STR("bob-odd @example.test"), &owner), MW_LOOKUP_FOUND);
	ck_assert_slice(owner.name, MW_STR("boss@example.test"));
	ck_assert_int_eq(owner_of(MW_STR("bob-odd@example.test"), &owner), MW_LOOKUP_FOUND);
	ck_assert_slice(owner.name, MW_STR("bob@example.test"));
	/* local(8) delivers \user as user */
	ck_assert_int_eq(owner_of(MW_STR("\\bob@example.test"), &owner), MW_LOOKUP_FOUND);
	ck_assert_int_eq(owner_of(MW_STR("\\bob+x y@example.test"), &owner), MW_LOOKUP_FOUND);
	ck_assert_slice(owner.name, MW_STR("bob@example.test"));
}
END_TEST

MW_UNIT_TESTS("identity")
{
	tcase_add_checked_fixture(tcase, mw_test_world, mw_test_world_end);
	MW_LOOP(tcase, the_strongest_right_is_found, rights);
	tcase_add_loop_test(tcase, a_lookup_that_fails_is_no_answer, 0, 4);
	MW_LOOP(tcase, a_login_name_leads_to_a_user, logins);
	MW_LOOP(tcase, a_name_of_two_is_nobodys, names);
	tcase_add_test(tcase, ids_are_found_in_sorted_lists);
	tcase_add_test(tcase, whatever_the_extension_the_owner_is_the_same);
	tcase_add_test(tcase, an_address_of_its_own_is_no_extension);
}

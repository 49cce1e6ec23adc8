/* SPDX-License-Identifier: MIT */
#include "decide/decide_support.h"

#include "decide/account.h"
#include "decide/identity.h"
#include "sync/sync.h"

/* Who is let in is in tests/policy-cases/unlisted.case; here what the function itself says. */
static const char policy_text[] = "unlisted_logins = own_address\ndefault_domain = \"example.test\"\n"
				  "recipient_delimiter = \"+\"\naccepted_domain \"example.test\" { }\n";
static const char directory_text[] = "user bob@example.test address=robert@example.test\n"
				     "grant send-as ceo@example.test bob@example.test\n";

static struct mw_policy *policy;
static struct mw_memory_directory *directory;

static void begin(void)
{
	struct mw_errors *errors = mw_errors_new(5);

	policy = mw_policy_read_text("test.conf", mw_str(policy_text), "mx", 0, errors);
	directory = mw_memory_directory_new("directory", mw_str(directory_text), MW_STR("example.test"), errors);
	ck_assert(policy != NULL && directory != NULL);
	mw_errors_free(errors);
}

static void end(void)
{
	mw_memory_directory_free(directory);
	mw_policy_free(policy);
}

static const struct {
	const char *login;
	enum mw_lookup found;
	enum mw_note note;
	const char *user; /* its name, or whose the address is */
} logins[] = {
	{ "eve", MW_LOOKUP_FOUND, MW_NOTE_LOGIN_UNLISTED, "eve@example.test" },
	{ "Eve@Example.Test", MW_LOOKUP_FOUND, MW_NOTE_LOGIN_UNLISTED, "eve@example.test" },
	{ "eve+x", MW_LOOKUP_FOUND, MW_NOTE_LOGIN_UNLISTED, "eve+x@example.test" },
	{ "robert", MW_LOOKUP_NONE, MW_NOTE_LOGIN_TAKEN, "bob@example.test" },
	{ "bob+x@example.test", MW_LOOKUP_NONE, MW_NOTE_LOGIN_TAKEN, "bob@example.test" },
	{ "ceo", MW_LOOKUP_NONE, MW_NOTE_LOGIN_TAKEN, "" },
	{ "eve@remote.test", MW_LOOKUP_NONE, MW_NOTE_LOGIN_NO_ADDRESS, NULL },
	{ "eve@", MW_LOOKUP_NONE, MW_NOTE_LOGIN_NO_ADDRESS, NULL },
	{ "", MW_LOOKUP_NONE, MW_NOTE_LOGIN_NO_ADDRESS, NULL },
};

START_TEST(an_unlisted_login_is_a_user_or_it_is_said_why_not)
{
	struct mw_unlisted_name name;
	struct mw_unlisted unlisted;

	ck_assert_int_eq(mw_unlisted_find(policy, mw_memory_directory_view(directory), mw_str(logins[_i].login), &name,
					  &unlisted), logins[_i].found);
	ck_assert_int_eq(unlisted.note, logins[_i].note);
	if (logins[_i].user != NULL)
		ck_assert_slice(unlisted.user.name, mw_str(logins[_i].user));
	if (logins[_i].found != MW_LOOKUP_FOUND)
		return;
	ck_assert_ptr_eq(unlisted.user.name.ptr, name.text);
	ck_assert_uint_eq(unlisted.user.id, MW_ID_UNLISTED);
	ck_assert(unlisted.user.imap && unlisted.user.pop3 && unlisted.user.sieve && unlisted.user.smtp &&
		  unlisted.user.relay);
	ck_assert_uint_eq(unlisted.user.max_message_size, MW_NOT_SET);
	ck_assert_uint_eq(unlisted.user.groups.count, 0);
}
END_TEST

START_TEST(by_default_no_login_is_let_in_and_no_lookup_is_made)
{
	struct mw_unlisted_name name;
	struct mw_unlisted unlisted;

	policy->unlisted_logins = MW_UNLISTED_REFUSE;
	ck_assert_int_eq(mw_unlisted_find(policy, &mw_test_away, MW_STR("eve"), &name, &unlisted), MW_LOOKUP_NONE);
	ck_assert_int_eq(unlisted.note, MW_NOTE_LOGIN_UNKNOWN);
}
END_TEST

static enum mw_lookup nobody_can_tell(void *context, struct mw_str login, struct mw_principal *user_r)
{
	(void)context, (void)login, (void)user_r;
	return MW_LOOKUP_UNAVAILABLE;
}

/* Each lookup that cannot be made leaves it undecided. */
START_TEST(what_cannot_be_looked_up_lets_nobody_in)
{
	struct mw_directory_view view = *mw_memory_directory_view(directory);
	struct mw_unlisted_name name;
	struct mw_unlisted unlisted;

	switch (_i) {
	case 0: view.by_address = mw_test_away.by_address; break;
	case 1: view.by_login = mw_test_away.by_login; break;
	case 2: view.grants_on_address = mw_test_away.grants_on_address; break;
	case 3: view.complete_domain = mw_test_away.complete_domain; break;
	case 4: view.suspended = nobody_can_tell; break;
	case 5: view.by_address = NULL; break;
	case 6: view.by_login = NULL; break;
	case 7: view.grants_on_address = NULL; break;
	case 8: view.complete_domain = NULL; break;
	case 9: view.suspended = NULL; break;
	default: break;
	}
	ck_assert_int_eq(mw_unlisted_find(policy, &view, MW_STR("eve"), &name, &unlisted), MW_LOOKUP_UNAVAILABLE);
	ck_assert_int_eq(mw_unlisted_find(policy, NULL, MW_STR("eve"), &name, &unlisted), MW_LOOKUP_UNAVAILABLE);
}
END_TEST

static enum mw_lookup is_complete(void *context, struct mw_str domain)
{
	(void)context;
	return mw_str_equal(domain, MW_STR("example.test")) ? MW_LOOKUP_FOUND : MW_LOOKUP_NONE;
}

START_TEST(who_is_missing_in_a_complete_domain_is_unknown)
{
	struct mw_directory_view view = *mw_memory_directory_view(directory);
	struct mw_unlisted_name name;
	struct mw_unlisted unlisted;

	view.complete_domain = is_complete;
	ck_assert_int_eq(mw_unlisted_find(policy, &view, MW_STR("eve"), &name, &unlisted), MW_LOOKUP_NONE);
	ck_assert_int_eq(unlisted.note, MW_NOTE_LOGIN_COMPLETE);
}
END_TEST

static enum mw_lookup is_base_suspended(void *context, struct mw_str address, struct mw_principal *user)
{
	(void)context;
	if (!mw_str_equal(address, MW_STR("eve@example.test")))
		return MW_LOOKUP_NONE;
	user->suspended_sending = true;
	return MW_LOOKUP_FOUND;
}

/* The user behind a login, where this is who is suspended; the name lies in *name. */
static struct mw_principal find_with(enum mw_lookup (*suspended)(void *context, struct mw_str login,
								 struct mw_principal *user_r),
				     const char *login, struct mw_unlisted_name *name)
{
	struct mw_directory_view view = *mw_memory_directory_view(directory);
	struct mw_unlisted unlisted;

	view.suspended = suspended;
	ck_assert_int_eq(mw_unlisted_find(policy, &view, mw_str(login), name, &unlisted), MW_LOOKUP_FOUND);
	return unlisted.user;
}

START_TEST(a_suspension_of_what_stands_before_the_extension_is_marked)
{
	struct mw_unlisted_name name;
	struct mw_principal user = find_with(is_base_suspended, "eve+x", &name);

	ck_assert(user.suspended_sending && !user.suspended_login);
	ck_assert_slice(user.name, MW_STR("eve+x@example.test"));
}
END_TEST

static enum mw_lookup is_former_login(void *context, struct mw_str login, struct mw_principal *user_r)
{
	(void)context;
	if (!mw_str_equal(login, MW_STR("al")))
		return MW_LOOKUP_NONE;
	user_r->name = MW_STR("alois@example.test");
	user_r->suspended_login = true;
	return MW_LOOKUP_FOUND;
}

/* alois@ had the login name al when he was suspended, and is in the directory no more. */
START_TEST(a_login_name_of_a_suspended_user_who_is_gone_is_suspended)
{
	struct mw_unlisted_name name;
	struct mw_principal user = find_with(is_former_login, _i == 0 ? "al" : "al@example.test", &name);

	ck_assert(user.suspended_login);
	ck_assert_slice(user.name, MW_STR("al@example.test"));
}
END_TEST

static const struct { const char *address; enum mw_right right; } senders[] = {
	{ "eve@example.test", MW_RIGHT_OWN },
	{ "eve+lists@example.test", MW_RIGHT_OWN },
	{ "\"\\\\eve\"@example.test", MW_RIGHT_OWN }, /* as local(8) delivers it to eve */
	{ "dave@example.test", MW_RIGHT_NONE },
	{ "bob@example.test", MW_RIGHT_NONE },
	{ "ceo@example.test", MW_RIGHT_NONE },
	{ "eve@remote.test", MW_RIGHT_NONE },
};

START_TEST(an_unlisted_user_has_its_login_and_what_extends_it)
{
	const struct mw_directory_view *view = mw_memory_directory_view(directory);
	struct mw_unlisted_name name;
	struct mw_principal user;
	struct mw_identity identity;
	struct mw_address address;

	ck_assert_int_eq(mw_identity_user(policy, view, MW_STR("eve"), &name, &user), MW_LOOKUP_FOUND);
	mw_address_parse(mw_str(senders[_i].address), &address);
	mw_identity_right(policy, view, &user, &address, 20000, &identity);
	ck_assert_int_eq(identity.right, senders[_i].right);
	ck_assert_int_eq(mw_identity_receives(policy, view, &user, &address), senders[_i].right == MW_RIGHT_OWN);
}
END_TEST

START_TEST(an_administrator_may_name_an_unlisted_user)
{
	const struct mw_directory_view *view = mw_memory_directory_view(directory);
	struct mw_named named;

	ck_assert_int_eq(mw_identity_named(policy, view, MW_STR("eve"), &named), MW_LOOKUP_FOUND);
	ck_assert(named.unlisted && named.by_login && named.held == MW_HELD_PRIMARY && !named.ambiguous);
	ck_assert_slice(named.principal.name, MW_STR("eve@example.test"));
	ck_assert_int_eq(mw_identity_named(policy, view, MW_STR("robert"), &named), MW_LOOKUP_FOUND);
	ck_assert(!named.unlisted);
	ck_assert_slice(named.principal.name, MW_STR("bob@example.test"));
	ck_assert_int_eq(mw_identity_named(policy, view, MW_STR("ceo"), &named), MW_LOOKUP_NONE);
	ck_assert(!named.unlisted);
}
END_TEST

/* The auth process judges several connectors and keeps one verdict: its name is still there. */
START_TEST(a_verdict_that_is_taken_over_has_its_own_name)
{
	struct mw_facts facts = mw_test_facts();
	struct mw_verdict verdict;
	const struct mw_step *step;

	facts.login = MW_STR("eve");
	facts.endpoints.local_port = 0;
	mw_account_decide(policy, mw_memory_directory_view(directory), &facts, &verdict);
	step = mw_trace_step(&verdict.trace, MW_CHECK_LOGIN);
	ck_assert_ptr_nonnull(step);
	ck_assert_int_eq(step->note, MW_NOTE_LOGIN_UNLISTED);
	ck_assert_ptr_eq(step->other.ptr, verdict.unlisted.user.text);
	ck_assert_slice(step->other, MW_STR("eve@example.test"));
}
END_TEST

MW_UNIT_TESTS("unlisted logins")
{
	tcase_add_checked_fixture(tcase, begin, end);
	MW_LOOP(tcase, an_unlisted_login_is_a_user_or_it_is_said_why_not, logins);
	tcase_add_test(tcase, by_default_no_login_is_let_in_and_no_lookup_is_made);
	tcase_add_loop_test(tcase, what_cannot_be_looked_up_lets_nobody_in, 0, 10);
	tcase_add_test(tcase, who_is_missing_in_a_complete_domain_is_unknown);
	tcase_add_test(tcase, a_suspension_of_what_stands_before_the_extension_is_marked);
	tcase_add_loop_test(tcase, a_login_name_of_a_suspended_user_who_is_gone_is_suspended, 0, 2);
	MW_LOOP(tcase, an_unlisted_user_has_its_login_and_what_extends_it, senders);
	tcase_add_test(tcase, an_administrator_may_name_an_unlisted_user);
	tcase_add_test(tcase, a_verdict_that_is_taken_over_has_its_own_name);
}

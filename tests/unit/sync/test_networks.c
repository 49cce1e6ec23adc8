/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

static const char world[] =
	"user alone\n"
	"user own networks=192.0.2.7 imap_networks=10.0.0.0/8,2001:db8::/32\n"
	"user one\n"
	"user two\n"
	"user partly pop3_networks=198.51.100.1\n"
	"user deep\n"
	"group a member=one,two,own,partly networks=10.1.0.0/16\n"
	"group b member=two,c networks=10.2.0.0/16,10.1.0.0/24 smtp_networks=172.16.0.0/12\n"
	"group c member=deep\n"
	"group free member=one\n";

/* The networks of all services, as "imap=... pop3=...": what is not there is from anywhere. */
static const char *networks_of(const struct mw_content *content, const char *name)
{
	static const char *const words[] = { "imap", "pop3", "sieve", "smtp" };
	static char memory[500];
	struct mw_buf out = MW_BUF_OVER(memory);
	uint32_t number = mw_test_principal(content, name)->networks;

	memory[0] = '\0';
	ck_assert_uint_le(number, content->network_count);
	for (size_t i = 0; number != 0 && i < MW_SERVICE_COUNT; i++) {
		struct mw_ranges ranges = content->networks[number - 1].of[i];

		if (ranges.count > 0)
			mw_buf_printf(&out, "%s%s=", out.used > 0 ? " " : "", words[i]);
		for (size_t j = 0; j < ranges.count; j++) {
			if (j > 0)
				mw_buf_add_char(&out, ',');
			mw_range_print(&ranges.items[j], &out);
		}
	}
	return memory;
}

static const struct { const char *name, *networks; } who[] = {
	{ "alone@example.test", "" },
	{ "own@example.test", "imap=10.0.0.0/8,2001:db8::/32 pop3=192.0.2.7 sieve=192.0.2.7 smtp=192.0.2.7" },
	{ "one@example.test", "imap=10.1.0.0/16 pop3=10.1.0.0/16 sieve=10.1.0.0/16 smtp=10.1.0.0/16" },
	{ "two@example.test", "imap=10.1.0.0/16,10.2.0.0/16 pop3=10.1.0.0/16,10.2.0.0/16 sieve=10.1.0.0/16,10.2.0.0/16 "
			      "smtp=10.1.0.0/16,172.16.0.0/12" },
	{ "partly@example.test", "imap=10.1.0.0/16 pop3=198.51.100.1 sieve=10.1.0.0/16 smtp=10.1.0.0/16" },
	{ "deep@example.test", "imap=10.1.0.0/24,10.2.0.0/16 pop3=10.1.0.0/24,10.2.0.0/16 "
			       "sieve=10.1.0.0/24,10.2.0.0/16 smtp=172.16.0.0/12" },
	{ "a@example.test", "imap=10.1.0.0/16 pop3=10.1.0.0/16 sieve=10.1.0.0/16 smtp=10.1.0.0/16" },
	{ "c@example.test", "" },
};

START_TEST(a_users_own_key_stands_before_those_of_all_its_groups_together)
{
	const struct mw_content *content = mw_test_content(world);

	ck_assert_msg(content != NULL, "%s", mw_test_messages());
	ck_assert_str_eq(networks_of(content, who[_i].name), who[_i].networks);
}
END_TEST

START_TEST(the_same_networks_stand_there_once)
{
	const struct mw_content *content = mw_test_content("group a member=x,y,z networks=10.0.0.0/8\nuser x\nuser y\n"
							   "user z networks=10.0.0.0/8,10.0.0.0-10.255.255.255,10.1.2.3\n");

	ck_assert_uint_eq(content->network_count, 1);
	for (size_t i = 0; i < content->principal_count; i++)
		ck_assert_uint_eq(content->principals[i]->networks, 1);
}
END_TEST

START_TEST(a_directory_without_networks_has_none)
{
	ck_assert_uint_eq(mw_test_content("user bob\ngroup g member=bob\n")->network_count, 0);
}
END_TEST

/* Of a user, not of whoever stands beside it. */
START_TEST(other_networks_are_another_fingerprint)
{
	static const char *const texts[] = { "user bob\n", "user bob networks=10.0.0.0/8\n",
					     "user bob imap_networks=10.0.0.0/8\n", "user bob pop3_networks=10.0.0.0/8\n",
					     "user bob networks=10.0.0.0/9\n" };
	uint64_t seen[5];

	for (size_t i = 0; i < 5; i++) {
		seen[i] = mw_test_content(texts[i])->fingerprints[0];
		for (size_t j = 0; j < i; j++)
			ck_assert(seen[i] != seen[j]);
	}
	ck_assert(mw_test_content("user bob networks=10.0.0.0/8\nuser a networks=9.0.0.0/8\n")->fingerprints[1] == seen[1]);
}
END_TEST

MW_UNIT_TESTS("networks")
{
	tcase_add_checked_fixture(tcase, NULL, mw_test_end);
	MW_LOOP(tcase, a_users_own_key_stands_before_those_of_all_its_groups_together, who);
	tcase_add_test(tcase, the_same_networks_stand_there_once);
	tcase_add_test(tcase, a_directory_without_networks_has_none);
	tcase_add_test(tcase, other_networks_are_another_fingerprint);
}

/* SPDX-License-Identifier: MIT */
#include "servers/init/passdbs.h"
#include "servers/init/passwd_file.h"
#include "servers/init/people.h"
#include "servers/init/sample.h"
#include "servers/init/tables.h"
#include "unit.h"

/* --- what postmap lists */

static const struct {
	const char *text;
	size_t count;
	const char *key, *value; /* of the last */
} listings[] = {
	{ "", 0, NULL, NULL },
	{ "alice@example.org\tbob\n", 1, "alice@example.org", "bob" },
	{ "\"john doe\"@example.org\ta, b\n@example.org\tz\n", 2, "@example.org", "z" },
	{ "@\t@\nYP_LAST_MODIFIED\t1795967973\nYP_MASTER_NAME\tmail.example.org\n", 0, NULL, NULL },
	{ "@\t@\nroot\talice\n", 1, "root", "alice" },
	{ "no tab\n", 0, NULL, NULL },
	{ "key\t\n", 1, "key", "" },
	{ "key\ta\tb\n", 1, "key", "a\tb" },
	{ "\tvalue\n", 1, "", "value" },
};

START_TEST(a_listing_of_postmap_is_read_without_what_postalias_writes_for_itself)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_init_entries entries = mw_init_entries_parse(arena, mw_str(listings[_i].text));

	ck_assert_uint_eq(entries.count, listings[_i].count);
	ck_assert(entries.complete);
	if (entries.count > 0) {
		ck_assert(mw_str_equal(entries.items[entries.count - 1].key, mw_str(listings[_i].key)));
		ck_assert(mw_str_equal(entries.items[entries.count - 1].value, mw_str(listings[_i].value)));
	}
	mw_arena_free(arena);
}
END_TEST

START_TEST(a_long_listing_is_whole)
{
	struct mw_arena *arena = mw_arena_new(0);
	const char *text = "";
	struct mw_init_entries entries;

	for (unsigned i = 0; i < 100; i++)
		text = mw_arena_textf(arena, "%sk%u\tv%u\n", text, i, i);
	entries = mw_init_entries_parse(arena, mw_str(text));
	ck_assert_uint_eq(entries.count, 100);
	for (unsigned i = 0; i < 100; i++)
		ck_assert(mw_str_equal(entries.items[i].key, mw_str(mw_arena_textf(arena, "k%u", i))));
	mw_arena_free(arena);
}
END_TEST

static const struct {
	const char *text, *words[4];
} targets[] = {
	{ "alice", { "alice" } },
	{ "alice, bob@example.org", { "alice", "bob@example.org" } },
	{ " ,alice,,bob ", { "alice", "bob" } },
	{ "alice bob\tcarol", { "alice", "bob", "carol" } },
	{ "\"john doe\"@example.org, alice", { "\"john doe\"@example.org", "alice" } },
	{ "\"a, b\\\" c\"@example.org alice", { "\"a, b\\\" c\"@example.org", "alice" } },
	{ "\"|/usr/bin/filter -x\", \\alice", { "\"|/usr/bin/filter -x\"", "\\alice" } },
	{ "<alice@example.org>, <>", { "alice@example.org", "" } },
	{ ":include:/etc/list", { ":include:/etc/list" } },
	{ "\"never ended, x", { "\"never ended, x" } },
	{ "x\\", { "x\\" } },
	{ "", { NULL } },
	{ " , ", { NULL } },
};

START_TEST(the_right_side_of_an_alias_is_parted_into_addresses)
{
	struct mw_str rest = mw_str(targets[_i].text), word;
	size_t count = 0;

	while (mw_init_address_next(&rest, &word)) {
		ck_assert_msg(targets[_i].words[count] != NULL && mw_str_equal(word, mw_str(targets[_i].words[count])),
			      "%s: %zu is %.*s", targets[_i].text, count, MW_STR_ARG(word));
		count++;
	}
	ck_assert_ptr_null(targets[_i].words[count]);
}
END_TEST

static const struct {
	const char *word;
	bool is_table;
} words[] = {
	{ "hash:/etc/postfix/virtual", true },
	{ "proxy:mysql:/etc/x.cf", true },
	{ "example.org", false },
	{ "/etc/postfix/domains", false },
	{ "[2001:db8::1]", false },
	{ "[::1]/128", false },
	{ "inline:{ a=b }", true },
};

START_TEST(a_table_is_told_from_a_name_a_file_and_an_address)
{
	ck_assert(mw_init_is_table(mw_str(words[_i].word)) == words[_i].is_table);
}
END_TEST

/* --- Dovecot's files */

static const struct {
	const char *line, *name; /* NULL: nobody's */
} lines[] = {
	{ "alice@example.org:{PLAIN}x::::::", "alice@example.org" },
	{ "alice", "alice" },
	{ "alice:", "alice" },
	{ " alice :x", "alice" },
	{ "# alice:x", NULL },
	{ "#alice:x", NULL },
	{ "", NULL },
	{ ":x", NULL },
	{ "EXAMPLE\\alice:x", "EXAMPLE\\alice" },
};

START_TEST(the_name_of_a_line_of_a_passwd_file)
{
	struct mw_str name;
	bool has = mw_init_passwd_name(mw_str(lines[_i].line), &name);

	ck_assert(has == (lines[_i].name != NULL));
	if (has)
		ck_assert(mw_str_equal(name, mw_str(lines[_i].name)));
}
END_TEST

static const struct {
	const char *line, *scheme;
	bool locked;
} passwords[] = {
	{ "alice:{PLAIN}x", "", false },
	{ "alice:!", "", true },
	{ "alice:*:1:1", "", true },
	{ "alice:!$6$x$y", "CRYPT", true },
	{ "alice:{CRYPT}!", "", true },
	{ "alice:{CRYPT}*", "PLAIN", true },
	{ "alice:{PLAIN}!secret", "", false },
	{ "alice:{CLEAR}*x", "CRYPT", false },
	{ "alice:{cleartext}!x", "", false },
	{ "alice:{PLAIN.b64}!x", "", true },
	{ "alice:!secret", "plain", false },
	{ "alice:", "", false },
	{ "alice", "", false },
};

START_TEST(a_password_that_begins_like_a_locked_one_is_one_where_it_is_in_clear)
{
	ck_assert(mw_init_passwd_locked(mw_str(passwords[_i].line), mw_str(passwords[_i].scheme)) == passwords[_i].locked);
}
END_TEST

static const struct {
	const char *path, *pattern; /* NULL: none */
	size_t before, after;
} paths[] = {
	{ "/etc/auth/%d/passwd", "/etc/auth/*/passwd", 10, 7 },
	{ "/etc/auth/%Ld", "/etc/auth/*", 10, 0 },
	{ "/etc/auth/%{user | domain}/passwd", "/etc/auth/*/passwd", 10, 7 },
	{ "/etc/auth/%{domain}.passwd", "/etc/auth/*.passwd", 10, 7 },
	{ "/etc/auth/%d/%n", NULL, 0, 0 },
	{ "/etc/auth/%u", NULL, 0, 0 },
	{ "/etc/auth/passwd", NULL, 0, 0 },
	{ "/etc/*/%d", NULL, 0, 0 },
};

START_TEST(a_file_for_each_domain_is_found_by_its_pattern)
{
	struct mw_arena *arena = mw_arena_new(0);
	const char *pattern;
	size_t before, after;
	bool has = mw_init_path_by_domain(arena, mw_str(paths[_i].path), &pattern, &before, &after);

	ck_assert(has == (paths[_i].pattern != NULL));
	if (has) {
		ck_assert_str_eq(pattern, paths[_i].pattern);
		ck_assert_uint_eq(before, paths[_i].before);
		ck_assert_uint_eq(after, paths[_i].after);
	}
	mw_arena_free(arena);
}
END_TEST

/* --- what is not read */

START_TEST(each_thing_that_is_not_read_is_kept_once_in_time_in_proportion_to_their_number)
{
	enum { COUNT = 200000 };
	struct mw_init init = { .arena = mw_arena_new(0) };

	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < COUNT; i++)
			mw_init_unread_add(&init, (struct mw_init_unread){ i % 2 == 0 ? "a" : "b", mw_arena_textf(init.arena, "%u", i / 2),
									  "why", "fix" });
	ck_assert_uint_eq(init.unread_count, COUNT);
	for (unsigned i = 0; i < COUNT; i++)
		ck_assert_str_eq(init.unread[i].what, mw_arena_textf(init.arena, "%u", i / 2));
	mw_arena_free(init.arena);
}
END_TEST

/* --- people */

START_TEST(an_address_and_a_login_belong_to_the_first_who_has_them)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_people *people = mw_people_new(arena);
	struct mw_person *alice = mw_people_add(people, MW_STR("alice@example.org"), false, "x");
	struct mw_person *bob = mw_people_add(people, MW_STR("bob@example.org"), false, "x");

	ck_assert_ptr_eq(mw_people_add(people, MW_STR("alice@example.org"), false, "y"), alice);
	ck_assert(mw_people_add_address(people, alice, MW_STR("info@example.org")));
	ck_assert(!mw_people_add_address(people, bob, MW_STR("info@example.org")));
	ck_assert(!mw_people_add_address(people, bob, MW_STR("bob@example.org")));
	ck_assert(mw_people_add_login(people, alice, MW_STR("alice")));
	ck_assert(!mw_people_add_login(people, bob, MW_STR("alice")));
	ck_assert(!mw_people_add_login(people, bob, MW_STR("alice@example.org")));
	ck_assert_ptr_eq(mw_people_by_address(people, MW_STR("info@example.org")), alice);
	ck_assert_ptr_eq(mw_people_by_login(people, MW_STR("alice")), alice);
	ck_assert_ptr_null(mw_people_by_login(people, MW_STR("info@example.org")));
	mw_people_add_grant(people, MW_STR("info@example.org"), MW_STR("bob@example.org"), NULL);
	mw_people_add_grant(people, MW_STR("info@example.org"), MW_STR("bob@example.org"), NULL);
	ck_assert_uint_eq(people->grant_count, 1);
	ck_assert_uint_eq(people->users, 2);
	mw_arena_free(arena);
}
END_TEST

START_TEST(only_the_sample_itself_is_the_sample)
{
	ck_assert(!mw_init_is_sample(MW_STR("")));
	ck_assert(!mw_init_is_sample(MW_STR("default_domain = \"example.org\"\n")));
}
END_TEST

MW_UNIT_TESTS("init_tables")
{
	MW_LOOP(tcase, a_listing_of_postmap_is_read_without_what_postalias_writes_for_itself, listings);
	tcase_add_test(tcase, a_long_listing_is_whole);
	MW_LOOP(tcase, the_right_side_of_an_alias_is_parted_into_addresses, targets);
	MW_LOOP(tcase, a_table_is_told_from_a_name_a_file_and_an_address, words);
	MW_LOOP(tcase, the_name_of_a_line_of_a_passwd_file, lines);
	MW_LOOP(tcase, a_password_that_begins_like_a_locked_one_is_one_where_it_is_in_clear, passwords);
	MW_LOOP(tcase, a_file_for_each_domain_is_found_by_its_pattern, paths);
	tcase_add_test(tcase, each_thing_that_is_not_read_is_kept_once_in_time_in_proportion_to_their_number);
	tcase_add_test(tcase, an_address_and_a_login_belong_to_the_first_who_has_them);
	tcase_add_test(tcase, only_the_sample_itself_is_the_sample);
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include "servers/check/userdb_fields.h"

static const struct {
	const char *field, *value;
	bool keeps;
} values[] = {
	{ "user", "%u", true },
	{ "user", "%Lu", true },
	{ "user", "%{user}", true },
	{ "user", "%{user | lower}", true },
	{ "user", "%{Luser}", true },
	{ "username", "%n", true },
	{ "username", "%{user|username|lower}", true },
	{ "domain", "%{domain}", true },
	{ "domain", "%Ld", true },
	{ "user", "bob", false },
	{ "user", "", false },
	{ "user", "%n", false },
	{ "user", "%u.old", false },
	{ "user", "x%u", false },
	{ "user", "%{user}@example.org", false },
	{ "user", "%{user|username}", false },
	{ "user", "%{ldap:uid}", false },
	{ "user", "%{", false },
	{ "user", "%", false },
	{ "username", "%{user}", false },
	{ "home", "%u", false },
};

START_TEST(a_variable_of_the_same_name_changes_nobody)
{
	ck_assert_msg(mw_userdb_keeps_user(mw_str(values[_i].field), mw_str(values[_i].value)) == values[_i].keeps, "%s = %s",
		      values[_i].field, values[_i].value);
}
END_TEST

static const struct {
	const char *text, *sets; /* sets: "" nothing */
} queries[] = {
	{ "SELECT email as user, '/var/vmail' AS home FROM users WHERE email='%u'", "user" },
	{ "select home, uid, login User from t", "user" },
	{ "SELECT home, u.username FROM u", "username" },
	{ "SELECT home, `domain` FROM u", "domain" },
	{ "SELECT concat(a, ',user', b) AS \"user\" FROM u", "user" },
	{ "SELECT user", "user" },
	{ "SELECT concat('x', username) AS home, 5000 AS uid FROM users WHERE user = '%u'", "" },
	{ "SELECT home FROM users WHERE username = '%n' AND domain = '%d'", "" },
	{ "SELECT 'a, b as user' AS home FROM users", "" },
	{ "SELECT (SELECT x AS user FROM y) AS home FROM users", "" },
	{ "SELECT userdb_user, user_id FROM users", "" },
	{ "SELECT * FROM users", "" },
	{ "SELECT", "" },
	{ "", "" },
};

START_TEST(a_column_that_names_the_user_is_found)
{
	struct mw_str sets = mw_userdb_query_sets(mw_str(queries[_i].text));

	ck_assert_msg(mw_str_equal(sets, mw_str(queries[_i].sets)), "%s: %.*s", queries[_i].text, MW_STR_ARG(sets));
}
END_TEST

static const struct {
	const char *text, *sets;
} attributes[] = {
	{ "homeDirectory=home,uid=user", "user" },
	{ "homeDirectory=home, =user=%{ldap:mail}", "user" },
	{ "sn=username", "username" },
	{ "uid=user=x%$", "user" },
	{ "homeDirectory=home,uidNumber=uid", "" },
	{ "user,mail=home", "" },
	{ "", "" },
};

START_TEST(an_attribute_that_names_the_user_is_found)
{
	struct mw_str sets = mw_userdb_attributes_set(mw_str(attributes[_i].text));

	ck_assert_msg(mw_str_equal(sets, mw_str(attributes[_i].sets)), "%s: %.*s", attributes[_i].text, MW_STR_ARG(sets));
}
END_TEST

static const struct {
	const char *line, *value; /* NULL: it changes nobody */
} entries[] = {
	{ "alias:{PLAIN}pw:1:1::/home::userdb_user=bob", "bob" },
	{ "alias:{PLAIN}pw:1:1::/home::userdb_home=/x:y userdb_username=bob", "bob" },
	{ "alias:{PLAIN}pw::::::user=bob", NULL },
	{ "bob:{PLAIN}pw::::::userdb_user=bob", NULL },
	{ "bob:{PLAIN}pw::::::userdb_user=%u", NULL },
	{ "bob:{PLAIN}pw::::::userdb_mail=userdb_user=x", NULL },
	{ "bob:{PLAIN}pw", NULL },
	{ "", NULL },
};

START_TEST(an_entry_that_names_another_user_is_found)
{
	struct mw_str user, field, value;
	bool sets = mw_userdb_entry_sets(mw_str(entries[_i].line), &user, &field, &value);

	ck_assert_msg(sets == (entries[_i].value != NULL), "%s", entries[_i].line);
	if (sets) {
		ck_assert(mw_str_equal(user, MW_STR("alias")));
		ck_assert(mw_str_equal(value, mw_str(entries[_i].value)));
	}
}
END_TEST

MW_UNIT_TESTS("userdb_fields")
{
	MW_LOOP(tcase, a_variable_of_the_same_name_changes_nobody, values);
	MW_LOOP(tcase, a_column_that_names_the_user_is_found, queries);
	MW_LOOP(tcase, an_attribute_that_names_the_user_is_found, attributes);
	MW_LOOP(tcase, an_entry_that_names_another_user_is_found, entries);
}

/* SPDX-License-Identifier: MIT */
#include "servers/init/databases.h"
#include "unit.h"

/* --- the server of a map */

static const struct {
	const char *driver, *text;
	bool known;
	const char *host, *port, *socket;
} hosts[] = {
	{ "mysql", "", true, "", "", "" },
	{ "mysql", "localhost", true, "", "", "" },
	{ "mysql", "localhost:3307", true, "localhost", "3307", "" },
	{ "mysql", "127.0.0.1", true, "127.0.0.1", "", "" },
	{ "mysql", "unix:/run/mysqld/mysqld.sock", true, "", "", "/run/mysqld/mysqld.sock" },
	{ "mysql", "/run/mysqld/mysqld.sock", true, "", "", "/run/mysqld/mysqld.sock" },
	{ "mysql", "inet:db.example.org:3306", true, "db.example.org", "3306", "" },
	{ "mysql", "db1.example.org db2.example.org", true, "db1.example.org", "", "" },
	{ "mysql", "db1.example.org,db2.example.org", true, "db1.example.org", "", "" },
	{ "mysql", "[2001:db8::1]:3306", true, "2001:db8::1", "3306", "" },
	{ "mysql", "2001:db8::1", true, "2001:db8::1", "", "" },
	{ "mysql", "[", true, "", "", "" },
	{ "pgsql", "localhost", true, "localhost", "", "" },
	{ "pgsql", "unix:/run/postgresql", true, "", "", "/run/postgresql" },
	{ "pgsql", "postgresql://user@db.example.org/mail", false, "", "", "" },
};

START_TEST(a_host_is_read_in_the_forms_of_postfix_and_dovecot)
{
	struct mw_init_database database = { .driver = hosts[_i].driver, .host = MW_STR_EMPTY, .port = MW_STR_EMPTY };

	ck_assert(mw_init_database_host(&database, mw_str(hosts[_i].text)) == hosts[_i].known);
	ck_assert_slice(database.host, mw_str(hosts[_i].host));
	ck_assert_slice(database.port, mw_str(hosts[_i].port));
	ck_assert_slice(database.socket, mw_str(hosts[_i].socket));
}
END_TEST

/* --- Dovecot's connect */

static const struct {
	const char *text, *keys, *values; /* each behind a blank */
} connects[] = {
	{ "", "", "" },
	{ "/var/lib/users.sqlite", "", "" },
	{ "host=localhost dbname=vmail user=vm password=pw", " host dbname user password", " localhost vmail vm pw" },
	{ "host = localhost  dbname = vmail", " host dbname", " localhost vmail" },
	{ "password='two words' dbname=vmail", " password dbname", " two words vmail" },
	{ "password='not closed", " password", " not closed" },
	{ "password=a=b dbname=vmail", " password dbname", " a=b vmail" },
	{ "password= dbname=vmail", " password dbname", "  vmail" },
	{ "host", "", "" },
};

START_TEST(a_connect_is_parted_into_its_settings)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_str rest = mw_str(connects[_i].text), key, value;
	char first[256], second[256];
	struct mw_buf keys = MW_BUF_OVER(first), values = MW_BUF_OVER(second);

	while (mw_init_connect_next(arena, &rest, &key, &value)) {
		mw_buf_printf(&keys, " %.*s", MW_STR_ARG(key));
		mw_buf_printf(&values, " %.*s", MW_STR_ARG(value));
	}
	ck_assert_slice(mw_buf_str(&keys), mw_str(connects[_i].keys));
	ck_assert_slice(mw_buf_str(&values), mw_str(connects[_i].values));
	mw_arena_free(arena);
}
END_TEST

/* --- whose tables a query asks */

static const struct {
	const char *query;
	enum mw_source_schema schema;
	bool own;
} queries[] = {
	{ "SELECT username FROM mailbox WHERE username = '%s' AND active = 1", MW_SCHEMA_POSTFIXADMIN, true },
	{ "select `a`.`goto` from `alias` AS a,alias_domain d where a.address = '%s'", MW_SCHEMA_POSTFIXADMIN, true },
	{ "SELECT m.username FROM mailbox m JOIN vmail.domain d ON d.domain = m.domain", MW_SCHEMA_IREDMAIL, true },
	{ "SELECT 'from boss' FROM mailbox WHERE x IN (1, boss)", MW_SCHEMA_MAILCOW, true },
	{ "SELECT a FROM (SELECT goto AS a FROM alias) t", MW_SCHEMA_MAILCOW, true },
	{ "SELECT goto FROM alias UNION SELECT logged_in_as FROM sender_acl", MW_SCHEMA_MAILCOW, true },
	{ "SELECT goto FROM alias UNION SELECT logged_in_as FROM sender_acl", MW_SCHEMA_POSTFIXADMIN, false },
	{ "SELECT boss FROM my_own_rights WHERE sender = '%s'", MW_SCHEMA_POSTFIXADMIN, false },
	{ "SELECT username FROM mailbox UNION SELECT boss FROM rights", MW_SCHEMA_POSTFIXADMIN, false },
	{ "SELECT r.boss FROM mailbox m, rights r WHERE r.sender = m.username", MW_SCHEMA_POSTFIXADMIN, false },
	{ "SELECT r.boss FROM mailbox AS m INNER JOIN rights r ON 1", MW_SCHEMA_POSTFIXADMIN, false },
	{ "SELECT username FROM other.mailbox", MW_SCHEMA_POSTFIXADMIN, false },
	{ "SELECT boss FROM (SELECT boss FROM rights) t", MW_SCHEMA_POSTFIXADMIN, false },
	{ "SELECT username FROM mailbox WHERE EXISTS (SELECT 1 FROM rights)", MW_SCHEMA_POSTFIXADMIN, false },
	{ "SELECT my_function('%s')", MW_SCHEMA_POSTFIXADMIN, false },
	{ "SELECT 'it''s' FROM \"mailbox\" m", MW_SCHEMA_POSTFIXADMIN, true },
	{ "", MW_SCHEMA_POSTFIXADMIN, false },
	{ "FROM", MW_SCHEMA_POSTFIXADMIN, false },
	{ "'", MW_SCHEMA_POSTFIXADMIN, false },
	{ "SELECT a FROM mailbox", MW_SCHEMA_NONE, false },
};

START_TEST(a_query_is_a_projects_where_all_its_tables_are)
{
	ck_assert(mw_init_query_is_of(mw_str(queries[_i].query), queries[_i].schema, MW_STR("vmail")) == queries[_i].own);
}
END_TEST

MW_UNIT_TESTS("init_databases")
{
	MW_LOOP(tcase, a_query_is_a_projects_where_all_its_tables_are, queries);
	MW_LOOP(tcase, a_host_is_read_in_the_forms_of_postfix_and_dovecot, hosts);
	MW_LOOP(tcase, a_connect_is_parted_into_its_settings, connects);
}

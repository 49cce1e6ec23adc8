/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include "policy/setting.h"
#include "sync/sql/schema.h"

static const struct {
	enum mw_source_schema schema;
	const char *driver;
	bool has, grants;
} offers[] = {
	{ MW_SCHEMA_NONE, "mysql", false, false },       { MW_SCHEMA_NONE, "pgsql", false, false },
	{ MW_SCHEMA_MAILCOW, "mysql", true, true },      { MW_SCHEMA_MAILCOW, "pgsql", false, false },
	{ MW_SCHEMA_IREDMAIL, "mysql", true, false },    { MW_SCHEMA_IREDMAIL, "pgsql", true, false },
	{ MW_SCHEMA_POSTFIXADMIN, "mysql", true, false }, { MW_SCHEMA_POSTFIXADMIN, "pgsql", true, false },
	{ MW_SCHEMA_POSTFIXADMIN, "sqlite", false, false },
};

START_TEST(a_schema_has_its_queries_where_the_project_has_its_tables)
{
	static const char *const always[] = { "users", "groups", "addresses", "members", "changed" };
	struct mw_str driver = mw_str(offers[_i].driver);

	ck_assert_int_eq(mw_schema_queries(offers[_i].schema, driver) != NULL, offers[_i].has);
	for (size_t i = 0; i < MW_COUNT(always); i++)
		ck_assert_int_eq(mw_schema_query(offers[_i].schema, driver, always[i]) != NULL, offers[_i].has);
	ck_assert_int_eq(mw_schema_query(offers[_i].schema, driver, "grants") != NULL, offers[_i].grants);
	ck_assert_ptr_null(mw_schema_query(offers[_i].schema, driver, "secrets"));
}
END_TEST

MW_UNIT_TESTS("schemas")
{
	MW_LOOP(tcase, a_schema_has_its_queries_where_the_project_has_its_tables, offers);
}

/* SPDX-License-Identifier: MIT */
#include "sync/sql/schema.h"

#include <string.h>

static const struct {
	enum mw_source_schema schema;
	const char *driver;
	const struct mw_schema_query *queries;
} schemas[] = {
	{ MW_SCHEMA_MAILCOW, "mysql", mw_schema_mailcow_mysql },
	{ MW_SCHEMA_IREDMAIL, "mysql", mw_schema_iredmail_mysql },
	{ MW_SCHEMA_IREDMAIL, "pgsql", mw_schema_iredmail_pgsql },
	{ MW_SCHEMA_POSTFIXADMIN, "mysql", mw_schema_postfixadmin_mysql },
	{ MW_SCHEMA_POSTFIXADMIN, "pgsql", mw_schema_postfixadmin_pgsql },
};

const struct mw_schema_query *mw_schema_queries(enum mw_source_schema schema, struct mw_str driver)
{
	size_t i;

	for (i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++)
		if (schemas[i].schema == schema && mw_str_equal(driver, mw_str(schemas[i].driver)))
			return schemas[i].queries;
	return NULL;
}

const char *mw_schema_query(enum mw_source_schema schema, struct mw_str driver, const char *word)
{
	const struct mw_schema_query *query = mw_schema_queries(schema, driver);

	for (; query != NULL && query->word != NULL; query++)
		if (strcmp(query->word, word) == 0)
			return query->text;
	return NULL;
}

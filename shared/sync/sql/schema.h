/* Queries that are ready made for the tables of known projects: `schema = mailcow` in a source of the policy. What becomes
   of each of their columns is in docs/guides/schemas.md. Each query has the columns that a query of the administrator's
   own would have; who a query permits is what the project's own smtpd_sender_login_maps permits, and differences stand in
   the same guide. */
#ifndef MW_SYNC_SCHEMA_H
#define MW_SYNC_SCHEMA_H

#include "policy/model.h"

/* `word` is the name of the setting that the query stands in for: a kind of row, or "changed". */
struct mw_schema_query { const char *word, *text; };

/* The queries of a schema for a driver, up to one whose word is NULL; NULL: the schema has none for it. */
const struct mw_schema_query *mw_schema_queries(enum mw_source_schema schema, struct mw_str driver);
/* The text of one of them; NULL: there is none, and nothing of this kind is read. */
const char *mw_schema_query(enum mw_source_schema schema, struct mw_str driver, const char *word);

/* One table a project, private to sync/. */
extern const struct mw_schema_query mw_schema_mailcow_mysql[];
extern const struct mw_schema_query mw_schema_iredmail_mysql[], mw_schema_iredmail_pgsql[];
extern const struct mw_schema_query mw_schema_postfixadmin_mysql[], mw_schema_postfixadmin_pgsql[];

/* The items of the comma list in a text column, as the items n of MW_SCHEMA_ITEM(). They keep the column's collation, so
   that they compare with what stands in other columns, and its index is used. For MySQL and MariaDB (from 10.6). */
#define MW_SCHEMA_ITEMS(list) \
	"JSON_TABLE(CONCAT('[0', REPEAT(',0', CHAR_LENGTH(" list ") - CHAR_LENGTH(REPLACE(" list ", ',', ''))), ']')," \
	" '$[*]' COLUMNS (n FOR ORDINALITY)) AS item"
#define MW_SCHEMA_ITEM(list) "TRIM(SUBSTRING_INDEX(SUBSTRING_INDEX(" list ", ',', item.n), ',', -1))"


/* What tells one content of a table from another: how many rows there are, and a sum over all that these columns say in
   them. It is a sum of squares or of a digest: with plain checksums two rows that exchange a value may give the same. No
   column may be NULL in MySQL, where it would be passed over. The database reads the table; one value comes back. */
#define MW_SCHEMA_SUM_MYSQL(columns, from) \
	"(SELECT CONCAT(COUNT(*), ':', COALESCE(SUM(crc * crc), 0))" \
	" FROM (SELECT CRC32(CONCAT_WS(CHAR(10), " columns ")) AS crc FROM " from ") sums)"
#define MW_SCHEMA_SUM_PGSQL(columns, from) \
	"(SELECT CONCAT(COUNT(*), ':', COALESCE(SUM(('x' || LEFT(MD5(ROW(" columns ")::text), 15))::bit(60)::bigint), 0))" \
	" FROM " from ")"

#endif

/* SPDX-License-Identifier: MIT */
#include "sync/sql/schema.h"

/* The smtpd_sender_login_maps of PostfixAdmin's documentation gives a mailbox its own name and nothing else, so that
   every alias only receives. PostgreSQL tells upper case from lower case, and Postfix does not: it looks up whom an
   alias leads to in lower case. mailbox.smtp_active came with version 4.0: where the table lacks it, the name means the
   column of `older`, as names in a subquery do. */

/* goal: each goal of each alias that is no mailbox itself; alias_of: the addresses of one mailbox each; list_of: those
   of a group. */
#define WITH(item, items) \
	"WITH goal AS (" \
	"SELECT a.address, a.domain, " item " AS goal FROM alias a CROSS JOIN " items \
	" WHERE a.active AND a.address NOT LIKE '@%'" \
	" AND NOT EXISTS (SELECT 1 FROM mailbox taken WHERE taken.username = a.address))," \
	" single AS (SELECT address, domain, MAX(goal) AS goal FROM goal" \
	" GROUP BY address, domain HAVING COUNT(DISTINCT NULLIF(goal, '')) = 1)," \
	" alias_of AS (SELECT s.address, s.domain, m.username AS name FROM single s JOIN mailbox m ON m.username = s.goal)," \
	" list_of AS (SELECT DISTINCT g.address, g.domain FROM goal g LEFT JOIN alias_of o ON o.address = g.address" \
	" WHERE o.address IS NULL) "

/* An address as it is written in an alias domain. */
#define RENAMED \
	"CONCAT(SUBSTRING(k.address, 1, CHAR_LENGTH(k.address) - CHAR_LENGTH(k.domain)), d.alias_domain)"
#define IN_ALIAS_DOMAINS \
	" JOIN alias_domain d ON d.target_domain = k.domain AND d.active" \
	" WHERE NOT EXISTS (SELECT 1 FROM mailbox t WHERE t.username = " RENAMED ")" \
	" AND NOT EXISTS (SELECT 1 FROM alias t WHERE t.address = " RENAMED ")"

#define SWITCH(also) "CASE WHEN u.live" also " THEN 'yes' ELSE 'no' END"

#define USERS \
	"SELECT u.name, " SWITCH("") " AS imap, " SWITCH("") " AS pop3, " SWITCH("") " AS sieve, " \
	SWITCH(" AND u.smtp") " AS smtp " \
	"FROM (SELECT m.username AS name, m.active AND COALESCE(d.active, FALSE) AS live," \
	" (SELECT smtp_active FROM mailbox i WHERE i.username = m.username) AS smtp" \
	" FROM mailbox m LEFT JOIN domain d ON d.domain = m.domain CROSS JOIN (SELECT TRUE AS smtp_active) older) u"

/* All that the queries read. */
#define CHANGED(sum) \
	"SELECT CONCAT_WS('/', " \
	sum("domain, active", "domain") ", " \
	sum("alias_domain, target_domain, active", "alias_domain") ", " \
	sum("m.username, m.domain, m.active, (SELECT smtp_active FROM mailbox i WHERE i.username = m.username)", \
	    "mailbox m CROSS JOIN (SELECT TRUE AS smtp_active) older") ", " \
	sum("address, goto, domain, active", "alias") ")"

#define QUERIES(with, changed) { \
	{ "users", USERS }, \
	{ "groups", with "SELECT address AS name FROM list_of" }, \
	{ "addresses", \
	  with "SELECT name, NULL AS address, address AS receive FROM alias_of" \
	  " UNION SELECT k.name, NULL, " RENAMED \
	  " FROM (SELECT username AS name, username AS address, domain FROM mailbox" \
	  " UNION SELECT name, address, domain FROM alias_of) k" IN_ALIAS_DOMAINS \
	  " UNION SELECT k.address, " RENAMED ", NULL FROM list_of k" IN_ALIAS_DOMAINS }, \
	{ "members", \
	  with "SELECT DISTINCT l.address AS name, m.username AS member FROM list_of l" \
	  " JOIN goal g ON g.address = l.address JOIN mailbox m ON m.username = g.goal" }, \
	{ "changed", changed }, \
	{ NULL, NULL }, \
}

const struct mw_schema_query mw_schema_postfixadmin_mysql[] =
	QUERIES(WITH(MW_SCHEMA_ITEM("a.goto"), MW_SCHEMA_ITEMS("a.goto")), CHANGED(MW_SCHEMA_SUM_MYSQL));
const struct mw_schema_query mw_schema_postfixadmin_pgsql[] =
	QUERIES(WITH("LOWER(TRIM(item.goal))", "LATERAL regexp_split_to_table(a.goto, ',') AS item (goal)"),
		CHANGED(MW_SCHEMA_SUM_PGSQL));

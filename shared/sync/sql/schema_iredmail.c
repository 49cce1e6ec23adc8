/* SPDX-License-Identifier: MIT */
#include "sync/sql/schema.h"

/* iRedMail's sender_login_maps gives a mailbox its own name and nothing else, so that every alias only receives. Its
   Dovecot asks for the column enable<service>, and enable<service>secured or enable<service>tls of a session with TLS;
   which of them the session has is Dovecot's to judge: one that is on is enough here.

   The items of its lists are rows, so that one text does for MySQL and PostgreSQL. PostgreSQL tells upper case from
   lower case, and Postfix does not: it looks up whom an alias leads to in lower case. */

#define NOT_TAKEN(address) \
	" AND NOT EXISTS (SELECT 1 FROM mailbox taken WHERE taken.username = " address ")"

#define JOIN_GOAL " JOIN mailbox m ON m.username = LOWER(f.forwarding)"

/* alias_of: the addresses of one mailbox each; list_of: those of a group. */
#define WITH \
	"WITH alias_of AS (" \
	"SELECT f.address, f.domain, MIN(m.username) AS name" \
	" FROM forwardings f LEFT" JOIN_GOAL \
	" WHERE f.is_alias = 1 AND f.active = 1" \
	" AND NOT EXISTS (SELECT 1 FROM alias l WHERE l.address = f.address AND l.active = 1)" \
	" AND NOT EXISTS (SELECT 1 FROM maillists l WHERE l.address = f.address AND l.active = 1)" \
	NOT_TAKEN("f.address") \
	" GROUP BY f.address, f.domain HAVING MIN(m.username) IS NOT NULL AND COUNT(DISTINCT LOWER(f.forwarding)) = 1)," \
	" list_of AS (" \
	"SELECT l.address, l.domain FROM alias l WHERE l.active = 1" NOT_TAKEN("l.address") \
	" UNION SELECT l.address, l.domain FROM maillists l WHERE l.active = 1" NOT_TAKEN("l.address") \
	" UNION SELECT f.address, f.domain FROM forwardings f LEFT" JOIN_GOAL \
	" WHERE f.is_alias = 1 AND f.active = 1" NOT_TAKEN("f.address") \
	" GROUP BY f.address, f.domain HAVING MIN(m.username) IS NULL OR COUNT(DISTINCT LOWER(f.forwarding)) > 1) "

/* An address as it is written in an alias domain. */
#define RENAMED \
	"CONCAT(SUBSTRING(k.address, 1, CHAR_LENGTH(k.address) - CHAR_LENGTH(k.domain)), d.alias_domain)"
#define IN_ALIAS_DOMAINS \
	" JOIN alias_domain d ON d.target_domain = k.domain AND d.active = 1" \
	" WHERE NOT EXISTS (SELECT 1 FROM mailbox t WHERE t.username = " RENAMED ")" \
	" AND NOT EXISTS (SELECT 1 FROM forwardings t WHERE t.address = " RENAMED ")" \
	" AND NOT EXISTS (SELECT 1 FROM alias t WHERE t.address = " RENAMED ")"

#define SWITCH(columns) "CASE WHEN u.live = 1 AND (" columns ") THEN 'yes' ELSE 'no' END"

/* All that the queries read. */
#define CHANGED(sum) \
	"SELECT CONCAT_WS('/', " \
	sum("domain, active, backupmx", "domain") ", " \
	sum("alias_domain, target_domain, active", "alias_domain") ", " \
	sum("username, domain, active, enableimap, enableimapsecured, enableimaptls," \
	    " enablepop3, enablepop3secured, enablepop3tls, enablesieve, enablesievesecured," \
	    " enablesievetls, enablesmtp, COALESCE(allow_nets, '')", "mailbox") ", " \
	sum("address, domain, active", "alias") ", " \
	sum("address, forwarding, domain, is_alias, active", "forwardings") ", " \
	sum("address, domain, active", "maillists") ")"

#define QUERIES(changed) { \
	{ "users", \
	  "SELECT u.username AS name, " \
	  SWITCH("u.enableimap = 1 OR u.enableimapsecured = 1 OR u.enableimaptls = 1") " AS imap, " \
	  SWITCH("u.enablepop3 = 1 OR u.enablepop3secured = 1 OR u.enablepop3tls = 1") " AS pop3, " \
	  SWITCH("u.enablesieve = 1 OR u.enablesievesecured = 1 OR u.enablesievetls = 1") " AS sieve, " \
	  SWITCH("u.enablesmtp = 1") " AS smtp, " \
	  "NULLIF(TRIM(u.allow_nets), '') AS networks " \
	  "FROM (SELECT m.*, CASE WHEN m.active = 1 AND d.active = 1 AND d.backupmx = 0 THEN 1 ELSE 0 END AS live" \
	  " FROM mailbox m LEFT JOIN domain d ON d.domain = m.domain) u" }, \
	{ "groups", WITH "SELECT address AS name FROM list_of GROUP BY address" }, \
	{ "addresses", \
	  WITH "SELECT name, NULL AS address, address AS receive FROM alias_of" \
	  " UNION SELECT k.name, NULL, " RENAMED \
	  " FROM (SELECT username AS name, username AS address, domain FROM mailbox" \
	  " UNION SELECT name, address, domain FROM alias_of) k" IN_ALIAS_DOMAINS \
	  " UNION SELECT k.address, " RENAMED ", NULL FROM list_of k" IN_ALIAS_DOMAINS }, \
	{ "members", \
	  WITH "SELECT DISTINCT l.address AS name, m.username AS member FROM list_of l" \
	  " JOIN forwardings f ON f.address = l.address AND f.active = 1" \
	  JOIN_GOAL }, \
	{ "changed", changed }, \
	{ NULL, NULL }, \
}

const struct mw_schema_query mw_schema_iredmail_mysql[] = QUERIES(CHANGED(MW_SCHEMA_SUM_MYSQL));
const struct mw_schema_query mw_schema_iredmail_pgsql[] = QUERIES(CHANGED(MW_SCHEMA_SUM_PGSQL));

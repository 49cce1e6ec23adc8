/* SPDX-License-Identifier: MIT */
#include "sync/sql/schema.h"

/* mailcow's mysql_virtual_sender_acl.cf: every goal of an alias whose sender_allowed is set, who a row of sender_acl
   names, and the mailbox of the same local part in the target of an alias domain.

   A grant on one address of a user holds for all of them, and mailcow's for the one address only. So an address that
   somebody else may send from is nobody's or a group's, and its owner has a grant on it as the others have.

   alias.sender_allowed came in January 2026: where the table lacks it, the name means the column of `older`, as names
   in a subquery do. Every condition is a look into one table by its key, or a set that MariaDB makes once: joins of
   what is derived have no key, and take the square of a server's users. */

#define LOCAL(address) "SUBSTRING_INDEX(" address ", '@', 1)"
#define DOMAIN(address) "SUBSTRING_INDEX(" address ", '@', -1)"
#define IS_MAILBOX(address) "EXISTS (SELECT 1 FROM mailbox box WHERE box.username = " address ")"
#define IS_ALIAS(address) "EXISTS (SELECT 1 FROM alias x WHERE x.address = " address " AND x.active IN (1, 2))"
/* Somebody else has a row of sender_acl for the address. */
#define IS_NAMED(address) \
	address " IN (SELECT acl.send_as FROM sender_acl acl JOIN mailbox who ON who.username = acl.logged_in_as" \
	" WHERE acl.send_as <> acl.logged_in_as)"
/* The same address in the target of its alias domain; '' where its domain is none. */
#define IN_TARGET(address) \
	"COALESCE((SELECT CONCAT(" LOCAL(address) ", '@', t.target_domain) FROM alias_domain t" \
	" WHERE t.alias_domain = " DOMAIN(address) " AND t.active = 1), '')"
/* The mailbox's own row of alias leads to others, too. */
#define IS_SHARED(name) "EXISTS (SELECT 1 FROM alias own WHERE own.address = " name " AND own.goto <> own.address)"

/* Whether who an alias leads to may send as it. */
#define ALLOWED \
	"(a.active = 1 AND (SELECT sender_allowed FROM alias i WHERE i.id = a.id) = 1" \
	" AND (EXISTS (SELECT 1 FROM domain d WHERE d.domain = a.domain AND d.active = 1)" \
	" OR EXISTS (SELECT 1 FROM alias_domain d WHERE d.alias_domain = a.domain AND d.active = 1)))"
/* The aliases that receive, with the mailbox that is their one goal. */
#define FROM_ALIASES \
	" FROM alias a CROSS JOIN (SELECT 1 AS sender_allowed) older LEFT JOIN mailbox m ON m.username = a.goto" \
	" WHERE a.active IN (1, 2) AND a.address NOT LIKE '@%'"
/* Nobody but the mailbox may send from the address, and nobody else from the mailbox's name. */
#define IS_ALONE(address) \
	"(m.username IS NOT NULL AND NOT " IS_NAMED(address) " AND NOT " IS_NAMED(IN_TARGET(address)) \
	" AND NOT " IS_MAILBOX(IN_TARGET(address)) " AND NOT " IS_NAMED("m.username") " AND NOT " IS_SHARED("m.username") ")"

/* A mailbox's name in the alias domain d; whether it is an address of the mailbox. */
#define FORM(name) "CONCAT(" LOCAL(name) ", '@', d.alias_domain)"
#define IS_OWN(name) \
	"(NOT " IS_ALIAS(FORM(name)) " AND NOT " IS_MAILBOX(FORM(name)) " AND NOT " IS_NAMED(FORM(name)) \
	" AND NOT " IS_SHARED(name) ")"
#define FROM_FORMS \
	" FROM mailbox m JOIN alias_domain d ON d.target_domain = m.domain AND d.active = 1 WHERE m.active IN (1, 2)"

#define FROM_ACL " FROM sender_acl s JOIN mailbox m ON m.username = s.logged_in_as"

/* What is not there is on, and what is no number and no text is not. */
#define SWITCH(attribute) \
	"CASE WHEN u.live AND COALESCE(JSON_VALUE(u.attributes, '$." attribute "')," \
	" JSON_QUERY(u.attributes, '$." attribute "'), '1') = '1' THEN 'yes' ELSE 'no' END"

#define IS_VALID_SPAMALIAS \
	"(t.validity >= UNIX_TIMESTAMP() OR (SELECT permanent FROM spamalias i WHERE i.address = t.address) <> 0)"

const struct mw_schema_query mw_schema_mailcow_mysql[] = {
	{ "users",
	  "SELECT u.username AS name, " SWITCH("imap_access") " AS imap, " SWITCH("pop3_access") " AS pop3, "
	  SWITCH("sieve_access") " AS sieve, " SWITCH("smtp_access") " AS smtp "
	  "FROM (SELECT m.username, m.attributes, m.active = 1 AND COALESCE(d.active, 0) = 1"
	  " AND m.kind NOT REGEXP 'location|thing|group' AS live"
	  " FROM mailbox m LEFT JOIN domain d ON d.domain = m.domain) u" },
	{ "groups",
	  "SELECT a.address AS name" FROM_ALIASES " AND NOT " IS_MAILBOX("a.address") " AND NOT " IS_ALONE("a.address") },
	{ "addresses",
	  "SELECT k.name, CASE WHEN k.allowed THEN k.address END AS address,"
	  " CASE WHEN NOT k.allowed THEN k.address END AS receive"
	  " FROM (SELECT m.username AS name, a.address, " ALLOWED " AS allowed" FROM_ALIASES
	  " AND NOT " IS_MAILBOX("a.address") " AND " IS_ALONE("a.address") ") k"
	  " UNION SELECT m.username, " FORM("m.username") ", NULL" FROM_FORMS " AND " IS_OWN("m.username")
	  " UNION SELECT m.username, NULL, t.address FROM spamalias t JOIN mailbox m ON m.username = t.goto"
	  " CROSS JOIN (SELECT 0 AS permanent) older"
	  " WHERE " IS_VALID_SPAMALIAS
	  " AND NOT " IS_ALIAS("t.address") " AND NOT " IS_MAILBOX("t.address")
	  " AND NOT " IS_MAILBOX(IN_TARGET("t.address")) },
	{ "members",
	  "SELECT DISTINCT l.name, box.username AS member"
	  " FROM (SELECT a.address AS name, a.goto" FROM_ALIASES
	  " AND NOT " IS_MAILBOX("a.address") " AND NOT " IS_ALONE("a.address") ") l"
	  " CROSS JOIN " MW_SCHEMA_ITEMS("l.goto") " JOIN mailbox box ON box.username = " MW_SCHEMA_ITEM("l.goto") },
	{ "grants",
	  "SELECT 'send-as' AS kind, l.identity, box.username AS trustee"
	  " FROM (SELECT a.address AS identity, a.goto" FROM_ALIASES " AND " ALLOWED
	  " AND (" IS_MAILBOX("a.address") " OR NOT " IS_ALONE("a.address") ")) l"
	  " CROSS JOIN " MW_SCHEMA_ITEMS("l.goto") " JOIN mailbox box ON box.username = " MW_SCHEMA_ITEM("l.goto")
	  " WHERE box.username <> l.identity"
	  " UNION SELECT 'send-as', s.send_as, m.username" FROM_ACL
	  " WHERE s.send_as LIKE '_%@%' AND s.send_as <> m.username"
	  " UNION SELECT 'send-as', " FORM("s.send_as") ", m.username" FROM_ACL
	  " JOIN alias_domain d ON d.target_domain = " DOMAIN("s.send_as") " AND d.active = 1"
	  " WHERE s.send_as LIKE '_%@%' AND s.send_as <> m.username"
	  " AND NOT EXISTS (SELECT 1 FROM alias x WHERE x.address = " FORM("s.send_as") " AND x.goto = m.username)"
	  " AND NOT (EXISTS (SELECT 1 FROM mailbox box WHERE box.username = s.send_as AND box.active IN (1, 2))"
	  " AND " IS_OWN("s.send_as") ")"
	  " UNION SELECT 'send-as', " FORM("m.username") ", m.username" FROM_FORMS
	  " AND NOT " IS_OWN("m.username") " AND NOT " IS_MAILBOX(FORM("m.username"))
	  " UNION SELECT 'send-as', CONCAT('*', s.send_as), m.username" FROM_ACL " WHERE s.send_as LIKE '@%'"
	  " UNION SELECT 'send-as', CONCAT('*@', d.alias_domain), m.username" FROM_ACL
	  " JOIN alias_domain d ON s.send_as = CONCAT('@', d.target_domain) AND d.active = 1"
	  " UNION SELECT 'send-as', CONCAT('*@', d.domain), m.username" FROM_ACL
	  " JOIN (SELECT domain FROM domain UNION SELECT alias_domain FROM alias_domain WHERE active = 1) d"
	  " WHERE s.send_as = '*'" },
	/* All that the queries read, and whether the time of an address is over. */
	{ "changed",
	  "SELECT CONCAT_WS('/', "
	  MW_SCHEMA_SUM_MYSQL("domain, active", "domain") ", "
	  MW_SCHEMA_SUM_MYSQL("alias_domain, target_domain, active", "alias_domain") ", "
	  MW_SCHEMA_SUM_MYSQL("username, domain, active, COALESCE(attributes, ''), kind", "mailbox") ", "
	  MW_SCHEMA_SUM_MYSQL("a.address, a.goto, a.domain, a.active, (SELECT sender_allowed FROM alias i WHERE i.id = a.id)",
			      "alias a CROSS JOIN (SELECT 1 AS sender_allowed) older") ", "
	  MW_SCHEMA_SUM_MYSQL("logged_in_as, send_as", "sender_acl") ", "
	  MW_SCHEMA_SUM_MYSQL("t.address, t.goto, COALESCE(" IS_VALID_SPAMALIAS ", 0)",
			      "spamalias t CROSS JOIN (SELECT 0 AS permanent) older") ")" },
	{ NULL, NULL },
};

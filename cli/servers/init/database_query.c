/* SPDX-License-Identifier: MIT */
/* Which tables a query of Postfix's asks, as far as that tells whether they are a project's own. */
#include "servers/init/databases.h"

#include <ctype.h>

struct project_table {
	enum mw_source_schema schema;
	const char *name;
};

/* Those that the ready-made queries read, and those that say who a domain or user is. */
static const struct project_table tables[] = {
	{ MW_SCHEMA_MAILCOW, "mailbox" }, { MW_SCHEMA_MAILCOW, "domain" }, { MW_SCHEMA_MAILCOW, "alias" },
	{ MW_SCHEMA_MAILCOW, "alias_domain" }, { MW_SCHEMA_MAILCOW, "sender_acl" }, { MW_SCHEMA_MAILCOW, "spamalias" },
	{ MW_SCHEMA_IREDMAIL, "mailbox" }, { MW_SCHEMA_IREDMAIL, "domain" }, { MW_SCHEMA_IREDMAIL, "alias" },
	{ MW_SCHEMA_IREDMAIL, "alias_domain" }, { MW_SCHEMA_IREDMAIL, "forwardings" }, { MW_SCHEMA_IREDMAIL, "maillists" },
	{ MW_SCHEMA_IREDMAIL, "moderators" }, { MW_SCHEMA_IREDMAIL, "alias_moderators" },
	{ MW_SCHEMA_POSTFIXADMIN, "mailbox" }, { MW_SCHEMA_POSTFIXADMIN, "domain" }, { MW_SCHEMA_POSTFIXADMIN, "alias" },
	{ MW_SCHEMA_POSTFIXADMIN, "alias_domain" },
};

static bool is_of(enum mw_source_schema schema, struct mw_str name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (tables[i].schema == schema && mw_str_equal_nocase(name, mw_str(tables[i].name)))
			return true;
	return false;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* The next word, without its quotes, or one other character; a text between ' is one too, "'". False at the end. */
static bool next_token(struct mw_str *rest_io, struct mw_str *token_r)
{
	struct mw_str rest = mw_str_trim(*rest_io);
	size_t len = 0;

	if (mw_str_empty(rest))
		return false;
	if (rest.ptr[0] == '\'') {
		size_t end = mw_str_find(mw_str_tail(rest, 1), '\'');

		*token_r = mw_str_head(rest, 1);
		*rest_io = mw_str_tail(rest, end + 2);
		return true;
	}
	if (rest.ptr[0] == '`' || rest.ptr[0] == '"') {
		struct mw_str inner = mw_str_tail(rest, 1);
		size_t end = mw_str_find(inner, rest.ptr[0]);

		*token_r = mw_str_head(inner, end);
		*rest_io = mw_str_tail(inner, end + 1);
		return true;
	}
	while (len < rest.len && is_word(rest.ptr[len]))
		len++;
	*token_r = mw_str_head(rest, len > 0 ? len : 1);
	*rest_io = mw_str_tail(rest, token_r->len);
	return true;
}

static bool is_next(struct mw_str rest, const char *word, struct mw_str *behind_r)
{
	struct mw_str token;

	if (!next_token(&rest, &token) || !mw_str_equal_nocase(token, mw_str(word)))
		return false;
	*behind_r = rest;
	return true;
}

/* A table behind FROM, JOIN or a comma, with what it is called there. False: it is another's. A subquery is looked at
   as the rest is. */
static bool take_table(struct mw_str *rest_io, enum mw_source_schema schema, struct mw_str dbname)
{
	static const char *const no_alias[] = { "where", "join", "left", "right", "inner", "cross", "natural", "on",
						"union", "order", "group", "limit", "full", "having", "using" };
	struct mw_str name, token, rest = *rest_io;

	if (!next_token(&rest, &name))
		return false;
	if (mw_str_equal(name, MW_STR("(")))
		return true;
	*rest_io = rest;
	if (is_next(rest, ".", &rest)) {
		if (!mw_str_equal(name, dbname) || !next_token(&rest, &name))
			return false;
		*rest_io = rest;
	}
	if (!is_of(schema, name))
		return false;
	if (is_next(rest, "as", &rest))
		*rest_io = rest;
	if (next_token(&rest, &token) && is_word(token.ptr[0])) {
		bool alias = true;

		for (size_t i = 0; i < sizeof(no_alias) / sizeof(no_alias[0]); i++)
			alias = alias && !mw_str_equal_nocase(token, mw_str(no_alias[i]));
		if (alias)
			*rest_io = rest;
	}
	return !is_next(*rest_io, ",", rest_io) || take_table(rest_io, schema, dbname);
}

bool mw_init_query_is_of(struct mw_str query, enum mw_source_schema schema, struct mw_str dbname)
{
	struct mw_str token;
	bool any = false;

	while (next_token(&query, &token)) {
		if (!mw_str_equal_nocase(token, MW_STR("from")) && !mw_str_equal_nocase(token, MW_STR("join")))
			continue;
		any = true;
		if (!take_table(&query, schema, dbname))
			return false;
	}
	return any;
}

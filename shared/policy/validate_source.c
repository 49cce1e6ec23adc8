/* SPDX-License-Identifier: MIT */
#include "mail/network.h"
#include "policy/build.h"

/* Which drivers know a setting and which need it, as lists of words with a blank on each side. What is not here, all
   drivers know and none needs. */
static const struct rule {
	const char *setting, *known, *needed;
} rules[] = {
	{ "path", " text sqlite ", " text sqlite " },
	{ "command", " exec ", " exec " },
	{ "last_line", " exec ", "" },
	{ "timeout", " exec ldap ", "" },
	{ "max_shrink", " exec sqlite pgsql mysql ldap ", "" },
	{ "host", " pgsql mysql ", "" },
	{ "port", " pgsql mysql ", "" },
	{ "socket", " pgsql mysql ", "" },
	{ "dbname", " pgsql mysql ", " pgsql mysql " },
	{ "user", " pgsql mysql ldap ", " pgsql mysql " },
	{ "password_file", " pgsql mysql ldap ", "" },
	{ "tls", " pgsql mysql ldap ", "" },
	{ "tls_ca_file", " pgsql mysql ldap ", "" },
	{ "statement_timeout", " sqlite pgsql mysql ", "" },
	{ "schema", " pgsql mysql ", "" },
	{ "users", " sqlite pgsql mysql ", "" },
	{ "groups", " sqlite pgsql mysql ", "" },
	{ "grants", " sqlite pgsql mysql ", "" },
	{ "addresses", " sqlite pgsql mysql ", "" },
	{ "members", " sqlite pgsql mysql ", "" },
	{ "logins", " sqlite pgsql mysql ", "" },
	{ "listen", " pgsql ", "" },
	{ "changed", " pgsql mysql ", "" },
	{ "url", " ldap ", " ldap " },
	{ "base", " ldap ", " ldap " },
	{ "flavour", " ldap ", "" },
	{ "bind", " ldap ", "" },
	{ "keytab_file", " ldap ", "" },
	{ "tls_cert_file", " ldap ", "" },
	{ "tls_key_file", " ldap ", "" },
	{ "users_base", " ldap ", "" },
	{ "users_filter", " ldap ", "" },
	{ "users_attributes", " ldap ", "" },
	{ "groups_base", " ldap ", "" },
	{ "groups_filter", " ldap ", "" },
	{ "groups_attributes", " ldap ", "" },
	{ "all_rights_send_as", " ldap ", "" },
};

/* What follows from the driver where nobody wrote it. */
static const struct server {
	const char *driver;
	unsigned port;
	const char *socket;
	bool port_of_socket; /* the socket's name has the port */
} servers[] = {
	{ "pgsql", 5432, "/run/postgresql", true },
	{ "mysql", 3306, "/run/mysqld/mysqld.sock", false },
};

/* Where a project keeps the tables that its schema reads: sync/sql/schema.c has queries for each of these. */
static const char *const schema_drivers[] = {
	[MW_SCHEMA_NONE] = " sqlite pgsql mysql ",
	[MW_SCHEMA_MAILCOW] = " mysql ",
	[MW_SCHEMA_IREDMAIL] = " pgsql mysql ",
	[MW_SCHEMA_POSTFIXADMIN] = " pgsql mysql ",
};

struct source_check {
	struct mw_reader *reader;
	struct mw_source *source;
	const struct mw_written *written;
};

static bool lists(const char *words, struct mw_str driver)
{
	char memory[64];
	struct mw_buf word = MW_BUF_OVER(memory);

	mw_buf_printf(&word, " %.*s ", MW_STR_ARG(driver));
	return strstr(words, word.data) != NULL;
}

static const struct rule *find_rule(const char *setting)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rules[i].setting, setting) == 0)
			return &rules[i];
	return NULL;
}

bool mw_source_knows(const struct mw_source *source, const struct mw_setting *setting)
{
	const struct rule *rule = find_rule(setting->name);

	return rule == NULL || lists(rule->known, source->driver);
}

static struct mw_spot spot_of(const struct source_check *check, const char *setting)
{
	return mw_written_at(check->written, MW_SECTION_SOURCE, setting, check->source->place);
}

static bool is_written(const struct source_check *check, const char *setting)
{
	return check->written->spots[mw_setting_find(MW_SECTION_SOURCE, mw_str(setting))].line != 0;
}

static void check_rules(const struct source_check *check)
{
	struct mw_str driver = check->source->driver;
	char memory[64];

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		struct mw_buf expected = MW_BUF_OVER(memory);

		if (!is_written(check, rules[i].setting) && lists(rules[i].needed, driver)) {
			mw_buf_printf(&expected, "%s = \"%s\"", rules[i].setting,
				      strcmp(rules[i].setting, "path") == 0 ? "/..." : "...");
			mw_reader_error(check->reader, spot_of(check, rules[i].setting), expected.data,
					"a %.*s source needs a %s", MW_STR_ARG(driver), rules[i].setting);
		} else if (is_written(check, rules[i].setting) && !lists(rules[i].known, driver)) {
			mw_reader_error(check->reader, spot_of(check, rules[i].setting), NULL, "%s: a %.*s source has no such setting",
					rules[i].setting, MW_STR_ARG(driver));
		}
	}
}

/* A line that the text may have by itself would say nothing. */
static void check_last_line(const struct source_check *check)
{
	struct mw_str line = check->source->last_line;

	if (is_written(check, "last_line") && (!mw_str_starts_with(line, MW_STR("#")) || mw_str_trim(line).len != line.len))
		mw_reader_error(check->reader, spot_of(check, "last_line"), "\"# end\"", "last_line: \"%.*s\" is no comment",
				MW_STR_ARG(line));
}

static void check_schema(const struct source_check *check)
{
	enum mw_source_schema schema = check->source->sql.schema;

	if (is_written(check, "schema") && lists(find_rule("schema")->known, check->source->driver) &&
	    !lists(schema_drivers[schema], check->source->driver))
		mw_reader_error(check->reader, spot_of(check, "schema"), "driver = mysql", "schema: %s has no tables in %.*s",
				mw_table_word(mw_source_schemas, (int)schema), MW_STR_ARG(check->source->driver));
}

static void check_queries(const struct source_check *check)
{
	if (check->source->sql.schema != MW_SCHEMA_NONE)
		return;
	for (int i = 0; i < MW_SQL_QUERY_COUNT; i++)
		if (!mw_str_empty(check->source->sql.queries[i]))
			return;
	mw_reader_error(check->reader, spot_of(check, "users"), "users = \"SELECT ...\", or a schema",
			"a %.*s source needs a query", MW_STR_ARG(check->source->driver));
}

/* libpq takes a list, or a folder, for a host. */
static bool is_host(struct mw_str host)
{
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      (c != '\0' && strchr(".-:_", c) != NULL)))
			return false;
	}
	return true;
}

/* A name that needs no quotes. */
static bool is_channel(struct mw_str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!((name.ptr[i] >= 'a' && name.ptr[i] <= 'z') || name.ptr[i] == '_' ||
		      (i > 0 && name.ptr[i] >= '0' && name.ptr[i] <= '9')))
			return false;
	return name.len < 64;
}

static bool is_this_host(struct mw_str host)
{
	struct mw_ip ip;

	return mw_str_empty(host) || mw_str_equal_nocase(host, MW_STR("localhost")) ||
		(mw_ip_parse(host, &ip) && mw_ip_is_loopback(&ip));
}

static void check_server(const struct source_check *check, const struct server *server)
{
	struct mw_source_sql *sql = &check->source->sql;
	const bool remote = !mw_str_empty(sql->host);

	if (!is_host(sql->host))
		mw_reader_error(check->reader, spot_of(check, "host"), "a name or an address",
				"host: \"%.*s\" is no host", MW_STR_ARG(sql->host));
	if (!is_channel(sql->listen))
		mw_reader_error(check->reader, spot_of(check, "listen"), "lower-case letters, digits and _",
				"listen: \"%.*s\" is no name of a channel", MW_STR_ARG(sql->listen));
	if (!mw_str_empty(sql->listen) && !mw_str_empty(sql->changed))
		mw_reader_error(check->reader, spot_of(check, "changed"), "listen or changed", "changed: it stands beside listen");
	if (remote && is_written(check, "socket"))
		mw_reader_error(check->reader, spot_of(check, "socket"), "host or socket", "socket: it stands beside a host");
	if (mw_str_has(sql->dbname, "://") || mw_str_has(sql->dbname, "="))
		mw_reader_error(check->reader, spot_of(check, "dbname"), "the name alone; host, user and password_file are settings",
				"dbname: it has settings of a connection in it");
	if (!remote && sql->tls == MW_SOURCE_TLS_VERIFY)
		mw_reader_error(check->reader, spot_of(check, "tls"), "a host, or tls = none", "tls: a socket has none");
	if (!remote && mw_str_empty(sql->socket))
		sql->socket = mw_str(server->socket);
	if (sql->port == 0 && (remote || server->port_of_socket))
		sql->port = server->port;
	if (!remote && !server->port_of_socket && is_written(check, "port"))
		mw_reader_error(check->reader, spot_of(check, "port"), "a host, or no port", "port: a socket has none");
	if (sql->tls == 0)
		sql->tls = is_this_host(sql->host) ? MW_SOURCE_TLS_NONE : MW_SOURCE_TLS_VERIFY;
	if (sql->tls == MW_SOURCE_TLS_NONE && is_written(check, "tls_ca_file"))
		mw_reader_warn(check->reader, spot_of(check, "tls_ca_file"), "tls_ca_file has no effect without tls = verify");
	if (sql->tls == MW_SOURCE_TLS_NONE && !is_this_host(sql->host))
		mw_reader_warn(check->reader, spot_of(check, "tls"),
			       "tls = none: who is between this host and %.*s reads the password and may change the directory",
			       MW_STR_ARG(sql->host));
}

void mw_validate_source(struct mw_reader *reader, struct mw_source *source, const struct mw_written *written)
{
	const struct source_check check = { reader, source, written };

	/* A driver that is not there was reported. */
	if (mw_str_empty(source->driver))
		return;
	check_rules(&check);
	check_last_line(&check);
	check_schema(&check);
	if (lists(find_rule("users")->known, source->driver))
		check_queries(&check);
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		if (mw_str_equal(source->driver, mw_str(servers[i].driver)))
			check_server(&check, &servers[i]);
	if (mw_str_equal(source->driver, MW_STR("ldap")))
		mw_validate_ldap(reader, source, written);
}

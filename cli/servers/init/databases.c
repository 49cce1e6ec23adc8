/* SPDX-License-Identifier: MIT */
/* The databases in Postfix's and Dovecot's configuration. */
#include "servers/init/databases.h"

#include "servers/init/passwd_file.h"
#include "servers/init/tables.h"
#include "servers/new_files.h"
#include "servers/restriction.h"

static const char *const drivers[] = { "mysql", "pgsql", "sqlite" };

/* --- pure */

bool mw_init_database_host(struct mw_init_database *database, struct mw_str text)
{
	struct mw_str host = mw_str_head(text, mw_str_find(text, ' '));
	size_t colon;

	host = mw_str_head(host, mw_str_find(host, ','));
	if (mw_str_has(host, "://"))
		return false;
	if (mw_str_starts_with(host, MW_STR("inet:")))
		host = mw_str_tail(host, strlen("inet:"));
	if (mw_str_starts_with(host, MW_STR("unix:")))
		host = mw_str_tail(host, strlen("unix:"));
	if (mw_str_starts_with(host, MW_STR("/"))) {
		database->socket = host;
		database->host = MW_STR_EMPTY;
		return true;
	}
	colon = mw_str_find_last(host, ':');
	if (mw_str_starts_with(host, MW_STR("["))) {
		size_t end = mw_str_find(host, ']');

		database->port = mw_str_tail(host, end + 2);
		host = mw_str_head(mw_str_tail(host, 1), end - 1);
	} else if (colon < host.len && mw_str_find(host, ':') == colon) {
		database->port = mw_str_tail(host, colon + 1);
		host = mw_str_head(host, colon);
	}
	/* MySQL's library takes this name for its socket. */
	if (strcmp(database->driver, "mysql") == 0 && mw_str_equal(host, MW_STR("localhost")) && mw_str_empty(database->port))
		host = MW_STR_EMPTY;
	database->host = host;
	database->socket = MW_STR_EMPTY;
	return true;
}

bool mw_init_connect_next(struct mw_arena *arena, struct mw_str *rest_io, struct mw_str *key_r, struct mw_str *value_r)
{
	struct mw_str rest = mw_str_trim(*rest_io);
	size_t equals = mw_str_find(rest, '='), end;
	bool blank;

	if (equals == rest.len)
		return false;
	*key_r = mw_str_trim(mw_str_head(rest, equals));
	blank = mw_str_starts_with(mw_str_tail(rest, equals + 1), MW_STR(" "));
	rest = mw_str_trim(mw_str_tail(rest, equals + 1));
	/* "a = b" is libpq's, and "a= b=c" leaves a empty. */
	if (blank && mw_str_find(rest, '=') < mw_str_find(rest, ' ')) {
		*value_r = MW_STR_EMPTY;
		*rest_io = rest;
		return true;
	}
	if (mw_str_starts_with(rest, MW_STR("'"))) {
		rest = mw_str_tail(rest, 1);
		end = mw_str_find(rest, '\'');
	} else {
		end = mw_str_find(rest, ' ');
	}
	*value_r = mw_arena_copy(arena, mw_str_head(rest, end));
	*rest_io = mw_str_tail(rest, end + 1);
	return true;
}

/* --- keeping them */

/* A passdb's query may have a key in it and stand where few may read it; the policy, where it would be shown, everybody
   may read. */
static bool is_passdb(const char *setting)
{
	return mw_str_starts_with(mw_str(setting), MW_STR("passdb"));
}

static bool same(const struct mw_init_database *a, const struct mw_init_database *b)
{
	return strcmp(a->driver, b->driver) == 0 && mw_str_equal(a->host, b->host) && mw_str_equal(a->socket, b->socket) &&
	       mw_str_equal(a->port, b->port) && mw_str_equal(a->dbname, b->dbname) && mw_str_equal(a->path, b->path);
}

/* The one that is kept already, or a new one; NULL: there is no room for it. */
static struct mw_init_database *keep(struct mw_init *init, const struct mw_init_database *found)
{
	for (size_t i = 0; i < init->database_count; i++)
		if (same(&init->databases[i], found))
			return &init->databases[i];
	if (init->databases == NULL)
		init->databases = MW_ARENA_ARRAY(init->arena, struct mw_init_database, MW_INIT_DATABASES_MOST);
	if (init->databases == NULL || init->database_count == MW_INIT_DATABASES_MOST)
		return NULL;
	init->databases[init->database_count] = *found;
	return &init->databases[init->database_count++];
}

static void keep_question(struct mw_init *init, const struct mw_init_database *found, struct mw_init_question question)
{
	struct mw_init_database *database = keep(init, found);
	struct mw_init_question *kept = database != NULL ? MW_ARENA_NEW(init->arena, struct mw_init_question) : NULL;

	if (kept == NULL)
		return;
	init->passdbs_kept += is_passdb(question.setting);
	*kept = question;
	if (database->last != NULL)
		database->last->next = kept;
	else
		database->first = kept;
	database->last = kept;
}

/* --- Postfix: mysql_table(5), pgsql_table(5), sqlite_table(5) */

static const char *driver_of(struct mw_str type)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (mw_str_equal(type, mw_str(drivers[i])))
			return drivers[i];
	return NULL;
}

static void take_table(void *context, const char *setting, struct mw_str table)
{
	struct mw_init *init = context;
	struct mw_str bare = mw_init_table_bare(table);
	size_t colon = mw_str_find(bare, ':');
	const char *driver = driver_of(mw_str_head(bare, colon));
	const char *file = mw_arena_text(init->arena, mw_str_tail(bare, colon + 1));
	struct mw_init_database found = { .driver = driver, .password_from = file };
	struct mw_str text = driver != NULL && file[0] == '/' ? mw_file_text(init->arena, file) : MW_STR_EMPTY;

	if (mw_str_empty(text) || !mw_init_database_host(&found, mw_postfix_main_value(init->arena, text, MW_STR("hosts"))))
		return;
	found.dbname = mw_postfix_main_value(init->arena, text, MW_STR("dbname"));
	found.path = mw_postfix_main_value(init->arena, text, MW_STR("dbpath"));
	found.user = mw_postfix_main_value(init->arena, text, MW_STR("user"));
	found.password = mw_postfix_main_value(init->arena, text, MW_STR("password"));
	found.tls_ca_file = mw_postfix_main_value(init->arena, text, MW_STR("tls_CAfile"));
	keep_question(init, &found, (struct mw_init_question){
		.setting = setting, .what = mw_arena_text(init->arena, table),
		.query = mw_postfix_main_value(init->arena, text, MW_STR("query")) });
}

/* --- Dovecot 2.3: dovecot-sql.conf.ext */

struct sql_file {
	struct mw_str driver, connect, query;
};

/* A line with those that it goes on in. */
static struct mw_str whole_line(struct mw_arena *arena, struct mw_str *rest_io)
{
	struct mw_str line, whole = MW_STR_EMPTY;

	while (mw_postfix_line_next(rest_io, &line)) {
		bool goes_on = mw_str_ends_with(line, MW_STR("\\"));

		line = mw_str_trim(goes_on ? mw_str_head(line, line.len - 1) : line);
		whole = mw_str(mw_arena_textf(arena, "%.*s%s%.*s", MW_STR_ARG(whole), mw_str_empty(whole) ? "" : " ",
					      MW_STR_ARG(line)));
		if (!goes_on)
			break;
	}
	return whole;
}

static struct sql_file read_sql_file(struct mw_arena *arena, const char *path, const char *query)
{
	struct mw_str rest = mw_file_text(arena, path);
	struct sql_file file = { .query = MW_STR_EMPTY };

	while (!mw_str_empty(rest)) {
		struct mw_str line = whole_line(arena, &rest), name = mw_str_trim(mw_str_head(line, mw_str_find(line, '='))),
			      value = mw_str_trim(mw_str_tail(line, name.len));

		value = mw_str_starts_with(value, MW_STR("=")) ? mw_str_trim(mw_str_tail(value, 1)) : MW_STR_EMPTY;
		if (mw_str_equal(name, MW_STR("driver")))
			file.driver = value;
		else if (mw_str_equal(name, MW_STR("connect")))
			file.connect = value;
		else if (mw_str_equal(name, mw_str(query)))
			file.query = value;
	}
	return file;
}

/* A setting of a connection by its name at Dovecot's drivers. False: a host that no setting of a source can say. */
static bool take_setting(struct mw_init_database *found, struct mw_str key, struct mw_str value)
{
	if (mw_str_equal(key, MW_STR("host")) || mw_str_equal(key, MW_STR("hostaddr")))
		return mw_init_database_host(found, value);
	if (mw_str_equal(key, MW_STR("port")))
		found->port = value;
	else if (mw_str_equal(key, MW_STR("dbname")))
		found->dbname = value;
	else if (mw_str_equal(key, MW_STR("user")))
		found->user = value;
	else if (mw_str_equal(key, MW_STR("password")))
		found->password = value;
	else if (mw_str_equal(key, MW_STR("ssl_ca")) || mw_str_equal(key, MW_STR("sslrootcert")))
		found->tls_ca_file = value;
	return true;
}

static void take_sql_file(struct mw_init *init, const char *setting, const char *path, const char *query)
{
	struct sql_file file = read_sql_file(init->arena, path, query);
	struct mw_init_database found = { .driver = driver_of(file.driver), .password_from = path };
	struct mw_str rest = file.connect, key, value;
	bool known = found.driver != NULL;

	if (known && strcmp(found.driver, "sqlite") == 0 && mw_str_starts_with(file.connect, MW_STR("/")))
		found.path = mw_str_head(file.connect, mw_str_find(file.connect, ' '));
	else
		while (known && mw_init_connect_next(init->arena, &rest, &key, &value))
			known = take_setting(&found, key, value);
	if (known)
		keep_question(init, &found, (struct mw_init_question){ .setting = setting, .what = path, .query = file.query,
								       .secret = is_passdb(setting) });
}

/* --- Dovecot 2.4 */

/* doveconf hides passwords; the file has them. */
static struct mw_str hidden(const struct mw_init *init, const char *path, const char **file_r)
{
	const struct mw_dovecot_sources *sources = &init->dovecot.sources;

	for (size_t i = sources->count; i > 0; i--) {
		const struct mw_dovecot_source *source = &sources->items[i - 1];

		if (source->is_section || !mw_str_ends_with(mw_str(source->path), mw_str(path)))
			continue;
		*file_r = source->file;
		return source->value;
	}
	return MW_STR_EMPTY;
}

static void take_section(struct mw_init *init, struct mw_init_database *found, const struct mw_dovecot_node *section)
{
	const char *path = mw_arena_textf(init->arena, "%.*s %.*s", MW_STR_ARG(section->key), MW_STR_ARG(section->value));
	const struct mw_dovecot_node *parameters = mw_dovecot_next(section, NULL, "parameters"), *node;

	(void)mw_init_database_host(found, section->value);
	for (node = section->first; node != NULL; node = node->next)
		if (!node->is_section && !mw_str_empty(node->value))
			(void)take_setting(found, node->key, node->value);
	for (node = parameters != NULL ? parameters->first : NULL; node != NULL; node = node->next)
		(void)take_setting(found, node->key, node->value);
	found->password = hidden(init, mw_arena_textf(init->arena, "%s/password", path), &found->password_from);
	if (mw_str_empty(found->password))
		found->password = hidden(init, mw_arena_textf(init->arena, "%s/parameters/password", path), &found->password_from);
}

static struct mw_str inherited(const struct mw_dovecot_node *node, const char *key)
{
	struct mw_str value = MW_STR_EMPTY;

	for (; node != NULL && mw_str_empty(value); node = node->parent)
		value = mw_dovecot_value(node, key);
	return value;
}

static void take_block(struct mw_init *init, const char *setting, const struct mw_dovecot_node *block)
{
	struct mw_init_database found = { .driver = driver_of(inherited(block, "sql_driver")),
					  .password_from = init->dovecot.file };
	const struct mw_dovecot_node *section = NULL, *node;
	struct mw_str query = MW_STR_EMPTY;

	if (found.driver == NULL)
		return;
	query = mw_dovecot_value(block, is_passdb(setting) ? "passdb_sql_query" : "userdb_sql_query");
	/* By the short name that it has within the block. */
	if (mw_str_empty(query))
		query = mw_dovecot_value(block, "query");
	for (node = block; node != NULL && section == NULL; node = node->parent)
		section = mw_dovecot_next(node, NULL, found.driver);
	if (section != NULL)
		take_section(init, &found, section);
	else
		found.path = inherited(block, "sqlite_path");
	keep_question(init, &found, (struct mw_init_question){ .setting = setting, .what = found.password_from, .query = query,
							       .secret = is_passdb(setting) });
}

static void take_blocks(struct mw_init *init, const struct mw_dovecot_node *node, const char *kind, const char *query)
{
	const struct mw_dovecot_node *block = NULL;
	const char *setting = mw_arena_textf(init->arena, "%s sql", kind);

	while ((block = mw_dovecot_next(node, block, kind)) != NULL) {
		struct mw_str args = mw_dovecot_value(block, "args");

		if (!mw_str_equal(mw_dovecot_driver(block), MW_STR("sql")))
			continue;
		init->passdbs_found += is_passdb(setting);
		if (init->dovecot.generation == MW_DOVECOT_2_4)
			take_block(init, setting, block);
		else if (!mw_str_empty(args))
			take_sql_file(init, setting, mw_arena_text(init->arena, mw_dovecot_path_of_args(args)), query);
	}
}

/* --- */

static void find(struct mw_init *init)
{
	static const char *const settings[] = { "virtual_mailbox_maps", "virtual_alias_maps", MW_SENDER_LOGIN_MAPS,
						"virtual_mailbox_domains" };

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		mw_init_each_table(settings[i], mw_postfix_site_value(&init->postfix, settings[i]), take_table, init);
	for (const struct mw_dovecot_node *node = init->has_dovecot ? init->dovecot.root : NULL; node != NULL;
	     node = mw_dovecot_next_filter(&init->dovecot, node)) {
		take_blocks(init, node, "passdb", "password_query");
		take_blocks(init, node, "userdb", "user_query");
	}
}

/* "iredmail", "iredmail-2": each once. */
static void name_it(struct mw_init *init, size_t number)
{
	struct mw_init_database *database = &init->databases[number];
	const char *name = database->name;
	size_t before = 0;

	for (size_t i = 0; i < number; i++)
		before += strncmp(init->databases[i].name, name, strlen(name)) == 0;
	if (before > 0)
		database->name = mw_arena_textf(init->arena, "%s-%zu", name, before + 1);
	if (!mw_str_empty(database->password))
		database->password_file = mw_new_file_beside(init->arena, init->policy_path,
							     mw_arena_textf(init->arena, "%s.password", database->name));
}

void mw_init_read_databases(struct mw_init *init)
{
	find(init);
	for (size_t i = 0; i < init->database_count; i++) {
		mw_init_try_database(init, &init->databases[i]);
		name_it(init, i);
	}
}

/* Whether it has all that a setting asks it for. */
static bool stands_for(const struct mw_init_database *database, const struct mw_init_question *question)
{
	if (database->why != NULL || !mw_init_query_is_of(question->query, database->schema, database->dbname))
		return false;
	if (strcmp(question->setting, "virtual_mailbox_domains") == 0)
		return database->has_domains;
	return strcmp(question->setting, MW_SENDER_LOGIN_MAPS) != 0 || database->senders_differ == NULL;
}

bool mw_init_is_of_source(const struct mw_init *init, const char *setting, struct mw_str table)
{
	for (size_t i = 0; i < init->database_count; i++)
		for (const struct mw_init_question *question = init->databases[i].first; question != NULL;
		     question = question->next)
			if (strcmp(question->setting, setting) == 0 && mw_str_equal(mw_str(question->what), table) &&
			    stands_for(&init->databases[i], question))
				return true;
	return false;
}

bool mw_init_reads_passdbs(const struct mw_init *init)
{
	for (size_t i = 0; i < init->database_count; i++)
		for (const struct mw_init_question *question = init->databases[i].first; question != NULL;
		     question = question->next)
			if (is_passdb(question->setting) && !stands_for(&init->databases[i], question))
				return false;
	return init->passdbs_found > 0 && init->passdbs_kept == init->passdbs_found;
}

bool mw_init_reads_database(const struct mw_init *init)
{
	bool any = false;

	for (size_t i = 0; i < init->database_count; i++)
		any |= init->databases[i].why == NULL;
	return any;
}

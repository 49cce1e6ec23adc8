/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "sync/host.h"
#include "sync/record/row.h"
#include "sync/sql/schema.h"
#include "sync/sql/sql.h"

#define WHY_MAX 1024

static const struct {
	const char *word; /* of the setting */
	enum mw_row row;
} kinds[] = {
	[MW_SQL_USERS] = { "users", MW_ROW_USER },           [MW_SQL_GROUPS] = { "groups", MW_ROW_GROUP },
	[MW_SQL_GRANTS] = { "grants", MW_ROW_GRANT },        [MW_SQL_ADDRESSES] = { "addresses", MW_ROW_ADDRESS },
	[MW_SQL_MEMBERS] = { "members", MW_ROW_MEMBER },     [MW_SQL_LOGINS] = { "logins", MW_ROW_LOGIN },
};

struct query {
	const char *text; /* NULL: the policy has none */
	struct mw_strs columns;
};

struct sql_source {
	const struct mw_sql_database *database;
	struct mw_records *records;
	const struct mw_source *source;
	struct mw_str default_domain;
	void *opened;
	struct query queries[MW_SQL_QUERY_COUNT];
	int at; /* the query that is read; MW_SQL_QUERY_COUNT: none is left */
	bool running;
	struct mw_reading reading;
};

void mw_sql_say(struct mw_buf *why, const char *message)
{
	struct mw_str text = mw_str(message);

	while (text.len > 0 && (unsigned char)text.ptr[text.len - 1] <= ' ')
		text.len--;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c != '\n' && c != '\r' && c != '\t')
			mw_buf_add_char(why, c);
		else if (why->used > 0 && why->data[why->used - 1] != ' ')
			mw_buf_add_char(why, ' ');
	}
}

/* The source could not be read to its end. `query`: MW_SQL_QUERY_COUNT where it is about none. */
static void report(const struct sql_source *sql, int query, const char *expected, const char *text)
{
	const struct mw_place *place = &sql->source->place;

	mw_errors_add(sql->records->errors, MW_ERROR, place->file, place->line, 0, expected, "source \"%.*s\"%s%s: %s",
		      MW_STR_ARG(sql->source->name), query < MW_SQL_QUERY_COUNT ? ", " : "",
		      query < MW_SQL_QUERY_COUNT ? kinds[query].word : "", text);
}

static bool is_named_before(const struct mw_strs *columns, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (mw_str_equal_nocase(columns->items[i], columns->items[index]))
			return true;
	return false;
}

static bool has_column(const struct mw_strs *columns, const char *name)
{
	for (size_t i = 0; i < columns->count; i++)
		if (mw_str_equal_nocase(columns->items[i], mw_str(name)))
			return true;
	return false;
}

/* A column without which a row says nothing; NULL: there is none missing. */
static const char *missing_column(enum mw_row row, const struct mw_strs *columns)
{
	static const char *const needed[] = { "name", "kind", "identity", "trustee" };
	static const char *const values[] = {
		[MW_ROW_ADDRESS] = "address", [MW_ROW_MEMBER] = "member", [MW_ROW_LOGIN] = "login",
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (mw_row_needs(row, mw_str(needed[i])) && !has_column(columns, needed[i]))
			return needed[i];
	/* Beside the name any other: each is a value of such a row. */
	return row >= MW_ROW_ADDRESS && columns->count < 2 ? values[row] : NULL;
}

static void report_column(const struct sql_source *sql, int number, const char *what, struct mw_str column)
{
	char memory[256], keys[1024];
	struct mw_buf text = MW_BUF_OVER(memory), expected = MW_BUF_OVER(keys);

	mw_buf_printf(&text, "%s \"%.*s\"", what, MW_STR_ARG(mw_str_head(column, 100)));
	mw_row_print_keys(kinds[number].row, &expected);
	report(sql, number, expected.data, text.data);
}

static bool check_columns(const struct sql_source *sql, int number)
{
	const struct mw_strs *columns = &sql->queries[number].columns;
	const enum mw_row row = kinds[number].row;
	const char *missing = missing_column(row, columns);
	bool good = missing == NULL && columns->count <= MW_SQL_COLUMNS_MAX;

	for (size_t i = 0; i < columns->count; i++) {
		bool known = mw_row_has(row, columns->items[i]), twice = is_named_before(columns, i);

		if (!known)
			report_column(sql, number, "unknown column", columns->items[i]);
		else if (twice)
			report_column(sql, number, "two columns are called", columns->items[i]);
		good = good && known && !twice;
	}
	if (missing != NULL)
		report_column(sql, number, "it gives no column", mw_str(missing));
	return good;
}

/* The watch's query is looked at with the others, so that it is told before anything waits for it. */
static bool check_changed(const struct sql_source *sql)
{
	char memory[WHY_MAX];
	struct mw_buf why = MW_BUF_OVER(memory);
	struct mw_str query = mw_sql_changed(sql->source);
	struct mw_strs columns;
	bool good;

	if (mw_str_empty(query))
		return true;
	mw_buf_add_text(&why, "changed: ");
	good = sql->database->prepare(sql->opened, mw_arena_text(sql->records->arena, query),
				      sql->records->arena, &columns, &why);
	if (good && columns.count != 1)
		mw_buf_printf(&why, "it gives %zu values", columns.count);
	if (!good || columns.count != 1)
		report(sql, MW_SQL_QUERY_COUNT, good ? "one value" : NULL, memory);
	return good && columns.count == 1;
}

/* As the policy has it, or else the schema; empty: neither has one. */
static struct mw_str query_text(const struct mw_source *source, int number)
{
	const char *ready = mw_schema_query(source->sql.schema, source->driver, kinds[number].word);

	return ready != NULL && mw_str_empty(source->sql.queries[number]) ? mw_str(ready) : source->sql.queries[number];
}

static bool prepare_queries(struct sql_source *sql)
{
	char memory[WHY_MAX];
	bool good = check_changed(sql);

	for (int i = 0; i < MW_SQL_QUERY_COUNT; i++) {
		struct mw_str text = query_text(sql->source, i);
		struct query *query = &sql->queries[i];
		struct mw_buf why = MW_BUF_OVER(memory);

		if (mw_str_empty(text))
			continue;
		query->text = mw_arena_text(sql->records->arena, text);
		if (sql->database->prepare(sql->opened, query->text, sql->records->arena, &query->columns, &why)) {
			good = check_columns(sql, i) && good;
		} else {
			report(sql, i, NULL, memory);
			good = false;
		}
	}
	return good;
}

void *mw_sql_connect(const struct mw_sql_database *database, const struct mw_source *source, struct mw_buf *why)
{
	char password[1024] = "", path[4096], host[256];
	struct mw_buf name = MW_BUF_OVER(path), host_text = MW_BUF_OVER(host);
	void *opened = NULL;

	mw_buf_add(&host_text, source->sql.host);
	if (!mw_host_is_known(host, why))
		return NULL;
	mw_buf_add(&name, source->sql.password_file);
	if (name.used == 0 || mw_sql_read_password(path, password, sizeof(password), why))
		opened = database->open(source, password, why);
	explicit_bzero(password, sizeof(password));
	return opened;
}

void *mw_sql_open(const struct mw_sql_database *database, struct mw_records *records, const struct mw_source *source,
		  struct mw_str default_domain)
{
	struct sql_source *sql = calloc(1, sizeof(*sql));
	char memory[WHY_MAX];
	struct mw_buf why = MW_BUF_OVER(memory);

	if (sql == NULL) {
		records->failed = true;
		return NULL;
	}
	*sql = (struct sql_source){
		.database = database,
		.records = records,
		.source = source,
		.default_domain = default_domain,
	};
	sql->opened = mw_sql_connect(database, source, &why);
	if (sql->opened == NULL)
		report(sql, MW_SQL_QUERY_COUNT, NULL, memory);
	else if (prepare_queries(sql))
		return sql;
	mw_sql_close(sql);
	return NULL;
}

static bool fail(struct sql_source *sql, const char *why)
{
	report(sql, sql->at, NULL, why);
	sql->at = MW_SQL_QUERY_COUNT;
	return false;
}

/* Begins the next query that the policy has. False: there is none, or it failed. */
static bool run_next(struct sql_source *sql)
{
	char memory[WHY_MAX];
	struct mw_buf why = MW_BUF_OVER(memory);
	struct query *query;

	while (sql->at < MW_SQL_QUERY_COUNT && sql->queries[sql->at].text == NULL)
		sql->at++;
	if (sql->at == MW_SQL_QUERY_COUNT)
		return false;
	query = &sql->queries[sql->at];
	if (!sql->database->run(sql->opened, query->text, query->columns.count, &why))
		return fail(sql, memory);
	mw_reading_begin(&sql->reading, sql->records,
			 mw_arena_textf(sql->records->arena, "source \"%.*s\", %s", MW_STR_ARG(sql->source->name),
					kinds[sql->at].word),
			 sql->default_domain);
	return sql->running = true;
}

/* What is NULL says nothing, as a key that is left out does. */
static void read_row(struct sql_source *sql, const struct mw_str *values)
{
	const struct mw_strs *columns = &sql->queries[sql->at].columns;
	struct mw_column row[MW_SQL_COLUMNS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < columns->count; i++)
		if (values[i].ptr != NULL)
			row[count++] = (struct mw_column){ columns->items[i], values[i] };
	mw_row_read(&sql->reading, kinds[sql->at].row, row, count);
}

bool mw_sql_next(void *opened)
{
	struct sql_source *sql = opened;
	struct mw_str values[MW_SQL_COLUMNS_MAX];
	char memory[WHY_MAX];
	struct mw_buf why = MW_BUF_OVER(memory);

	if (!sql->running && !run_next(sql))
		return false;
	switch (sql->database->step(sql->opened, values, &why)) {
	case MW_SQL_ROW:
		read_row(sql, values);
		return true;
	case MW_SQL_END:
		sql->running = false;
		sql->at++;
		return true;
	case MW_SQL_FAILED:
		break;
	}
	return fail(sql, memory);
}

void mw_sql_close(void *opened)
{
	struct sql_source *sql = opened;

	if (sql->opened != NULL)
		sql->database->close(sql->opened);
	free(sql);
}

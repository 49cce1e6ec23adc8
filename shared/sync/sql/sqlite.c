/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "sync/sql/sql.h"

#define STEPS_BETWEEN_LOOKS 10000 /* of SQLite's machine */

struct sqlite {
	sqlite3 *file;
	sqlite3_stmt *statement; /* that is read */
	size_t columns;
	int64_t timeout, deadline; /* milliseconds */
};

/* Who may write it says who may send as whom. */
static bool is_fit(const char *path, struct mw_buf *why)
{
	struct stat st;

	if (stat(path, &st) != 0)
		mw_buf_printf(why, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		mw_buf_printf(why, "%s is no regular file", path);
	else if ((st.st_mode & S_IWOTH) != 0)
		mw_buf_printf(why, "%s may be written by everybody; chmod o-w", path);
	else
		return true;
	return false;
}

static int is_too_late(void *opened)
{
	const struct sqlite *sqlite = opened;

	return mw_clock_milliseconds() > sqlite->deadline;
}

/* Of a file that is only read, SQLITE_READONLY is about the files beside it. */
static void say(const struct sqlite *sqlite, int status, struct mw_buf *why)
{
	if (status == SQLITE_INTERRUPT)
		mw_buf_printf(why, "it took longer than statement_timeout");
	else if ((status & 0xff) == SQLITE_READONLY)
		mw_buf_add_text(why, "to read a file in WAL mode, or one that a crash left in the middle of a change, SQLite makes "
				"files in its folder, and may not: let the program that writes it keep it open, or "
				"switch it to PRAGMA journal_mode = DELETE");
	else
		mw_sql_say(why, sqlite->file == NULL ? sqlite3_errstr(status) : sqlite3_errmsg(sqlite->file));
}

/* The schema is data too: its views and triggers may call nothing that reaches beyond the file. */
static int set_up(struct sqlite *sqlite)
{
	int status;

	sqlite->deadline = mw_clock_milliseconds() + sqlite->timeout;
	status = sqlite3_db_config(sqlite->file, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);

	if (status == SQLITE_OK)
		status = sqlite3_db_config(sqlite->file, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (status == SQLITE_OK)
		status = sqlite3_busy_timeout(sqlite->file, (int)(sqlite->timeout < INT32_MAX ? sqlite->timeout : INT32_MAX));
	sqlite3_limit(sqlite->file, SQLITE_LIMIT_LENGTH, MW_SQL_VALUE_MAX);
	sqlite3_progress_handler(sqlite->file, STEPS_BETWEEN_LOOKS, is_too_late, sqlite);
	return status;
}

static void sqlite_close(void *opened)
{
	struct sqlite *sqlite = opened;

	sqlite3_finalize(sqlite->statement);
	sqlite3_close(sqlite->file);
	free(sqlite);
}

/* The file, without a transaction. */
static struct sqlite *open_file(const struct mw_source *source, struct mw_buf *why)
{
	struct sqlite *sqlite = calloc(1, sizeof(*sqlite));
	char path[4096];
	struct mw_buf name = MW_BUF_OVER(path);
	int status = SQLITE_NOMEM;

	mw_buf_add(&name, source->path);
	if (sqlite != NULL) {
		sqlite->timeout = (int64_t)source->sql.statement_timeout * 1000;
		if (!is_fit(path, why)) {
			sqlite_close(sqlite);
			return NULL;
		}
		status = sqlite3_open_v2(path, &sqlite->file, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
		if (status == SQLITE_OK)
			status = set_up(sqlite);
		if (status == SQLITE_OK)
			return sqlite;
		mw_buf_printf(why, "%s: ", path);
		say(sqlite, status, why);
		sqlite_close(sqlite);
	} else {
		mw_buf_add_text(why, "out of memory");
	}
	return NULL;
}

static int read_number(struct sqlite *sqlite, const char *query, int64_t *number_r)
{
	sqlite3_stmt *statement = NULL;
	int status;

	sqlite->deadline = mw_clock_milliseconds() + sqlite->timeout;
	status = sqlite3_prepare_v2(sqlite->file, query, -1, &statement, NULL);
	if (status == SQLITE_OK)
		status = sqlite3_step(statement);
	if (status == SQLITE_ROW)
		*number_r = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return status == SQLITE_ROW ? SQLITE_OK : status;
}

/* What the file would give as a page that it does not have, or in part: the rest is zeros. */
static bool is_of_file(const unsigned char *page, int64_t page_size, const unsigned char *part, int64_t part_size)
{
	if (memcmp(page, part, (size_t)part_size) != 0)
		return false;
	while (part_size < page_size && page[part_size] == 0)
		part_size++;
	return part_size == page_size;
}

/* A crash may cut off a checkpoint in the middle of a page. All pages from that one on are read from the write-ahead
   log then, which has them until a checkpoint came to its end. SQLite does not say where it reads a page, but one that
   comes from the log is another than the file gives. */
static bool is_rest_in_log(struct sqlite *sqlite, sqlite3_file *file, int64_t size, int64_t page)
{
	const int64_t first = size - size % page;
	unsigned char *part = calloc(1, (size_t)page), *all = NULL;
	sqlite3_int64 total = 0;
	bool good;

	sqlite->deadline = mw_clock_milliseconds() + sqlite->timeout;
	good = part != NULL && file->pMethods->xRead(file, part, (int)(size % page), first) == SQLITE_OK;
	if (good)
		all = sqlite3_serialize(sqlite->file, "main", &total, 0);
	good = all != NULL && total >= first + page;
	for (int64_t at = first; good && at < total; at += page)
		good = !is_of_file(all + at, page, part, at == first ? size % page : 0);
	sqlite3_free(all);
	free(part);
	return good;
}

static bool has_log(struct sqlite *sqlite)
{
	sqlite3_stmt *statement = NULL;
	bool wal = sqlite3_prepare_v2(sqlite->file, "PRAGMA journal_mode", -1, &statement, NULL) == SQLITE_OK &&
		sqlite3_step(statement) == SQLITE_ROW &&
		mw_str_equal_nocase(mw_str((const char *)sqlite3_column_text(statement, 0)), MW_STR("wal"));

	sqlite3_finalize(statement);
	return wal;
}

/* SQLite counts a last page that is there in part as a page, and what is missing of it reads as zeros: rows without
   values, and no error. So is a file that was cut off, or that somebody is still copying. */
static bool is_whole(struct sqlite *sqlite, struct mw_buf *why)
{
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	int64_t page = 0;
	int status = read_number(sqlite, "PRAGMA page_size", &page);

	if (status == SQLITE_OK)
		status = sqlite3_file_control(sqlite->file, "main", SQLITE_FCNTL_FILE_POINTER, &file);
	if (status == SQLITE_OK)
		status = file->pMethods->xFileSize(file, &size);
	if (status != SQLITE_OK) {
		say(sqlite, status, why);
		return false;
	}
	if (size % page == 0 || (has_log(sqlite) && is_rest_in_log(sqlite, file, size, page)))
		return true;
	mw_buf_add_text(why, "the file is cut off in the middle of a page");
	return false;
}

static void *sqlite_open(const struct mw_source *source, const char *password, struct mw_buf *why)
{
	struct sqlite *sqlite = open_file(source, why);
	int64_t version;
	int status;

	(void)password;
	if (sqlite == NULL)
		return NULL;
	/* Everything that is read after the first read is of the same moment. */
	status = sqlite3_exec(sqlite->file, "BEGIN", NULL, NULL, NULL);
	if (status == SQLITE_OK)
		status = read_number(sqlite, "PRAGMA schema_version", &version);
	if (status != SQLITE_OK)
		say(sqlite, status, why);
	else if (is_whole(sqlite, why))
		return sqlite;
	sqlite_close(sqlite);
	return NULL;
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\r\n;")] == '\0';
}

/* One statement that reads. */
static sqlite3_stmt *compile(struct sqlite *sqlite, const char *query, struct mw_buf *why)
{
	sqlite3_stmt *statement = NULL;
	const char *rest = "";
	int status;

	sqlite->deadline = mw_clock_milliseconds() + sqlite->timeout;
	status = sqlite3_prepare_v2(sqlite->file, query, -1, &statement, &rest);
	if (status != SQLITE_OK)
		say(sqlite, status, why);
	else if (statement == NULL || !is_blank(rest))
		mw_buf_add_text(why, "it is not one statement");
	else if (!sqlite3_stmt_readonly(statement))
		mw_buf_add_text(why, "it does not only read");
	else
		return statement;
	sqlite3_finalize(statement);
	return NULL;
}

static bool sqlite_prepare(void *opened, const char *query, struct mw_arena *arena, struct mw_strs *columns_r,
			   struct mw_buf *why)
{
	sqlite3_stmt *statement = compile(opened, query, why);
	size_t count = statement == NULL ? 0 : (size_t)sqlite3_column_count(statement);
	struct mw_str *names = MW_ARENA_ARRAY(arena, struct mw_str, count + 1);

	for (size_t i = 0; i < count && names != NULL; i++)
		names[i] = mw_arena_copy(arena, mw_str(sqlite3_column_name(statement, (int)i)));
	*columns_r = (struct mw_strs){ names, names == NULL ? 0 : count };
	sqlite3_finalize(statement);
	return statement != NULL;
}

static bool sqlite_run(void *opened, const char *query, size_t columns, struct mw_buf *why)
{
	struct sqlite *sqlite = opened;

	sqlite3_finalize(sqlite->statement);
	sqlite->statement = compile(sqlite, query, why);
	sqlite->columns = columns;
	return sqlite->statement != NULL;
}

static bool read_value(struct sqlite *sqlite, int column, struct mw_str *value_r)
{
	const void *text;

	*value_r = (struct mw_str){ NULL, 0 };
	if (sqlite3_column_type(sqlite->statement, column) == SQLITE_NULL)
		return true;
	/* A blob has its octets, the others are made text, in UTF-8. */
	text = sqlite3_column_type(sqlite->statement, column) == SQLITE_BLOB ?
		sqlite3_column_blob(sqlite->statement, column) : (const void *)sqlite3_column_text(sqlite->statement, column);
	*value_r = (struct mw_str){ text, (size_t)sqlite3_column_bytes(sqlite->statement, column) };
	if (text == NULL && value_r->len == 0)
		*value_r = MW_STR_EMPTY;
	return value_r->ptr != NULL && sqlite3_errcode(sqlite->file) != SQLITE_NOMEM;
}

static enum mw_sql_step sqlite_step(void *opened, struct mw_str *values, struct mw_buf *why)
{
	struct sqlite *sqlite = opened;
	int status = sqlite3_step(sqlite->statement);

	if (status == SQLITE_DONE)
		return MW_SQL_END;
	for (size_t i = 0; i < sqlite->columns && status == SQLITE_ROW; i++)
		if (!read_value(sqlite, (int)i, &values[i]))
			status = SQLITE_NOMEM;
	if (status == SQLITE_ROW)
		return MW_SQL_ROW;
	say(sqlite, status, why);
	return MW_SQL_FAILED;
}

static const struct mw_sql_database database = {
	.open = sqlite_open,
	.prepare = sqlite_prepare,
	.run = sqlite_run,
	.step = sqlite_step,
	.close = sqlite_close,
};

static void *open_source(struct mw_records *records, const struct mw_source *source, struct mw_str default_domain)
{
	return mw_sql_open(&database, records, source, default_domain);
}

/* SQLite counts the changes that others make to a file; a file that took its place is another one. */
struct sqlite_watch {
	struct mw_source source;
	struct sqlite *sqlite;
	struct stat st;
	int64_t version;
};

static bool read_version(struct sqlite_watch *watch, int64_t *version_r, struct mw_buf *why)
{
	int status = read_number(watch->sqlite, "PRAGMA data_version", version_r);

	if (status != SQLITE_OK)
		say(watch->sqlite, status, why);
	return status == SQLITE_OK;
}

static bool look_at_file(const struct sqlite_watch *watch, struct stat *st_r, struct mw_buf *why)
{
	char path[4096];
	struct mw_buf name = MW_BUF_OVER(path);

	mw_buf_add(&name, watch->source.path);
	if (stat(path, st_r) == 0)
		return true;
	mw_buf_printf(why, "%s: %s", path, strerror(errno));
	return false;
}

static void watch_close(void *opened)
{
	struct sqlite_watch *watch = opened;

	if (watch->sqlite != NULL)
		sqlite_close(watch->sqlite);
	free(watch);
}

static void *watch_open(const struct mw_source *source, struct mw_buf *why)
{
	struct sqlite_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL) {
		mw_buf_add_text(why, "out of memory");
		return NULL;
	}
	watch->source = mw_sql_impatient(source);
	if (look_at_file(watch, &watch->st, why) && (watch->sqlite = open_file(&watch->source, why)) != NULL &&
	    read_version(watch, &watch->version, why))
		return watch;
	watch_close(watch);
	return NULL;
}

static enum mw_source_change watch_ask(void *opened, struct mw_buf *why)
{
	struct sqlite_watch *watch = opened;
	const int64_t before = watch->version;
	struct stat st;

	if (!look_at_file(watch, &st, why))
		return MW_SOURCE_LOST;
	if (st.st_ino != watch->st.st_ino || st.st_dev != watch->st.st_dev) {
		mw_buf_add_text(why, "another file took its place");
		return MW_SOURCE_LOST;
	}
	if (!read_version(watch, &watch->version, why))
		return MW_SOURCE_LOST;
	return watch->version == before ? MW_SOURCE_SAME : MW_SOURCE_CHANGED;
}

const struct mw_source_driver mw_source_sqlite = {
	.name = "sqlite",
	.open = open_source,
	.next = mw_sql_next,
	.close = mw_sql_close,
	.watch_open = watch_open,
	.watch_fd = mw_sql_watch_fd,
	.watch_ask = watch_ask,
	.watch_close = watch_close,
	.interval = 1,
};

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <mysql.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sync/sql/sql.h"

#define UNKNOWN_SYSTEM_VARIABLE 1193 /* ER_UNKNOWN_SYSTEM_VARIABLE of mysqld_error.h */

/* What could wait for the server is asked with the library's functions that do not: a server that answers octet by
   octet would keep within each of its time-outs, and never end. */
struct mysql {
	MYSQL *connection;
	MYSQL_RES *result; /* that is read */
	size_t columns;
	int64_t timeout, deadline; /* milliseconds */
	bool late; /* the deadline is over */
};

static void say(const struct mysql *mysql, struct mw_buf *why)
{
	const char *message = mysql_error(mysql->connection);

	if (mysql->late)
		mw_buf_add_text(why, "it took longer than statement_timeout");
	else
		mw_sql_say(why, message[0] == '\0' ? "the connection was cut" : message);
}

static void begin_wait(struct mysql *mysql)
{
	mysql->deadline = mw_clock_milliseconds() + mysql->timeout;
}

/* Waits for the socket as the library says, and gives what happened. After the deadline its call ends with an error. */
static int wait_for(struct mysql *mysql, int wanted)
{
	struct pollfd socket = {
		.fd = mysql_get_socket(mysql->connection),
		.events = (short)(((wanted & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) |
				  ((wanted & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) |
				  ((wanted & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0)),
	};
	int64_t left = mysql->deadline - mw_clock_milliseconds();

	if (left > 0 && poll(&socket, 1, (int)(left < INT32_MAX ? left : INT32_MAX)) > 0)
		return ((socket.revents & POLLIN) != 0 ? MYSQL_WAIT_READ : 0) |
		       ((socket.revents & POLLOUT) != 0 ? MYSQL_WAIT_WRITE : 0) |
		       ((socket.revents & POLLPRI) != 0 ? MYSQL_WAIT_EXCEPT : 0) |
		       ((socket.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0 ? wanted & ~MYSQL_WAIT_TIMEOUT : 0);
	if (mw_clock_milliseconds() < mysql->deadline)
		return 0;
	mysql->late = true;
	return MYSQL_WAIT_TIMEOUT;
}

static bool query(struct mysql *mysql, const char *text, size_t len)
{
	int failed = 1, status = mysql_real_query_start(&failed, mysql->connection, text, len);

	while (status != 0)
		status = mysql_real_query_cont(&failed, mysql->connection, wait_for(mysql, status));
	return failed == 0;
}

/* Reads the rest of an answer, without which the connection takes no other question. */
static void drop_result(struct mysql *mysql)
{
	if (mysql->result != NULL)
		mysql_free_result(mysql->result);
	mysql->result = NULL;
}

/* A statement of ours, or a query that gives rows. */
static bool ask(struct mysql *mysql, const char *text, struct mw_buf *why)
{
	begin_wait(mysql);
	if (query(mysql, text, strlen(text)))
		return true;
	say(mysql, why);
	return false;
}

/* A server may ask its client for files: it gets none. No file of options is read. */
static bool set_options(struct mysql *mysql, const struct mw_source_sql *sql)
{
	const my_bool verify = sql->tls == MW_SOURCE_TLS_VERIFY;
	const unsigned connect = MW_SQL_CONNECT_TIMEOUT, wait = (unsigned)(mysql->timeout / 1000), no_files = 0;
	const unsigned protocol = mw_str_empty(sql->host) ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
	char ca[4096];
	struct mw_buf ca_text = MW_BUF_OVER(ca);
	int failed = 0;

	mw_buf_add(&ca_text, mw_str_empty(sql->tls_ca_file) ? MW_STR(MW_SQL_CA_FILE) : sql->tls_ca_file);
	failed |= mysql_options(mysql->connection, MYSQL_OPT_NONBLOCK, NULL);
	failed |= mysql_options(mysql->connection, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
	failed |= mysql_options(mysql->connection, MYSQL_OPT_READ_TIMEOUT, &wait);
	failed |= mysql_options(mysql->connection, MYSQL_OPT_WRITE_TIMEOUT, &wait);
	failed |= mysql_options(mysql->connection, MYSQL_OPT_LOCAL_INFILE, &no_files);
	failed |= mysql_options(mysql->connection, MYSQL_OPT_PROTOCOL, &protocol);
	failed |= mysql_options(mysql->connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	failed |= mysql_options(mysql->connection, MYSQL_OPT_SSL_ENFORCE, &verify);
	failed |= mysql_options(mysql->connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
	if (verify)
		failed |= mysql_options(mysql->connection, MYSQL_OPT_SSL_CA, ca);
	return failed == 0 && !ca_text.truncated;
}

static bool connect_to(struct mysql *mysql, const struct mw_source_sql *sql, const char *password, struct mw_buf *why)
{
	char host[256], dbname[256], user[256], socket[256];
	struct mw_buf host_text = MW_BUF_OVER(host), dbname_text = MW_BUF_OVER(dbname), user_text = MW_BUF_OVER(user),
		      socket_text = MW_BUF_OVER(socket);
	MYSQL *connected = NULL;
	int status;

	mw_buf_add(&host_text, sql->host);
	mw_buf_add(&dbname_text, sql->dbname);
	mw_buf_add(&user_text, sql->user);
	mw_buf_add(&socket_text, sql->socket);
	if (host_text.truncated || dbname_text.truncated || user_text.truncated || socket_text.truncated ||
	    !set_options(mysql, sql)) {
		mw_buf_add_text(why, "a setting is too long, or out of memory");
		return false;
	}
	mysql->deadline = mw_clock_milliseconds() + MW_SQL_CONNECT_TIMEOUT * 1000;
	status = mysql_real_connect_start(&connected, mysql->connection, host_text.used == 0 ? NULL : host, user, password,
					  dbname, sql->port, socket_text.used == 0 ? NULL : socket, 0);
	while (status != 0)
		status = mysql_real_connect_cont(&connected, mysql->connection, wait_for(mysql, status));
	if (connected != NULL)
		return true;
	if (mysql->late)
		mw_buf_add_text(why, "the server does not answer");
	else
		say(mysql, why);
	return false;
}

/* MariaDB counts seconds and MySQL milliseconds. A server that has neither is held by the connection's own time-out. */
static bool limit_statements(struct mysql *mysql, uint64_t seconds, struct mw_buf *why)
{
	char memory[80];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (mariadb_connection(mysql->connection))
		mw_buf_printf(&text, "SET SESSION max_statement_time = %" PRIu64, seconds);
	else
		mw_buf_printf(&text, "SET SESSION max_execution_time = %" PRIu64, seconds * 1000);
	begin_wait(mysql);
	if (query(mysql, memory, text.used) ||
	    mysql_errno(mysql->connection) == UNKNOWN_SYSTEM_VARIABLE)
		return true;
	say(mysql, why);
	return false;
}

static void mysql_source_close(void *opened)
{
	struct mysql *mysql = opened;

	/* The rest of an answer that failed is not waited for. */
	if (mysql->result != NULL && mysql->connection != NULL)
		mariadb_cancel(mysql->connection);
	drop_result(mysql);
	if (mysql->connection != NULL)
		mysql_close(mysql->connection);
	free(mysql);
}

static void *mysql_source_open(const struct mw_source *source, const char *password, struct mw_buf *why)
{
	struct mysql *mysql = calloc(1, sizeof(*mysql));

	if (mysql != NULL)
		mysql->connection = mysql_init(NULL);
	if (mysql == NULL || mysql->connection == NULL) {
		free(mysql);
		mw_buf_add_text(why, "out of memory");
		return NULL;
	}
	mysql->timeout = ((int64_t)source->sql.statement_timeout + MW_SQL_GRACE) * 1000;
	/* init_connect and skip-character-set-client-handshake set aside what the connection asked for; in another charset
	   each letter that it lacks comes as a question mark. */
	if (connect_to(mysql, &source->sql, password, why) && ask(mysql, "SET NAMES utf8mb4", why) &&
	    limit_statements(mysql, source->sql.statement_timeout, why) &&
	    ask(mysql, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", why) &&
	    ask(mysql, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", why))
		return mysql;
	mysql_source_close(mysql);
	return NULL;
}

static bool prepare(struct mysql *mysql, MYSQL_STMT *statement, const char *text)
{
	int failed = 1, status;

	begin_wait(mysql);
	status = mysql_stmt_prepare_start(&failed, statement, text, strlen(text));
	while (status != 0)
		status = mysql_stmt_prepare_cont(&failed, statement, wait_for(mysql, status));
	return failed == 0;
}

static bool mysql_source_prepare(void *opened, const char *query, struct mw_arena *arena, struct mw_strs *columns_r,
				 struct mw_buf *why)
{
	struct mysql *mysql = opened;
	MYSQL_STMT *statement = mysql_stmt_init(mysql->connection);
	bool good = statement != NULL && prepare(mysql, statement, query);
	MYSQL_RES *result = good ? mysql_stmt_result_metadata(statement) : NULL;
	size_t count = result == NULL ? 0 : mysql_num_fields(result);
	struct mw_str *names = MW_ARENA_ARRAY(arena, struct mw_str, count + 1);

	if (statement == NULL)
		mw_buf_add_text(why, "out of memory");
	else if (!good && mysql->late)
		say(mysql, why);
	else if (!good)
		mw_sql_say(why, mysql_stmt_error(statement));
	for (size_t i = 0; i < count && names != NULL; i++)
		names[i] = mw_arena_copy(arena, mw_str(mysql_fetch_field_direct(result, (unsigned)i)->name));
	*columns_r = (struct mw_strs){ names, names == NULL ? 0 : count };
	if (result != NULL)
		mysql_free_result(result);
	if (statement != NULL)
		mysql_stmt_close(statement);
	return good;
}

static bool mysql_source_run(void *opened, const char *query, size_t columns, struct mw_buf *why)
{
	struct mysql *mysql = opened;

	drop_result(mysql);
	mysql->columns = columns;
	if (!ask(mysql, query, why))
		return false;
	mysql->result = mysql_use_result(mysql->connection);
	if (mysql->result != NULL && mysql_num_fields(mysql->result) == columns)
		return true;
	say(mysql, why);
	return false;
}

/* BIT comes as its octets; one of a single bit is a switch. */
static struct mw_str value_of(const MYSQL_FIELD *field, const char *octets, unsigned long length)
{
	if (octets != NULL && field->type == MYSQL_TYPE_BIT && length == 1)
		return octets[0] != 0 ? MW_STR("1") : MW_STR("0");
	return (struct mw_str){ octets, length };
}

static enum mw_sql_step mysql_source_step(void *opened, struct mw_str *values, struct mw_buf *why)
{
	struct mysql *mysql = opened;
	const unsigned long *lengths;
	MYSQL_ROW row = NULL;
	int status = mysql_fetch_row_start(&row, mysql->result);

	while (status != 0)
		status = mysql_fetch_row_cont(&row, mysql->result, wait_for(mysql, status));
	if (row == NULL && mysql_errno(mysql->connection) == 0)
		return MW_SQL_END;
	lengths = row == NULL ? NULL : mysql_fetch_lengths(mysql->result);
	if (lengths == NULL) {
		say(mysql, why);
		return MW_SQL_FAILED;
	}
	/* Also where it never has to be waited for. */
	mysql->late = mw_clock_milliseconds() > mysql->deadline;
	if (mysql->late) {
		say(mysql, why);
		return MW_SQL_FAILED;
	}
	for (size_t i = 0; i < mysql->columns; i++)
		values[i] = value_of(mysql_fetch_field_direct(mysql->result, (unsigned)i), row[i], lengths[i]);
	return MW_SQL_ROW;
}

static const struct mw_sql_database database = {
	.open = mysql_source_open,
	.prepare = mysql_source_prepare,
	.run = mysql_source_run,
	.step = mysql_source_step,
	.close = mysql_source_close,
};

static void *open_source(struct mw_records *records, const struct mw_source *source, struct mw_str default_domain)
{
	return mw_sql_open(&database, records, source, default_domain);
}

static void *watch_open(const struct mw_source *source, struct mw_buf *why)
{
	return mw_sql_watch_open(&database, source, why);
}

const struct mw_source_driver mw_source_mysql = {
	.name = "mysql",
	.open = open_source,
	.next = mw_sql_next,
	.close = mw_sql_close,
	.watch_open = watch_open,
	.watch_fd = mw_sql_watch_fd,
	.watch_ask = mw_sql_watch_ask,
	.watch_close = mw_sql_watch_close,
	.interval = 60,
};

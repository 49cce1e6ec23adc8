/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sync/sql.h"

#define BOOL_OID 16 /* catalog/pg_type_d.h, which is the server's */

/* Nothing here calls a function of libpq that waits: a server that stands still would stop us too. */
struct pgsql {
	PGconn *connection;
	PGresult *row;
	size_t columns;
	int64_t timeout, deadline; /* milliseconds */
};

static void say(const struct pgsql *pgsql, const PGresult *result, struct mw_buf *why)
{
	const char *message = result == NULL ? "" : PQresultErrorMessage(result);

	if (message == NULL || message[0] == '\0')
		message = pgsql->connection == NULL ? "out of memory" : PQerrorMessage(pgsql->connection);
	mw_sql_say(why, message == NULL || message[0] == '\0' ? "the connection was cut" : message);
}

/* Waits for the connection's socket. False: the time is over, or it failed. */
static bool wait_for(struct pgsql *pgsql, short events, struct mw_buf *why)
{
	struct pollfd socket = { .fd = PQsocket(pgsql->connection), .events = events };
	int64_t left = pgsql->deadline - mw_clock_milliseconds();
	int ready;

	if (socket.fd < 0) {
		say(pgsql, NULL, why);
		return false;
	}
	ready = left <= 0 ? 0 : poll(&socket, 1, (int)(left < INT32_MAX ? left : INT32_MAX));
	if (ready == 0)
		mw_buf_add_text(why, "the server does not answer");
	return ready != 0;
}

/* What was asked goes out. What the server sends meanwhile is taken: it may be waiting for that. */
static bool flush(struct pgsql *pgsql, struct mw_buf *why)
{
	int left;

	while ((left = PQflush(pgsql->connection)) == 1) {
		if (!wait_for(pgsql, POLLIN | POLLOUT, why))
			return false;
		if (PQconsumeInput(pgsql->connection) == 0)
			break;
	}
	if (left == 0)
		return true;
	say(pgsql, NULL, why);
	return false;
}

/* The next result of what was asked; NULL where there is none. False: it failed. */
static bool next_result(struct pgsql *pgsql, PGresult **result_r, struct mw_buf *why)
{
	*result_r = NULL;
	while (PQisBusy(pgsql->connection) != 0) {
		if (!wait_for(pgsql, POLLIN, why))
			return false;
		if (PQconsumeInput(pgsql->connection) == 0) {
			say(pgsql, NULL, why);
			return false;
		}
	}
	*result_r = PQgetResult(pgsql->connection);
	return true;
}

/* Takes all results of what was `asked`. The last, in *result_r, is the caller's; it has the status that is wanted. */
static bool take_results(struct pgsql *pgsql, int asked, ExecStatusType wanted, PGresult **result_r, struct mw_buf *why)
{
	PGresult *result = NULL;
	bool good = asked == 1;

	*result_r = NULL;
	if (!good)
		say(pgsql, NULL, why);
	good = good && flush(pgsql, why);
	while (good && next_result(pgsql, &result, why) && result != NULL) {
		PQclear(*result_r);
		*result_r = result;
		if (PQresultStatus(result) != wanted && why->used == 0)
			say(pgsql, result, why);
		/* It gives no end to these. */
		good = PQresultStatus(result) != PGRES_COPY_IN && PQresultStatus(result) != PGRES_COPY_OUT &&
			PQresultStatus(result) != PGRES_COPY_BOTH;
	}
	good = good && *result_r != NULL && why->used == 0;
	if (!good && why->used == 0)
		say(pgsql, NULL, why);
	if (!good) {
		PQclear(*result_r);
		*result_r = NULL;
	}
	return good;
}

static void begin_wait(struct pgsql *pgsql)
{
	pgsql->deadline = mw_clock_milliseconds() + pgsql->timeout;
}

/* A statement of ours. */
static bool command(struct pgsql *pgsql, const char *text, struct mw_buf *why)
{
	PGresult *result;
	bool good;

	begin_wait(pgsql);
	good = take_results(pgsql, PQsendQuery(pgsql->connection, text), PGRES_COMMAND_OK, &result, why);
	PQclear(result);
	return good;
}

static bool finish_connecting(struct pgsql *pgsql, struct mw_buf *why)
{
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	pgsql->deadline = mw_clock_milliseconds() + MW_SQL_CONNECT_TIMEOUT * 1000;
	while (PQstatus(pgsql->connection) != CONNECTION_BAD && status != PGRES_POLLING_OK && status != PGRES_POLLING_FAILED) {
		if (!wait_for(pgsql, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, why))
			return false;
		status = PQconnectPoll(pgsql->connection);
	}
	if (status == PGRES_POLLING_OK && PQsetnonblocking(pgsql->connection, 1) == 0)
		return true;
	say(pgsql, NULL, why);
	return false;
}

static PGconn *begin_connecting(const struct mw_source_sql *sql, const char *password)
{
	const bool remote = !mw_str_empty(sql->host), verify = sql->tls == MW_SOURCE_TLS_VERIFY;
	char host[256], port[16], dbname[256], user[256], ca[4096];
	struct mw_buf host_text = MW_BUF_OVER(host), port_text = MW_BUF_OVER(port), dbname_text = MW_BUF_OVER(dbname),
		      user_text = MW_BUF_OVER(user), ca_text = MW_BUF_OVER(ca);
	const char *const names[] = { "host", "port", "dbname", "user", "password", "sslmode", "sslrootcert", "gssencmode",
				      "client_encoding", "fallback_application_name", NULL };
	const char *const values[] = { host, port, dbname, user, password, verify ? "verify-full" : "disable", ca, "disable",
				       "UTF8", "mailwicket", NULL };

	mw_buf_add(&host_text, remote ? sql->host : sql->socket);
	mw_buf_add_number(&port_text, sql->port);
	mw_buf_add(&dbname_text, sql->dbname);
	mw_buf_add(&user_text, sql->user);
	mw_buf_add(&ca_text, mw_str_empty(sql->tls_ca_file) ? MW_STR(MW_SQL_CA_FILE) : sql->tls_ca_file);
	if (host_text.truncated || dbname_text.truncated || user_text.truncated || ca_text.truncated)
		return NULL;
	return PQconnectStartParams(names, values, 0);
}

/* As pg_dump begins a dump that is consistent. */
static bool begin_transaction(struct pgsql *pgsql, struct mw_buf *why)
{
	char text[64];
	struct mw_buf limit = MW_BUF_OVER(text);

	mw_buf_printf(&limit, "SET LOCAL statement_timeout = %" PRId64, pgsql->timeout - MW_SQL_GRACE * 1000);
	return command(pgsql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", why) && command(pgsql, text, why);
}

static void pgsql_close(void *opened)
{
	struct pgsql *pgsql = opened;

	PQclear(pgsql->row);
	PQfinish(pgsql->connection);
	free(pgsql);
}

static void *pgsql_open(const struct mw_source *source, const char *password, struct mw_buf *why)
{
	struct pgsql *pgsql = calloc(1, sizeof(*pgsql));

	if (pgsql == NULL) {
		mw_buf_add_text(why, "out of memory");
		return NULL;
	}
	pgsql->timeout = ((int64_t)source->sql.statement_timeout + MW_SQL_GRACE) * 1000;
	pgsql->connection = begin_connecting(&source->sql, password);
	if (pgsql->connection == NULL)
		mw_buf_add_text(why, "a setting is too long, or out of memory");
	else if (finish_connecting(pgsql, why) && begin_transaction(pgsql, why))
		return pgsql;
	pgsql_close(pgsql);
	return NULL;
}

/* After an error the transaction takes nothing more; another one lets the other queries be looked at. Statements have
   no name: behind a pooler that hands the same connection to others, a name may be taken. */
static bool pgsql_prepare(void *opened, const char *query, struct mw_arena *arena, struct mw_strs *columns_r,
			  struct mw_buf *why)
{
	struct pgsql *pgsql = opened;
	char memory[256];
	struct mw_buf ignored = MW_BUF_OVER(memory);
	struct mw_str *names = NULL;
	PGresult *result = NULL;
	int count = 0;
	bool good;

	begin_wait(pgsql);
	good = take_results(pgsql, PQsendPrepare(pgsql->connection, "", query, 0, NULL), PGRES_COMMAND_OK, &result, why);
	PQclear(result);
	if (good)
		good = take_results(pgsql, PQsendDescribePrepared(pgsql->connection, ""), PGRES_COMMAND_OK, &result, why);
	else
		result = NULL;
	if (good) {
		count = PQnfields(result);
		names = MW_ARENA_ARRAY(arena, struct mw_str, (size_t)count + 1);
	} else if (command(pgsql, "ROLLBACK", &ignored)) {
		begin_transaction(pgsql, &ignored);
	}
	for (int i = 0; i < count && names != NULL; i++)
		names[i] = mw_arena_copy(arena, mw_str(PQfname(result, i)));
	*columns_r = (struct mw_strs){ names, names == NULL ? 0 : (size_t)count };
	if (good)
		PQclear(result);
	return good;
}

static bool pgsql_run(void *opened, const char *query, size_t columns, struct mw_buf *why)
{
	struct pgsql *pgsql = opened;

	begin_wait(pgsql);
	pgsql->columns = columns;
	if (PQsendQueryParams(pgsql->connection, query, 0, NULL, NULL, NULL, NULL, 0) == 1 &&
	    PQsetSingleRowMode(pgsql->connection) == 1)
		return flush(pgsql, why);
	say(pgsql, NULL, why);
	return false;
}

static struct mw_str value_of(const PGresult *row, int column)
{
	struct mw_str value = { PQgetvalue(row, 0, column), (size_t)PQgetlength(row, 0, column) };

	if (PQgetisnull(row, 0, column) != 0)
		return (struct mw_str){ NULL, 0 };
	if (PQftype(row, column) == BOOL_OID)
		return value.len == 1 && value.ptr[0] == 't' ? MW_STR("yes") : MW_STR("no");
	return value;
}

static enum mw_sql_step pgsql_step(void *opened, struct mw_str *values, struct mw_buf *why)
{
	struct pgsql *pgsql = opened;
	PGresult *end;

	PQclear(pgsql->row);
	pgsql->row = NULL;
	if (!next_result(pgsql, &pgsql->row, why))
		return MW_SQL_FAILED;
	if (PQresultStatus(pgsql->row) == PGRES_SINGLE_TUPLE && (size_t)PQnfields(pgsql->row) == pgsql->columns) {
		for (size_t i = 0; i < pgsql->columns; i++)
			values[i] = value_of(pgsql->row, (int)i);
		return MW_SQL_ROW;
	}
	/* The end of the rows, and nothing behind it. */
	if (PQresultStatus(pgsql->row) == PGRES_TUPLES_OK && next_result(pgsql, &end, why) && end == NULL)
		return MW_SQL_END;
	if (why->used == 0)
		say(pgsql, pgsql->row, why);
	return MW_SQL_FAILED;
}

static const struct mw_sql_database database = {
	.open = pgsql_open,
	.prepare = pgsql_prepare,
	.run = pgsql_run,
	.step = pgsql_step,
	.close = pgsql_close,
};

static void *open_source(struct mw_records *records, const struct mw_source *source, struct mw_str default_domain)
{
	return mw_sql_open(&database, records, source, default_domain);
}

const struct mw_source_driver mw_source_pgsql = {
	.name = "pgsql",
	.open = open_source,
	.next = mw_sql_next,
	.close = mw_sql_close,
	.interval = 60,
};

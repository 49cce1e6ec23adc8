/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sync/sql/sql.h"

#define BOOL_OID 16 /* catalog/pg_type_d.h, which is the server's */

/* Nothing here calls a function of libpq that waits: a server that stands still would stop us too. */
struct pgsql {
	PGconn *connection;
	PGresult *row;
	size_t columns;
	int64_t timeout, deadline; /* milliseconds */
};

/* Known by PostgreSQL's function that reports it: the message is in the server's language, and its code that of any
   missing right. */
static bool is_of_row_security(const PGresult *result)
{
	const char *function = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);

	return function != NULL && strcmp(function, "check_enable_rls") == 0;
}

static void say(const struct pgsql *pgsql, const PGresult *result, struct mw_buf *why)
{
	const char *message = result == NULL ? "" : PQresultErrorMessage(result);

	if (message == NULL || message[0] == '\0')
		message = pgsql->connection == NULL ? "out of memory" : PQerrorMessage(pgsql->connection);
	mw_sql_say(why, message == NULL || message[0] == '\0' ? "the connection was cut" : message);
	if (is_of_row_security(result))
		mw_buf_add_text(why, "; give the account BYPASSRLS, or ask a view whose owner no policy applies to");
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

static bool is_copy(ExecStatusType status)
{
	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Takes all results of what was `asked`. The last, in *result_r, is the caller's; it has the status that is wanted. */
static bool take_results(struct pgsql *pgsql, int asked, ExecStatusType wanted, PGresult **result_r, struct mw_buf *why)
{
	PGresult *result = NULL;
	bool answered = true, good = true;

	*result_r = NULL;
	if (asked != 1) {
		say(pgsql, NULL, why);
		return false;
	}
	if (!flush(pgsql, why))
		return false;
	while (answered && (answered = next_result(pgsql, &result, why)) && result != NULL) {
		if (PQresultStatus(result) != wanted && good) {
			say(pgsql, result, why);
			good = false;
		}
		/* It gives no end to these. */
		answered = !is_copy(PQresultStatus(result));
		PQclear(*result_r);
		*result_r = result;
	}
	if (answered && good && *result_r != NULL)
		return true;
	if (answered && good)
		say(pgsql, NULL, why);
	PQclear(*result_r);
	*result_r = NULL;
	return false;
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

/* A database in SQL_ASCII has octets of any kind. Asked for UTF-8 the server would end a query at the first value that
   is none; as they are, each is looked at by itself (row.c). */
static bool take_octets(struct pgsql *pgsql, struct mw_buf *why)
{
	const char *encoding = PQparameterStatus(pgsql->connection, "server_encoding");

	return encoding == NULL || strcmp(encoding, "SQL_ASCII") != 0 ||
		command(pgsql, "SET LOCAL client_encoding = 'SQL_ASCII'", why);
}

/* As pg_dump begins a dump that is consistent and whole: where row-level security would leave rows out, the query is an
   error. */
static bool begin_transaction(struct pgsql *pgsql, struct mw_buf *why)
{
	char text[64];
	struct mw_buf limit = MW_BUF_OVER(text);

	mw_buf_printf(&limit, "SET LOCAL statement_timeout = %" PRId64, pgsql->timeout - MW_SQL_GRACE * 1000);
	return command(pgsql, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", why) && command(pgsql, text, why) &&
		command(pgsql, "SET LOCAL row_security = off", why) && take_octets(pgsql, why);
}

static void pgsql_close(void *opened)
{
	struct pgsql *pgsql = opened;

	PQclear(pgsql->row);
	PQfinish(pgsql->connection);
	free(pgsql);
}

/* A connection, without a transaction. */
static void *open_connection(const struct mw_source *source, const char *password, struct mw_buf *why)
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
	else if (finish_connecting(pgsql, why))
		return pgsql;
	pgsql_close(pgsql);
	return NULL;
}

static void *pgsql_open(const struct mw_source *source, const char *password, struct mw_buf *why)
{
	struct pgsql *pgsql = open_connection(source, password, why);

	if (pgsql == NULL || begin_transaction(pgsql, why))
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
	PGresult *end = NULL;

	PQclear(pgsql->row);
	pgsql->row = NULL;
	if (!next_result(pgsql, &pgsql->row, why))
		return MW_SQL_FAILED;
	/* Also where it never has to be waited for. */
	if (mw_clock_milliseconds() > pgsql->deadline) {
		mw_buf_add_text(why, "it took longer than statement_timeout");
		return MW_SQL_FAILED;
	}
	if (PQresultStatus(pgsql->row) == PGRES_SINGLE_TUPLE && (size_t)PQnfields(pgsql->row) == pgsql->columns) {
		for (size_t i = 0; i < pgsql->columns; i++)
			values[i] = value_of(pgsql->row, (int)i);
		return MW_SQL_ROW;
	}
	if (PQresultStatus(pgsql->row) != PGRES_TUPLES_OK) {
		say(pgsql, pgsql->row, why);
		return MW_SQL_FAILED;
	}
	/* The end of the rows, and nothing behind it. */
	if (!next_result(pgsql, &end, why))
		return MW_SQL_FAILED;
	if (end == NULL)
		return MW_SQL_END;
	say(pgsql, end, why);
	PQclear(end);
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

/* --- LISTEN */

#define ALIVE "mailwicket is alive" /* what a watch tells itself */

static const struct mw_sql_database listening = { .open = open_connection, .close = pgsql_close };

struct pgsql_watch {
	struct mw_source source;
	struct pgsql *pgsql; /* that listens */
	struct mw_sql_name name; /* of its server */
	void *asked;         /* without `listen`: watch.c */
};

/* What was sent, our own heartbeat apart. */
static void take_notices(struct pgsql *pgsql, bool *changed_r, bool *alive_r)
{
	PGnotify *notice;

	while ((notice = PQnotifies(pgsql->connection)) != NULL) {
		if (strcmp(notice->extra, ALIVE) == 0)
			*alive_r = *alive_r || notice->be_pid == PQbackendPID(pgsql->connection);
		else
			*changed_r = true;
		PQfreemem(notice);
	}
}

/* LISTEN CHANNEL, or NOTIFY CHANNEL and our heartbeat: a channel has letters, digits and _ (validate_source.c). */
static bool tell(struct pgsql_watch *watch, const char *verb, const char *rest, struct mw_buf *why)
{
	char memory[160];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_buf_printf(&text, "%s %.*s%s", verb, MW_STR_ARG(watch->source.sql.listen), rest);
	return command(watch->pgsql, memory, why);
}

/* A pooler hands what it is asked to one connection and then to another, which nobody listens on. It is known by the
   number of the server's process, which it does not hand over. */
static bool is_direct(struct pgsql *pgsql, struct mw_buf *why)
{
	PGresult *result;
	bool good;

	begin_wait(pgsql);
	good = take_results(pgsql, PQsendQuery(pgsql->connection, "SELECT pg_backend_pid()"), PGRES_TUPLES_OK, &result, why);
	if (good && atoi(PQgetvalue(result, 0, 0)) != PQbackendPID(pgsql->connection)) {
		mw_buf_add_text(why, "a pooler such as PgBouncer stands between, which does not pass on what LISTEN asks for");
		good = false;
	}
	PQclear(result);
	return good;
}

static void watch_close(void *opened)
{
	struct pgsql_watch *watch = opened;

	mw_sql_name_stop(&watch->name);
	if (watch->pgsql != NULL)
		pgsql_close(watch->pgsql);
	if (watch->asked != NULL)
		mw_sql_watch_close(watch->asked);
	free(watch);
}

static void *watch_open(const struct mw_source *source, struct mw_buf *why)
{
	struct pgsql_watch *watch = calloc(1, sizeof(*watch));
	bool good;

	if (watch == NULL) {
		mw_buf_add_text(why, "out of memory");
		return NULL;
	}
	watch->source = mw_sql_impatient(source);
	if (mw_str_empty(source->sql.listen)) {
		watch->asked = mw_sql_watch_open(&database, source, why);
		good = watch->asked != NULL;
	} else {
		watch->pgsql = mw_sql_connect(&listening, &watch->source, why);
		good = watch->pgsql != NULL && is_direct(watch->pgsql, why) && tell(watch, "LISTEN", "", why);
	}
	if (good)
		return watch;
	watch_close(watch);
	return NULL;
}

static int watch_fd(void *opened)
{
	struct pgsql_watch *watch = opened;

	return watch->pgsql == NULL ? MW_SOURCE_UNWATCHED : PQsocket(watch->pgsql->connection);
}

/* After a failover the name may mean another server, while the one before still answers. */
static bool is_where_it_was(struct pgsql_watch *watch, struct mw_buf *why)
{
	const char *host = PQhost(watch->pgsql->connection), *address = PQhostaddr(watch->pgsql->connection);

	if (mw_str_empty(watch->source.sql.host) || host == NULL || address == NULL || address[0] == '\0' ||
	    !mw_sql_name_moved(&watch->name, host, address))
		return true;
	mw_buf_printf(why, "%s has another address than %s now", host, address);
	return false;
}

/* Where nothing came, silence has to be told from a connection that is dead: what we notify has to come back. */
static enum mw_source_change ask_listening(struct pgsql_watch *watch, struct mw_buf *why)
{
	struct pgsql *pgsql = watch->pgsql;
	bool changed = false, alive = false;

	if (PQconsumeInput(pgsql->connection) == 0) {
		say(pgsql, NULL, why);
		return MW_SOURCE_LOST;
	}
	take_notices(pgsql, &changed, &alive);
	if (changed)
		return MW_SOURCE_CHANGED;
	if (!tell(watch, "NOTIFY", ", '" ALIVE "'", why))
		return MW_SOURCE_LOST;
	take_notices(pgsql, &changed, &alive);
	while (!alive) {
		if (!wait_for(pgsql, POLLIN, why))
			return MW_SOURCE_LOST;
		if (PQconsumeInput(pgsql->connection) == 0) {
			say(pgsql, NULL, why);
			return MW_SOURCE_LOST;
		}
		take_notices(pgsql, &changed, &alive);
	}
	if (changed)
		return MW_SOURCE_CHANGED;
	return is_where_it_was(watch, why) ? MW_SOURCE_SAME : MW_SOURCE_LOST;
}

static enum mw_source_change watch_ask(void *opened, struct mw_buf *why)
{
	struct pgsql_watch *watch = opened;

	return watch->pgsql == NULL ? mw_sql_watch_ask(watch->asked, why) : ask_listening(watch, why);
}

const struct mw_source_driver mw_source_pgsql = {
	.name = "pgsql",
	.open = open_source,
	.next = mw_sql_next,
	.close = mw_sql_close,
	.watch_open = watch_open,
	.watch_fd = watch_fd,
	.watch_ask = watch_ask,
	.watch_close = watch_close,
	.interval = 60,
};

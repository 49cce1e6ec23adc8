/* What the drivers of databases share: settings, the password, columns, rows. A driver says here how its library does
   the rest, in one table of functions; sqlite, pgsql and mysql are such. Nothing is ever put into the text of a query:
   each goes to the server as the policy has it, and what comes back is data. */
#ifndef MW_SYNC_SQL_H
#define MW_SYNC_SQL_H

#include <sys/types.h>

#include "sync/source.h"

#define MW_SQL_CONNECT_TIMEOUT 10     /* seconds, for connecting and logging in */
#define MW_SQL_WATCH_TIMEOUT 5        /* seconds, for what a watch asks */
#define MW_SQL_GRACE 5                /* seconds that a connection waits for longer than the server's own time-out */
#define MW_SQL_VALUE_MAX (32 << 20)   /* octets of one value */
#define MW_SQL_COLUMNS_MAX 64
#define MW_SQL_CA_FILE "/etc/ssl/certs/ca-certificates.crt" /* what Debian's ca-certificates keeps */

enum mw_sql_step { MW_SQL_ROW, MW_SQL_END, MW_SQL_FAILED };

/* Functions that fail say why in one sentence, without the password. A query with all its rows takes no longer
   than statement_timeout and MW_SQL_GRACE, whether the server is silent or slow. */
struct mw_sql_database {
	/* Connects, and begins one transaction that only reads and in which all queries see one moment. `password`: "" for
	   none. The source outlives it. NULL: it failed. */
	void *(*open)(const struct mw_source *source, const char *password, struct mw_buf *why);
	/* Lets the database look at a query without running it. The columns' names are copied into the arena. */
	bool (*prepare)(void *opened, const char *query, struct mw_arena *arena, struct mw_strs *columns_r,
			struct mw_buf *why);
	/* Runs a query that gives `columns` columns; the one before was read to its end. */
	bool (*run)(void *opened, const char *query, size_t columns, struct mw_buf *why);
	/* The next row of it. A value that is NULL has a NULL ptr; the others are good until the next call. */
	enum mw_sql_step (*step)(void *opened, struct mw_str *values, struct mw_buf *why);
	void (*close)(void *opened);
};

/* open() of a driver of such a database: everything up to the first row, so that a wrong query is told before any is
   run. The rest are the driver's next() and close(). */
void *mw_sql_open(const struct mw_sql_database *database, struct mw_records *records, const struct mw_source *source,
		  struct mw_str default_domain);
bool mw_sql_next(void *opened);
void mw_sql_close(void *opened);

/* The query whose one value is another after each change: `changed` of the policy; else the schema's, where the source
   says neither `listen` nor a query of its own, of which the schema knows nothing. Empty: there is none. */
struct mw_str mw_sql_changed(const struct mw_source *source);

/* The watch of a database that is asked: the value of mw_sql_changed() is compared with the one before. Without that query
   the source may have changed whenever it is asked. */
void *mw_sql_watch_open(const struct mw_sql_database *database, const struct mw_source *source, struct mw_buf *why);
int mw_sql_watch_fd(void *watch);
enum mw_source_change mw_sql_watch_ask(void *watch, struct mw_buf *why);
void mw_sql_watch_close(void *watch);

/* A source that waits no longer than a few seconds, for watches. */
struct mw_source mw_sql_impatient(const struct mw_source *source);

/* Connects as a source's settings say, with its password. For mw_sql_open(), and for a watch. NULL: it failed. */
void *mw_sql_connect(const struct mw_sql_database *database, const struct mw_source *source, struct mw_buf *why);

/* The first line of a password_file of at most size - 1 octets. It has to be a regular file of root's or the reader's
   own (root reads that of any user) that others may not read and nobody else may write. */
bool mw_sql_read_password(const char *path, char *password, size_t size, struct mw_buf *why);

/* The look-ups of a name, one after the other, in a process of their own: a resolver may take a minute, and whoever watches
   does not wait. All 0 at first. */
struct mw_sql_name {
	pid_t process;  /* that looks it up; 0: none does */
	unsigned away;  /* look-ups in a row that did not have the address */
	unsigned returns; /* how often one had it after that */
};

/* Takes the answer of the look-up that the call before began, if there is one by now, and begins the next. True: the name
   means other addresses than this numeric one, and that lasted. A look-up that fails tells nothing. */
bool mw_sql_name_moved(struct mw_sql_name *name, const char *host, const char *address);
/* Ends a look-up that runs. */
void mw_sql_name_stop(struct mw_sql_name *name);

/* A library's message as one line. */
void mw_sql_say(struct mw_buf *why, const char *message);

#endif

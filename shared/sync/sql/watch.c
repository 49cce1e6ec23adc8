/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <xxhash.h>

#include "sync/sql/schema.h"
#include "sync/sql/sql.h"

/* It connects each time: a transaction that is kept open would see the same moment for ever, and a server would keep
   what was deleted meanwhile. */
struct sql_watch {
	const struct mw_sql_database *database;
	struct mw_source source;
	uint64_t value; /* a hash of the last one */
};

struct mw_str mw_sql_changed(const struct mw_source *source)
{
	const char *ready = mw_schema_query(source->sql.schema, source->driver, "changed");

	if (!mw_str_empty(source->sql.changed) || ready == NULL || !mw_str_empty(source->sql.listen))
		return source->sql.changed;
	for (int i = 0; i < MW_SQL_QUERY_COUNT; i++)
		if (!mw_str_empty(source->sql.queries[i]))
			return MW_STR_EMPTY;
	return mw_str(ready);
}

struct mw_source mw_sql_impatient(const struct mw_source *source)
{
	struct mw_source copy = *source;

	if (copy.sql.statement_timeout > MW_SQL_WATCH_TIMEOUT)
		copy.sql.statement_timeout = MW_SQL_WATCH_TIMEOUT;
	return copy;
}

/* The one row's one value; NULL is one too. Of more rows a change may be in any. */
static bool read_value(const struct sql_watch *watch, void *opened, struct mw_arena *arena, uint64_t *value_r,
		       struct mw_buf *why)
{
	const char *query = mw_arena_text(arena, mw_sql_changed(&watch->source));
	struct mw_str value;
	struct mw_strs columns;
	enum mw_sql_step step;

	mw_buf_add_text(why, "changed: ");
	if (!watch->database->prepare(opened, query, arena, &columns, why))
		return false;
	if (columns.count != 1) {
		mw_buf_printf(why, "it gives %zu values and not one", columns.count);
		return false;
	}
	if (!watch->database->run(opened, query, 1, why))
		return false;
	step = watch->database->step(opened, &value, why);
	if (step == MW_SQL_END)
		mw_buf_add_text(why, "it gives no row");
	if (step != MW_SQL_ROW)
		return false;
	*value_r = value.ptr == NULL ? 0 : XXH3_64bits_withSeed(value.ptr, value.len, 1);
	step = watch->database->step(opened, &value, why);
	if (step == MW_SQL_ROW)
		mw_buf_add_text(why, "it gives more than one row");
	return step == MW_SQL_END;
}

static bool ask(const struct sql_watch *watch, uint64_t *value_r, struct mw_buf *why)
{
	struct mw_arena *arena = mw_arena_new(0);
	void *opened = arena == NULL ? NULL : mw_sql_connect(watch->database, &watch->source, why);
	bool done = opened != NULL && read_value(watch, opened, arena, value_r, why);

	if (opened != NULL)
		watch->database->close(opened);
	mw_arena_free(arena);
	return done;
}

void *mw_sql_watch_open(const struct mw_sql_database *database, const struct mw_source *source, struct mw_buf *why)
{
	struct sql_watch *watch = calloc(1, sizeof(*watch));

	if (watch == NULL) {
		mw_buf_add_text(why, "out of memory");
		return NULL;
	}
	*watch = (struct sql_watch){ .database = database, .source = mw_sql_impatient(source) };
	if (mw_str_empty(mw_sql_changed(source)) || ask(watch, &watch->value, why))
		return watch;
	free(watch);
	return NULL;
}

int mw_sql_watch_fd(void *watch)
{
	(void)watch;
	return MW_SOURCE_UNWATCHED;
}

enum mw_source_change mw_sql_watch_ask(void *opened, struct mw_buf *why)
{
	struct sql_watch *watch = opened;
	uint64_t before = watch->value;

	if (mw_str_empty(mw_sql_changed(&watch->source)))
		return MW_SOURCE_CHANGED;
	if (!ask(watch, &watch->value, why))
		return MW_SOURCE_LOST;
	return watch->value == before ? MW_SOURCE_SAME : MW_SOURCE_CHANGED;
}

void mw_sql_watch_close(void *watch)
{
	free(watch);
}

/* SPDX-License-Identifier: MIT */
/* Whose tables a database has, and what a source with them would read: by real readings, which write nothing. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "policy/read.h"
#include "servers/init/databases.h"

#define NAME "trial" /* of the source that is tried */

#define DOMAINS(table, name, condition) "SELECT CONCAT('postmaster@', " name ") AS name FROM " table " WHERE " condition

/* What tells the tables of a project from others', by columns that only it has; in the order in which they are asked:
   PostfixAdmin's stand in mailcow too. Its domains are read as one user each. */
static const struct project {
	enum mw_source_schema schema;
	const char *name, *told_by, *domains;
} projects[] = {
	{ MW_SCHEMA_MAILCOW, "mailcow",
	  "SELECT username AS name FROM mailbox WHERE attributes IS NULL AND kind IS NULL AND 1 = 0",
	  DOMAINS("domain", "domain", "active = 1") " UNION " DOMAINS("alias_domain", "alias_domain", "active = 1") },
	{ MW_SCHEMA_IREDMAIL, "iredmail",
	  "SELECT forwarding AS name FROM forwardings WHERE is_alias = 1 AND is_list = 1 AND 1 = 0",
	  DOMAINS("domain", "domain", "active = 1") " UNION " DOMAINS("alias_domain", "alias_domain", "active = 1") },
	{ MW_SCHEMA_POSTFIXADMIN, "postfixadmin", "SELECT goto AS name FROM alias WHERE 1 = 0",
	  DOMAINS("domain", "domain", "active AND domain <> 'ALL'") " UNION "
	  DOMAINS("alias_domain", "alias_domain", "active") },
};

struct trial {
	struct mw_init *init;
	const struct mw_init_database *database;
	const char *password; /* a file that only this process sees; NULL: none */
};

/* --- a policy with the one source */

/* A password for a source goes through a file, and this one stands in no folder. */
static int secret_file(struct mw_str password)
{
	int fd = memfd_create("password", MFD_CLOEXEC);

	if (fd >= 0 && fchmod(fd, 0600) == 0 && mw_file_write(fd, password))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* NULL with errors. */
static struct mw_policy *policy_with(const struct trial *trial, const char *rest, struct mw_errors *errors)
{
	char *memory = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&memory, &size);
	struct mw_policy *policy = NULL;

	if (out == NULL)
		return NULL;
	fputs("directory { source \"" NAME "\" {\n", out);
	mw_init_print_connection(out, trial->database, trial->password, "");
	fprintf(out, "%s\n} }\n", rest);
	if (fclose(out) == 0)
		policy = mw_policy_read_text("the proposed source", (struct mw_str){ memory, size }, "localhost", 0, errors);
	free(memory);
	return policy;
}

static const char *first_error(struct mw_arena *arena, const struct mw_errors *errors)
{
	static const char begin[] = "source \"" NAME "\", ";

	for (unsigned i = 0; i < mw_errors_kept(errors); i++) {
		struct mw_str text = mw_str(mw_errors_get(errors, i)->text);

		/* The reason stands beside this one. */
		if (mw_errors_get(errors, i)->severity != MW_ERROR ||
		    mw_str_starts_with(text, MW_STR("source \"" NAME "\" cannot be read")))
			continue;
		if (mw_str_starts_with(text, MW_STR("source \"" NAME "\": ")))
			text = mw_str_tail(text, strlen("source \"" NAME "\": "));
		if (mw_str_starts_with(text, mw_str(begin)))
			text = mw_str_tail(text, strlen(begin));
		return mw_arena_text(arena, text);
	}
	return "it cannot be read";
}

/* Reads what one query gives as users. NULL with the reason. */
static struct mw_memory_directory *users_of(const struct trial *trial, const char *query, const char **why_r)
{
	struct mw_errors *errors = mw_errors_new(10);
	struct mw_policy *policy = errors == NULL ? NULL :
		policy_with(trial, mw_arena_textf(trial->init->arena, "users = \"%s\"", query), errors);
	struct mw_memory_directory *directory = policy == NULL ? NULL :
		mw_memory_directory_read(&policy->directory.sources[0], MW_STR_EMPTY, errors);

	if (directory != NULL && mw_errors_count(errors, MW_ERROR) > 0) {
		mw_memory_directory_free(directory);
		directory = NULL;
	}
	*why_r = directory != NULL || errors == NULL ? NULL : first_error(trial->init->arena, errors);
	mw_policy_free(policy);
	mw_errors_free(errors);
	return directory;
}

static bool answers(const struct trial *trial, const char *query, const char **why_r)
{
	struct mw_memory_directory *directory = users_of(trial, query, why_r);

	mw_memory_directory_free(directory);
	return directory != NULL;
}

/* --- the trial */

static const struct project *recognise(const struct trial *trial)
{
	const char *why;

	for (size_t i = 0; i < sizeof(projects) / sizeof(projects[0]) && strcmp(trial->database->driver, "sqlite") != 0; i++)
		if (answers(trial, projects[i].told_by, &why))
			return &projects[i];
	return NULL;
}

/* NULL with errors. */
static struct mw_policy *policy_of_schema(const struct trial *trial, enum mw_source_schema schema,
					  struct mw_errors *errors)
{
	return policy_with(trial, mw_arena_textf(trial->init->arena, "schema = %s\ncomplete = yes",
						 mw_table_word(mw_source_schemas, (int)schema)), errors);
}

static void read_all(const struct trial *trial, struct mw_init_database *database)
{
	struct mw_errors *errors = mw_errors_new(100);
	struct mw_policy *policy = errors == NULL ? NULL : policy_of_schema(trial, database->schema, errors);

	if (policy == NULL || !mw_sync_run(policy, true, errors, &database->report))
		database->why = errors == NULL ? "out of memory" : first_error(trial->init->arena, errors);
	else
		database->warnings = mw_errors_count(errors, MW_WARNING);
	mw_policy_free(policy);
	mw_errors_free(errors);
}

/* The domains of its users. */
static void read_domains(const struct trial *trial, const struct project *project, struct mw_init_database *database)
{
	struct mw_arena *arena = trial->init->arena;
	const char *why;
	struct mw_memory_directory *directory = users_of(trial, project->domains, &why);
	const struct mw_directory_view *view = directory != NULL ? mw_memory_directory_view(directory) : NULL;
	struct mw_principal user;
	struct mw_str *items = NULL;

	for (uint32_t id = 1; view != NULL && view->by_id(view->context, id, &user) == MW_LOOKUP_FOUND; id++) {
		items = mw_init_grown(arena, items, database->domains.count, sizeof(*items));
		if (items == NULL)
			break;
		items[database->domains.count++] =
			mw_arena_copy(arena, mw_str_tail(user.name, mw_str_find_last(user.name, '@') + 1));
		database->domains.items = items;
	}
	database->has_domains = directory != NULL;
	mw_memory_directory_free(directory);
}

static void try_it(const struct trial *trial, struct mw_init_database *database)
{
	const struct project *project;

	if (!answers(trial, "SELECT one AS name FROM (SELECT 'x' AS one) t WHERE 1 = 0", &database->why))
		return;
	project = recognise(trial);
	if (project == NULL) {
		database->why = "its tables are none that Mailwicket has ready-made queries for";
		return;
	}
	database->schema = project->schema;
	database->name = project->name;
	read_all(trial, database);
	if (database->why == NULL)
		read_domains(trial, project, database);
}

static bool is_plain(struct mw_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f || text.ptr[i] == '"' || text.ptr[i] == '\\')
			return false;
	return true;
}

/* Whether a policy can say all of them between quotes. */
static bool can_be_written(const struct mw_init_database *database)
{
	return is_plain(database->host) && is_plain(database->socket) && is_plain(database->port) &&
	       is_plain(database->dbname) && is_plain(database->user) && is_plain(database->path) &&
	       is_plain(database->tls_ca_file);
}

/* With the password in a file. End it with end_trial(). */
struct prepared {
	struct trial trial;
	int fd;
};

static struct prepared begin_trial(struct mw_init *init, const struct mw_init_database *database)
{
	struct prepared prepared = { .trial = { .init = init, .database = database }, .fd = -1 };

	if (!mw_str_empty(database->password)) {
		prepared.fd = secret_file(database->password);
		prepared.trial.password = mw_arena_textf(init->arena, "/proc/self/fd/%d", prepared.fd);
	}
	return prepared;
}

static void end_trial(const struct prepared *prepared)
{
	if (prepared->fd >= 0)
		close(prepared->fd);
}

void mw_init_try_database(struct mw_init *init, struct mw_init_database *database)
{
	struct prepared prepared;

	database->name = "database";
	if (!can_be_written(database)) {
		database->why = "a setting of its connection has characters that a policy does not take";
		return;
	}
	prepared = begin_trial(init, database);
	try_it(&prepared.trial, database);
	end_trial(&prepared);
}

struct mw_memory_directory *mw_init_database_content(struct mw_init *init, const struct mw_init_database *database,
						     struct mw_policy **policy_r)
{
	struct prepared prepared = begin_trial(init, database);
	struct mw_errors *errors = mw_errors_new(100);
	struct mw_memory_directory *directory = NULL;

	*policy_r = errors == NULL ? NULL : policy_of_schema(&prepared.trial, database->schema, errors);
	if (*policy_r != NULL)
		directory = mw_memory_directory_of(*policy_r, NULL, errors);
	if (directory == NULL) {
		mw_policy_free(*policy_r);
		*policy_r = NULL;
	}
	mw_errors_free(errors);
	end_trial(&prepared);
	return directory;
}

/* Databases that Postfix and Dovecot ask for their users, and the source that init proposes for each: tried before it
   is written. */
#ifndef MW_CLI_INIT_DATABASES_H
#define MW_CLI_INIT_DATABASES_H

#include "servers/init/init.h"
#include "sync/sync.h"

#define MW_INIT_DATABASES_MOST 3 /* a server's users stand in one */

/* Where a server asks it: "virtual_mailbox_maps", "proxy:mysql:/etc/postfix/mailboxes.cf". */
struct mw_init_question {
	const char *setting, *what;
	struct mw_str query; /* as it stands there; "": not known */
	bool secret; /* it may have a key in it that few may read: it is printed nowhere */
	struct mw_init_question *next;
};

/* All texts are in the arena. */
struct mw_init_database {
	const char *driver;			/* "mysql", "pgsql", "sqlite" */
	struct mw_str host, socket, dbname, user, path, tls_ca_file; /* "": none */
	struct mw_str port;
	struct mw_str password;			/* never printed */
	const char *password_from;		/* the file that has it */
	struct mw_init_question *first, *last;

	const char *name;			/* of the source */
	const char *password_file;		/* that the source names; NULL: it needs none */
	enum mw_source_schema schema;		/* whose tables it has; NONE: nobody's that is known */
	const char *why;			/* why the source is a comment; NULL: it was read as it stands there */
	struct mw_sync_report report;		/* what it has */
	unsigned warnings;			/* of its records */
	struct mw_strs domains;			/* of its users */
	bool has_domains;			/* these are all */
	const char *senders_differ;		/* where smtpd_sender_login_maps say something else than it; NULL: they do not */
};

/* Finds them, and tries each: as the user of the maps, read only. Before all that asks for tables. */
void mw_init_read_databases(struct mw_init *init);
/* Whether the tables of smtpd_sender_login_maps that ask a database say what its source says. Of those that do not the source
   stands for none. Once the domains are known. */
void mw_init_compare_databases(struct mw_init *init);
/* Whether a source that was read has what this table of a setting has: it asks the tables of the source's own project. */
bool mw_init_is_of_source(const struct mw_init *init, const char *setting, struct mw_str table);

/* Whether there are passdbs sql, and sources that were read have the users of all of them. */
bool mw_init_reads_passdbs(const struct mw_init *init);
/* Whether there is one that is read. */
bool mw_init_reads_database(const struct mw_init *init);

/* What came of each trial, for a person and as the member "sources". */
void mw_init_tell_databases(const struct mw_init *init, struct mw_buf *out);
void mw_init_databases_json(const struct mw_init *init, struct mw_json *json);
/* The block of the source in the section `directory`, or the comment that stands for it. */
void mw_init_print_database(FILE *out, const struct mw_init *init, const struct mw_init_database *database);

/* Private to these files. */
void mw_init_try_database(struct mw_init *init, struct mw_init_database *database);
/* What the source reads, which writes nothing, with the policy that has it; both are the caller's. NULL: it cannot be read
   any more. */
struct mw_memory_directory *mw_init_database_content(struct mw_init *init, const struct mw_init_database *database,
						     struct mw_policy **policy_r);
/* The settings of the connection, each on a line behind `indent`. */
void mw_init_print_connection(FILE *out, const struct mw_init_database *database, const char *password_file,
			      const char *indent);

/* --- pure */

/* The server of a map's `hosts`, or of a `host` of Dovecot's, of which the first counts. False: it is written in a form
   that no setting of a source has. */
bool mw_init_database_host(struct mw_init_database *database, struct mw_str text);
/* Whether each table that a query names is one of a project's, and of this database. */
bool mw_init_query_is_of(struct mw_str query, enum mw_source_schema schema, struct mw_str dbname);
/* One word of "host=... dbname=...". False: there is none left. */
bool mw_init_connect_next(struct mw_arena *arena, struct mw_str *rest_io, struct mw_str *key_r, struct mw_str *value_r);

#endif

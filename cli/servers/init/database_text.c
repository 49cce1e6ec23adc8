/* SPDX-License-Identifier: MIT */
/* The source that is proposed for a database, as a block of the policy or as a comment. */
#include <stdlib.h>

#include "base/text.h"
#include "servers/init/databases.h"

#define INDENT "    "

static void print_setting(FILE *out, const char *indent, const char *name, struct mw_str value)
{
	if (!mw_str_empty(value))
		fprintf(out, "%s%s = \"%.*s\"\n", indent, name, MW_STR_ARG(value));
}

void mw_init_print_connection(FILE *out, const struct mw_init_database *database, const char *password_file,
			      const char *indent)
{
	fprintf(out, "%sdriver = %s\n", indent, database->driver);
	print_setting(out, indent, "path", database->path);
	print_setting(out, indent, "host", database->host);
	if (!mw_str_empty(database->port))
		fprintf(out, "%sport = %.*s\n", indent, MW_STR_ARG(database->port));
	print_setting(out, indent, "socket", database->socket);
	print_setting(out, indent, "dbname", database->dbname);
	print_setting(out, indent, "user", database->user);
	print_setting(out, indent, "password_file", mw_str(password_file));
	if (!mw_str_empty(database->host))
		print_setting(out, indent, "tls_ca_file", database->tls_ca_file);
}

/* "virtual_mailbox_maps (mysql:/etc/postfix/mailboxes.cf), passdb sql (/etc/dovecot/sql.conf)" */
static void print_questions(FILE *out, const struct mw_init_database *database)
{
	char memory[4096];
	struct mw_buf text = MW_BUF_OVER(memory);

	for (const struct mw_init_question *question = database->first; question != NULL; question = question->next)
		mw_buf_printf(&text, "%s%s (%s)", question == database->first ? "A database that your servers ask: " : ", ",
			      question->setting, question->what);
	mw_init_print_comment(out, INDENT, memory);
}

static void print_block(FILE *out, const struct mw_init *init, const struct mw_init_database *database)
{
	fprintf(out, INDENT "source \"%s\" {\n", database->name);
	mw_init_print_connection(out, database, database->password_file, INDENT INDENT);
	fprintf(out, INDENT INDENT "schema = %s\n", mw_table_word(mw_source_schemas, (int)database->schema));
	fputs(init->logins_listed ? INDENT INDENT "complete = yes\n" INDENT "}\n"
				  : INDENT INDENT "# Not every passdb was read, so that somebody may log in who is not in it:\n"
				    INDENT INDENT "# complete = yes\n" INDENT "}\n", out);
}

/* What its users and addresses are has to be asked in the words of its own tables: the servers' questions show them. */
static void print_queries_of_servers(FILE *out, const struct mw_init_database *database)
{
	for (const struct mw_init_question *question = database->first; question != NULL; question = question->next) {
		char memory[4096];
		struct mw_buf text = MW_BUF_OVER(memory);

		if (mw_str_empty(question->query) || question->secret)
			continue;
		mw_buf_printf(&text, "%s asks: %.*s", question->setting, MW_STR_ARG(question->query));
		mw_init_print_comment(out, INDENT, memory);
	}
}

#define QUERIES \
	INDENT "#     users = \"SELECT ... AS name FROM ...\"\n" \
	INDENT "#     addresses = \"SELECT ... AS name, ... AS address FROM ...\"\n" \
	INDENT "#     groups = \"SELECT ... AS name FROM ...\"\n" \
	INDENT "#     members = \"SELECT ... AS name, ... AS member FROM ...\"\n" \
	INDENT "#     grants = \"SELECT 'send-as' AS kind, ... AS identity, ... AS trustee FROM ...\"\n"

static void print_commented(FILE *out, const struct mw_init_database *database)
{
	char memory[4096];
	struct mw_buf why = MW_BUF_OVER(memory);
	bool known = database->schema != MW_SCHEMA_NONE;

	mw_buf_printf(&why, "Not read: %s. %s", database->why, known ? "Once that is fixed, take the marks away:" :
		      "Once its queries are written (mailwicket.conf(5), Databases), take the marks away:");
	mw_init_print_comment(out, INDENT, memory);
	if (database->password_file != NULL)
		fprintf(out, INDENT "# The password has to stand in a file of its own; it is the one in\n" INDENT "# %s.\n",
			database->password_from);
	if (!known)
		print_queries_of_servers(out, database);
	fprintf(out, INDENT "# source \"%s\" {\n", database->name);
	mw_init_print_connection(out, database, database->password_file, INDENT "#     ");
	if (known)
		fprintf(out, INDENT "#     schema = %s\n", mw_table_word(mw_source_schemas, (int)database->schema));
	else
		fputs(QUERIES, out);
	fputs(INDENT "#     complete = yes\n" INDENT "# }\n", out);
}

void mw_init_print_database(FILE *out, const struct mw_init *init, const struct mw_init_database *database)
{
	fputc('\n', out);
	print_questions(out, database);
	if (database->why == NULL)
		print_block(out, init, database);
	else
		print_commented(out, database);
}

/* --- what came of the trial */

void mw_init_tell_databases(const struct mw_init *init, struct mw_buf *out)
{
	for (size_t i = 0; i < init->database_count; i++) {
		const struct mw_init_database *database = &init->databases[i];
		const struct mw_sync_report *report = &database->report;

		mw_buf_printf(out, "\nsource \"%s\" (%s): ", database->name, database->driver);
		if (database->why == NULL) {
			mw_buf_printf(out, "read as it is proposed: %llu users, %llu groups, %llu addresses, %llu grants",
				      (unsigned long long)report->users, (unsigned long long)report->groups,
				      (unsigned long long)report->addresses, (unsigned long long)report->grants);
			if (database->warnings > 0)
				mw_buf_printf(out, "; %u warnings, which mailwicket check names", database->warnings);
		} else {
			mw_buf_add_text(out, "a comment in the policy, as it was not read: ");
			mw_text_show(out, mw_str(database->why));
		}
		mw_buf_add_text(out, "\n");
	}
}

void mw_init_databases_json(const struct mw_init *init, struct mw_json *json)
{
	mw_json_array(json, "sources");
	for (size_t i = 0; i < init->database_count; i++) {
		const struct mw_init_database *database = &init->databases[i];

		mw_json_object(json, NULL);
		mw_json_string(json, "source", mw_str(database->name));
		mw_json_string(json, "driver", mw_str(database->driver));
		mw_json_string(json, "schema", mw_str(mw_table_word(mw_source_schemas, (int)database->schema)));
		mw_json_bool(json, "read", database->why == NULL);
		mw_json_string(json, "why", mw_str(database->why));
		mw_json_number(json, "users", database->report.users);
		mw_json_number(json, "groups", database->report.groups);
		mw_json_number(json, "addresses", database->report.addresses);
		mw_json_number(json, "grants", database->report.grants);
		mw_json_number(json, "warnings", database->warnings);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

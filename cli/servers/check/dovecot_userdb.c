/* SPDX-License-Identifier: MIT */
#include "servers/check/dovecot.h"

#include <stdio.h>
#include <stdlib.h>

#include "servers/check/userdb_fields.h"

#define WHY "a login is judged before its userdb is asked: whoever logs in there gets the mailbox, and the scripts, " \
	    "of a user whose switches and suspension nobody looked at"

#define FIX "let the passdb set user, whose name is judged, and take it out here"

static void add(const struct mw_dovecot_site *site, enum mw_finding_id id, enum mw_finding_severity severity,
		const char *setting, const char *what)
{
	mw_dovecot_finding(site, id, severity, setting, what, WHY, mw_fix_words(FIX));
}

/* --- in what doveconf prints */

static void check_value(const struct mw_dovecot_site *site, const char *setting, struct mw_str name,
			struct mw_str value)
{
	if (mw_userdb_names_user(name) && !mw_userdb_keeps_user(name, value))
		add(site, MW_FOUND_USERDB_SETS_USER, MW_FINDING_ERROR, setting,
		    mw_arena_textf(site->arena, "the userdb sets %.*s to %.*s", MW_STR_ARG(name), MW_STR_ARG(value)));
}

/* "name=value name=value" of 2.3. */
static void check_words(const struct mw_dovecot_site *site, const char *setting, struct mw_str text)
{
	struct mw_str word;

	while (mw_str_split(&text, ' ', &word)) {
		size_t len = mw_str_find(word, '=');

		if (len < word.len)
			check_value(site, setting, mw_str_head(word, len), mw_str_tail(word, len + 1));
	}
}

/* "fields { name = value }" of 2.4. */
static void check_fields(const struct mw_dovecot_site *site, const struct mw_dovecot_node *parent, const char *key,
			 const char *setting)
{
	const struct mw_dovecot_node *fields = NULL;

	while ((fields = mw_dovecot_next(parent, fields, key)) != NULL) {
		for (const struct mw_dovecot_node *child = fields->first; child != NULL; child = child->next)
			check_value(site, mw_arena_textf(site->arena, "%s/%.*s", setting, MW_STR_ARG(child->key)),
				    child->key, child->value);
	}
}

static void check_query(const struct mw_dovecot_site *site, const char *setting, struct mw_str query)
{
	struct mw_str name = mw_userdb_query_sets(query);

	if (!mw_str_empty(name))
		add(site, MW_FOUND_USERDB_MAY_SET_USER, MW_FINDING_WARNING, setting,
		    mw_arena_textf(site->arena, "the query's answer sets %.*s", MW_STR_ARG(name)));
}

/* --- in the files that it names */

static void check_entry(const struct mw_dovecot_site *site, const char *path, unsigned line, struct mw_str text)
{
	struct mw_str user, name, value;

	if (!mw_userdb_entry_sets(text, &user, &name, &value))
		return;
	mw_findings_add(site->findings, (struct mw_finding){
		.id = MW_FOUND_USERDB_ENTRY, .severity = MW_FINDING_ERROR, .file = path, .line = line,
		.setting = "userdb passwd-file",
		.what = mw_arena_textf(site->arena, "the entry of %.*s sets %.*s to %.*s", MW_STR_ARG(user), MW_STR_ARG(name),
				       MW_STR_ARG(value)),
		.why = WHY, .fix = mw_fix_words("user= in place of it, in a passwd-file that is the passdb") });
}

static void check_setting(const struct mw_dovecot_site *site, const char *path, unsigned line, struct mw_str text)
{
	size_t len = mw_str_find(text, '=');
	struct mw_str key = mw_str_trim(mw_str_head(text, len)), name = MW_STR_EMPTY;

	if (len == text.len)
		return;
	text = mw_str_trim(mw_str_tail(text, len + 1));
	if (mw_str_equal(key, MW_STR("user_query")))
		name = mw_userdb_query_sets(text);
	else if (mw_str_equal(key, MW_STR("user_attrs")))
		name = mw_userdb_attributes_set(text);
	if (mw_str_empty(name))
		return;
	mw_findings_add(site->findings, (struct mw_finding){
		.id = MW_FOUND_USERDB_FILE, .severity = MW_FINDING_WARNING, .file = path, .line = line,
			.setting = mw_arena_text(site->arena, key),
		.what = mw_arena_textf(site->arena, "the userdb's answer sets %.*s", MW_STR_ARG(name)),
		.why = WHY, .fix = mw_fix_words(FIX) });
}

/* Lines that end in a backslash go on with the next one. */
static void each_line(const struct mw_dovecot_site *site, struct mw_str path,
		      void (*look)(const struct mw_dovecot_site *site, const char *path, unsigned line, struct mw_str text))
{
	const char *name = mw_arena_text(site->arena, path);
	/* A path with variables is a file for each user or domain. */
	FILE *file = mw_str_find(path, '%') == path.len && path.len > 0 ? fopen(name, "re") : NULL;
	const char *begun = "";
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0, first = 1;
	ssize_t got;

	while (file != NULL && (got = getline(&line, &size, file)) >= 0) {
		struct mw_str text;
		bool goes_on;

		while (got > 0 && (line[got - 1] == '\n' || line[got - 1] == '\r'))
			got--;
		text = mw_str_trim((struct mw_str){ line, (size_t)got });
		goes_on = !mw_str_empty(text) && text.ptr[text.len - 1] == '\\';
		number++;
		if (goes_on)
			text.len--;
		if (begun[0] == '\0')
			first = number;
		begun = mw_arena_textf(site->arena, "%s%.*s", begun, MW_STR_ARG(text));
		if (goes_on)
			continue;
		if (begun[0] != '#')
			look(site, name, first, mw_str(begun));
		begun = "";
	}
	free(line);
	if (file != NULL)
		fclose(file);
}

/* --- */

static void check_userdb(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node,
			 const struct mw_dovecot_node *userdb)
{
	struct mw_str driver = mw_dovecot_driver(userdb), args = mw_dovecot_value(userdb, "args");
	const char *place = mw_dovecot_place(site, node, mw_arena_textf(site->arena, "userdb %.*s", MW_STR_ARG(driver)));
	static const char *const words[] = { "default_fields", "override_fields" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		check_words(site, mw_arena_textf(site->arena, "%s/%s", place, words[i]), mw_dovecot_value(userdb, words[i]));
	check_fields(site, userdb, "fields", mw_arena_textf(site->arena, "%s/fields", place));
	check_query(site, mw_arena_textf(site->arena, "%s/query", place), mw_dovecot_value(userdb, "query"));
	if (mw_str_equal(driver, MW_STR("static")))
		check_words(site, mw_arena_textf(site->arena, "%s/args", place), args);
	else if (mw_str_equal(driver, MW_STR("sql")) || mw_str_equal(driver, MW_STR("ldap")))
		each_line(site, mw_dovecot_path_of_args(args), check_setting);
	else if (mw_str_equal(driver, MW_STR("passwd-file")))
		each_line(site, site->generation == MW_DOVECOT_2_3 ? mw_dovecot_path_of_args(args)
								   : mw_dovecot_value(userdb, "passwd_file_path"), check_entry);
}

static void look(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
		 const struct mw_dovecot_node *node)
{
	const struct mw_dovecot_node *userdb = NULL;

	while ((userdb = mw_dovecot_next(node, userdb, "userdb")) != NULL)
		check_userdb(site, filter, userdb);
	check_fields(site, node, "userdb_fields", mw_dovecot_place(site, filter, "userdb_fields"));
}

void mw_check_dovecot_userdbs(const struct mw_dovecot_site *site)
{
	mw_dovecot_each_filter(site, look);
}

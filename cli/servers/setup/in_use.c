/* SPDX-License-Identifier: MIT */
#include "servers/setup/in_use.h"

#include <string.h>
#include <sysexits.h>

#include "servers/dovecot_source.h"
#include "servers/postfix_file.h"
#include "servers/restriction.h"
#include "servers/files.h"
#include "servers/wiring.h"
#include "setting.h"
#include "ui/output.h"
#include "ui/process.h"

struct place {
	struct place *next;
	const char *file;
	unsigned line;
	const char *entry; /* its name, or its first words */
};

struct search {
	struct mw_arena *arena;
	const struct mw_policy *policy; /* NULL: it cannot be read */
	struct place *first, **last;
};

static void found(struct search *search, struct place place)
{
	struct place *copy = MW_ARENA_NEW(search->arena, struct place);

	if (copy == NULL)
		return;
	*copy = place;
	*search->last = copy;
	search->last = &copy->next;
}

/* --- Postfix */

/* Whether an entry asks one of the policy's listeners, or one at a path of ours. */
static bool entry_asks(const struct search *search, struct mw_str entry)
{
	if (!mw_str_has(entry, "check_policy_service"))
		return false;
	if (mw_str_has(entry, "mailwicket"))
		return true;
	for (size_t i = 0; search->policy != NULL && i < search->policy->policy_service.listen.count; i++)
		if (mw_str_has(entry, mw_arena_text(search->arena, search->policy->policy_service.listen.items[i])))
			return true;
	return false;
}

static void search_file(struct search *search, const char *folder, const char *name)
{
	const char *path = mw_arena_textf(search->arena, "%s/%s", folder, name);
	bool exists = false, is_main = strcmp(name, "main.cf") == 0;
	struct mw_postfix_piece piece;
	struct mw_postfix_text text;
	struct mw_str whole;

	if (!mw_changes_read(search->arena, path, &whole, &exists) || !exists)
		return;
	text = mw_postfix_text_over(whole);
	while (mw_postfix_text_next(&text, &piece)) {
		struct mw_str entry = piece.is_entry ? mw_postfix_entry_joined(search->arena, piece.text) : MW_STR_EMPTY;
		struct mw_str rest = entry;
		struct mw_str word = is_main ? mw_postfix_entry_name(entry) : mw_postfix_word(&rest);

		if (entry_asks(search, entry))
			found(search, (struct place){ .file = path, .line = piece.line, .entry = mw_arena_text(search->arena, word) });
	}
}

static void search_folder(struct search *search, const char *folder)
{
	search_file(search, folder, "main.cf");
	search_file(search, folder, "master.cf");
}

/* What postconf prints for `name` of a folder (NULL: Postfix's own), one line; "" where it cannot say. */
static struct mw_str postconf(struct search *search, const char *folder, const char *name)
{
	const char *own[] = { "postconf", "-h", name, NULL };
	const char *of_folder[] = { "postconf", "-c", folder, "-h", name, NULL };
	struct mw_str line = MW_STR_EMPTY;
	struct mw_run run;

	if (mw_run_program(folder != NULL ? of_folder : own, &run)) {
		struct mw_str output = mw_arena_copy(search->arena, run.output);

		mw_postfix_line_next(&output, &line);
	}
	mw_run_free(&run);
	return mw_str_trim(line);
}

static void search_postfix(struct search *search, const char *given)
{
	struct mw_str own = given != NULL ? mw_str(given) : postconf(search, NULL, "config_directory");
	const char *folder = own.len > 0 ? mw_arena_text(search->arena, own) : MW_POSTFIX_FOLDER;
	struct mw_str others = postconf(search, folder, "multi_instance_directories");
	struct mw_restriction other;

	search_folder(search, folder);
	while (mw_restriction_next(&others, &other))
		search_folder(search, mw_arena_text(search->arena, other.name));
}

/* --- Dovecot */

static bool names_module(const struct mw_dovecot_source *source)
{
	struct mw_str path = mw_str(source->path);
	size_t slash = mw_str_find_last(path, '/');
	struct mw_str key = slash < path.len ? mw_str_tail(path, slash + 1) : path;

	if (source->is_section)
		return mw_str_equal(key, MW_STR("passdb mailwicket"));
	if (mw_str_ends_with(path, MW_STR("login_plugins/mailwicket")))
		return true;
	return mw_str_has(source->value, "mailwicket") &&
	       (mw_str_equal(key, MW_STR("login_plugins")) || mw_str_equal(key, MW_STR("driver")));
}

static void search_dovecot(struct search *search, const char *given)
{
	struct mw_dovecot_sources sources =
		mw_dovecot_sources_read(search->arena, given != NULL ? given : MW_DOVECOT_CONF, NULL);

	for (size_t i = 0; i < sources.count; i++)
		if (names_module(&sources.items[i]))
			found(search, (struct place){ .file = sources.items[i].file, .line = sources.items[i].line,
						      .entry = sources.items[i].path });
}

/* --- output */

static void write_text(struct mw_buf *out, const void *context)
{
	const struct search *search = context;

	if (search->first == NULL)
		mw_buf_add_text(out, "not in use: neither Postfix nor Dovecot names Mailwicket\n");
	for (const struct place *place = search->first; place != NULL; place = place->next)
		mw_buf_printf(out, "%s:%u: %s names Mailwicket\n", place->file, place->line, place->entry);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct search *search = context;

	mw_json_bool(json, "in_use", search->first != NULL);
	mw_json_array(json, "places");
	for (const struct place *place = search->first; place != NULL; place = place->next) {
		mw_json_object(json, NULL);
		mw_json_string(json, "file", mw_str(place->file));
		mw_json_number(json, "line", place->line);
		mw_json_string(json, "entry", mw_str(place->entry));
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

int mw_setup_in_use(struct mw_cli *cli, const struct mw_servers *servers)
{
	struct mw_errors *errors = mw_errors_new(1);
	struct search search = { .arena = mw_arena_new(0) };
	struct mw_policy *policy = NULL;
	bool printed;

	search.last = &search.first;
	if (search.arena == NULL || errors == NULL) {
		mw_complain("out of memory");
		mw_arena_free(search.arena);
		mw_errors_free(errors);
		return EX_OSERR;
	}
	if (mw_setting_read(cli, errors, &policy))
		search.policy = policy;
	if (servers->postfix)
		search_postfix(&search, servers->postfix_config);
	if (servers->dovecot)
		search_dovecot(&search, servers->dovecot_config);
	printed = cli->json ? mw_output_json(write_members, &search) : mw_output(write_text, &search);
	mw_policy_free(policy);
	mw_errors_free(errors);
	printed = printed && !mw_arena_failed(search.arena);
	mw_arena_free(search.arena);
	return !printed ? EX_OSERR : search.first != NULL ? EX_OK : 1;
}

/* SPDX-License-Identifier: MIT */
#include "servers/new_files.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "servers/init/sample.h"
#include "servers/postfix_file.h"
#include "servers/setup/diff.h"
#include "ui/output.h"

#define SYNC_GROUP "mailwicket-sync" /* of mailwicket-sync.service */

void mw_new_files_begin(struct mw_new_files *files, struct mw_arena *arena)
{
	*files = (struct mw_new_files){ .changes = { .arena = arena }, .diff = MW_STR_EMPTY };
}

/* Whether nobody has written anything into a file yet. */
static bool is_untouched(struct mw_str text)
{
	struct mw_str line, rest = text;
	bool comments = true;

	while (mw_postfix_line_next(&rest, &line))
		comments = comments &&
			   (mw_str_empty(mw_str_trim(line)) || mw_str_starts_with(mw_str_trim(line), MW_STR("#")));
	return comments || mw_init_is_sample(text);
}

int mw_new_files_add(struct mw_new_files *files, const char *path, struct mw_str text)
{
	struct mw_changes *changes = &files->changes;
	size_t before = changes->count;

	if (!mw_changes_add(changes, path, text))
		return EX_NOINPUT;
	if (changes->count > before && changes->items[before].existed && !is_untouched(changes->items[before].before))
		files->kept[files->kept_count++] = path;
	return EX_OK;
}

int mw_new_files_add_secret(struct mw_new_files *files, const char *path, struct mw_str text)
{
	const struct group *group = geteuid() == 0 ? getgrnam(SYNC_GROUP) : NULL;
	size_t before = files->changes.count;
	int status = mw_new_files_add(files, path, text);
	struct mw_change *change = &files->changes.items[before];

	if (status != EX_OK || files->changes.count == before)
		return status;
	files->secret[before] = true;
	/* Also where a file of comments is there, which others may read. */
	change->mode = group != NULL ? 0640 : 0600;
	change->uid = geteuid();
	change->gid = group != NULL ? group->gr_gid : getegid();
	return EX_OK;
}

bool mw_new_files_is_owned(struct mw_arena *arena, const char *path)
{
	struct mw_str text;
	bool exists;

	if (!mw_changes_read(arena, path, &text, &exists))
		return exists;
	return !is_untouched(text);
}

static void add_hidden(struct mw_new_files *files, const struct mw_change *change)
{
	files->diff = mw_str(mw_arena_textf(files->changes.arena,
					    "%.*s--- %s\n+++ %s\n@@ -%s +1 @@\n%s+(a password, not shown)\n",
					    MW_STR_ARG(files->diff), change->existed ? change->path : "/dev/null", change->path,
					    change->existed ? "1" : "0,0",
					    change->existed ? "-(something else, not shown)\n" : ""));
}

/* Through a copy of the new form, as diff(1) reads files. */
static bool make_diff(struct mw_new_files *files)
{
	struct mw_arena *arena = files->changes.arena;

	for (size_t i = 0; i < files->changes.count; i++) {
		const struct mw_change *change = &files->changes.items[i];
		const char *staged = mw_arena_textf(arena, "%s/%zu", files->guard.folder, i);

		if (files->secret[i]) {
			add_hidden(files, change);
			continue;
		}
		if (!mw_file_put(staged, change->after, 0600, geteuid(), getegid()) ||
		    !mw_change_diff(arena, change, staged, &files->diff))
			return false;
	}
	return true;
}

int mw_new_files_diff(struct mw_new_files *files)
{
	bool made;

	if (files->changes.count == 0)
		return EX_OK;
	if (!mw_guard_start(&files->guard))
		return EX_CANTCREAT;
	made = make_diff(files);
	mw_guard_end(&files->guard);
	return made ? EX_OK : EX_CANTCREAT;
}

/* The folder of the policy may not be there yet. */
static bool make_folder(struct mw_arena *arena, const char *path)
{
	const char *folder = mw_arena_text(arena, mw_str_head(mw_str(path), mw_str_find_last(mw_str(path), '/')));

	if (folder[0] == '\0' || mkdir(folder, 0755) == 0 || errno == EEXIST)
		return true;
	mw_complain("%s: %s", folder, strerror(errno));
	return false;
}

int mw_new_files_write(struct mw_new_files *files)
{
	const struct mw_changes *changes = &files->changes;
	bool as_before;

	for (size_t i = 0; i < changes->count; i++)
		if (!mw_place_is_ours(changes->items[i].path))
			return EX_NOPERM;
	for (size_t i = 0; i < changes->count; i++)
		if (!make_folder(changes->arena, changes->items[i].path))
			return EX_CANTCREAT;
	if (!mw_changes_apply(changes, &as_before))
		return EX_CANTCREAT;
	files->applied = true;
	return EX_OK;
}

/* --- output */

bool mw_new_files_print_outcome(const struct mw_new_files *files, const char *why, struct mw_buf *out)
{
	if (files->changes.count == 0)
		mw_buf_printf(out, "nothing to do: %s\n", why);
	else if (!files->applied && files->kept_count == 0)
		mw_buf_add_text(out, "nothing was written; --apply does it\n");
	return files->changes.count > 0 && files->applied;
}

void mw_new_files_print_written(const struct mw_new_files *files, struct mw_buf *out)
{
	for (size_t i = 0; i < files->changes.count; i++)
		mw_buf_printf(out, "wrote %s\n", files->changes.items[i].path);
}

void mw_new_files_json(const struct mw_new_files *files, struct mw_json *json)
{
	mw_json_bool(json, "applied", files->applied);
	mw_json_array(json, "files");
	for (size_t i = 0; i < files->changes.count; i++) {
		mw_json_object(json, NULL);
		mw_json_string(json, "path", mw_str(files->changes.items[i].path));
		mw_json_bool(json, "existed", files->changes.items[i].existed);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
	mw_json_array(json, "kept");
	for (size_t i = 0; i < files->kept_count; i++)
		mw_json_string(json, NULL, mw_str(files->kept[i]));
	mw_json_end_array(json);
	mw_json_string(json, "diff", files->diff);
}

void mw_new_files_complain(const struct mw_new_files *files, const char *options)
{
	for (size_t i = 0; i < files->kept_count; i++)
		mw_complain("%s is there already and stays as it is: move it away, or write another with %s; nothing was written",
			    files->kept[i], options);
}

const char *mw_new_file_path(struct mw_arena *arena, const char *path)
{
	char here[PATH_MAX];

	return path[0] == '/' || getcwd(here, sizeof(here)) == NULL ? path : mw_arena_textf(arena, "%s/%s", here, path);
}

const char *mw_new_file_beside(struct mw_arena *arena, const char *path, const char *name)
{
	return mw_arena_textf(arena, "%.*s/%s", (int)mw_str_find_last(mw_str(path), '/'), path, name);
}

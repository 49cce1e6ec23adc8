/* SPDX-License-Identifier: MIT */
#include "servers/files.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "ui/output.h"

#define MANIFEST_TITLE "# mailwicket setup, sha256: before, after, mode, uid, gid, path"
#define ABSENT "absent"
#define DIGEST_TEXT 65

static bool failed(const char *path)
{
	mw_complain("%s: %s", path, strerror(errno));
	return false;
}

static void digest(struct mw_str text, char digest_r[DIGEST_TEXT])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	EVP_Digest(text.ptr, text.len, bytes, &len, EVP_sha256(), NULL);
	for (unsigned i = 0; i < len && i < DIGEST_TEXT / 2; i++)
		snprintf(digest_r + 2 * i, 3, "%02x", bytes[i]);
}

/* The last number below the folder; 0: there is none. Without its manifest, which is written last, a backup is one of a
   setup that did nothing. */
static unsigned long last_number(const char *folder, bool complete)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;
	char manifest[4096];
	unsigned long last = 0;
	uint64_t number;

	while (listing != NULL && (entry = readdir(listing)) != NULL) {
		if (!mw_parse_number(mw_str(entry->d_name), &number) || number <= last)
			continue;
		snprintf(manifest, sizeof(manifest), "%s/%s/manifest", folder, entry->d_name);
		if (!complete || access(manifest, F_OK) == 0)
			last = (unsigned long)number;
	}
	if (listing != NULL)
		closedir(listing);
	return last;
}

static bool make_folders(const char *path)
{
	char part[4096];

	for (size_t i = 1; i <= strlen(path) && i < sizeof(part); i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		snprintf(part, sizeof(part), "%.*s", (int)i, path);
		/* What was there stays as it is; what is made here may hold passwords of dovecot.conf. */
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return failed(part);
	}
	return true;
}

static void add_line(const struct mw_change *change, struct mw_buf *out)
{
	char before[DIGEST_TEXT] = ABSENT, after[DIGEST_TEXT];

	if (change->existed)
		digest(change->before, before);
	digest(change->after, after);
	mw_buf_printf(out, "%s\t%s\t%04o\t%u\t%u\t%s\n", before, after, (unsigned)change->mode, (unsigned)change->uid,
		      (unsigned)change->gid, change->path);
}

bool mw_backup_write(const struct mw_changes *changes, const char *folder, const char **place_r)
{
	const char *place = mw_arena_textf(changes->arena, "%s/%lu", folder, last_number(folder, false) + 1);
	char text[MW_CHANGES_MOST * 4400];
	struct mw_buf manifest = MW_BUF_OVER(text);

	if (!make_folders(place))
		return false;
	mw_buf_add_text(&manifest, MANIFEST_TITLE "\n");
	for (size_t i = 0; i < changes->count; i++) {
		const char *copy = mw_arena_textf(changes->arena, "%s/%zu", place, i);

		add_line(&changes->items[i], &manifest);
		if (changes->items[i].existed && !mw_file_put(copy, changes->items[i].before, 0600, geteuid(), getegid()))
			return false;
	}
	*place_r = place;
	return mw_file_put(mw_arena_textf(changes->arena, "%s/manifest", place), mw_buf_str(&manifest), 0600, geteuid(),
			   getegid());
}

static bool damaged(const char *place)
{
	mw_complain("%s/manifest: damaged; put the files back by hand", place);
	return false;
}

/* One line of the manifest. after_r: the digest of what setup wrote. */
static bool read_change(struct mw_arena *arena, const char *place, size_t index, struct mw_str line,
			struct mw_change *change_r, struct mw_str *after_r)
{
	struct mw_str fields[5], field;
	char found[DIGEST_TEXT];
	bool exists;

	for (size_t i = 0; i < 5; i++) {
		if (!mw_str_split(&line, '\t', &field))
			return damaged(place);
		fields[i] = field;
	}
	*change_r = (struct mw_change){ .path = mw_arena_text(arena, line),
					.existed = !mw_str_equal(fields[0], MW_STR(ABSENT)),
					.mode = (mode_t)strtoul(fields[2].ptr, NULL, 8),
					.uid = (uid_t)strtoul(fields[3].ptr, NULL, 10),
					.gid = (gid_t)strtoul(fields[4].ptr, NULL, 10) };
	*after_r = fields[1];
	if (!change_r->existed)
		return true;
	if (!mw_changes_read(arena, mw_arena_textf(arena, "%s/%zu", place, index), &change_r->before, &exists))
		return false;
	digest(change_r->before, found);
	return (exists && mw_str_equal(mw_str(found), fields[0])) || damaged(place);
}

/* Whether nothing that somebody else wrote would be lost. */
static bool may_undo(struct mw_arena *arena, const struct mw_change *change, struct mw_str after)
{
	char found[DIGEST_TEXT];
	struct mw_str now;
	bool exists;

	if (!mw_changes_read(arena, change->path, &now, &exists))
		return false;
	digest(now, found);
	if (exists == change->existed && (!exists || mw_str_equal(now, change->before)))
		return true;
	if (exists && mw_str_equal(mw_str(found), after))
		return true;
	mw_complain("%s: %s since mailwicket setup changed it; nothing was undone", change->path,
		    exists ? "was changed" : "is gone");
	return false;
}

static enum mw_backup_result read_backup(const char *place, struct mw_changes *changes)
{
	struct mw_str text, line;
	enum mw_backup_result result = MW_BACKUP_UNDONE;
	bool exists;

	if (!mw_changes_read(changes->arena, mw_arena_textf(changes->arena, "%s/manifest", place), &text, &exists))
		return MW_BACKUP_FAILED;
	while (mw_str_split(&text, '\n', &line)) {
		struct mw_str after;

		if (mw_str_empty(line) || line.ptr[0] == '#')
			continue;
		if (changes->count == MW_CHANGES_MOST) {
			damaged(place);
			return MW_BACKUP_FAILED;
		}
		if (!read_change(changes->arena, place, changes->count, line, &changes->items[changes->count], &after))
			return MW_BACKUP_FAILED;
		if (!mw_place_is_ours(changes->items[changes->count].path))
			return MW_BACKUP_FAILED;
		if (!may_undo(changes->arena, &changes->items[changes->count], after))
			result = MW_BACKUP_CHANGED;
		changes->count++;
	}
	return result;
}

enum mw_backup_result mw_backup_undo(const char *folder, struct mw_changes *changes_r)
{
	unsigned long number = last_number(folder, true);
	const char *place = mw_arena_textf(changes_r->arena, "%s/%lu", folder, number);
	enum mw_backup_result result = number > 0 ? read_backup(place, changes_r) : MW_BACKUP_NONE;

	if (result != MW_BACKUP_UNDONE)
		return result;
	for (size_t i = 0; i < changes_r->count; i++) {
		if (!mw_change_undo(&changes_r->items[i]))
			return MW_BACKUP_FAILED;
	}
	mw_changes_unstage(place);
	return MW_BACKUP_UNDONE;
}

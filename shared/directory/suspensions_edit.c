/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "directory/folder.h"
#include "directory/snapshot.h"
#include "directory/suspensions.h"

#define LOCK_NAME ".suspend.lock"
#define LOCK_SECONDS 10
#define TEMPORARY ".suspensions." /* prefix of the names of temporary and old files of suspensions */

struct mw_suspensions_edit {
	struct mw_suspensions_place place;
	char *temporary, *old;
	struct mw_folder folder;
	struct mw_suspensions list; /* with room for MW_SUSPENSIONS_MAX */
};

static bool fail(struct mw_errors *errors, const char *file, const char *text)
{
	mw_errors_add(errors, MW_ERROR, file, 0, 0, NULL, "%s", text);
	return false;
}

static char *join(const char *folder, const char *prefix, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s/%s%s", folder, prefix, suffix) < 0 ? NULL : path;
}

static bool make_names(struct mw_suspensions_edit *edit, const char *folder)
{
	if (!mw_suspensions_place_init(&edit->place, folder))
		return false;
	edit->temporary = join(edit->place.folder, TEMPORARY, "tmp");
	edit->old = join(edit->place.folder, TEMPORARY, "old");
	return edit->temporary != NULL && edit->old != NULL;
}

static bool read_list(struct mw_suspensions_edit *edit, int64_t now, struct mw_errors *errors)
{
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);
	struct mw_suspended_name *names;
	struct mw_suspension *items;
	struct stat st;
	int64_t next;
	const char *path = mw_suspensions_place_look(&edit->place, &st);

	edit->folder.error = path == NULL ? errno : 0;
	if (path == NULL)
		return fail(errors, edit->place.path, strerror(errno));
	if (mw_suspensions_read(path, &edit->list, &st, &why) != MW_SNAPSHOT_OPEN) {
		mw_buf_add_text(&why, "; move it away, then suspend again whom it held");
		return fail(errors, "", text);
	}
	items = realloc(edit->list.items, MW_SUSPENSIONS_MAX * sizeof(*items));
	if (items != NULL)
		edit->list.items = items;
	names = realloc(edit->list.names, MW_SUSPENDED_NAMES_MAX * sizeof(*names));
	if (names != NULL)
		edit->list.names = names;
	if (items == NULL || names == NULL) {
		edit->folder.error = ENOMEM;
		return fail(errors, edit->place.path, "out of memory");
	}
	mw_suspensions_expire(&edit->list, now, &next);
	return true;
}

static bool make_folder(struct mw_suspensions_edit *edit, struct mw_errors *errors)
{
	struct stat published;

	/* Who is suspended belongs to a directory. */
	if (stat(edit->place.old_folder, &published) != 0) {
		edit->folder.error = errno;
		return fail(errors, edit->place.old_folder, strerror(errno));
	}
	if (mw_suspensions_place_make(&edit->place))
		return true;
	edit->folder.error = errno;
	mw_errors_add(errors, MW_ERROR, edit->place.folder, 0, 0, NULL, "cannot make the folder: %s", strerror(errno));
	return false;
}

/* Not that of the user who publishes snapshots, say. */
static bool folder_is_ours(struct mw_suspensions_edit *edit, struct mw_errors *errors)
{
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);

	edit->folder.error = 0;
	return mw_snapshot_owner_is_fit(edit->place.folder, &edit->folder.stat, &why) ||
	       fail(errors, edit->place.folder, text);
}

struct mw_suspensions_edit *mw_suspensions_edit_open(const char *folder, int64_t now, struct mw_errors *errors,
						     int *errno_r)
{
	struct mw_suspensions_edit *edit = calloc(1, sizeof(*edit));

	*errno_r = ENOMEM;
	if (edit == NULL) {
		fail(errors, folder, "out of memory");
		return NULL;
	}
	edit->folder.fd = edit->folder.lock_fd = -1;
	edit->folder.error = ENOMEM;
	if (!make_names(edit, folder))
		fail(errors, folder, "out of memory");
	else if (!make_folder(edit, errors))
		;
	else if (mw_folder_open(&edit->folder, edit->place.folder, false, errors) && folder_is_ours(edit, errors) &&
		 mw_folder_lock(&edit->folder, LOCK_NAME, LOCK_SECONDS, "another suspend or resume is running", errors) &&
		 mw_folder_remove_leftovers(&edit->folder, TEMPORARY, errors) && read_list(edit, now, errors))
		return edit;
	*errno_r = edit->folder.error;
	mw_suspensions_edit_close(edit);
	return NULL;
}

void mw_suspensions_edit_close(struct mw_suspensions_edit *edit)
{
	if (edit == NULL)
		return;
	mw_folder_close(&edit->folder);
	mw_suspensions_free(&edit->list);
	mw_suspensions_place_deinit(&edit->place);
	free(edit->temporary);
	free(edit->old);
	free(edit);
}

const struct mw_suspensions *mw_suspensions_edit_list(const struct mw_suspensions_edit *edit)
{
	return &edit->list;
}

/* The index of the user's suspension of this kind, or where it would be. */
static size_t find(const struct mw_suspensions *list, struct mw_str user, uint32_t what, bool *there_r)
{
	size_t i = mw_suspensions_find(list, user);

	while (i < list->count && mw_str_equal(mw_str(list->items[i].user), user) && list->items[i].what < what)
		i++;
	*there_r = i < list->count && mw_str_equal(mw_str(list->items[i].user), user) && list->items[i].what == what;
	return i;
}

bool mw_suspensions_edit_set(struct mw_suspensions_edit *edit, const struct mw_suspension *suspension)
{
	struct mw_suspensions *list = &edit->list;
	bool there;
	size_t i = find(list, mw_str(suspension->user), suspension->what, &there);

	if (!there) {
		if (list->count == MW_SUSPENSIONS_MAX)
			return false;
		memmove(&list->items[i + 1], &list->items[i], (list->count - i) * sizeof(list->items[0]));
		list->count++;
	}
	list->items[i] = *suspension;
	return true;
}

bool mw_suspensions_edit_name(struct mw_suspensions_edit *edit, struct mw_str user, struct mw_str login)
{
	return mw_suspensions_add_name(&edit->list, user, login);
}

bool mw_suspensions_edit_remove(struct mw_suspensions_edit *edit, struct mw_str user, enum mw_suspended what)
{
	struct mw_suspensions *list = &edit->list;
	bool there;
	size_t i = find(list, user, what, &there);

	if (!there)
		return false;
	list->count--;
	memmove(&list->items[i], &list->items[i + 1], (list->count - i) * sizeof(list->items[0]));
	return true;
}

static int write_whole(int fd, const char *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t put = pwrite(fd, bytes + done, size - done, (off_t)done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? errno : EIO;
		done += (size_t)put;
	}
	return 0;
}

/* 0 or an errno. */
static int write_list(const struct mw_suspensions *list, const struct mw_folder *folder, const char *path)
{
	size_t size = mw_suspensions_size(list->count, list->name_count);
	char *bytes = malloc(size);
	int fd = mw_folder_make(folder, path);
	int error = fd < 0 ? errno : bytes == NULL ? ENOMEM : 0;

	if (error == 0 && !mw_folder_own(folder, fd))
		error = errno;
	if (error == 0) {
		mw_suspensions_write(list, bytes);
		error = write_whole(fd, bytes, size);
	}
	if (error == 0 && fsync(fd) != 0)
		error = errno;
	if (fd >= 0 && close(fd) != 0 && error == 0)
		error = errno;
	free(bytes);
	return error;
}

/* Reads the file back as a reader will. */
static bool check_temporary(const struct mw_suspensions_edit *edit, struct mw_errors *errors)
{
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);
	struct mw_suspensions back;
	struct stat st;
	bool same;

	if (mw_suspensions_read(edit->temporary, &back, &st, &why) != MW_SNAPSHOT_OPEN)
		return fail(errors, "", text);
	same = back.count == edit->list.count && back.name_count == edit->list.name_count &&
	       memcmp(back.items, edit->list.items, back.count * sizeof(back.items[0])) == 0 &&
	       memcmp(back.names, edit->list.names, back.name_count * sizeof(back.names[0])) == 0;
	mw_suspensions_free(&back);
	return same || fail(errors, edit->place.path, "what was written does not read back: nothing is changed");
}

static bool put_old(struct mw_suspensions_edit *edit, struct mw_folder *folder, struct mw_errors *errors, int *errno_r)
{
	bool done = false;

	if (folder->stat.st_uid != geteuid())
		return true;
	if (!mw_folder_remove_leftovers(folder, TEMPORARY, errors)) {
		*errno_r = folder->error;
		return false;
	}
	*errno_r = write_list(&edit->list, folder, TEMPORARY "tmp");
	if (*errno_r != 0) {
		fail(errors, edit->place.old_path, strerror(*errno_r));
	} else {
		done = mw_folder_take_over(folder, TEMPORARY "tmp", edit->place.old_path, TEMPORARY "old", errors);
		*errno_r = done ? 0 : folder->error;
	}
	mw_folder_remove(folder, TEMPORARY "tmp");
	mw_folder_remove(folder, TEMPORARY "old");
	return done;
}

/* A process of an earlier version that still runs looks in the old place alone, and takes no list for an empty one. */
static bool save_old(struct mw_suspensions_edit *edit, struct mw_errors *errors, int *errno_r)
{
	struct mw_folder folder;
	struct stat st;
	bool done;

	if (lstat(edit->place.old_path, &st) != 0)
		return true;
	done = mw_folder_open(&folder, edit->place.old_folder, false, errors);
	*errno_r = done ? 0 : folder.error;
	done = done && put_old(edit, &folder, errors, errno_r);
	mw_folder_close(&folder);
	return done;
}

bool mw_suspensions_edit_save(struct mw_suspensions_edit *edit, struct mw_errors *errors, int *errno_r)
{
	bool done = false;

	mw_suspensions_prune_names(&edit->list);
	*errno_r = write_list(&edit->list, &edit->folder, edit->temporary);
	if (*errno_r != 0) {
		fail(errors, edit->place.path, strerror(*errno_r));
	} else if (check_temporary(edit, errors)) {
		done = mw_folder_take_over(&edit->folder, edit->temporary, edit->place.path, edit->old, errors);
		*errno_r = done ? 0 : edit->folder.error;
		done = done && save_old(edit, errors, errno_r);
	}
	mw_folder_remove(&edit->folder, edit->temporary);
	mw_folder_remove(&edit->folder, edit->old);
	return done;
}

static bool is_in_old_place(const char *folder)
{
	struct mw_suspensions_place place;
	struct stat st;
	bool old = mw_suspensions_place_init(&place, folder) && mw_suspensions_place_look(&place, &st) == place.old_path;

	mw_suspensions_place_deinit(&place);
	return old;
}

bool mw_suspensions_move(const char *folder, int64_t now, struct mw_errors *errors)
{
	struct mw_suspensions_edit *edit;
	int error;
	bool done;

	if (!is_in_old_place(folder))
		return true;
	edit = mw_suspensions_edit_open(folder, now, errors, &error);
	done = edit != NULL && mw_suspensions_edit_save(edit, errors, &error);
	mw_suspensions_edit_close(edit);
	return done;
}

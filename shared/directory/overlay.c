/* SPDX-License-Identifier: MIT */
#include "directory/overlay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

bool mw_overlay_init(struct mw_overlay *overlay, const char *folder)
{
	return mw_suspensions_place_init(&overlay->place, folder);
}

void mw_overlay_deinit(struct mw_overlay *overlay)
{
	mw_suspensions_free(&overlay->list);
	mw_suspensions_place_deinit(&overlay->place);
}

/* True: some have ended. */
static bool expire(struct mw_overlay *overlay)
{
	int64_t now;

	if (overlay->next_end == 0)
		return false;
	now = mw_clock_date();
	if (now < overlay->next_end || !mw_suspensions_expire(&overlay->list, now, &overlay->next_end))
		return false;
	overlay->generation++;
	return true;
}

static enum mw_directory_change take(struct mw_overlay *overlay, struct mw_suspensions *list, const struct stat *st)
{
	mw_suspensions_free(&overlay->list);
	overlay->list = *list;
	overlay->generation++;
	overlay->stat = *st;
	overlay->read = true;
	overlay->refused = false;
	overlay->error[0] = '\0';
	mw_suspensions_expire(&overlay->list, mw_clock_date(), &overlay->next_end);
	return MW_DIRECTORY_NEW;
}

/* When this fails, the list that was read before stays: it is a copy in memory. */
static enum mw_directory_change read_published(struct mw_overlay *overlay, const char *path, const struct stat *seen)
{
	struct mw_buf why = MW_BUF_OVER(overlay->error);
	const char *folder = path == overlay->place.path ? overlay->place.folder : overlay->place.old_folder;
	struct mw_suspensions list;
	struct stat st;

	/* A folder that is not there has no list in it. The old place may be another user's: the list itself is not. */
	if ((lstat(folder, &st) == 0 || errno != ENOENT) &&
	    !(folder == overlay->place.folder ? mw_snapshot_folder_is_ours : mw_snapshot_folder_is_fit)(folder, &why))
		return MW_DIRECTORY_FAILED;
	switch (mw_suspensions_read(path, &list, &st, &why)) {
	case MW_SNAPSHOT_OPEN:
		if (st.st_ino != 0 || seen->st_ino == 0)
			return take(overlay, &list, &st);
		/* No file is no word that nobody is suspended: it is in its new place by now, where the next look is. */
		mw_suspensions_free(&list);
		mw_buf_printf(&why, "%s was taken away while it was read", path);
		return MW_DIRECTORY_FAILED;
	case MW_SNAPSHOT_BAD:
		overlay->refused = true;
		overlay->refused_stat = *seen;
		return MW_DIRECTORY_FAILED;
	case MW_SNAPSHOT_FAILED:
	case MW_SNAPSHOT_LATER:
	case MW_SNAPSHOT_NO_ROOM:
		return MW_DIRECTORY_FAILED;
	}
	return MW_DIRECTORY_FAILED;
}

enum mw_directory_change mw_overlay_refresh(struct mw_overlay *overlay)
{
	bool ended = expire(overlay);
	struct stat st;
	const char *path = mw_suspensions_place_look(&overlay->place, &st);

	if (path == NULL) {
		snprintf(overlay->error, sizeof(overlay->error), "%s: %s", overlay->place.path, strerror(errno));
		return MW_DIRECTORY_FAILED;
	}
	if (overlay->read && mw_snapshot_same(&st, &overlay->stat)) {
		overlay->error[0] = '\0';
		return ended ? MW_DIRECTORY_NEW : MW_DIRECTORY_SAME;
	}
	if (overlay->refused && mw_snapshot_same(&st, &overlay->refused_stat))
		return MW_DIRECTORY_FAILED;
	return read_published(overlay, path, &st);
}

static int compare_bound(const void *a, const void *b)
{
	const struct mw_bound_suspension *x = a, *y = b;

	if (x->id != y->id)
		return (x->id > y->id) - (x->id < y->id);
	return (x->index > y->index) - (x->index < y->index);
}

/* The user who has the address, or the login name; *id_r 0: nobody, or a group. */
static enum mw_lookup find_user(const struct mw_snapshot *snapshot, enum mw_key_kind kind, struct mw_str name,
				uint32_t *id_r)
{
	struct mw_principal principal;
	enum mw_held held;
	enum mw_lookup found = mw_snapshot_named(snapshot, kind, name, &principal, &held);

	*id_r = found == MW_LOOKUP_FOUND && principal.kind == MW_USER ? principal.id : 0;
	return found;
}

/* How many had the names of the suspensions before. */
static size_t count_former(const struct mw_suspensions *list, const struct mw_snapshot *snapshot)
{
	struct mw_value value;
	size_t count = 0;

	for (size_t i = 0; snapshot->env != NULL && i < list->count; i++) {
		if (mw_snapshot_former(snapshot, mw_str(list->items[i].user), &value) == MW_LOOKUP_FOUND)
			count += mw_value_former_count(value);
	}
	return count;
}

/* Makes room for all users that a list can mean, and forgets those found before. */
static bool make_room(struct mw_overlay_bound *bound, const struct mw_suspensions *list,
		      const struct mw_snapshot *snapshot)
{
	/* A name is one user's, who has two suspensions at most. */
	size_t most = list->count + 2 * list->name_count + count_former(list, snapshot);

	bound->count = 0;
	if (list->count < bound->room && most < bound->items_room)
		return true;
	mw_overlay_unbind(bound);
	bound->ids = calloc(list->count + 1, sizeof(*bound->ids));
	bound->items = calloc(most + 1, sizeof(*bound->items));
	if (bound->ids == NULL || bound->items == NULL) {
		mw_overlay_unbind(bound);
		return false;
	}
	bound->room = list->count + 1;
	bound->items_room = most + 1;
	return true;
}

void mw_overlay_unbind(struct mw_overlay_bound *bound)
{
	free(bound->ids);
	free(bound->items);
	*bound = (struct mw_overlay_bound){ .generation = 0 };
}

static void add(struct mw_overlay_bound *bound, const struct mw_suspensions *list, size_t index, uint32_t id)
{
	if (bound->ids[index] == 0)
		bound->ids[index] = id;
	bound->items[bound->count++] = (struct mw_bound_suspension){ id, list->items[index].what, index };
}

/* Whoever has the address now. */
static void bind_address(const struct mw_suspensions *list, size_t index, const struct mw_snapshot *snapshot,
			 struct mw_overlay_bound *bound)
{
	uint32_t id;

	if (find_user(snapshot, MW_KEY_ADDRESS, mw_str(list->items[index].user), &id) == MW_LOOKUP_UNAVAILABLE)
		bound->complete = false;
	else if (id != 0)
		add(bound, list, index, id);
}

/* Whoever had the address as a name before. If another user has it now, a suspension of that time alone is meant. */
static void bind_former(const struct mw_suspensions *list, size_t index, const struct mw_snapshot *snapshot,
			struct mw_overlay_bound *bound)
{
	const struct mw_suspension *one = &list->items[index];
	bool is_somebodys = bound->ids[index] != 0;
	struct mw_value value;
	enum mw_lookup found = mw_snapshot_former(snapshot, mw_str(one->user), &value);

	if (found == MW_LOOKUP_UNAVAILABLE)
		bound->complete = false;
	for (size_t i = 0; found == MW_LOOKUP_FOUND && i < mw_value_former_count(value); i++) {
		int64_t until;
		uint32_t id;

		if (!mw_value_former_read(value, i, &id, &until))
			bound->complete = false;
		else if (id != 0 && id != bound->ids[index] &&
			 mw_suspension_is_of_former(one, until, is_somebodys))
			add(bound, list, index, id);
	}
}

/* Whoever has a login name that the user had: after a new address was given, that is the same person. */
static void bind_name(const struct mw_suspensions *list, const struct mw_suspended_name *name,
		      const struct mw_snapshot *snapshot, struct mw_overlay_bound *bound)
{
	uint32_t id;

	if (find_user(snapshot, MW_KEY_LOGIN, mw_str(name->login), &id) == MW_LOOKUP_UNAVAILABLE)
		bound->complete = false;
	for (size_t i = mw_suspensions_find(list, mw_str(name->user));
	     id != 0 && i < list->count && strcmp(list->items[i].user, name->user) == 0; i++) {
		if (bound->ids[i] != id)
			add(bound, list, i, id);
	}
}

void mw_overlay_bind(const struct mw_overlay *overlay, const struct mw_snapshot *snapshot,
		     struct mw_overlay_bound *bound)
{
	const struct mw_suspensions *list = &overlay->list;

	bound->complete = make_room(bound, list, snapshot) && overlay->read && snapshot->env != NULL;
	if (bound->room == 0)
		return;
	bound->generation = overlay->generation;
	memset(bound->ids, 0, list->count * sizeof(*bound->ids));
	if (snapshot->env == NULL)
		return;
	for (size_t i = 0; i < list->count; i++)
		bind_address(list, i, snapshot, bound);
	for (size_t i = 0; i < list->count; i++)
		bind_former(list, i, snapshot, bound);
	for (size_t i = 0; i < list->name_count; i++)
		bind_name(list, &list->names[i], snapshot, bound);
	if (bound->count > 0)
		qsort(bound->items, bound->count, sizeof(bound->items[0]), compare_bound);
}

/* The first that is bound to this user, or where it would be. */
static size_t find_bound(const struct mw_overlay_bound *bound, uint32_t id)
{
	size_t low = 0, high = bound->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (bound->items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t mw_overlay_next(const struct mw_overlay_bound *bound, size_t index, uint32_t after)
{
	for (size_t i = find_bound(bound, after + 1); i < bound->count; i++) {
		if (bound->items[i].index == index)
			return bound->items[i].id;
	}
	return 0;
}

void mw_overlay_apply(const struct mw_overlay_bound *bound, struct mw_principal *principal)
{
	for (size_t i = find_bound(bound, principal->id); i < bound->count && bound->items[i].id == principal->id; i++) {
		if (bound->items[i].what == MW_SUSPENDED_ALL)
			principal->suspended_login = true;
		else
			principal->suspended_sending = true;
	}
}

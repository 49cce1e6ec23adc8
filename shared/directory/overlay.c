/* SPDX-License-Identifier: MIT */
#include "directory/overlay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

bool mw_overlay_init(struct mw_overlay *overlay, const char *folder)
{
	if (asprintf(&overlay->path, "%s/%s", folder, MW_SUSPENSIONS_NAME) < 0)
		overlay->path = NULL;
	return overlay->path != NULL;
}

void mw_overlay_deinit(struct mw_overlay *overlay)
{
	mw_suspensions_free(&overlay->list);
	free(overlay->path);
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
static enum mw_directory_change read_published(struct mw_overlay *overlay, const char *folder, const struct stat *seen)
{
	struct mw_buf why = MW_BUF_OVER(overlay->error);
	struct mw_suspensions list;
	struct stat st;

	/* A folder that is not there has no list in it. */
	if ((lstat(folder, &st) == 0 || errno != ENOENT) && !mw_snapshot_folder_is_fit(folder, &why))
		return MW_DIRECTORY_FAILED;
	switch (mw_suspensions_read(overlay->path, &list, &st, &why)) {
	case MW_SNAPSHOT_OPEN:
		return take(overlay, &list, &st);
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

enum mw_directory_change mw_overlay_refresh(struct mw_overlay *overlay, const char *folder)
{
	bool ended = expire(overlay);
	struct stat st;

	if (lstat(overlay->path, &st) != 0) {
		memset(&st, 0, sizeof(st));
		if (errno != ENOENT) {
			snprintf(overlay->error, sizeof(overlay->error), "%s: %s", overlay->path, strerror(errno));
			return MW_DIRECTORY_FAILED;
		}
	}
	if (overlay->read && mw_snapshot_same(&st, &overlay->stat)) {
		overlay->error[0] = '\0';
		return ended ? MW_DIRECTORY_NEW : MW_DIRECTORY_SAME;
	}
	if (overlay->refused && mw_snapshot_same(&st, &overlay->refused_stat))
		return MW_DIRECTORY_FAILED;
	return read_published(overlay, folder, &st);
}

static int compare_bound(const void *a, const void *b)
{
	const struct mw_bound_suspension *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* The user who has the address; *id_r 0: nobody, or a group. */
static enum mw_lookup find_user(const struct mw_snapshot *snapshot, struct mw_str address, uint32_t *id_r)
{
	struct mw_principal principal;
	struct mw_value value;
	struct mw_key key;
	bool primary;
	enum mw_lookup found = MW_LOOKUP_NONE;

	*id_r = 0;
	if (mw_key_text(MW_KEY_ADDRESS, address, &key))
		found = mw_snapshot_get(snapshot, &key, &value);
	if (found != MW_LOOKUP_FOUND)
		return found;
	if (!mw_value_address_read(value, id_r, &primary))
		return MW_LOOKUP_UNAVAILABLE;
	found = mw_snapshot_principal(snapshot, *id_r, &principal, NULL);
	if (found == MW_LOOKUP_FOUND && principal.kind != MW_USER)
		*id_r = 0;
	return found == MW_LOOKUP_FOUND ? MW_LOOKUP_FOUND : MW_LOOKUP_UNAVAILABLE;
}

/* Makes room for `count` users, and forgets those found before. */
static bool make_room(struct mw_overlay_bound *bound, size_t count)
{
	bound->count = 0;
	if (count < bound->room)
		return true;
	mw_overlay_unbind(bound);
	bound->ids = calloc(count + 1, sizeof(*bound->ids));
	bound->items = calloc(count + 1, sizeof(*bound->items));
	if (bound->ids == NULL || bound->items == NULL) {
		mw_overlay_unbind(bound);
		return false;
	}
	bound->room = count + 1;
	return true;
}

void mw_overlay_unbind(struct mw_overlay_bound *bound)
{
	free(bound->ids);
	free(bound->items);
	*bound = (struct mw_overlay_bound){ .generation = 0 };
}

void mw_overlay_bind(const struct mw_overlay *overlay, const struct mw_snapshot *snapshot,
		     struct mw_overlay_bound *bound)
{
	const struct mw_suspensions *list = &overlay->list;

	bound->complete = make_room(bound, list->count) && overlay->read && snapshot->env != NULL;
	if (bound->room == 0)
		return;
	bound->generation = overlay->generation;
	for (size_t i = 0; i < list->count; i++) {
		bound->ids[i] = 0;
		if (snapshot->env == NULL)
			continue;
		if (find_user(snapshot, mw_str(list->items[i].user), &bound->ids[i]) == MW_LOOKUP_UNAVAILABLE)
			bound->complete = false;
		else if (bound->ids[i] != 0)
			bound->items[bound->count++] = (struct mw_bound_suspension){ bound->ids[i], list->items[i].what };
	}
	if (bound->count > 0)
		qsort(bound->items, bound->count, sizeof(bound->items[0]), compare_bound);
}

void mw_overlay_apply(const struct mw_overlay_bound *bound, struct mw_principal *principal)
{
	size_t low = 0, high = bound->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (bound->items[middle].id < principal->id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < bound->count && bound->items[low].id == principal->id; low++) {
		if (bound->items[low].what == MW_SUSPENDED_ALL)
			principal->suspended_login = true;
		else
			principal->suspended_sending = true;
	}
}

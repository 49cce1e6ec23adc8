/* SPDX-License-Identifier: MIT */
#include "directory/directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "directory/overlay.h"

/* How soon a file is read again that could not be opened for a passing reason. */
#define RETRY_SECONDS 60

/* A file that did not open, and when to try again. */
struct refusal {
	enum mw_snapshot_result why; /* OPEN: there is none, or trying again is cheap */
	struct stat stat;
	uint64_t octets; /* NO_ROOM: address space that its pages need */
	int64_t since;   /* seconds, LATER */
};

/* A snapshot and its suspended users. Whoever holds it keeps it when another one serves. */
struct mw_directory_hold {
	struct mw_directory *directory;
	unsigned uses;
	struct mw_snapshot snapshot;
	struct mw_overlay_bound bound;
	struct mw_directory_view view;
};

struct mw_directory {
	unsigned uses; /* references: the owner, and each holder */
	char *folder, *path;
	struct mw_directory_hold *current;
	struct mw_overlay overlay; /* of who is suspended */
	struct refusal refusal;
	bool missing; /* there is no such file */
	char error[512];
};

static bool serves(const struct mw_directory_hold *hold)
{
	return hold->snapshot.env != NULL && hold->bound.complete;
}

static enum mw_lookup get_text(const struct mw_directory_hold *hold, enum mw_key_kind kind, struct mw_str text,
			       struct mw_value *value_r)
{
	return serves(hold) ? mw_snapshot_get(&hold->snapshot, kind, text, value_r) : MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup get_named(const struct mw_directory_hold *hold, enum mw_key_kind kind, struct mw_str text,
				struct mw_principal *principal_r, enum mw_held *held_r)
{
	enum mw_lookup found;

	if (!serves(hold))
		return MW_LOOKUP_UNAVAILABLE;
	found = mw_snapshot_named(&hold->snapshot, kind, text, principal_r, held_r);
	if (found == MW_LOOKUP_FOUND)
		mw_overlay_apply(&hold->bound, principal_r);
	return found;
}

static enum mw_lookup by_login(void *context, struct mw_str login, struct mw_principal *user_r)
{
	enum mw_held held;

	return get_named(context, MW_KEY_LOGIN, login, user_r, &held);
}

static enum mw_lookup by_address(void *context, struct mw_str address, struct mw_principal *principal_r,
				 enum mw_held *held_r)
{
	enum mw_held held;

	return get_named(context, MW_KEY_ADDRESS, address, principal_r, held_r != NULL ? held_r : &held);
}

static enum mw_lookup get_grants(const struct mw_directory_hold *hold, enum mw_key_kind kind, struct mw_str text,
				 struct mw_grants *grants_r)
{
	struct mw_value value;
	enum mw_lookup found = get_text(hold, kind, text, &value);

	if (found == MW_LOOKUP_FOUND && !mw_value_grants_read(value, grants_r))
		return MW_LOOKUP_UNAVAILABLE;
	return found;
}

static enum mw_lookup grants_on_address(void *context, struct mw_str address, struct mw_grants *grants_r)
{
	return get_grants(context, MW_KEY_ADDRESS_GRANTS, address, grants_r);
}

static enum mw_lookup grants_on_domain(void *context, struct mw_str domain, struct mw_grants *grants_r)
{
	return get_grants(context, MW_KEY_DOMAIN_GRANTS, domain, grants_r);
}

static enum mw_lookup networks(void *context, uint32_t number, struct mw_networks *networks_r)
{
	const struct mw_directory_hold *hold = context;

	return serves(hold) ? mw_snapshot_networks(&hold->snapshot, number, networks_r) : MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup complete_domain(void *context, struct mw_str domain)
{
	struct mw_value value;

	return get_text(context, MW_KEY_COMPLETE_DOMAIN, domain, &value);
}

static enum mw_lookup by_id(void *context, uint32_t id, struct mw_principal *principal_r)
{
	const struct mw_directory_hold *hold = context;
	enum mw_lookup found;

	if (!serves(hold))
		return MW_LOOKUP_UNAVAILABLE;
	found = mw_snapshot_principal(&hold->snapshot, id, principal_r, NULL);
	if (found == MW_LOOKUP_FOUND)
		mw_overlay_apply(&hold->bound, principal_r);
	return found;
}

static enum mw_lookup formerly(void *context, struct mw_str name, size_t index, uint32_t *id_r)
{
	const struct mw_directory_hold *hold = context;
	struct mw_value value;
	enum mw_lookup found;
	int64_t until;

	if (!serves(hold))
		return MW_LOOKUP_UNAVAILABLE;
	found = mw_snapshot_former(&hold->snapshot, name, &value);
	if (found != MW_LOOKUP_FOUND || index >= mw_value_former_count(value))
		return found == MW_LOOKUP_FOUND ? MW_LOOKUP_NONE : found;
	return mw_value_former_read(value, index, id_r, &until) ? MW_LOOKUP_FOUND : MW_LOOKUP_UNAVAILABLE;
}

/* Names alone: a snapshot is not asked. */
static enum mw_lookup suspended(void *context, struct mw_str login, struct mw_principal *user_r)
{
	const struct mw_overlay *overlay = &((const struct mw_directory_hold *)context)->directory->overlay;
	unsigned what;

	if (!overlay->read)
		return MW_LOOKUP_UNAVAILABLE;
	what = mw_suspensions_of_login(&overlay->list, login, &user_r->name);
	user_r->suspended_login |= (what & MW_SUSPENDED_ALL) != 0;
	user_r->suspended_sending |= (what & MW_SUSPENDED_SENDING) != 0;
	return what != 0 ? MW_LOOKUP_FOUND : MW_LOOKUP_NONE;
}

static bool nobody_suspended(void *context)
{
	const struct mw_overlay *overlay = &((const struct mw_directory_hold *)context)->directory->overlay;

	return overlay->read && overlay->list.count == 0;
}

static struct mw_directory_hold *new_hold(struct mw_directory *directory)
{
	struct mw_directory_hold *hold = calloc(1, sizeof(*hold));

	if (hold == NULL)
		return NULL;
	hold->directory = directory;
	hold->uses = 1;
	hold->view = (struct mw_directory_view){
		.context = hold,
		.by_login = by_login,
		.by_address = by_address,
		.grants_on_address = grants_on_address,
		.grants_on_domain = grants_on_domain,
		.networks = networks,
		.complete_domain = complete_domain,
		.by_id = by_id,
		.formerly = formerly,
		.suspended = suspended,
		.nobody_suspended = nobody_suspended,
	};
	return hold;
}

static void drop_hold(struct mw_directory_hold *hold)
{
	if (hold == NULL || --hold->uses > 0)
		return;
	mw_snapshot_close(&hold->snapshot);
	mw_overlay_unbind(&hold->bound);
	free(hold);
}

struct mw_directory *mw_directory_new(const char *path)
{
	struct mw_directory *directory = calloc(1, sizeof(*directory));

	if (directory == NULL)
		return NULL;
	directory->uses = 1;
	directory->folder = strdup(path);
	directory->current = new_hold(directory);
	if (asprintf(&directory->path, "%s/%s", path, MW_SNAPSHOT_NAME) < 0)
		directory->path = NULL;
	if (!mw_overlay_init(&directory->overlay, path) || directory->folder == NULL || directory->path == NULL ||
	    directory->current == NULL) {
		mw_directory_free(directory);
		return NULL;
	}
	return directory;
}

static void drop(struct mw_directory *directory)
{
	if (--directory->uses > 0)
		return;
	mw_overlay_deinit(&directory->overlay);
	free(directory->folder);
	free(directory->path);
	free(directory);
}

void mw_directory_free(struct mw_directory *directory)
{
	if (directory == NULL)
		return;
	drop_hold(directory->current);
	directory->current = NULL;
	drop(directory);
}

struct mw_directory_hold *mw_directory_hold(struct mw_directory *directory)
{
	directory->uses++;
	directory->current->uses++;
	return directory->current;
}

void mw_directory_release(struct mw_directory_hold *hold)
{
	struct mw_directory *directory;

	if (hold == NULL)
		return;
	directory = hold->directory;
	drop_hold(hold);
	drop(directory);
}

bool mw_directory_is_current(const struct mw_directory_hold *hold)
{
	return hold->directory->current == hold;
}

const struct mw_directory_view *mw_directory_hold_view(const struct mw_directory_hold *hold)
{
	return &hold->view;
}

void mw_directory_hold_look_again(struct mw_directory_hold *hold)
{
	struct mw_directory *directory = hold->directory;

	/* mw_directory_refresh() must find the changed list too. */
	(void)mw_overlay_refresh(&directory->overlay);
	if (hold->bound.generation != directory->overlay.generation)
		mw_overlay_bind(&directory->overlay, &hold->snapshot, &hold->bound);
}

/* The published file is gone or may not be trusted any more. */
static enum mw_directory_change close_unfit(struct mw_directory *directory)
{
	mw_snapshot_close(&directory->current->snapshot);
	return MW_DIRECTORY_FAILED;
}

/* A large file that was refused must not be read again at each question. */
static bool is_refused(const struct refusal *refusal, const struct stat *st)
{
	if (refusal->why == MW_SNAPSHOT_OPEN || !mw_snapshot_same(st, &refusal->stat))
		return false;
	switch (refusal->why) {
	case MW_SNAPSHOT_BAD:
		return true;
	case MW_SNAPSHOT_NO_ROOM:
		return !mw_snapshot_has_room(refusal->octets);
	case MW_SNAPSHOT_LATER:
		return (int64_t)mw_clock_seconds() - refusal->since < RETRY_SECONDS;
	case MW_SNAPSHOT_FAILED:
	case MW_SNAPSHOT_OPEN:
		break;
	}
	return false;
}

static struct refusal refuse(enum mw_snapshot_result why, const struct stat *st, const struct mw_snapshot *snapshot)
{
	return (struct refusal){
		.why = why,
		.stat = *st,
		.octets = why == MW_SNAPSHOT_NO_ROOM ? snapshot->trailer.pages_octets : 0,
		.since = why == MW_SNAPSHOT_LATER ? (int64_t)mw_clock_seconds() : 0,
	};
}

/* What is mapped is being overwritten: touching a page that was cut off would kill the process. */
static bool is_overwritten(const struct mw_snapshot *snapshot, const struct stat *st)
{
	return snapshot->env != NULL && !snapshot->copied && snapshot->stat.st_dev == st->st_dev &&
		snapshot->stat.st_ino == st->st_ino &&
		(snapshot->stat.st_size != st->st_size || snapshot->stat.st_mtim.tv_sec != st->st_mtim.tv_sec ||
		 snapshot->stat.st_mtim.tv_nsec != st->st_mtim.tv_nsec);
}

/* The new one serves. The old one is closed, unless it is held. */
static bool exchange(struct mw_directory *directory, struct mw_snapshot *next)
{
	struct mw_directory_hold *current = directory->current;

	if (current->uses > 1) {
		current = new_hold(directory);
		if (current == NULL)
			return false;
		drop_hold(directory->current);
		directory->current = current;
	}
	mw_snapshot_close(&current->snapshot);
	current->snapshot = *next;
	return true;
}

/* The one that serves is closed when the next one is checked and mapped, and not before. */
static enum mw_directory_change open_published(struct mw_directory *directory, const struct stat *st,
					       struct mw_buf *why)
{
	struct mw_snapshot next;
	enum mw_snapshot_result result;
	uint64_t serving = 0;

	if (directory->current->snapshot.env != NULL)
		serving = (uint64_t)directory->current->snapshot.stat.st_size;
	if (is_overwritten(&directory->current->snapshot, st))
		mw_snapshot_close(&directory->current->snapshot);
	result = mw_snapshot_open_beside(&next, directory->path, serving, why);
	directory->refusal = refuse(result, st, &next);
	if (result != MW_SNAPSHOT_OPEN)
		return MW_DIRECTORY_FAILED;
	if (!exchange(directory, &next)) {
		mw_snapshot_close(&next);
		mw_buf_printf(why, "%s: %s", directory->path, strerror(ENOMEM));
		return MW_DIRECTORY_FAILED;
	}
	directory->error[0] = '\0';
	return MW_DIRECTORY_NEW;
}

static enum mw_directory_change refresh_snapshot(struct mw_directory *directory)
{
	struct mw_buf why;
	struct stat st;
	bool there = lstat(directory->path, &st) == 0;

	directory->missing = !there && errno == ENOENT;
	if (!there) {
		why = MW_BUF_OVER(directory->error);
		mw_buf_printf(&why, "%s: %s", directory->path, strerror(errno));
		return close_unfit(directory);
	}
	if (directory->current->snapshot.env != NULL && mw_snapshot_same(&st, &directory->current->snapshot.stat)) {
		directory->error[0] = '\0';
		return MW_DIRECTORY_SAME;
	}
	if (is_refused(&directory->refusal, &st))
		return MW_DIRECTORY_FAILED;
	why = MW_BUF_OVER(directory->error);
	if (!mw_snapshot_folder_is_fit(directory->folder, &why) ||
	    !mw_snapshot_file_is_fit(directory->path, &st, &why))
		return close_unfit(directory);
	return open_published(directory, &st, &why);
}

enum mw_directory_change mw_directory_refresh(struct mw_directory *directory)
{
	enum mw_directory_change snapshot = refresh_snapshot(directory);
	enum mw_directory_change overlay = mw_overlay_refresh(&directory->overlay);
	struct mw_directory_hold *current = directory->current;

	/* The list was read before, by the holder of an older snapshot. */
	if (overlay == MW_DIRECTORY_SAME && current->bound.generation != directory->overlay.generation)
		overlay = MW_DIRECTORY_NEW;
	/* Ids are those of one snapshot. */
	if (snapshot != MW_DIRECTORY_SAME || overlay != MW_DIRECTORY_SAME)
		mw_overlay_bind(&directory->overlay, &current->snapshot, &current->bound);
	return snapshot == MW_DIRECTORY_FAILED || overlay == MW_DIRECTORY_SAME ? snapshot : overlay;
}

const char *mw_directory_error(const struct mw_directory *directory)
{
	return directory->error[0] != '\0' ? directory->error : directory->overlay.error;
}

bool mw_directory_is_missing(const struct mw_directory *directory)
{
	return directory->missing;
}

const struct mw_suspensions *mw_directory_suspensions(const struct mw_directory *directory)
{
	return directory->overlay.read ? &directory->overlay.list : NULL;
}

uint32_t mw_directory_suspended_id(const struct mw_directory *directory, size_t index)
{
	return directory->current->bound.ids[index];
}

uint32_t mw_directory_suspended_next(const struct mw_directory *directory, size_t index, uint32_t after)
{
	return mw_overlay_next(&directory->current->bound, index, after);
}

const struct mw_directory_view *mw_directory_view(struct mw_directory *directory)
{
	return &directory->current->view;
}

const struct mw_snapshot *mw_directory_snapshot(const struct mw_directory *directory)
{
	return serves(directory->current) ? &directory->current->snapshot : NULL;
}

void mw_directory_status(const struct mw_directory *directory, struct mw_directory_status *status_r)
{
	const struct mw_trailer *trailer = &directory->current->snapshot.trailer;
	static const char hex[] = "0123456789abcdef";
	size_t i;

	memset(status_r, 0, sizeof(*status_r));
	status_r->open = serves(directory->current);
	if (!status_r->open)
		return;
	status_r->suspended = directory->overlay.list.count;
	status_r->written = trailer->written;
	status_r->serving_since = directory->error[0] == '\0' && directory->overlay.error[0] != '\0' ?
		(int64_t)directory->overlay.stat.st_mtim.tv_sec : trailer->written;
	status_r->users = trailer->users;
	status_r->groups = trailer->groups;
	status_r->addresses = trailer->addresses;
	status_r->logins = trailer->logins;
	status_r->grants = trailer->grants;
	status_r->octets = (uint64_t)directory->current->snapshot.stat.st_size;
	for (i = 0; i < sizeof(trailer->digest); i++) {
		status_r->digest[2 * i] = hex[trailer->digest[i] >> 4];
		status_r->digest[2 * i + 1] = hex[trailer->digest[i] & 15];
	}
}

uint64_t mw_directory_published_octets(const char *path)
{
	struct stat st;
	char *file;
	bool there;

	if (asprintf(&file, "%s/%s", path, MW_SNAPSHOT_NAME) < 0)
		return 0;
	there = lstat(file, &st) == 0 && S_ISREG(st.st_mode);
	free(file);
	return there ? (uint64_t)st.st_size : 0;
}

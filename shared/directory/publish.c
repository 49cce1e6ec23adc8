/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "directory/folder.h"
#include "directory/snapshot.h"
#include "directory/writer.h"

struct mw_publisher {
	char *name, *path, *temporary, *old;
	struct mw_folder folder;
};

static void add_error(struct mw_errors *errors, const char *file, const char *text)
{
	mw_errors_add(errors, MW_ERROR, file, 0, 0, NULL, "%s", text);
}

static void add_errno(struct mw_errors *errors, const char *file, const char *doing)
{
	mw_errors_add(errors, MW_ERROR, file, 0, 0, NULL, "cannot %s: %s", doing, strerror(errno));
}

static bool make_names(struct mw_publisher *publisher, const char *folder)
{
	char *names[4] = { NULL, NULL, NULL, NULL };
	long pid = (long)getpid();

	names[0] = strdup(folder);
	if (asprintf(&names[1], "%s/%s", folder, MW_SNAPSHOT_NAME) < 0)
		names[1] = NULL;
	if (asprintf(&names[2], "%s/%s%ld.tmp", folder, MW_SNAPSHOT_TEMPORARY, pid) < 0)
		names[2] = NULL;
	if (asprintf(&names[3], "%s/%s%ld.old", folder, MW_SNAPSHOT_TEMPORARY, pid) < 0)
		names[3] = NULL;
	publisher->name = names[0];
	publisher->path = names[1];
	publisher->temporary = names[2];
	publisher->old = names[3];
	return names[0] != NULL && names[1] != NULL && names[2] != NULL && names[3] != NULL;
}

static bool prepare(struct mw_publisher *publisher, struct mw_errors *errors)
{
	bool done;

	mw_folder_enter(&publisher->folder);
	done = mw_folder_lock(&publisher->folder, MW_FOLDER_LOCK, 0, MW_PUBLISHER_BUSY, errors) &&
		mw_folder_remove_leftovers(&publisher->folder, MW_SNAPSHOT_TEMPORARY, errors);
	mw_folder_leave(&publisher->folder);
	return done;
}

struct mw_publisher *mw_publisher_open(const char *folder, struct mw_errors *errors)
{
	struct mw_publisher *publisher = calloc(1, sizeof(*publisher));

	if (publisher == NULL) {
		add_error(errors, folder, "out of memory");
		return NULL;
	}
	publisher->folder.fd = publisher->folder.lock_fd = -1;
	if (!make_names(publisher, folder))
		add_error(errors, folder, "out of memory");
	else if (mw_folder_open(&publisher->folder, publisher->name, true, errors) && prepare(publisher, errors))
		return publisher;
	mw_publisher_close(publisher);
	return NULL;
}

void mw_publisher_close(struct mw_publisher *publisher)
{
	if (publisher == NULL)
		return;
	mw_folder_close(&publisher->folder);
	free(publisher->name);
	free(publisher->path);
	free(publisher->temporary);
	free(publisher->old);
	free(publisher);
}

static bool write_temporary(struct mw_publisher *publisher, const struct mw_content *content, int64_t now,
			    struct mw_errors *errors)
{
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);
	int fd = mw_folder_make(&publisher->folder, publisher->temporary);
	bool done;

	if (fd < 0) {
		add_errno(errors, publisher->temporary, "make the file");
		return false;
	}
	done = mw_folder_own(&publisher->folder, fd);
	if (!done)
		mw_buf_printf(&why, "%s: cannot get the group of the folder, %u, and its mode: %s", publisher->temporary,
			      (unsigned)publisher->folder.stat.st_gid, strerror(errno));
	done = done && mw_snapshot_write(publisher->temporary, fd, content, now, &why);
	if (close(fd) != 0 && done) {
		mw_buf_printf(&why, "%s: %s", publisher->temporary, strerror(errno));
		done = false;
	}
	if (!done)
		add_error(errors, publisher->path, text);
	return done;
}

/* Reads the file back as a reader will: the digest, and every principal by its id. */
static bool check_temporary(struct mw_publisher *publisher, const struct mw_content *content,
			    struct mw_trailer *trailer_r, struct mw_errors *errors)
{
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);
	struct mw_snapshot snapshot;
	struct mw_principal found;
	bool good = true;
	size_t i;

	if (mw_snapshot_open(&snapshot, publisher->temporary, &why) != MW_SNAPSHOT_OPEN) {
		add_error(errors, publisher->path, text);
		return false;
	}
	for (i = 0; i < content->principal_count && good; i++) {
		const struct mw_principal *principal = content->principals[i];

		good = mw_snapshot_principal(&snapshot, principal->id, &found, NULL) == MW_LOOKUP_FOUND &&
			mw_str_equal(found.name, principal->name);
	}
	if (!good)
		add_error(errors, publisher->path, "what was written does not read back: nothing is changed");
	*trailer_r = snapshot.trailer;
	mw_snapshot_close(&snapshot);
	return good;
}

static bool is_published(const struct mw_publisher *publisher, const struct mw_trailer *trailer)
{
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);
	struct mw_snapshot snapshot;
	bool same;

	if (mw_snapshot_open(&snapshot, publisher->path, &why) != MW_SNAPSHOT_OPEN)
		return false;
	same = snapshot.trailer.pages_octets == trailer->pages_octets &&
		memcmp(snapshot.trailer.digest, trailer->digest, sizeof(trailer->digest)) == 0 &&
		(snapshot.stat.st_mode & 07777) == (0600 | (publisher->folder.stat.st_mode & 0044));
	mw_snapshot_close(&snapshot);
	return same;
}

bool mw_publisher_publish(struct mw_publisher *publisher, const struct mw_content *content, int64_t now,
			  struct mw_errors *errors, bool *published_r)
{
	struct mw_trailer trailer;
	bool done;

	*published_r = false;
	mw_folder_enter(&publisher->folder);
	done = write_temporary(publisher, content, now, errors) &&
		check_temporary(publisher, content, &trailer, errors);
	if (done && !is_published(publisher, &trailer)) {
		done = mw_folder_take_over(&publisher->folder, publisher->temporary, publisher->path, publisher->old,
					   errors);
		*published_r = done;
	}
	mw_folder_remove(&publisher->folder, publisher->temporary);
	mw_folder_remove(&publisher->folder, publisher->old);
	mw_folder_leave(&publisher->folder);
	return done;
}

/* --- comparing */

static void compare_principals(const struct mw_snapshot *snapshot, const struct mw_content *content,
			       struct mw_content_difference *difference)
{
	uint64_t fingerprint, count = snapshot->trailer.users + snapshot->trailer.groups;
	struct mw_principal old;
	uint32_t id = 1;
	size_t i = 0;

	while (i < content->principal_count || id <= count) {
		int order = i == content->principal_count ? 1 : -1;

		if (id <= count && mw_snapshot_principal(snapshot, id, &old, &fingerprint) != MW_LOOKUP_FOUND)
			break;
		if (i < content->principal_count && id <= count)
			order = mw_content_compare_text(content->principals[i]->name, old.name);
		if (order == 0 && content->fingerprints[i] != fingerprint)
			difference->changed++;
		difference->added += order < 0;
		difference->removed += order > 0;
		i += order <= 0;
		id += order >= 0;
	}
}

/* The entries of one kind, beside the content's. */
struct beside {
	const struct mw_grants_entry *grants;
	const struct mw_str *domains;
	const struct mw_former_entry *formers;
	size_t count, next;
	bool same;
};

static bool is_same_grant(const struct mw_grants *grants, struct mw_value value)
{
	size_t size = mw_value_grants_size(grants);
	void *written = size == value.size ? malloc(size) : NULL;
	bool same = written != NULL;

	if (same) {
		mw_value_grants_write(grants, written);
		same = memcmp(written, value.ptr, size) == 0;
	}
	free(written);
	return same;
}

static bool is_same_former(const struct mw_former_entry *entry, struct mw_value value)
{
	bool same = entry->count == mw_value_former_count(value);

	for (size_t i = 0; same && i < entry->count; i++) {
		uint32_t id;
		int64_t until;

		same = mw_value_former_read(value, i, &id, &until) && id == entry->items[i].id && until == entry->items[i].until;
	}
	return same;
}

static struct mw_str text_beside(const struct beside *beside, size_t i)
{
	if (beside->formers != NULL)
		return beside->formers[i].text;
	return beside->grants != NULL ? beside->grants[i].text : beside->domains[i];
}

static bool look_beside(void *context, struct mw_str text, struct mw_value value)
{
	struct beside *beside = context;
	size_t i = beside->next++;

	beside->same = i < beside->count &&
		mw_str_equal(text, text_beside(beside, i)) &&
		(beside->formers == NULL || is_same_former(&beside->formers[i], value)) &&
		(beside->grants == NULL || is_same_grant(&beside->grants[i].grants, value));
	return beside->same;
}

static bool is_same(const struct mw_snapshot *snapshot, enum mw_key_kind kind, struct beside beside)
{
	beside.same = true;
	return mw_snapshot_each(snapshot, kind, look_beside, &beside) && beside.same && beside.next == beside.count;
}

void mw_content_compare(const char *folder, const struct mw_content *content,
			struct mw_content_difference *difference_r)
{
	char path[4096], text[512];
	struct mw_buf name = MW_BUF_OVER(path), why = MW_BUF_OVER(text);
	struct mw_snapshot snapshot;

	*difference_r = (struct mw_content_difference){ .added = content->principal_count, .other = true };
	mw_buf_printf(&name, "%s/%s", folder, MW_SNAPSHOT_NAME);
	if (name.truncated || mw_snapshot_open(&snapshot, path, &why) != MW_SNAPSHOT_OPEN)
		return;
	difference_r->added = 0;
	compare_principals(&snapshot, content, difference_r);
	/* Trustees are written by their ids, which are the same where the principals are. */
	difference_r->other =
		!is_same(&snapshot, MW_KEY_ADDRESS_GRANTS,
			 (struct beside){ .grants = content->address_grants, .count = content->address_grant_count }) ||
		!is_same(&snapshot, MW_KEY_DOMAIN_GRANTS,
			 (struct beside){ .grants = content->domain_grants, .count = content->domain_grant_count }) ||
		!is_same(&snapshot, MW_KEY_FORMER,
			 (struct beside){ .formers = content->formers, .count = content->former_count }) ||
		!is_same(&snapshot, MW_KEY_COMPLETE_DOMAIN,
			 (struct beside){ .domains = content->complete_domains.items,
					  .count = content->complete_domains.count });
	mw_snapshot_close(&snapshot);
}

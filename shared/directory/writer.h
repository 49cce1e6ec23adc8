/* Publishing: a new file beside the old one, written, synced to disk, checked, and renamed over it. */
#ifndef MW_DIRECTORY_WRITER_H
#define MW_DIRECTORY_WRITER_H

#include "base/errors.h"
#include "directory/content.h"

#define MW_PUBLISHER_BUSY "another sync is running" /* the error when it is another process's */

/* The right to publish in a folder: one publisher at a time, over all processes. */
struct mw_publisher;

/* Makes the folder if only the last part of its path is missing, refuses a folder that others may write, does not
   wait, and removes leftovers of a publisher that was killed. NULL with errors. */
struct mw_publisher *mw_publisher_open(const char *folder, struct mw_errors *errors);
void mw_publisher_close(struct mw_publisher *publisher); /* NULL is allowed */

/* False with errors: the snapshot before still serves. *published_r is false when that has the same content
   already. */
bool mw_publisher_publish(struct mw_publisher *publisher, const struct mw_content *content, int64_t now,
			  struct mw_errors *errors, bool *published_r);

/* Writes the whole of a snapshot into an empty file at `path`, which is `fd`, and syncs it to disk; `now` is its time.
   False with the reason. Private to directory/. */
bool mw_snapshot_write(const char *path, int fd, const struct mw_content *content, int64_t now, struct mw_buf *why);

/* How content differs from the published snapshot. Without a snapshot that opens everything is added. */
struct mw_content_difference {
	uint64_t added, changed, removed; /* principals */
	bool other;                       /* a grant on what no principal has, former names, which domains are complete */
};
void mw_content_compare(const char *folder, const struct mw_content *content,
			struct mw_content_difference *difference_r);

#endif

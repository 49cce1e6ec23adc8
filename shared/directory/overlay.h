/* Who is suspended, as a reader of the directory follows it. Private to directory/. */
#ifndef MW_DIRECTORY_OVERLAY_H
#define MW_DIRECTORY_OVERLAY_H

#include "directory/directory.h"
#include "directory/snapshot.h"

/* The list that is in force. */
struct mw_overlay {
	char *path;
	struct mw_suspensions list;   /* without what has ended */
	uint64_t generation;          /* of the list */
	bool read;                    /* once, be it that there is no file */
	struct stat stat;             /* of the file that serves; all zero: there is none */
	bool refused;                 /* `refused_stat` is a file that will not do however often we try */
	struct stat refused_stat;
	int64_t next_end;             /* seconds since the epoch; 0: none ends */
	char error[512];
};

struct mw_bound_suspension { uint32_t id, what; };

/* Whom it means in one snapshot. */
struct mw_overlay_bound {
	uint64_t generation;          /* of the list that was bound */
	bool complete;                /* it was read, and the snapshot told of every one whom it means */
	uint32_t *ids;                /* of each in the list: the user in the snapshot, 0: none */
	struct mw_bound_suspension *items; /* by id */
	size_t count, room;
};

/* All zero before. False: out of memory. */
bool mw_overlay_init(struct mw_overlay *overlay, const char *folder);
void mw_overlay_deinit(struct mw_overlay *overlay);

/* Follows the file, and the clock where one of them has an end. NEW and FAILED (it may have ended all the same) need
   mw_overlay_bind(). */
enum mw_directory_change mw_overlay_refresh(struct mw_overlay *overlay, const char *folder);

/* Finds the users. Nothing is bound while the snapshot is not open, nor, until the next time, without memory for it. All
   zero before the first time. */
void mw_overlay_bind(const struct mw_overlay *overlay, const struct mw_snapshot *snapshot,
		     struct mw_overlay_bound *bound);
void mw_overlay_unbind(struct mw_overlay_bound *bound);
/* Marks a principal of that snapshot. Allocates nothing. */
void mw_overlay_apply(const struct mw_overlay_bound *bound, struct mw_principal *principal);

#endif

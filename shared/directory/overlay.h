/* Who is suspended, for a reader of the directory. Private to directory/. */
#ifndef MW_DIRECTORY_OVERLAY_H
#define MW_DIRECTORY_OVERLAY_H

#include "directory/directory.h"
#include "directory/snapshot.h"

/* The list that is in force. */
struct mw_overlay {
	struct mw_suspensions_place place;
	struct mw_suspensions list;   /* without the suspensions that have ended */
	uint64_t generation;          /* of the list */
	bool read;                    /* it was read once, or there is no file */
	struct stat stat;             /* of the file that serves; all zero: there is none */
	bool refused;                 /* `refused_stat` is of a file that is bad: reading it again is no use */
	struct stat refused_stat;
	int64_t next_end;             /* seconds since the epoch; 0: none ends */
	char error[512];
};

struct mw_bound_suspension {
	uint32_t id, what;
	size_t index; /* in the list */
};

/* The suspended users of one snapshot. */
struct mw_overlay_bound {
	uint64_t generation;          /* number of the list that was bound */
	bool complete;                /* the list was read, and the snapshot had an answer for each name */
	uint32_t *ids;                /* of each in the list: the user in the snapshot, the first of several, 0: none */
	struct mw_bound_suspension *items; /* by id, then by index; some may be there twice */
	size_t count, room, items_room; /* of `items`; of `ids` and `items` */
};

/* All zero before. False: out of memory. */
bool mw_overlay_init(struct mw_overlay *overlay, const char *folder);
void mw_overlay_deinit(struct mw_overlay *overlay);

/* Reads the file again if it changed, and removes suspensions that have ended. After NEW and FAILED (some may have
   ended) mw_overlay_bind() is needed. */
enum mw_directory_change mw_overlay_refresh(struct mw_overlay *overlay);

/* Finds the users in the snapshot. Nothing is bound while the snapshot is not open, or without memory until the
   next call. Zeroed memory before the first call. */
void mw_overlay_bind(const struct mw_overlay *overlay, const struct mw_snapshot *snapshot,
		     struct mw_overlay_bound *bound);
void mw_overlay_unbind(struct mw_overlay_bound *bound);
/* The user with the lowest id above `after` for whom the suspension at `index` of the list holds; 0: there is none. */
uint32_t mw_overlay_next(const struct mw_overlay_bound *bound, size_t index, uint32_t after);
/* Marks a principal of that snapshot. Allocates nothing. */
void mw_overlay_apply(const struct mw_overlay_bound *bound, struct mw_principal *principal);

#endif

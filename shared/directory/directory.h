/* The published directory: a sealed LMDB snapshot, opened read-only and without locks, never changed in place, and over it
   who is suspended. Each sync writes a new file and renames it to DIRECTORY/snapshot.mdb, `mailwicket suspend` one to
   DIRECTORY/suspensions; readers follow the names. */
#ifndef MW_DIRECTORY_DIRECTORY_H
#define MW_DIRECTORY_DIRECTORY_H

#include "base/errors.h"
#include "decide/directory_view.h"
#include "directory/suspensions.h"

struct mw_directory;

/* A handle on DIRECTORY (need not exist yet). NULL only when memory is out. Free after all use of its view. */
struct mw_directory *mw_directory_new(const char *path);
void mw_directory_free(struct mw_directory *directory);

enum mw_directory_change { MW_DIRECTORY_SAME, MW_DIRECTORY_NEW, MW_DIRECTORY_FAILED };

/* Looks whether another snapshot was published (one stat) and opens it; when that fails, the one already open keeps
   serving. Before the first success lookups answer UNAVAILABLE; and also once the published file is gone or no longer
   fit to be read (`mw_directory_error`): a snapshot that was open keeps serving only while its name is merely replaced
   by one that does not open. The same for who is suspended (one more stat, and a look at the clock where a suspension
   has an end): what was read last keeps serving while the file cannot be read; where nothing was read yet lookups answer
   UNAVAILABLE, for nobody is let in by damage. Call it before a question or a few times a second; what earlier lookups
   gave holds only while it returns SAME. */
enum mw_directory_change mw_directory_refresh(struct mw_directory *directory);
/* Why the last refresh failed, naming the path, or "" . */
const char *mw_directory_error(const struct mw_directory *directory);

/* Lookups through this view allocate nothing. Valid until mw_directory_free(), and, where somebody holds what it is of,
   until the refresh that exchanges it. */
const struct mw_directory_view *mw_directory_view(struct mw_directory *directory);

/* What serves now, for as long as somebody needs it: a refresh that finds another snapshot lets it be. It ends to answer
   (UNAVAILABLE) where its file is overwritten or no longer fit to be read while it is the one that serves. Outlives
   mw_directory_free(). */
struct mw_directory_hold;
struct mw_directory_hold *mw_directory_hold(struct mw_directory *directory);
void mw_directory_release(struct mw_directory_hold *hold); /* NULL is allowed */
/* Whether it is what serves now. */
bool mw_directory_is_current(const struct mw_directory_hold *hold);
/* Valid as long as it is held. */
const struct mw_directory_view *mw_directory_hold_view(const struct mw_directory_hold *hold);
/* Looks who is suspended now, of the users of what is held; what was read last keeps serving when that fails. */
void mw_directory_hold_look_again(struct mw_directory_hold *hold);

struct mw_directory_status {
	bool open;           /* lookups are answered */
	int64_t written;     /* seconds since the epoch, of the snapshot that serves */
	int64_t serving_since; /* when what serves in place of the file that failed was written: the snapshot or the list of
				  suspensions, whichever mw_directory_error() is about; 0: there was no such file */
	uint64_t users, groups, addresses, logins, grants;
	uint64_t suspended;  /* suspensions in force */
	uint64_t octets;     /* of the snapshot */
	char digest[65];     /* of the content, hex */
};
void mw_directory_status(const struct mw_directory *directory, struct mw_directory_status *status_r);

/* The length of the snapshot that is published there, opened by nobody; 0: there is none. */
uint64_t mw_directory_published_octets(const char *path);

/* The suspensions in force, until the next refresh, NULL while none could be read; and the id of the user who has the address of the one at `index` now,
   be it as an alias: 0, nobody has. */
const struct mw_suspensions *mw_directory_suspensions(const struct mw_directory *directory);
uint32_t mw_directory_suspended_id(const struct mw_directory *directory, size_t index);

/* A view over directory text in memory, for tests and for deciding without a published directory: everything that `sync`
   does but for the file. NULL with errors. Free with mw_directory_memory_free(). Implemented in sync/ (memory.c). */

#endif

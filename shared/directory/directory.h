/* The published directory: a sealed LMDB snapshot, opened read-only and without locks, never changed in place, and over it
   who is suspended. Each sync writes a new file and renames it to DIRECTORY/snapshot.mdb, `mailwicket suspend` one to
   DIRECTORY.suspensions/suspensions; readers follow the names. */
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

/* Looks for a newly published snapshot (one stat) and opens it. When that fails, the open one keeps serving.
   Lookups answer UNAVAILABLE before the first success, and once the published file is gone or may not be read
   (`mw_directory_error`): an open snapshot keeps serving only while its name leads to another file that does not open.
   The same for suspensions (one more stat, and a look at the clock where a suspension has an end): the list that was
   read last keeps serving while the file cannot be read; where none was read yet lookups answer UNAVAILABLE, so that
   damage lets no one in. Call it before a question or a few times a second. What earlier lookups gave is valid only
   while it returns SAME. */
enum mw_directory_change mw_directory_refresh(struct mw_directory *directory);
/* Why the last refresh failed, naming the path; "": it did not. */
const char *mw_directory_error(const struct mw_directory *directory);
/* Whether it failed because nothing is published there: `mailwicket sync` publishes it. */
bool mw_directory_is_missing(const struct mw_directory *directory);

/* Lookups through this view allocate nothing. Valid until mw_directory_free(); what they give is valid until the
   refresh that exchanges the snapshot, unless it is held. */
const struct mw_directory_view *mw_directory_view(struct mw_directory *directory);

/* Holds the snapshot that serves now: a refresh that finds another one does not close it. It answers UNAVAILABLE if
   its file is overwritten or may not be read any more while it is the one that serves. It may outlive
   mw_directory_free(). */
struct mw_directory_hold;
struct mw_directory_hold *mw_directory_hold(struct mw_directory *directory);
void mw_directory_release(struct mw_directory_hold *hold); /* NULL is allowed */
/* Whether the held snapshot is the one that serves now. */
bool mw_directory_is_current(const struct mw_directory_hold *hold);
/* Valid until it is released. */
const struct mw_directory_view *mw_directory_hold_view(const struct mw_directory_hold *hold);
/* Updates who is suspended among the users of the held snapshot. What was read last stays when that fails. */
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

/* Calls `found` with each address (`receive`: those of receive=, else all others), or each login name, of the principal
   with this id, in order; the names are canonical
   and valid until the next refresh. Reads all names of the snapshot that serves: for commands, not for questions.
   False: it cannot be read. */
bool mw_directory_each_address(const struct mw_directory *directory, uint32_t id, bool receive,
			       void (*found)(void *context, struct mw_str address), void *context);
bool mw_directory_each_login(const struct mw_directory *directory, uint32_t id,
			     void (*found)(void *context, struct mw_str login), void *context);

/* The same of all addresses, with whose each is and how it is held. */
bool mw_directory_all_addresses(const struct mw_directory *directory,
				void (*found)(void *context, struct mw_str address, uint32_t id, enum mw_held held),
				void *context);
/* And of all grants on addresses that no principal has, or of receive=, or on prefixes (mail/prefix.h); or, `domains`, of those on
   "*@domain" by the domain. */
bool mw_directory_each_grants(const struct mw_directory *directory, bool domains,
			      void (*found)(void *context, struct mw_str on, const struct mw_grants *grants), void *context);

/* Who had a name (canonical) before their source renamed them, and when that was seen, seconds since the epoch: of all the one
   with the lowest id above former_io->id. False: there is none, or no snapshot. */
struct mw_former_name { uint32_t id; int64_t until; };
bool mw_directory_former_next(const struct mw_directory *directory, struct mw_str name, struct mw_former_name *former_io);
/* Calls `found` with each name that the principal with this id, 0: anybody, had before; as mw_directory_each_address(). */
bool mw_directory_each_former(const struct mw_directory *directory, uint32_t id,
			      void (*found)(void *context, struct mw_str name, int64_t until), void *context);

/* The length in octets of the snapshot published there, without opening it; 0: there is none. */
uint64_t mw_directory_published_octets(const char *path);

/* The suspensions in force; valid until the next refresh, NULL while none could be read.
   mw_directory_suspended_id(): the id of the user who has the address of the one at `index` now, also as an alias, or, where
   no user has it, a login name that the suspended user had; 0: no user has any. Address and login names may be several
   users' by now. mw_directory_suspended_next(): of all for whom the one at `index` holds, the lowest id above `after`; 0:
   there is none. */
const struct mw_suspensions *mw_directory_suspensions(const struct mw_directory *directory);
uint32_t mw_directory_suspended_id(const struct mw_directory *directory, size_t index);
uint32_t mw_directory_suspended_next(const struct mw_directory *directory, size_t index, uint32_t after);

#endif

/* Who is suspended, by `mailwicket suspend`: one file in a folder of root's beside that of the snapshots,
   DIRECTORY.suspensions/suspensions, which no sync touches: the user who publishes snapshots must not lift a suspension.
   Like a snapshot it is written under another name, synced to disk, read back, renamed, and never changed afterwards; no
   file means that nobody is suspended. */
#ifndef MW_DIRECTORY_SUSPENSIONS_H
#define MW_DIRECTORY_SUSPENSIONS_H

#include <sys/stat.h>

#include "base/errors.h"
#include "directory/result.h"
#include "directory/schema.h"

#define MW_SUSPENSIONS_FOLDER ".suspensions" /* behind the path of the folder of the snapshots */
#define MW_SUSPENSIONS_NAME "suspensions"
#define MW_SUSPENSIONS_MAX 4096 /* a bound, as each process that decides keeps the list in memory */
#define MW_SUSPENDED_NAMES_MAX 8192 /* login names of all suspended users together */
#define MW_SUSPENSION_BY_MAX 67
#define MW_SUSPENSION_REASON_MAX 255

enum mw_suspended {
	MW_SUSPENDED_SENDING = 1,
	MW_SUSPENDED_ALL = 2 /* may not log in to any service */
};

/* One suspension, as it is in the file. Texts are filled up with zero bytes, at least one. */
struct mw_suspension {
	int64_t since, until; /* seconds since the epoch; until 0: no end */
	uint32_t what;        /* enum mw_suspended */
	char user[MW_KEY_TEXT_MAX + 2]; /* the user's primary address then, canonical */
	char by[MW_SUSPENSION_BY_MAX + 1];
	char reason[MW_SUSPENSION_REASON_MAX + 1];
};

/* A login name that a suspended user of the directory had, the primary address among them, so that the suspension holds
   without a snapshot, and for who has another address since. An unlisted user has none.
   It stands in the file behind the suspensions. Canonical; texts end as those above. */
struct mw_suspended_name {
	char login[MW_KEY_TEXT_MAX + 2];
	char user[MW_KEY_TEXT_MAX + 2]; /* whose it is, as the suspension has it */
};

/* Suspensions: sorted by user, then by what; a user has at most one of each. Names: sorted by login, each once. */
struct mw_suspensions {
	struct mw_suspension *items;
	size_t count;
	struct mw_suspended_name *names;
	size_t name_count;
};

/* Where the list is. Until 2026 it was in the folder of the snapshots; one that is still there counts as long as there
   is none in the right place. Whoever changes the list, or `mailwicket sync` of root, writes the right one, and as long
   as there is one in the old place and the folder is root's, that one too. */
struct mw_suspensions_place { char *folder, *path, *old_folder, *old_path; };
/* `folder`: of the snapshots. False: out of memory; deinit all the same. */
bool mw_suspensions_place_init(struct mw_suspensions_place *place, const char *folder);
void mw_suspensions_place_deinit(struct mw_suspensions_place *place);
/* The file that counts, `path` or `old_path`, with its stat, all zero where there is none. NULL with errno, of `path`. */
const char *mw_suspensions_place_look(const struct mw_suspensions_place *place, struct stat *stat_r);
/* Whether there is a list in the old place that does not count: nobody can tell who wrote it. */
bool mw_suspensions_place_is_doubtful(const struct mw_suspensions_place *place);
/* Makes the folder where it is missing; false with errno. */
bool mw_suspensions_place_make(const struct mw_suspensions_place *place);
/* Writes a list that is in the old place alone to the right one. True: it is in the right one, or there is none. False
   with errors: it counts where it is. */
bool mw_suspensions_move(const char *folder, int64_t now, struct mw_errors *errors);

/* Reads the file whole and checks it; *stat_r is the file's, all zero where there is none. Free the result with
   mw_suspensions_free(). BAD and FAILED with the reason, naming the path, in `why`; nothing is to be freed then. */
enum mw_snapshot_result mw_suspensions_read(const char *path, struct mw_suspensions *suspensions_r,
					    struct stat *stat_r, struct mw_buf *why);
void mw_suspensions_free(struct mw_suspensions *suspensions);

/* The index of the first suspension of a user, or where it would be. */
size_t mw_suspensions_find(const struct mw_suspensions *suspensions, struct mw_str user);
/* What a login name (canonical) is suspended from, bits of enum mw_suspended, by the list alone; 0: nothing. *user_r is the
   user's address; it lives in the list. */
unsigned mw_suspensions_of_login(const struct mw_suspensions *suspensions, struct mw_str login, struct mw_str *user_r);
/* Whether it holds for a user who had its address as a name until then (content.h). `is_somebodys`: another user has the
   address now; then one of later than ten minutes after `until` is that one's alone. */
bool mw_suspension_is_of_former(const struct mw_suspension *suspension, int64_t until, bool is_somebodys);
/* Whether the user of a suspension was in the directory then: its login names were recorded. */
bool mw_suspensions_was_listed(const struct mw_suspensions *suspensions, struct mw_str user);
/* Removes the suspensions that have ended at `now`; *next_r is when the next one ends, 0: none does. */
bool mw_suspensions_expire(struct mw_suspensions *suspensions, int64_t now, int64_t *next_r);

/* Changing them: one process at a time. */
struct mw_suspensions_edit;

/* Waits some seconds for another process that changes the list, reads it and removes what has ended. NULL with
   errors; *errno_r is then the errno, 0 when no system call failed. */
struct mw_suspensions_edit *mw_suspensions_edit_open(const char *folder, int64_t now, struct mw_errors *errors,
						     int *errno_r);
void mw_suspensions_edit_close(struct mw_suspensions_edit *edit); /* NULL is allowed */

const struct mw_suspensions *mw_suspensions_edit_list(const struct mw_suspensions_edit *edit);
/* Adds a suspension, in place of the same user's of the same kind. False: there are MW_SUSPENSIONS_MAX already. */
bool mw_suspensions_edit_set(struct mw_suspensions_edit *edit, const struct mw_suspension *suspension);
/* Adds a login name (canonical) of a suspended user. False: there are MW_SUSPENDED_NAMES_MAX already. */
bool mw_suspensions_edit_name(struct mw_suspensions_edit *edit, struct mw_str user, struct mw_str login);
/* Removes a suspension. False: there is none. */
bool mw_suspensions_edit_remove(struct mw_suspensions_edit *edit, struct mw_str user, enum mw_suspended what);
/* Publishes the list. False with errors and errno: what was published before still is. */
bool mw_suspensions_edit_save(struct mw_suspensions_edit *edit, struct mw_errors *errors, int *errno_r);

/* The octets of a file: its length, and writing it. Private to directory/. */
size_t mw_suspensions_size(size_t count, size_t name_count);
void mw_suspensions_write(const struct mw_suspensions *suspensions, void *out);
/* Of an edit, whose `names` have room for MW_SUSPENDED_NAMES_MAX. Pruned: the names of those who are not suspended any more. */
bool mw_suspensions_add_name(struct mw_suspensions *suspensions, struct mw_str user, struct mw_str login);
void mw_suspensions_prune_names(struct mw_suspensions *suspensions);

#endif

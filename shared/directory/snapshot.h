/* One sealed snapshot file, checked and open. Private to directory/. */
#ifndef MW_DIRECTORY_SNAPSHOT_H
#define MW_DIRECTORY_SNAPSHOT_H

#include <lmdb.h>
#include <sys/stat.h>

#include "directory/result.h"
#include "directory/index.h"
#include "directory/schema.h"

struct mw_snapshot {
	MDB_env *env; /* NULL: not open */
	MDB_txn *txn; /* one transaction for its whole life: the file never changes */
	MDB_dbi dbi;
	struct mw_index index;
	struct stat stat; /* of the published file */
	bool copied;      /* what is mapped is a copy of it: the file is another user's */
	struct mw_trailer trailer;
};

/* Whether a folder or file may be trusted: of the right kind, no symbolic link, writable by its owner only, and
   ..._ours: owned by root or the caller; ..._fit, for snapshots: or by another user, where it is a folder whose parent is
   root's alone, or a file in such a folder of the same user's. That user may be `mailwicket-sync`: it is believed in what
   the directory says, and in nothing else. False with the reason, naming the path, in `why`. trust.c */
bool mw_snapshot_folder_is_fit(const char *folder, struct mw_buf *why);
bool mw_snapshot_folder_stat_is_fit(const char *folder, const struct stat *st, struct mw_buf *why);
bool mw_snapshot_folder_is_ours(const char *folder, struct mw_buf *why);
bool mw_snapshot_file_is_fit(const char *path, const struct stat *st, struct mw_buf *why);
bool mw_snapshot_file_is_ours(const char *path, const struct stat *st, struct mw_buf *why);
bool mw_snapshot_owner_is_fit(const char *path, const struct stat *st, struct mw_buf *why); /* ours, of any kind */
/* Owned by neither root nor the caller. */
bool mw_snapshot_is_foreign(const struct stat *st);

/* A copy in memory that cannot be changed any more; -1 with errno. copy.c */
#define MW_SNAPSHOT_COPY_MOST ((uint64_t)1 << 30)
#define MW_SNAPSHOT_COPY_ALWAYS ((uint64_t)64 << 20)
int mw_snapshot_copy(int fd, uint64_t octets);
/* Whether its pages can be read without leaving them, whoever wrote them. */
bool mw_snapshot_copy_check(int copy, uint64_t octets, const char **wrong_r);

/* Whether it is the same file, with the same size, time of change, owner and mode. */
bool mw_snapshot_same(const struct stat *a, const struct stat *b);

/* Checks owner and mode, the trailer, and the digest of the whole file by reading it; then maps it. So an open
   snapshot needs address space for itself alone, and another one opened beside it no more than for two.
   snapshot->trailer is filled for NO_ROOM too. */
enum mw_snapshot_result mw_snapshot_open(struct mw_snapshot *snapshot, const char *path, struct mw_buf *why);
/* The same beside one of so many octets that serves: another user's may have four times as many, or 64 MB, and no more. */
enum mw_snapshot_result mw_snapshot_open_beside(struct mw_snapshot *snapshot, const char *path, uint64_t serving,
						struct mw_buf *why);
/* Whether the process may map so much more. Reads no file. */
bool mw_snapshot_has_room(uint64_t octets);
void mw_snapshot_close(struct mw_snapshot *snapshot);

/* The value of a name, and the principal that a login (MW_KEY_LOGIN) or address (MW_KEY_ADDRESS) leads to. UNAVAILABLE where
   the file is damaged: what leads to no principal, too. */
enum mw_lookup mw_snapshot_get(const struct mw_snapshot *snapshot, enum mw_key_kind kind, struct mw_str text,
			       struct mw_value *value_r);
enum mw_lookup mw_snapshot_named(const struct mw_snapshot *snapshot, enum mw_key_kind kind, struct mw_str text,
				 struct mw_principal *principal_r, enum mw_held *held_r);
/* Who had a name before: a value for mw_value_former_read(). */
enum mw_lookup mw_snapshot_former(const struct mw_snapshot *snapshot, struct mw_str name, struct mw_value *value_r);
/* Calls `found` with the text and value of each key of a kind that has texts, in order, until it says false. False: the
   file could not be read. */
bool mw_snapshot_each(const struct mw_snapshot *snapshot, enum mw_key_kind kind,
		      bool (*found)(void *context, struct mw_str text, struct mw_value value), void *context);
/* Calls `found` with each login (MW_KEY_LOGIN) or address (MW_KEY_ADDRESS) of a principal, in order; `receive`: the
   addresses of receive=, else all others. Reads all keys of the kind: for commands, not for questions. False: the file could not be read. */
bool mw_snapshot_each_name(const struct mw_snapshot *snapshot, enum mw_key_kind kind, uint32_t id, bool receive,
			   void (*found)(void *context, struct mw_str name), void *context);
/* The snapshot that serves a reader, with what suspends its users; NULL: none does. In reader.c. */
struct mw_directory;
const struct mw_snapshot *mw_directory_snapshot(const struct mw_directory *directory);
/* UNAVAILABLE for id 0, which is nobody's. */
enum mw_lookup mw_snapshot_principal(const struct mw_snapshot *snapshot, uint32_t id, struct mw_principal *principal_r,
				     uint64_t *fingerprint_r);
/* What a principal's `networks` stands for. */
enum mw_lookup mw_snapshot_networks(const struct mw_snapshot *snapshot, uint32_t number, struct mw_networks *networks_r);

#endif

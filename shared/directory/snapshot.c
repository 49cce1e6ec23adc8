/* SPDX-License-Identifier: MIT */
#include "directory/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* How often the file may be written over between our check and LMDB's open. */
#define OPEN_ATTEMPTS 8
/* What LMDB and the heap may take beside the mapping. */
#define ROOM_BESIDE ((uint64_t)4 << 20)
#define MEGABYTE ((unsigned long long)1 << 20)

bool mw_snapshot_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
		a->st_mode == b->st_mode && a->st_uid == b->st_uid;
}

static enum mw_snapshot_result fail_errno(const char *path, int error, struct mw_buf *why)
{
	mw_buf_printf(why, "%s: %s", path, strerror(error));
	return MW_SNAPSHOT_FAILED;
}

bool mw_snapshot_has_room(uint64_t octets)
{
	size_t size = (size_t)(octets + ROOM_BESIDE);
	/* Tries whether there is address space for the mapping; no page of it is touched. */
	void *memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	munmap(memory, size);
	return true;
}

static enum mw_snapshot_result fail_room(const char *path, uint64_t octets, struct mw_buf *why)
{
	struct rlimit limit = { .rlim_cur = RLIM_INFINITY };

	mw_buf_printf(why, "%s: no room in memory to open it: it needs %llu MB of address space", path,
		      (octets + ROOM_BESIDE) / MEGABYTE + 1);
	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		mw_buf_printf(why, " more, and the process may have %llu MB in all (RLIMIT_AS; in Dovecot vsz_limit)",
			      (unsigned long long)limit.rlim_cur / MEGABYTE);
	return MW_SNAPSHOT_NO_ROOM;
}

static enum mw_snapshot_result fail_bad(const char *path, const char *wrong, struct mw_buf *why)
{
	mw_buf_printf(why, "%s %s", path, wrong);
	return MW_SNAPSHOT_BAD;
}

static enum mw_snapshot_result check_trailer(int fd, const char *path, const struct stat *st,
					     struct mw_trailer *trailer, struct mw_buf *why)
{
	const char *wrong;
	ssize_t got;

	if ((uint64_t)st->st_size <= sizeof(*trailer))
		return fail_bad(path, "is no snapshot, or is cut off", why);
	got = pread(fd, trailer, sizeof(*trailer), st->st_size - (off_t)sizeof(*trailer));
	if (got < 0)
		return fail_errno(path, errno, why);
	wrong = got == (ssize_t)sizeof(*trailer) ? mw_trailer_check(trailer, (uint64_t)st->st_size) :
						   "was cut off while it was read";
	return wrong == NULL ? MW_SNAPSHOT_OPEN : fail_bad(path, wrong, why);
}

static enum mw_snapshot_result check_digest(int fd, const char *path, const struct mw_trailer *trailer,
					    struct mw_buf *why)
{
	uint8_t digest[16];
	int error = mw_trailer_digest(fd, trailer->pages_octets, digest);

	if (error != 0) {
		fail_errno(path, error, why);
		return MW_SNAPSHOT_LATER;
	}
	if (memcmp(digest, trailer->digest, sizeof(digest)) != 0)
		return fail_bad(path, "is damaged (digest)", why);
	return MW_SNAPSHOT_OPEN;
}

static enum mw_snapshot_result check_content(int fd, const char *path, struct mw_snapshot *snapshot, struct mw_buf *why)
{
	enum mw_snapshot_result result = check_trailer(fd, path, &snapshot->stat, &snapshot->trailer, why);

	if (result != MW_SNAPSHOT_OPEN)
		return result;
	if (!mw_snapshot_has_room(snapshot->trailer.pages_octets))
		return fail_room(path, snapshot->trailer.pages_octets, why);
	return check_digest(fd, path, &snapshot->trailer, why);
}

static uint64_t copy_most(uint64_t serving)
{
	uint64_t most = serving > MW_SNAPSHOT_COPY_MOST / 4 ? MW_SNAPSHOT_COPY_MOST : 4 * serving;

	if (serving == 0)
		return MW_SNAPSHOT_COPY_MOST;
	return most > MW_SNAPSHOT_COPY_ALWAYS ? most : MW_SNAPSHOT_COPY_ALWAYS;
}

static enum mw_snapshot_result fail_large(const char *path, uint64_t most, struct mw_buf *why)
{
	mw_buf_printf(why, "%s belongs to another user, so that it is copied, and is larger than %llu MB", path,
		      most / MEGABYTE);
	if (most < MW_SNAPSHOT_COPY_MOST)
		mw_buf_add_text(why, ", far more than the one that serves: if that is right, restart what reads it");
	return MW_SNAPSHOT_BAD;
}

/* The same of a copy, with its pages: a digest does not tell who wrote them. *copy_r is the copy. */
static enum mw_snapshot_result check_foreign(int fd, const char *path, struct mw_snapshot *snapshot, uint64_t most,
					     int *copy_r, struct mw_buf *why)
{
	enum mw_snapshot_result result;
	const char *wrong;

	if ((uint64_t)snapshot->stat.st_size > most)
		return fail_large(path, most, why);
	/* So that what is no snapshot is not copied. */
	result = check_trailer(fd, path, &snapshot->stat, &snapshot->trailer, why);
	if (result != MW_SNAPSHOT_OPEN)
		return result;
	*copy_r = mw_snapshot_copy(fd, (uint64_t)snapshot->stat.st_size);
	if (*copy_r < 0) {
		fail_errno(path, errno, why);
		return MW_SNAPSHOT_LATER;
	}
	result = check_content(*copy_r, path, snapshot, why);
	if (result == MW_SNAPSHOT_OPEN && !mw_snapshot_copy_check(*copy_r, snapshot->trailer.pages_octets, &wrong))
		result = fail_bad(path, wrong, why);
	return result;
}

/* OPEN: *fd_r is what was checked: a copy of another user's file, or the file itself. */
static enum mw_snapshot_result check_file(struct mw_snapshot *snapshot, const char *path, uint64_t serving, int *fd_r,
					  struct mw_buf *why)
{
	enum mw_snapshot_result result;
	int copy = -1;
	/* O_NONBLOCK: a FIFO must not hold us. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		if (errno == ELOOP) {
			mw_buf_printf(why, "%s is a symbolic link", path);
			return MW_SNAPSHOT_BAD;
		}
		return fail_errno(path, errno, why);
	}
	if (fstat(fd, &snapshot->stat) != 0)
		result = fail_errno(path, errno, why);
	else if (!mw_snapshot_file_is_fit(path, &snapshot->stat, why))
		result = MW_SNAPSHOT_BAD;
	else if (mw_snapshot_is_foreign(&snapshot->stat))
		result = check_foreign(fd, path, snapshot, copy_most(serving), &copy, why);
	else
		result = check_content(fd, path, snapshot, why);
	snapshot->copied = copy >= 0;
	*fd_r = copy >= 0 ? copy : fd;
	if (copy >= 0)
		close(fd);
	if (result != MW_SNAPSHOT_OPEN)
		close(*fd_r);
	return result;
}

static enum mw_lookup get(const struct mw_snapshot *snapshot, const struct mw_key *key, struct mw_value *value_r)
{
	MDB_val name = { key->len, (void *)(uintptr_t)key->bytes }, found;

	switch (mdb_get(snapshot->txn, snapshot->dbi, &name, &found)) {
	case 0:
		value_r->ptr = found.mv_data;
		value_r->size = found.mv_size;
		return MW_LOOKUP_FOUND;
	case MDB_NOTFOUND:
		return MW_LOOKUP_NONE;
	default:
		return MW_LOOKUP_UNAVAILABLE;
	}
}

/* A snapshot of another release may have none. That of another user's is not used: it would lead anywhere. */
static void find_index(struct mw_snapshot *snapshot)
{
	struct mw_value index, first = { .ptr = NULL };
	struct mw_key key;

	snapshot->index = (struct mw_index){ .buckets = NULL };
	if (snapshot->copied)
		return;
	mw_key_number(MW_KEY_PRINCIPAL, 1, &key);
	if (get(snapshot, &key, &first) == MW_LOOKUP_UNAVAILABLE || !mw_key_text(MW_KEY_INDEX, MW_INDEX_NAME, &key) ||
	    get(snapshot, &key, &index) != MW_LOOKUP_FOUND || !mw_index_read(index, first.ptr, &snapshot->index))
		snapshot->index = (struct mw_index){ .buckets = NULL };
}

/* Returns an LMDB or errno error; EAGAIN when the file was written over meanwhile. */
static int map_file(struct mw_snapshot *snapshot, int checked)
{
	char path[40];
	struct stat st;
	int rc, fd;

	/* LMDB opens by a name. That of the file may stand for another one by now, or for a FIFO, which would hold us. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", checked);
	rc = mdb_env_create(&snapshot->env);
	if (rc != 0)
		return rc;
	/* Maps the length of the file, not the writer's map size: address space is limited in some services. */
	rc = mdb_env_set_mapsize(snapshot->env, (size_t)snapshot->trailer.pages_octets);
	if (rc == 0)
		rc = mdb_env_open(snapshot->env, path, MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR, 0);
	if (rc == 0)
		rc = mdb_env_get_fd(snapshot->env, &fd);
	if (rc == 0 && fstat(fd, &st) != 0)
		rc = errno;
	if (rc == 0 && !snapshot->copied && !mw_snapshot_same(&st, &snapshot->stat))
		rc = EAGAIN;
	if (rc == 0)
		rc = mdb_txn_begin(snapshot->env, NULL, MDB_RDONLY, &snapshot->txn);
	if (rc == 0)
		rc = mdb_dbi_open(snapshot->txn, NULL, 0, &snapshot->dbi);
	if (rc == 0)
		find_index(snapshot);
	else
		mw_snapshot_close(snapshot);
	return rc;
}

enum mw_snapshot_result mw_snapshot_open(struct mw_snapshot *snapshot, const char *path, struct mw_buf *why)
{
	return mw_snapshot_open_beside(snapshot, path, 0, why);
}

enum mw_snapshot_result mw_snapshot_open_beside(struct mw_snapshot *snapshot, const char *path, uint64_t serving,
						struct mw_buf *why)
{
	int rc = EAGAIN;

	snapshot->env = NULL;
	snapshot->txn = NULL;
	for (int attempt = 0; attempt < OPEN_ATTEMPTS && rc == EAGAIN; attempt++) {
		int fd;
		enum mw_snapshot_result result = check_file(snapshot, path, serving, &fd, why);

		if (result != MW_SNAPSHOT_OPEN)
			return result;
		rc = map_file(snapshot, fd);
		close(fd);
	}
	if (rc == 0)
		return MW_SNAPSHOT_OPEN;
	mw_buf_printf(why, "%s: cannot open it by /proc/self/fd: %s", path, mdb_strerror(rc));
	return rc > 0 ? MW_SNAPSHOT_LATER : MW_SNAPSHOT_BAD;
}

void mw_snapshot_close(struct mw_snapshot *snapshot)
{
	if (snapshot->txn != NULL)
		mdb_txn_abort(snapshot->txn);
	if (snapshot->env != NULL)
		mdb_env_close(snapshot->env);
	snapshot->txn = NULL;
	snapshot->env = NULL;
}

static enum mw_lookup get_text(const struct mw_snapshot *snapshot, enum mw_key_kind kind, struct mw_str text,
			       struct mw_value *value_r)
{
	struct mw_key key;

	return mw_key_text(kind, text, &key) ? get(snapshot, &key, value_r) : MW_LOOKUP_NONE;
}

enum mw_lookup mw_snapshot_get(const struct mw_snapshot *snapshot, enum mw_key_kind kind, struct mw_str text,
			       struct mw_value *value_r)
{
	uint32_t id;

	if (mw_index_name(&snapshot->index, kind, text, &id) == MW_LOOKUP_NONE)
		return MW_LOOKUP_NONE;
	return get_text(snapshot, kind, text, value_r);
}

enum mw_lookup mw_snapshot_former(const struct mw_snapshot *snapshot, struct mw_str name, struct mw_value *value_r)
{
	/* The index has none of these names. */
	return get_text(snapshot, MW_KEY_FORMER, name, value_r);
}

/* Whose a login or an address is; of an address, how it is held. */
static bool read_id(enum mw_key_kind kind, struct mw_value value, uint32_t *id_r, enum mw_held *held_r)
{
	return kind == MW_KEY_LOGIN ? mw_value_login_read(value, id_r) : mw_value_address_read(value, id_r, held_r);
}

/* The id that LMDB has for a name. */
static enum mw_lookup get_id(const struct mw_snapshot *snapshot, enum mw_key_kind kind, struct mw_str text,
			     uint32_t *id_r, enum mw_held *held_r)
{
	struct mw_value value;
	enum mw_lookup found = get_text(snapshot, kind, text, &value);

	if (found != MW_LOOKUP_FOUND)
		return found;
	return read_id(kind, value, id_r, held_r) ? MW_LOOKUP_FOUND : MW_LOOKUP_UNAVAILABLE;
}

enum mw_lookup mw_snapshot_named(const struct mw_snapshot *snapshot, enum mw_key_kind kind, struct mw_str text,
				 struct mw_principal *principal_r, enum mw_held *held_r)
{
	uint32_t id = 0;
	enum mw_lookup found = mw_index_name(&snapshot->index, kind, text, &id);

	if (found == MW_LOOKUP_NONE)
		return MW_LOOKUP_NONE;
	*held_r = MW_HELD_PRIMARY;
	if (id != 0 && mw_snapshot_principal(snapshot, id, principal_r, NULL) == MW_LOOKUP_FOUND &&
	    mw_str_equal(principal_r->name, text))
		return MW_LOOKUP_FOUND;
	found = get_id(snapshot, kind, text, &id, held_r);
	if (found != MW_LOOKUP_FOUND)
		return found;
	return mw_snapshot_principal(snapshot, id, principal_r, NULL) == MW_LOOKUP_FOUND ? MW_LOOKUP_FOUND :
		MW_LOOKUP_UNAVAILABLE;
}

bool mw_snapshot_each(const struct mw_snapshot *snapshot, enum mw_key_kind kind,
		      bool (*found)(void *context, struct mw_str text, struct mw_value value), void *context)
{
	char first = (char)kind;
	MDB_val key = { 1, &first }, value;
	MDB_cursor *cursor;
	bool goes_on = true;
	int rc;

	if (mdb_cursor_open(snapshot->txn, snapshot->dbi, &cursor) != 0)
		return false;
	for (rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
	     goes_on && rc == 0 && *(const char *)key.mv_data == first;
	     rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
		const char *text = (const char *)key.mv_data + 1;

		goes_on = found(context, (struct mw_str){ text, strnlen(text, key.mv_size - 1) },
				(struct mw_value){ value.mv_data, value.mv_size });
	}
	mdb_cursor_close(cursor);
	return rc == 0 || rc == MDB_NOTFOUND;
}

struct names {
	enum mw_key_kind kind;
	uint32_t id;
	bool receive;
	void (*found)(void *context, struct mw_str name);
	void *context;
};

static bool take_name(void *context, struct mw_str name, struct mw_value value)
{
	const struct names *names = context;
	uint32_t owner;
	enum mw_held held = MW_HELD_PRIMARY;

	if (read_id(names->kind, value, &owner, &held) && owner == names->id &&
	    (held == MW_HELD_RECEIVE) == names->receive)
		names->found(names->context, name);
	return true;
}

bool mw_snapshot_each_name(const struct mw_snapshot *snapshot, enum mw_key_kind kind, uint32_t id, bool receive,
			   void (*found)(void *context, struct mw_str name), void *context)
{
	struct names names = { kind, id, receive, found, context };

	return mw_snapshot_each(snapshot, kind, take_name, &names);
}

static enum mw_lookup get_record(const struct mw_snapshot *snapshot, uint32_t id, struct mw_value *value_r)
{
	const void *record = mw_index_record(&snapshot->index, id);
	struct mw_key key;

	if (record == NULL) {
		mw_key_number(MW_KEY_PRINCIPAL, id, &key);
		return get(snapshot, &key, value_r);
	}
	*value_r = mw_value_principal_at(record);
	return MW_LOOKUP_FOUND;
}

enum mw_lookup mw_snapshot_principal(const struct mw_snapshot *snapshot, uint32_t id, struct mw_principal *principal_r,
				     uint64_t *fingerprint_r)
{
	struct mw_value value;
	enum mw_lookup found;

	/* Ids are from 1 on: 0 stands for nobody where suspensions are bound, and for an unlisted user. */
	if (id == 0)
		return MW_LOOKUP_UNAVAILABLE;
	found = get_record(snapshot, id, &value);
	if (found == MW_LOOKUP_FOUND && !mw_value_principal_read(value, id, principal_r, fingerprint_r))
		return MW_LOOKUP_UNAVAILABLE;
	return found;
}

enum mw_lookup mw_snapshot_networks(const struct mw_snapshot *snapshot, uint32_t number, struct mw_networks *networks_r)
{
	struct mw_key key;
	struct mw_value value;
	enum mw_lookup found;

	mw_key_number(MW_KEY_NETWORKS, number, &key);
	found = get(snapshot, &key, &value);
	return found == MW_LOOKUP_FOUND && !mw_value_networks_read(value, networks_r) ? MW_LOOKUP_UNAVAILABLE : found;
}

/* SPDX-License-Identifier: MIT */
#include "directory/follower.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"
#include "directory/folder.h"
#include "directory/snapshot.h"
#include "directory/suspensions.h"
#include "directory/writer.h"

#define FILE_NAME ".follow"
/* Whoever looks holds the lock for a moment. */
#define LOCK_SECONDS 2
#define HAND_OVER_SECONDS 10
#define NOT_OURS "is nothing that Mailwicket writes there: move it away, or give directory { path } a folder of its own"
#define VERSION 2
#define OLD_LISTS ".suspensions." /* how files begin that writing the list left in the old place */
#define BUSY "another mailwicket sync --follow is running"

struct mw_follower {
	char *path;
	struct mw_folder folder;
};

static bool lock(struct mw_follower *follower, struct mw_errors *errors)
{
	bool done;

	mw_folder_enter(&follower->folder);
	done = mw_folder_lock(&follower->folder, FILE_NAME, LOCK_SECONDS, BUSY, errors);
	mw_folder_leave(&follower->folder);
	return done;
}

struct mw_follower *mw_follower_open(const char *folder, struct mw_errors *errors)
{
	struct mw_follower *follower = calloc(1, sizeof(*follower));

	if (follower != NULL) {
		follower->folder.fd = follower->folder.lock_fd = -1;
		follower->path = strdup(folder);
	}
	if (follower == NULL || follower->path == NULL)
		mw_errors_add(errors, MW_ERROR, folder, 0, 0, NULL, "out of memory");
	else if (mw_folder_open(&follower->folder, follower->path, true, errors) && lock(follower, errors))
		return follower;
	mw_follower_close(follower);
	return NULL;
}

static bool empty(struct mw_follower *follower)
{
	return ftruncate(follower->folder.lock_fd, 0) == 0;
}

void mw_follower_tell(struct mw_follower *follower, const struct mw_follower_state *state)
{
	char memory[1024];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_buf_printf(&text, "%d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s %s\n", VERSION,
		      state->process, state->since, state->tried, state->good, state->failing,
		      state->policy[0] == '\0' ? "-" : state->policy, state->error);
	if (follower->folder.lock_fd < 0)
		return;
	/* Over what was there, of which nothing behind the line counts: whoever looks meanwhile finds the one or the other.
	   Only for people to read: what a full disk does not take is left out. */
	if (pwrite(follower->folder.lock_fd, text.data, text.used, 0) != (ssize_t)text.used ||
	    ftruncate(follower->folder.lock_fd, (off_t)text.used) != 0)
		empty(follower);
}

/* Whether the lock that it holds is where others look for it. */
static bool is_in_place(const struct mw_follower *follower)
{
	struct stat ours, there;
	char path[4096];

	return follower->folder.lock_fd >= 0 && fstat(follower->folder.lock_fd, &ours) == 0 &&
	       (size_t)snprintf(path, sizeof(path), "%s/" FILE_NAME, follower->path) < sizeof(path) &&
	       lstat(path, &there) == 0 && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

bool mw_follower_alive(struct mw_follower *follower, const struct mw_follower_state *state, struct mw_errors *errors)
{
	if (is_in_place(follower)) {
		(void)futimens(follower->folder.lock_fd, NULL);
		return true;
	}
	if (follower->folder.lock_fd >= 0)
		empty(follower);
	mw_folder_close(&follower->folder);
	follower->folder.fd = follower->folder.lock_fd = -1;
	if (!mw_folder_open(&follower->folder, follower->path, true, errors) || !lock(follower, errors))
		return false;
	mw_follower_tell(follower, state);
	return true;
}

void mw_follower_close(struct mw_follower *follower)
{
	if (follower == NULL)
		return;
	if (follower->folder.lock_fd >= 0)
		empty(follower);
	mw_folder_close(&follower->folder);
	free(follower->path);
	free(follower);
}

/* --- handing over */

struct handing {
	struct mw_folder folder;
	uid_t user;
	struct mw_errors *errors;
};

/* Looks at one entry of the folder, or of the folder of the copies in it. False: that was all. */
typedef bool visit_entry(struct handing *handing, int fd, const char *name, const struct stat *st);

static bool walk(struct handing *handing, int folder, visit_entry *visit)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat st;
	bool done = dir != NULL;

	while (done && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		done = fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		       visit(handing, dirfd(dir), entry->d_name, &st);
	}
	if (dir != NULL)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	return done;
}

static bool refuse(struct handing *handing, const char *text)
{
	mw_errors_add(handing->errors, MW_ERROR, handing->folder.path, 0, 0, NULL, "cannot be handed over: %s", text);
	return false;
}

static bool refuse_entry(struct handing *handing, const char *name, const char *text)
{
	char line[512];
	struct mw_buf out = MW_BUF_OVER(line);

	mw_text_show(&out, mw_str(name));
	mw_buf_printf(&out, " %s", text);
	return refuse(handing, line);
}

/* A link to a file elsewhere would give that one. */
static bool give_file(struct handing *handing, int fd, const char *name, const struct stat *st)
{
	if (!S_ISREG(st->st_mode) || st->st_nlink != 1)
		return refuse_entry(handing, name, "is no file of its own");
	return fchownat(fd, name, handing->user, (gid_t)-1, AT_SYMLINK_NOFOLLOW) == 0 || refuse(handing, strerror(errno));
}

/* New files get the group of the folder, which the user need not be in. The owner changes last: until then nobody but
   root can put anything there. */
static bool give_folder(struct handing *handing, int fd, mode_t mode)
{
	return (fchown(fd, (uid_t)-1, handing->folder.stat.st_gid) == 0 && fchmod(fd, (mode & 07777) | S_ISGID) == 0 &&
		fchown(fd, handing->user, (gid_t)-1) == 0) || refuse(handing, strerror(errno));
}

static bool give_sources(struct handing *handing, int folder)
{
	int fd = openat(folder, MW_FOLDER_SOURCES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool done;

	if (fd < 0 || fstat(fd, &st) != 0)
		done = refuse_entry(handing, MW_FOLDER_SOURCES, strerror(errno));
	else
		done = st.st_uid != 0 || (walk(handing, fd, give_file) && give_folder(handing, fd, st.st_mode));
	if (fd >= 0)
		close(fd);
	return done;
}

static bool give(struct handing *handing, int fd, const char *name, const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return give_sources(handing, fd);
	if (strcmp(name, MW_SUSPENSIONS_NAME) == 0)
		return unlinkat(fd, name, 0) == 0 || refuse_entry(handing, name, strerror(errno));
	return give_file(handing, fd, name, st);
}

/* A folder that has anything else is not that of the snapshots: the policy may name any. */
static bool is_mailwickets(struct handing *handing, int fd, const char *name, const struct stat *st)
{
	static const char *const names[] = { MW_SNAPSHOT_NAME, MW_FOLDER_LOCK, FILE_NAME, MW_SUSPENSIONS_NAME,
					     ".suspend.lock" };
	static const char *const beginnings[] = { MW_SNAPSHOT_TEMPORARY, OLD_LISTS };
	bool known = false;

	(void)fd;
	if (S_ISDIR(st->st_mode))
		return strcmp(name, MW_FOLDER_SOURCES) == 0 || refuse_entry(handing, name, NOT_OURS);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		known = known || strcmp(name, names[i]) == 0;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		known = known || strncmp(name, beginnings[i], strlen(beginnings[i])) == 0;
	return known || refuse_entry(handing, name, NOT_OURS);
}

/* Nobody publishes or follows meanwhile: what a sync by root made then would stay root's. */
static bool give_all(struct handing *handing)
{
	struct mw_folder *folder = &handing->folder, follow = *folder;
	bool done = walk(handing, folder->fd, is_mailwickets) &&
		mw_folder_lock(folder, MW_FOLDER_LOCK, HAND_OVER_SECONDS, MW_PUBLISHER_BUSY, handing->errors) &&
		mw_folder_lock(&follow, FILE_NAME, LOCK_SECONDS, BUSY, handing->errors) &&
		mw_folder_remove_leftovers(folder, MW_SNAPSHOT_TEMPORARY, handing->errors) &&
		mw_folder_remove_leftovers(folder, OLD_LISTS, handing->errors) &&
		walk(handing, folder->fd, give) && give_folder(handing, folder->fd, folder->stat.st_mode);

	if (follow.lock_fd >= 0)
		close(follow.lock_fd);
	return done;
}

/* Takes away the file of a lock that is root's; nobody else can open it. It is not given: the user may have put a link
   to any file of root's there. */
static bool remove_lock(struct handing *handing, int fd, const char *name)
{
	int lock = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	/* Of who publishes: it ends soon. Of who follows: it does not. */
	unsigned seconds = strcmp(name, MW_FOLDER_LOCK) == 0 ? HAND_OVER_SECONDS : LOCK_SECONDS;
	bool held = lock >= 0 && !mw_folder_lock_open(lock, seconds);
	bool done = held ? refuse_entry(handing, name, "is held by a process of root's: end that first")
			 : unlinkat(fd, name, 0) == 0 || refuse_entry(handing, name, strerror(errno));

	if (lock >= 0)
		close(lock);
	return done;
}

/* What root left in a folder that is the user's already. The snapshot may stay: another is put in its place. */
static bool mend(struct handing *handing, int fd, const char *name, const struct stat *st)
{
	if (st->st_uid != 0)
		return true;
	if (S_ISDIR(st->st_mode) && strcmp(name, MW_FOLDER_SOURCES) == 0)
		return give_sources(handing, fd);
	if (S_ISREG(st->st_mode) && (strcmp(name, MW_FOLDER_LOCK) == 0 || strcmp(name, FILE_NAME) == 0))
		return remove_lock(handing, fd, name);
	/* A list of root's counts wherever nobody has moved one, and the user could put this one back at any time. */
	if (strcmp(name, MW_SUSPENSIONS_NAME) == 0 || strncmp(name, OLD_LISTS, strlen(OLD_LISTS)) == 0)
		return unlinkat(fd, name, 0) == 0 || refuse_entry(handing, name, strerror(errno));
	return true;
}

static bool mend_all(struct handing *handing)
{
	const struct mw_folder *folder = &handing->folder;

	return walk(handing, folder->fd, mend) &&
	       ((folder->stat.st_mode & S_ISGID) != 0 || give_folder(handing, folder->fd, folder->stat.st_mode));
}

bool mw_follower_hand_over(const char *path, uid_t user, struct mw_errors *errors)
{
	struct handing handing = { .user = user, .errors = errors };
	bool done = false;

	if (!mw_folder_open(&handing.folder, path, true, errors))
		;
	else if (handing.folder.stat.st_uid == user)
		done = mend_all(&handing);
	else if (handing.folder.stat.st_uid == 0)
		done = give_all(&handing);
	else
		mw_errors_add(errors, MW_ERROR, path, 0, 0, NULL, "belongs to user %u already",
			      (unsigned)handing.folder.stat.st_uid);
	mw_folder_close(&handing.folder);
	return done;
}

static bool read_state(int fd, struct mw_follower_state *state)
{
	struct mw_buf error = MW_BUF_OVER(state->error);
	char text[1024];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	int version = 0, begin = 0;
	struct stat st;

	text[got < 0 ? 0 : got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (sscanf(text, "%d %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %16s %n", &version, &state->process,
		   &state->since, &state->tried, &state->good, &state->failing, state->policy, &begin) != 7 ||
	    version != VERSION) {
		*state = (struct mw_follower_state){ .process = 0 };
		return false;
	}
	if (fstat(fd, &st) == 0)
		state->alive = st.st_mtime;
	/* It is shown on a terminal, and who wrote it need not be root. */
	mw_text_show(&error, mw_str(text + begin));
	return true;
}

enum mw_following mw_follower_look(const char *folder, struct mw_follower_state *state_r)
{
	enum mw_following following;
	char path[4096];
	bool told;
	int fd;

	*state_r = (struct mw_follower_state){ .process = 0 };
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, FILE_NAME) >= sizeof(path))
		return MW_FOLLOWING_UNKNOWN;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? MW_FOLLOWING_NEVER : MW_FOLLOWING_UNKNOWN;
	following = flock(fd, LOCK_SH | LOCK_NB) == 0 ? MW_FOLLOWING_ENDED : MW_FOLLOWING;
	told = read_state(fd, state_r);
	/* One that ended in order left nothing; one that has just started has not said anything yet. */
	if (following == MW_FOLLOWING_ENDED && !told)
		following = MW_FOLLOWING_NEVER;
	close(fd);
	return following;
}

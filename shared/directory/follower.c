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

#define FILE_NAME ".follow"
/* Whoever looks holds the lock for a moment. */
#define LOCK_SECONDS 2
#define VERSION 1

struct mw_follower {
	char *path;
	struct mw_folder folder;
};

struct mw_follower *mw_follower_open(const char *folder, struct mw_errors *errors)
{
	struct mw_follower *follower = calloc(1, sizeof(*follower));

	if (follower != NULL) {
		follower->folder.fd = follower->folder.lock_fd = -1;
		follower->path = strdup(folder);
	}
	if (follower == NULL || follower->path == NULL)
		mw_errors_add(errors, MW_ERROR, folder, 0, 0, NULL, "out of memory");
	else if (mw_folder_open(&follower->folder, follower->path, true, errors) &&
		 mw_folder_lock(&follower->folder, FILE_NAME, LOCK_SECONDS, "another mailwicket sync --follow is running",
				errors))
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

	mw_buf_printf(&text, "%d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s\n", VERSION,
		      state->process, state->since, state->tried, state->good, state->failing, state->error);
	/* Only for people to read: what a full disk does not take is left out. */
	if (!empty(follower) || pwrite(follower->folder.lock_fd, text.data, text.used, 0) != (ssize_t)text.used)
		empty(follower);
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

/* While the folder is root's nobody else can put anything there: what is in it goes first, the folder last. Depth is of
   folders in it. */
static bool give(int fd, uid_t user, unsigned depth)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	bool done = dir != NULL;

	if (dir == NULL)
		close(fd);
	while (done && (entry = readdir(dir)) != NULL) {
		int inner;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		inner = depth > 0 ? openat(dirfd(dir), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
		done = (inner < 0 || give(inner, user, depth - 1)) &&
		       fchownat(dirfd(dir), entry->d_name, user, (gid_t)-1, AT_SYMLINK_NOFOLLOW) == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return done;
}

bool mw_follower_hand_over(const char *path, uid_t user, struct mw_errors *errors)
{
	struct mw_folder folder;
	bool done = false;

	if (!mw_folder_open(&folder, path, true, errors)) {
		mw_folder_close(&folder);
		return false;
	}
	if (folder.stat.st_uid == user)
		done = true;
	else if (folder.stat.st_uid != 0)
		mw_errors_add(errors, MW_ERROR, path, 0, 0, NULL, "belongs to user %u already", (unsigned)folder.stat.st_uid);
	else if (give(openat(folder.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), user, 1) &&
		 fchown(folder.fd, user, (gid_t)-1) == 0)
		done = true;
	else
		mw_errors_add(errors, MW_ERROR, path, 0, 0, NULL, "cannot be handed over: %s", strerror(errno));
	mw_folder_close(&folder);
	return done;
}

static bool read_state(int fd, struct mw_follower_state *state)
{
	struct mw_buf error = MW_BUF_OVER(state->error);
	char text[1024];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	int version = 0, begin = 0;

	text[got < 0 ? 0 : got] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (sscanf(text, "%d %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %n", &version, &state->process,
		   &state->since, &state->tried, &state->good, &state->failing, &begin) != 6 || version != VERSION)
		return false;
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

/* SPDX-License-Identifier: MIT */
#include "compat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "decision_log.h"
#include "policy_copy.h"

#define MASTER_ID "master.pid"
#define COPY_PREFIX "mailwicket-policy."
#define NAME_SIZE 128
#define STATE_SIZE 128
/* The clock of a file system is coarse: what changed a moment ago may change again and look the same. */
#define SETTLED_SECONDS 2
#define COPY_MAX (1024 * 1024 + STATE_SIZE)

struct text {
	char *data;
	size_t len;
};

struct copy {
	char *memory;
	struct mw_str state; /* the first line; empty where it is not known, or the policy may not wait */
	struct mw_str policy;
};

/* The master process writes its id there when it starts, and not again. False where that cannot be told. */
static bool copy_name(char *name)
{
	struct stat st;

	if (stat(MASTER_ID, &st) != 0)
		return false;
	snprintf(name, NAME_SIZE, COPY_PREFIX "%ld-%lld.%09ld", (long)getppid(), (long long)st.st_mtim.tv_sec,
		 st.st_mtim.tv_nsec);
	return true;
}

/* The copy's first line: which state of the policy file it was made of. False where that cannot be told for sure. */
static bool describe(const struct stat *file, char *state)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec - file->st_ctim.tv_sec < SETTLED_SECONDS)
		return false;
	snprintf(state, STATE_SIZE, "%lld:%lld %lld %lld.%09ld", (long long)file->st_dev, (long long)file->st_ino,
		 (long long)file->st_size, (long long)file->st_ctim.tv_sec, file->st_ctim.tv_nsec);
	return true;
}

static bool trusted(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == geteuid()) && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool base_is_trusted(void)
{
	struct stat st;

	if (stat(".", &st) != 0)
		return false;
	errno = EPERM;
	return trusted(&st);
}

/* The whole file, unless it is longer than `size` octets; data NULL when it cannot be read. */
static struct text read_text(int fd, size_t size)
{
	struct text text = { malloc(size + 1), 0 };
	ssize_t got = text.data == NULL ? -1 : 1;

	while (got > 0 && text.len <= size) {
		got = read(fd, text.data + text.len, size + 1 - text.len);
		if (got > 0)
			text.len += (size_t)got;
	}
	if (got < 0 || text.len > size) {
		free(text.data);
		text.data = NULL;
	}
	return text;
}

static struct text read_trusted(const char *path, struct stat *st_r)
{
	struct text text = { NULL, 0 };
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return text;
	if (fstat(fd, st_r) == 0 && S_ISREG(st_r->st_mode) && trusted(st_r) && st_r->st_size <= COPY_MAX)
		text = read_text(fd, (size_t)st_r->st_size);
	close(fd);
	return text;
}

/* memory NULL: there is no copy, or none to trust. The caller frees it. */
static struct copy read_copy(const char *name)
{
	struct stat st;
	struct text text = read_trusted(name, &st);
	struct copy copy = { text.data, MW_STR_EMPTY, { text.data, text.len } };
	size_t first = text.data == NULL ? 0 : mw_str_find(copy.policy, '\n');

	if (first < text.len) {
		copy.state = mw_str_head(copy.policy, first);
		copy.policy = mw_str_tail(copy.policy, first + 1);
	} else {
		free(copy.memory);
		copy.memory = NULL;
	}
	return copy;
}

/* Those of earlier runs of Dovecot. */
static void remove_others(const char *name)
{
	DIR *dir = opendir(".");
	struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, COPY_PREFIX, strlen(COPY_PREFIX)) == 0 &&
		    strncmp(entry->d_name, name, strlen(name)) != 0)
			(void)unlink(entry->d_name);
	}
	closedir(dir);
}

static bool write_all(int fd, struct mw_str text)
{
	while (text.len > 0) {
		ssize_t put = write(fd, text.ptr, text.len);

		if (put <= 0)
			return false;
		text = mw_str_tail(text, (size_t)put);
	}
	return true;
}

static bool replace(const char *name, struct mw_str state, struct mw_str policy)
{
	char next[NAME_SIZE + 32];
	int fd;
	bool good;

	snprintf(next, sizeof(next), "%s.%ld", name, (long)getpid());
	(void)unlink(next);
	fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	good = write_all(fd, state) && write_all(fd, MW_STR("\n")) && write_all(fd, policy);
	good = close(fd) == 0 && good;
	good = good && rename(next, name) == 0;
	if (!good)
		(void)unlink(next);
	return good;
}

static bool same_state(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
		a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* The file's text, if it still is what was read as the policy. */
static struct text read_same(const char *path, const struct stat *seen)
{
	struct stat before, after;
	struct text text = read_trusted(path, &before);

	if (text.data != NULL &&
	    (!same_state(seen, &before) || lstat(path, &after) != 0 || !same_state(seen, &after))) {
		free(text.data);
		text.data = NULL;
	}
	return text;
}

static void save(const char *name, const char *path, const struct stat *seen, bool may_wait)
{
	char state[STATE_SIZE] = "";
	struct text now = read_same(path, seen);
	struct mw_str policy = { now.data, now.len };
	struct copy kept = read_copy(name);

	may_wait = may_wait && describe(seen, state);
	if (now.data != NULL && (kept.memory == NULL || !mw_str_equal(kept.policy, policy) ||
				 (may_wait && !mw_str_equal(kept.state, mw_str(state))))) {
		if (!replace(name, mw_str(state), policy))
			e_warning(mw_decision_event(), "mailwicket: base_dir/%s: %s", name, strerror(errno));
		else if (kept.memory == NULL)
			remove_others(name);
	}
	free(now.data);
	free(kept.memory);
}

void mw_policy_copy_save(const char *path, const struct stat *seen, bool may_wait)
{
	char name[NAME_SIZE];

	if (copy_name(name) && base_is_trusted())
		save(name, path, seen, may_wait);
	else
		e_warning(mw_decision_event(), "mailwicket: no copy of the policy can be kept in base_dir: %s",
			  strerror(errno));
}

static struct copy read_named(void)
{
	char name[NAME_SIZE];

	if (copy_name(name) && base_is_trusted())
		return read_copy(name);
	return (struct copy){ NULL, MW_STR_EMPTY, MW_STR_EMPTY };
}

struct mw_policy *mw_policy_copy_read(const char *path, const char *host_name)
{
	struct copy copy = read_named();
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_policy *policy = NULL;

	if (copy.memory != NULL && errors != NULL)
		policy = mw_policy_read_text(path, copy.policy, host_name, 0, errors);
	free(copy.memory);
	mw_errors_free(errors);
	return policy;
}

struct mw_str mw_policy_copy_current(const char *path, char **memory_r)
{
	char state[STATE_SIZE];
	struct stat file;
	struct copy copy;

	*memory_r = NULL;
	if (lstat(path, &file) != 0 || !describe(&file, state))
		return MW_STR_EMPTY;
	copy = read_named();
	if (copy.memory != NULL && mw_str_equal(copy.state, mw_str(state))) {
		*memory_r = copy.memory;
		return copy.policy;
	}
	free(copy.memory);
	return MW_STR_EMPTY;
}

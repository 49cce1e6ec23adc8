/* SPDX-License-Identifier: MIT */
#include "compat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decision_log.h"
#include "policy_copy.h"

#define MASTER_ID "master.pid"
#define COPY_PREFIX "mailwicket-policy."
#define NAME_SIZE 128
#define COPY_MAX (1024 * 1024)

struct text {
	char *data;
	size_t len;
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

static bool replace(const char *name, struct mw_str policy)
{
	char next[NAME_SIZE + 32];
	int fd;
	bool good;

	snprintf(next, sizeof(next), "%s.%ld", name, (long)getpid());
	(void)unlink(next);
	fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	good = write_all(fd, policy);
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

static void save(const char *name, const char *path, const struct stat *seen)
{
	struct stat st;
	struct text now = read_same(path, seen), kept = read_trusted(name, &st);
	struct mw_str policy = { now.data, now.len };

	if (now.data != NULL && (kept.data == NULL || !mw_str_equal((struct mw_str){ kept.data, kept.len }, policy))) {
		if (!replace(name, policy))
			e_warning(mw_decision_event(), "mailwicket: base_dir/%s: %s", name, strerror(errno));
		else if (kept.data == NULL)
			remove_others(name);
	}
	free(now.data);
	free(kept.data);
}

void mw_policy_copy_save(const char *path, const struct stat *seen)
{
	char name[NAME_SIZE];

	if (copy_name(name) && base_is_trusted())
		save(name, path, seen);
	else
		e_warning(mw_decision_event(), "mailwicket: no copy of the policy can be kept in base_dir: %s",
			  strerror(errno));
}

/* data NULL: there is no copy, or none to trust. */
static struct text read_named(void)
{
	char name[NAME_SIZE];
	struct stat st;

	if (copy_name(name) && base_is_trusted())
		return read_trusted(name, &st);
	return (struct text){ NULL, 0 };
}

struct mw_policy *mw_policy_copy_read(const char *path, const char *host_name)
{
	struct text copy = read_named();
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_policy *policy = NULL;

	if (copy.data != NULL && errors != NULL)
		policy = mw_policy_read_text(path, (struct mw_str){ copy.data, copy.len }, host_name, 0, errors);
	free(copy.data);
	mw_errors_free(errors);
	return policy;
}

/* SPDX-License-Identifier: MIT */
#include "compat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy_copy.h"

#define COPY_PREFIX "mailwicket-policy."
#define COPY_MAX (1024 * 1024)

struct text {
	char *data;
	size_t len;
};

/* Field 22 of /proc/PID/stat, clock ticks since boot; 0 where it cannot be told. */
static unsigned long long started(pid_t pid)
{
	char path[64], line[1024];
	unsigned long long ticks = 0;
	const char *rest;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fgets(line, sizeof(line), file) != NULL && (rest = strrchr(line, ')')) != NULL) {
		for (int field = 2; field < 22 && rest != NULL; field++)
			rest = strchr(rest + 1, ' ');
		if (rest != NULL)
			ticks = strtoull(rest + 1, NULL, 10);
	}
	fclose(file);
	return ticks;
}

static void copy_name(char *name, size_t size)
{
	pid_t master = getppid();

	snprintf(name, size, COPY_PREFIX "%ld-%llu", (long)master, started(master));
}

static bool trusted(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) &&
		(st.st_uid == 0 || st.st_uid == geteuid()) && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* The whole file; data NULL when it cannot be read. */
static struct text read_text(int fd)
{
	struct stat st;
	size_t size = fstat(fd, &st) == 0 && st.st_size <= COPY_MAX ? (size_t)st.st_size : COPY_MAX;
	struct text text = { malloc(size + 1), 0 };
	ssize_t got = text.data == NULL ? -1 : 1;

	while (got > 0 && text.len <= size) {
		got = read(fd, text.data + text.len, size + 1 - text.len);
		if (got > 0)
			text.len += (size_t)got;
	}
	/* One that grows while it is read is read by the next process. */
	if (got < 0 || text.len > size) {
		free(text.data);
		text.data = NULL;
	}
	return text;
}

static struct text read_trusted(int folder, const char *name)
{
	struct text text = { NULL, 0 };
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return text;
	if (trusted(fd))
		text = read_text(fd);
	close(fd);
	return text;
}

static int open_base(void)
{
	int folder = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder >= 0 && !trusted(folder)) {
		close(folder);
		errno = EPERM;
		folder = -1;
	}
	return folder;
}

/* Those of earlier runs of Dovecot. */
static void remove_others(int folder, const char *name)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, COPY_PREFIX, strlen(COPY_PREFIX)) == 0 &&
		    strncmp(entry->d_name, name, strlen(name)) != 0)
			(void)unlinkat(folder, entry->d_name, 0);
	}
	closedir(dir);
}

static bool write_all(int fd, struct text text)
{
	size_t done = 0;

	while (done < text.len) {
		ssize_t put = write(fd, text.data + done, text.len - done);

		if (put <= 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

static bool replace(int folder, const char *name, struct text text)
{
	char next[160];
	int fd;
	bool good;

	snprintf(next, sizeof(next), "%s.%ld", name, (long)getpid());
	(void)unlinkat(folder, next, 0);
	fd = openat(folder, next, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	good = write_all(fd, text);
	good = close(fd) == 0 && good;
	good = good && renameat(folder, next, folder, name) == 0;
	if (!good)
		(void)unlinkat(folder, next, 0);
	return good;
}

static bool later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* Made after the file last changed: with service_count = 1 this is all that most connections cost. */
static bool is_current(int folder, const char *name, const char *path)
{
	struct stat copy, file;

	return folder >= 0 && fstatat(folder, name, &copy, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(copy.st_mode) &&
		stat(path, &file) == 0 && copy.st_size == file.st_size && later(copy.st_mtim, file.st_ctim);
}

void mw_policy_copy_save(struct event *event, const char *path)
{
	char name[128];
	int folder = open_base();
	struct text now = { NULL, 0 }, kept = { NULL, 0 };

	copy_name(name, sizeof(name));
	if (is_current(folder, name, path)) {
		close(folder);
		return;
	}
	if (folder >= 0) {
		now = read_trusted(AT_FDCWD, path);
		kept = read_trusted(folder, name);
	}
	if (folder < 0) {
		e_warning(event, "mailwicket: no copy of the policy can be kept in base_dir: %s", strerror(errno));
	} else if (now.data != NULL && (kept.data == NULL || kept.len != now.len ||
					memcmp(kept.data, now.data, now.len) != 0)) {
		if (!replace(folder, name, now))
			e_warning(event, "mailwicket: base_dir/%s: %s", name, strerror(errno));
		else if (kept.data == NULL)
			remove_others(folder, name);
	}
	free(now.data);
	free(kept.data);
	if (folder >= 0)
		close(folder);
}

struct mw_policy *mw_policy_copy_read(const char *path, const char *host_name)
{
	char name[128];
	int folder = open_base();
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_policy *policy = NULL;
	struct text text = { NULL, 0 };

	copy_name(name, sizeof(name));
	if (folder >= 0) {
		text = read_trusted(folder, name);
		close(folder);
	}
	if (text.data != NULL && errors != NULL)
		policy = mw_policy_read_text(path, (struct mw_str){ text.data, text.len }, host_name, 0, errors);
	free(text.data);
	mw_errors_free(errors);
	return policy;
}

/* SPDX-License-Identifier: MIT */
#include "policy/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "mail/domain.h"
#include "policy/build.h"

#define POLICY_MEMORY_MAX (64u * 1024 * 1024)
#define SCRATCH_MEMORY_MAX (128u * 1024 * 1024)

static void set_host_name(struct mw_reader *reader, const char *host_name)
{
	char domain[MW_DOMAIN_MAX + 1];
	size_t len;

	if (!mw_str_empty(reader->policy->hostname))
		return;
	if (mw_domain_canonical(mw_str(host_name), domain, &len))
		reader->policy->hostname = mw_arena_copy(reader->arena, (struct mw_str){ domain, len });
	else
		reader->policy->hostname = MW_STR("localhost");
}

static struct mw_policy *new_policy(const char *name)
{
	struct mw_arena *arena = mw_arena_new(POLICY_MEMORY_MAX);
	struct mw_policy *policy = arena == NULL ? NULL : MW_ARENA_NEW(arena, struct mw_policy);

	if (policy == NULL) {
		mw_arena_free(arena);
		return NULL;
	}
	policy->arena = arena;
	policy->file = mw_arena_text(arena, mw_str(name));
	policy->hostname = policy->recipient_delimiter = policy->default_domain = MW_STR_EMPTY;
	return policy;
}

static void build(struct mw_reader *reader, struct mw_str text, const char *host_name)
{
	struct mw_statement *statements = mw_parse_text(reader, text);

	mw_build_policy(reader, statements);
	set_host_name(reader, host_name);
	if (!mw_reader_gave_up(reader))
		mw_validate_ties(reader);
	if (reader->error_count == 0)
		mw_validate_reach(reader);
	if (reader->error_count >= MW_POLICY_ERRORS_MAX)
		mw_reader_error(reader, (struct mw_spot){ 0, 0 }, NULL, "too many errors, the rest was not read");
	if (mw_arena_failed(reader->scratch) || mw_arena_failed(reader->arena))
		mw_reader_error(reader, (struct mw_spot){ 0, 0 }, NULL, "out of memory");
	mw_errors_sort(reader->errors);
}

struct mw_policy *mw_policy_read_text(const char *name, struct mw_str text, const char *host_name, int64_t today,
				      struct mw_errors *errors)
{
	struct mw_reader reader = { .file = name, .errors = errors, .today = today };

	if (text.len > MW_POLICY_TEXT_MAX) {
		mw_errors_add(errors, MW_ERROR, name, 0, 0, "at most 1 MiB", "the file is too large");
		return NULL;
	}
	reader.policy = new_policy(name);
	reader.scratch = mw_arena_new(SCRATCH_MEMORY_MAX);
	if (reader.policy != NULL && reader.scratch != NULL) {
		reader.arena = reader.policy->arena;
		build(&reader, text, host_name);
	} else {
		mw_reader_error(&reader, (struct mw_spot){ 0, 0 }, NULL, "out of memory");
	}
	mw_arena_free(reader.scratch);
	if (reader.error_count == 0) {
		snprintf(reader.policy->digest, sizeof(reader.policy->digest), "%016llx",
			 (unsigned long long)XXH3_64bits(text.ptr, text.len));
		return reader.policy;
	}
	mw_policy_free(reader.policy);
	return NULL;
}

void mw_policy_free(struct mw_policy *policy)
{
	if (policy != NULL)
		mw_arena_free(policy->arena);
}

const char *mw_policy_default_path(void)
{
	const char *path = getenv("MAILWICKET_CONFIG");

	return path != NULL && path[0] != '\0' ? path : MW_POLICY_PATH;
}

static void file_error(struct mw_errors *errors, const char *path, const char *expected, const char *text)
{
	mw_errors_add(errors, MW_ERROR, path, 0, 0, expected, "%s", text);
}

static bool check_file(int fd, const char *path, size_t *size_r, struct mw_errors *errors)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		file_error(errors, path, NULL, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		file_error(errors, path, "a regular file", "is no regular file");
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		mw_errors_add(errors, MW_ERROR, path, 0, 0, "root as its owner",
			      "belongs to user %lu, who could change the policy", (unsigned long)st.st_uid);
	else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		mw_errors_add(errors, MW_ERROR, path, 0, 0, "chmod go-w", "is writable by its group or by others (mode %04o)",
			      (unsigned)(st.st_mode & 07777));
	else if (st.st_size > (off_t)MW_POLICY_TEXT_MAX)
		file_error(errors, path, "at most 1 MiB", "the file is too large");
	else {
		*size_r = (size_t)st.st_size;
		return true;
	}
	return false;
}

/* Up to one byte more than allowed, so that a file that grows is noticed. NULL: see errno. */
static char *read_all(int fd, size_t size, size_t *len_r)
{
	size_t room = size + 1;
	char *text = malloc(room), *larger;
	ssize_t got = 1;

	*len_r = 0;
	while (text != NULL && got != 0 && *len_r <= MW_POLICY_TEXT_MAX) {
		if (*len_r == room) {
			room = MW_POLICY_TEXT_MAX + 1;
			larger = realloc(text, room);
			if (larger == NULL)
				break;
			text = larger;
		}
		got = read(fd, text + *len_r, room - *len_r);
		if (got > 0)
			*len_r += (size_t)got;
		else if (got < 0 && errno != EINTR)
			break;
	}
	if (text != NULL && got != 0 && *len_r <= MW_POLICY_TEXT_MAX) {
		free(text);
		text = NULL;
	}
	return text;
}

static struct mw_policy *read_open_file(int fd, const char *path, const char *host_name, int64_t today,
					struct mw_errors *errors)
{
	struct mw_policy *policy = NULL;
	size_t size, len;
	char *text;

	if (!check_file(fd, path, &size, errors))
		return NULL;
	text = read_all(fd, size, &len);
	if (text == NULL)
		file_error(errors, path, NULL, strerror(errno));
	else
		policy = mw_policy_read_text(path, (struct mw_str){ text, len }, host_name, today, errors);
	free(text);
	return policy;
}

struct mw_policy *mw_policy_read(const char *path, const char *host_name, int64_t today, struct mw_errors *errors)
{
	struct mw_policy *policy;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		if (errno == ELOOP)
			file_error(errors, path, "the file itself", "is a symbolic link");
		else
			mw_errors_add(errors, MW_ERROR, path, 0, 0,
				      errno == ENOENT ? "a policy; a sample is " MW_EXAMPLES "/mailwicket.conf" : NULL,
				      "cannot be read: %s", strerror(errno));
		return NULL;
	}
	policy = read_open_file(fd, path, host_name, today, errors);
	close(fd);
	return policy;
}

/* SPDX-License-Identifier: MIT */
#include "decisions/audit/shown.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "file.h"

#define LINE_LENGTH 33 /* a digest and the end of the line */
#define HEAD "mailwicket audit 1\n"

static bool path_of(const struct mw_policy *policy, char *out, size_t size)
{
	return (size_t)snprintf(out, size, "%.*s" MW_AUDIT_SHOWN_ENDING, MW_STR_ARG(policy->directory.path)) < size;
}

static bool may_write_beside(const char *path)
{
	char folder[4096];

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	return access(folder, W_OK) == 0;
}

void mw_audit_digest(const struct mw_audit_entry *entry, char digest_r[33])
{
	XXH128_hash_t hash = XXH3_128bits(entry->text, strlen(entry->text));

	hash = XXH3_128bits_withSeed(entry->change.user.ptr, entry->change.user.len,
				     hash.low64 ^ hash.high64 ^ (uint64_t)entry->change.kind);
	snprintf(digest_r, 33, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

bool mw_audit_shown_keep(const struct mw_audit_day *day, size_t count)
{
	char path[4096];
	char *memory;
	struct mw_buf text;
	bool kept;

	if (!path_of(day->policy, path, sizeof(path)) || !may_write_beside(path))
		return true;
	memory = malloc(sizeof(HEAD) + MW_AUDIT_SHOWN_MOST * LINE_LENGTH);
	if (memory == NULL)
		return false;
	text = mw_buf_over(memory, sizeof(HEAD) + MW_AUDIT_SHOWN_MOST * LINE_LENGTH);
	mw_buf_add_text(&text, HEAD);
	for (size_t i = 0; i < count && i < MW_AUDIT_SHOWN_MOST; i++) {
		char digest[33];

		mw_audit_digest(&day->tally.entries[day->proposals[i]], digest);
		mw_buf_printf(&text, "%s\n", digest);
	}
	kept = mw_place_is_ours(path) && mw_file_put(path, mw_buf_str(&text), 0600, geteuid(), getegid());
	free(memory);
	return kept;
}

/* The digests behind the head, a line each. */
static bool take(struct mw_str text, struct mw_audit_shown *shown)
{
	struct mw_str line;

	if (!mw_str_starts_with(text, MW_STR(HEAD)))
		return false;
	text = mw_str_tail(text, strlen(HEAD));
	while (mw_str_split(&text, '\n', &line)) {
		if (line.len != 32 || shown->count == MW_AUDIT_SHOWN_MOST)
			return false;
		memcpy(shown->digests[shown->count], line.ptr, 32);
		shown->digests[shown->count++][32] = '\0';
	}
	return true;
}

bool mw_audit_shown_read(const struct mw_policy *policy, struct mw_audit_shown *shown_r)
{
	size_t size = sizeof(HEAD) + MW_AUDIT_SHOWN_MOST * LINE_LENGTH;
	char path[4096];
	char *memory = malloc(size);
	struct stat status;
	int fd = -1;
	bool good = false;

	shown_r->count = 0;
	if (memory != NULL && path_of(policy, path, sizeof(path)))
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (size_t)status.st_size < size &&
	    (status.st_uid == 0 || status.st_uid == geteuid()) && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		good = read(fd, memory, (size_t)status.st_size) == status.st_size &&
		       take((struct mw_str){ memory, (size_t)status.st_size }, shown_r);
	if (fd >= 0)
		close(fd);
	free(memory);
	return good;
}

/* SPDX-License-Identifier: MIT */
#include "text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "file.h"
#include "sync/sync.h"
#include "sync/text/text.h"
#include "ui/output.h"

#define MESSAGES_AT_MOST 100

bool mw_source_is_text(const struct mw_source *source)
{
	return mw_str_equal_nocase(source->driver, MW_STR("text"));
}

static int failed(const char *path, int code)
{
	mw_complain("%s: %s", path, errno == ELOOP ? "is a symbolic link" : strerror(errno));
	return code;
}

/* As the source's driver opens it. */
static int open_file(const char *path)
{
	return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* An editor may have put another one there. */
static bool is_the_file(struct mw_text_file *file)
{
	struct stat named;

	return fstat(file->fd, &file->status) == 0 && lstat(file->path, &named) == 0 &&
	       named.st_ino == file->status.st_ino && named.st_dev == file->status.st_dev;
}

static int open_text(struct mw_text_file *file)
{
	file->fd = open_file(file->path);
	return file->fd >= 0 && fstat(file->fd, &file->status) == 0 ? EX_OK : failed(file->path, EX_NOINPUT);
}

/* What is read is what stands there when the lock is held. */
static int lock_and_open(struct mw_text_file *file, struct mw_arena *arena)
{
	int code = open_text(file);

	if (code == EX_OK)
		code = mw_text_lock_take(&file->lock, arena, file->path, file->status.st_uid);
	if (file->fd >= 0)
		close(file->fd);
	return code == EX_OK ? open_text(file) : code;
}

static int read_text(const char *path, int fd, const struct stat *status, struct mw_arena *arena, struct mw_str *text_r)
{
	size_t size = (size_t)status->st_size, done = 0;
	char *memory = S_ISREG(status->st_mode) ? mw_arena_alloc(arena, size + 1) : NULL;
	ssize_t got = 1;

	while (memory != NULL && done < size && got > 0) {
		got = pread(fd, memory + done, size - done, (off_t)done);
		if (got > 0)
			done += (size_t)got;
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	if (memory == NULL || done < size) {
		mw_complain("%s: cannot be read whole", path);
		return EX_NOINPUT;
	}
	*text_r = (struct mw_str){ memory, size };
	return EX_OK;
}

/* What is wrong with it is told by the check of what comes of it. */
static int read_records(struct mw_text_file *file, const struct mw_policy *policy, struct mw_arena *arena)
{
	struct mw_errors *errors = mw_errors_new(1);

	if (errors == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	mw_records_init(&file->records, arena, errors);
	mw_text_read(&file->records, file->path, file->text, policy->default_domain);
	file->records.errors = NULL;
	mw_errors_free(errors);
	return EX_OK;
}

static int open_one(struct mw_text_file *file, const struct mw_policy *policy, bool lock, struct mw_arena *arena)
{
	int code = lock ? lock_and_open(file, arena) : open_text(file);
	if (code == EX_OK)
		code = read_text(file->path, file->fd, &file->status, arena, &file->text);
	return code == EX_OK ? read_records(file, policy, arena) : code;
}

/* Whether a source before has the same file, which nobody could lock twice. */
static bool is_another(const struct mw_text_files *files, const struct mw_text_file *file)
{
	struct stat status, other;

	for (size_t i = 0; i < files->count && lstat(file->path, &status) == 0; i++) {
		if (lstat(files->items[i].path, &other) != 0 || other.st_ino != status.st_ino || other.st_dev != status.st_dev)
			continue;
		mw_complain("%s: is the file of source \"%.*s\" and of source \"%.*s\": take one of them out of the policy",
			    file->path, MW_STR_ARG(files->items[i].name), MW_STR_ARG(file->name));
		return true;
	}
	return false;
}

int mw_text_files_open(struct mw_text_files *files, const struct mw_policy *policy, bool lock, struct mw_arena *arena)
{
	int code = EX_OK;

	*files = (struct mw_text_files){ .count = 0 };
	files->items = MW_ARENA_ARRAY(arena, struct mw_text_file, policy->directory.source_count + 1);
	if (files->items == NULL) {
		mw_complain("out of memory");
		return EX_OSERR;
	}
	for (size_t i = 0; i < policy->directory.source_count && code == EX_OK; i++) {
		const struct mw_source *source = &policy->directory.sources[i];
		struct mw_text_file *file = &files->items[files->count];

		if (!mw_source_is_text(source))
			continue;
		*file = (struct mw_text_file){
			.source = i, .name = source->name, .path = mw_arena_text(arena, source->path), .fd = -1, .lock = { .fd = -1 },
		};
		if (is_another(files, file))
			return EX_CONFIG;
		files->count++;
		code = open_one(file, policy, lock, arena);
	}
	return code;
}

void mw_text_files_close(struct mw_text_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		struct mw_text_file *file = &files->items[i];

		mw_records_deinit(&file->records);
		if (file->fd >= 0)
			close(file->fd);
		mw_text_lock_release(&file->lock);
	}
	files->count = 0;
}

int mw_text_file_check(const struct mw_text_file *file, const struct mw_policy *policy, struct mw_str text,
		       struct mw_memory_directory **directory_r)
{
	struct mw_errors *errors = mw_errors_new(MESSAGES_AT_MOST);
	const struct mw_text_change change = { .source = file->source, .text = text };

	*directory_r = errors != NULL ? mw_memory_directory_of(policy, &change, errors) : NULL;
	if (*directory_r == NULL) {
		if (errors != NULL)
			mw_output_errors(errors);
		mw_complain("with this change sync would refuse the directory; nothing was written");
	}
	mw_errors_free(errors);
	return *directory_r != NULL ? EX_OK : EX_DATAERR;
}

/* An editor knows nothing of locks. */
static int check_unchanged(struct mw_text_file *file)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct stat read = file->status;
	struct mw_str now = MW_STR_EMPTY;
	int code = arena == NULL ? EX_OSERR : EX_OK;

	if (code == EX_OK && !is_the_file(file))
		code = EX_TEMPFAIL;
	if (code == EX_OK)
		code = read_text(file->path, file->fd, &file->status, arena, &now);
	if (code == EX_OK && !mw_str_equal(now, file->text))
		code = EX_TEMPFAIL;
	if (code == EX_TEMPFAIL)
		mw_complain("%s: was changed by somebody else just now; nothing was written", file->path);
	file->status = read;
	mw_arena_free(arena);
	return code;
}

int mw_text_file_put(struct mw_text_file *file, struct mw_str text)
{
	int code;

	if (!mw_place_is_ours(file->path))
		return EX_NOPERM;
	if (!mw_text_lock_is_held(&file->lock))
		return EX_CANTCREAT;
	code = check_unchanged(file);
	if (code != EX_OK)
		return code;
	return mw_file_put(file->path, text, file->status.st_mode & 07777, file->status.st_uid, file->status.st_gid)
		       ? EX_OK : EX_CANTCREAT;
}

/* SPDX-License-Identifier: MIT */
#include "sync/merge/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/merge/copy_file.h"

#define TEMPORARY ".copy."

struct written { char name[MW_COPY_NAME_SIZE]; size_t number; };

struct mw_copies {
	char *path;
	struct mw_copy_folders folders;
	struct written *items;
	size_t count;
};

/* --- reading */

enum mw_copy_result mw_copy_read(struct mw_arena *arena, const char *folder, const struct mw_source *source,
				 struct mw_copy *copy_r, struct mw_buf *why)
{
	char name[MW_COPY_NAME_SIZE];
	enum mw_copy_result result;

	*copy_r = (struct mw_copy){ 0 };
	if (!mw_copy_file_name(source->name, "", name))
		return MW_COPY_NONE;
	copy_r->path = mw_arena_textf(arena, "%s/" MW_FOLDER_SOURCES "/%s", folder, name);
	result = mw_copy_read_file(folder, copy_r->path, 0, &copy_r->memory, &copy_r->text.len, why);
	if (result != MW_COPY_READ)
		return result;
	copy_r->text.ptr = copy_r->memory;
	if (!mw_copy_is_whole(copy_r->text)) {
		mw_buf_printf(why, "%s: it is cut off, or not as it was written", copy_r->path);
		mw_copy_free(copy_r);
		return MW_COPY_BAD;
	}
	if (mw_copy_look(source, copy_r->text, &copy_r->of_another))
		return MW_COPY_READ;
	mw_buf_printf(why, "%s: out of memory", copy_r->path);
	mw_copy_free(copy_r);
	return MW_COPY_BAD;
}

void mw_copy_free(struct mw_copy *copy)
{
	free(copy->memory);
	*copy = (struct mw_copy){ 0 };
}

void mw_source_state_read(const char *folder, struct mw_str source, struct mw_source_state *state_r)
{
	char name[MW_COPY_NAME_SIZE], path[4096], text[512];
	struct mw_buf buf = MW_BUF_OVER(path), why = MW_BUF_OVER(text);
	char *memory;
	size_t size;

	*state_r = (struct mw_source_state){ .source = source };
	if (!mw_copy_file_name(source, ".state", name))
		return;
	mw_buf_printf(&buf, "%s/" MW_FOLDER_SOURCES "/%s", folder, name);
	if (buf.truncated ||
	    mw_copy_read_file(folder, path, MW_COPY_STATE_MOST, &memory, &size, &why) != MW_COPY_READ)
		return;
	mw_source_state_parse((struct mw_str){ memory, size }, state_r);
	free(memory);
}

/* --- writing */

static bool fail(struct mw_errors *errors, const char *path, int error)
{
	mw_errors_add(errors, MW_ERROR, path, 0, 0, NULL, "cannot write the last good copy of a source: %s", strerror(error));
	return false;
}

static bool remove_leftovers(struct mw_copies *copies, struct mw_errors *errors)
{
	bool done;

	mw_folder_enter(&copies->folders.outer);
	done = mw_folder_remove_leftovers(&copies->folders.inner, TEMPORARY, errors);
	mw_folder_leave(&copies->folders.outer);
	return done;
}

struct mw_copies *mw_copies_open(const char *folder, struct mw_errors *errors)
{
	struct mw_copies *copies = calloc(1, sizeof(*copies));

	if (copies != NULL && asprintf(&copies->path, "%s/" MW_FOLDER_SOURCES, folder) < 0)
		copies->path = NULL;
	if (copies == NULL || copies->path == NULL) {
		mw_errors_add(errors, MW_ERROR, folder, 0, 0, NULL, "out of memory");
		free(copies);
		return NULL;
	}
	if (mw_copy_open_folders(&copies->folders, folder, copies->path, true, errors) && remove_leftovers(copies, errors))
		return copies;
	mw_copies_close(copies);
	return NULL;
}

static void temporary_name(size_t number, char name[MW_COPY_NAME_SIZE])
{
	snprintf(name, MW_COPY_NAME_SIZE, TEMPORARY "%ld.%zu.tmp", (long)getpid(), number);
}

void mw_copies_close(struct mw_copies *copies)
{
	char name[MW_COPY_NAME_SIZE];

	if (copies == NULL)
		return;
	mw_folder_enter(&copies->folders.outer);
	for (size_t i = 0; i < copies->count; i++) {
		temporary_name(copies->items[i].number, name);
		mw_folder_remove(&copies->folders.inner, name);
	}
	mw_folder_leave(&copies->folders.outer);
	mw_copy_close_folders(&copies->folders);
	free(copies->items);
	free(copies->path);
	free(copies);
}

static bool same_octets(int a, int b)
{
	static char one[1 << 16], other[1 << 16];
	ssize_t got;

	if (lseek(a, 0, SEEK_SET) != 0 || lseek(b, 0, SEEK_SET) != 0)
		return false;
	while ((got = read(a, one, sizeof(one))) > 0) {
		for (ssize_t done = 0, more; done < got; done += more) {
			more = read(b, other, (size_t)(got - done));
			if (more <= 0 || memcmp(one + done, other, (size_t)more) != 0)
				return false;
		}
	}
	return got == 0 && read(b, other, 1) == 0;
}

/* Whether the copy has the octets of the new file, and its rights. */
static bool is_published(const struct mw_copies *copies, const char *name, int fd)
{
	int old = openat(copies->folders.inner.fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat a, b;
	bool same = old >= 0 && fstat(old, &a) == 0 && fstat(fd, &b) == 0 && S_ISREG(a.st_mode) && a.st_size == b.st_size &&
		a.st_mode == b.st_mode && a.st_uid == b.st_uid && same_octets(old, fd);

	if (old >= 0)
		close(old);
	return same;
}

static bool write_end(int fd, const char *digest)
{
	char memory[MW_COPY_HEAD_SIZE];
	struct mw_buf end = MW_BUF_OVER(memory);
	ssize_t put;

	mw_copy_end(digest, &end);
	put = write(fd, memory, end.used);
	if (put >= 0 && (size_t)put < end.used)
		errno = ENOSPC;
	return put == (ssize_t)end.used;
}

static bool fill(int fd, const struct mw_source *source, const struct mw_records *records, uint32_t owner,
		 struct mw_buf *head, char digest_r[MW_TEXT_DIGEST_SIZE])
{
	struct mw_text_out *out = malloc(sizeof(*out));
	bool done = out != NULL && mw_copy_head(source, head) && mw_text_out_begin(out, fd);

	if (!done) {
		free(out);
		errno = ENOMEM;
		return false;
	}
	mw_text_out_add(out, mw_buf_str(head));
	done = mw_text_write(out, records, owner);
	errno = mw_text_out_end(out, digest_r);
	if (!done)
		errno = ENOMEM;
	done = done && errno == 0 && write_end(fd, digest_r) && fsync(fd) == 0;
	free(out);
	return done;
}

/* A copy that could not be read would stand in for nothing when the source fails, and guard nothing. */
static enum mw_copy_result read_back(const struct mw_copies *copies, const struct written *item, int fd,
				     struct mw_str head, const char *digest, struct mw_buf *why)
{
	char path[4096];
	struct mw_buf name = MW_BUF_OVER(path);
	struct stat st;
	char *memory = fstat(fd, &st) == 0 && lseek(fd, 0, SEEK_SET) == 0 ? mw_copy_read_octets(fd, (size_t)st.st_size) : NULL;
	bool good;

	if (memory == NULL)
		return MW_COPY_NONE;
	/* The line at its end is a comment to the text's reader. */
	mw_buf_printf(&name, "%s/%s", copies->path, item->name);
	good = mw_copy_reads_back((struct mw_str){ memory, (size_t)st.st_size }, path, head, MW_STR_EMPTY, digest, why);
	free(memory);
	return good ? MW_COPY_READ : MW_COPY_BAD;
}

/* NONE with errno. What is there already has been read back. */
static enum mw_copy_result write_file(const struct mw_copies *copies, const struct written *item, int fd,
				      const struct mw_source *source, const struct mw_records *records,
				      bool *published_r, struct mw_buf *why)
{
	char digest[MW_TEXT_DIGEST_SIZE], memory[MW_COPY_HEAD_SIZE];
	struct mw_buf head = MW_BUF_OVER(memory);

	*published_r = false;
	if (!mw_folder_own(&copies->folders.inner, fd) || !fill(fd, source, records, (uint32_t)item->number, &head, digest))
		return MW_COPY_NONE;
	*published_r = is_published(copies, item->name, fd);
	return *published_r ? MW_COPY_READ : read_back(copies, item, fd, mw_buf_str(&head), digest, why);
}

/* What was written of the source before, in the same run. */
static void forget(struct mw_copies *copies, uint32_t owner)
{
	char temporary[MW_COPY_NAME_SIZE];

	for (size_t i = 0; i < copies->count; i++) {
		if (copies->items[i].number != owner)
			continue;
		temporary_name(owner, temporary);
		mw_folder_remove(&copies->folders.inner, temporary);
		copies->items[i] = copies->items[--copies->count];
		return;
	}
}

static enum mw_copy_result write_copy(struct mw_copies *copies, const struct mw_source *source,
				      const struct mw_records *records, uint32_t owner, struct mw_errors *errors,
				      struct mw_buf *why)
{
	struct written *larger = reallocarray(copies->items, copies->count + 1, sizeof(*larger)), *item;
	enum mw_copy_result result = MW_COPY_NONE;
	char temporary[MW_COPY_NAME_SIZE];
	bool published;
	int fd, error;

	if (larger != NULL)
		copies->items = larger;
	item = &copies->items[copies->count];
	if (larger == NULL || !mw_copy_file_name(source->name, "", item->name)) {
		fail(errors, copies->path, larger == NULL ? ENOMEM : ENAMETOOLONG);
		return MW_COPY_NONE;
	}
	item->number = owner;
	temporary_name(item->number, temporary);
	fd = mw_folder_make(&copies->folders.inner, temporary);
	if (fd < 0) {
		fail(errors, copies->path, errno);
		return MW_COPY_NONE;
	}
	result = write_file(copies, item, fd, source, records, &published, why);
	error = errno;
	if (close(fd) != 0 && result == MW_COPY_READ) {
		error = errno;
		result = MW_COPY_NONE;
	}
	if (result == MW_COPY_READ && !published)
		copies->count++;
	else
		mw_folder_remove(&copies->folders.inner, temporary);
	if (result == MW_COPY_NONE)
		fail(errors, copies->path, error);
	return result;
}

enum mw_copy_result mw_copies_write(struct mw_copies *copies, const struct mw_source *source,
				    const struct mw_records *records, uint32_t owner, struct mw_errors *errors,
				    struct mw_buf *why)
{
	enum mw_copy_result result;

	mw_folder_enter(&copies->folders.outer);
	forget(copies, owner);
	result = write_copy(copies, source, records, owner, errors, why);
	mw_folder_leave(&copies->folders.outer);
	return result;
}

static bool put(struct mw_copies *copies, const char *temporary, const char *name, struct mw_errors *errors)
{
	int fd = copies->folders.inner.fd;

	if (renameat(fd, temporary, fd, name) == 0 && fsync(fd) == 0)
		return true;
	return fail(errors, copies->path, errno);
}

bool mw_copies_commit(struct mw_copies *copies, struct mw_errors *errors)
{
	char temporary[MW_COPY_NAME_SIZE];
	bool done = true;

	mw_folder_enter(&copies->folders.outer);
	while (copies->count > 0 && done) {
		temporary_name(copies->items[copies->count - 1].number, temporary);
		done = put(copies, temporary, copies->items[copies->count - 1].name, errors);
		if (done)
			copies->count--;
	}
	mw_folder_leave(&copies->folders.outer);
	return done;
}

bool mw_copies_are_there(const char *folder)
{
	char path[4096];
	struct mw_buf buf = MW_BUF_OVER(path);
	struct stat st;

	mw_buf_printf(&buf, "%s/" MW_FOLDER_SOURCES, folder);
	return !buf.truncated && lstat(path, &st) == 0;
}

/* Whether a file is the copy of one of the sources, or its state. */
static bool is_of(const char *file, const struct mw_strs *sources)
{
	char name[MW_COPY_NAME_SIZE];

	for (size_t i = 0; i < sources->count; i++) {
		if ((mw_copy_file_name(sources->items[i], "", name) && strcmp(file, name) == 0) ||
		    (mw_copy_file_name(sources->items[i], ".state", name) && strcmp(file, name) == 0))
			return true;
	}
	return false;
}

static bool remove_others(struct mw_copies *copies, const struct mw_strs *sources, struct mw_errors *errors)
{
	int fd = openat(copies->folders.inner.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int error = 0;

	if (dir == NULL) {
		error = errno;
		if (fd >= 0)
			close(fd);
		return fail(errors, copies->path, error);
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.' && !is_of(entry->d_name, sources) &&
		    unlinkat(copies->folders.inner.fd, entry->d_name, 0) != 0 && errno != EISDIR)
			error = errno;
	}
	closedir(dir);
	return error == 0 || fail(errors, copies->path, error);
}

bool mw_copies_remove_others(struct mw_copies *copies, const struct mw_strs *sources, struct mw_errors *errors)
{
	bool done;

	mw_folder_enter(&copies->folders.outer);
	done = remove_others(copies, sources, errors);
	mw_folder_leave(&copies->folders.outer);
	return done;
}

static bool write_state(struct mw_copies *copies, const struct mw_source_state *state, struct mw_errors *errors)
{
	char name[MW_COPY_NAME_SIZE], temporary[MW_COPY_NAME_SIZE], memory[MW_COPY_STATE_MOST];
	struct mw_buf text = MW_BUF_OVER(memory);
	bool done;
	int fd;

	if (!mw_copy_file_name(state->source, ".state", name))
		return true;
	mw_source_state_print(state, &text);
	snprintf(temporary, sizeof(temporary), TEMPORARY "%ld.state.tmp", (long)getpid());
	fd = mw_folder_make(&copies->folders.inner, temporary);
	if (fd < 0)
		return fail(errors, copies->path, errno);
	done = mw_folder_own(&copies->folders.inner, fd) && write(fd, memory, text.used) == (ssize_t)text.used &&
		fsync(fd) == 0;
	if (!done)
		fail(errors, copies->path, errno == 0 ? ENOSPC : errno);
	close(fd);
	done = done && put(copies, temporary, name, errors);
	if (!done)
		mw_folder_remove(&copies->folders.inner, temporary);
	return done;
}

bool mw_copies_write_state(struct mw_copies *copies, const struct mw_source_state *state, struct mw_errors *errors)
{
	bool done;

	mw_folder_enter(&copies->folders.outer);
	done = write_state(copies, state, errors);
	mw_folder_leave(&copies->folders.outer);
	return done;
}

/* SPDX-License-Identifier: MIT */
#include "sync/merge/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/folder.h"

#define TEMPORARY ".copy."
#define NAME_SIZE 256
#define STATE_MAX 4096
#define HEAD "# The last good content of a source, as mailwicket sync published it. Not to be edited.\n# Read by "
#define HEAD_SIZE 256

struct written { char name[NAME_SIZE]; size_t number; };

/* That of the snapshots, and that of the copies in it. Root enters the first to work in the second. */
struct folders { struct mw_folder outer, inner; };

struct mw_copies {
	char *path;
	struct folders folders;
	struct written *items;
	size_t count;
};

/* The name of a file that any source has: what is no letter, digit, "-" or "_" is %XX, so that none has a ".". */
static bool file_name(struct mw_str source, const char *end, char name_r[NAME_SIZE])
{
	struct mw_buf name = mw_buf_over(name_r, NAME_SIZE);

	for (size_t i = 0; i < source.len; i++) {
		unsigned char c = (unsigned char)source.ptr[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
			mw_buf_add_char(&name, (char)c);
		else
			mw_buf_printf(&name, "%%%02X", c);
	}
	mw_buf_add_text(&name, end);
	return !name.truncated;
}

static void add_setting(struct mw_text_out *out, struct mw_str value)
{
	char memory[32];
	struct mw_buf length = MW_BUF_OVER(memory);

	mw_buf_printf(&length, "%zu:", value.len);
	mw_text_out_add(out, mw_buf_str(&length));
	mw_text_out_add(out, value);
}

/* The first lines of a source's copy. They say where it was read, in a digest: others may read the file, and the
   arguments of a command may hold what not everybody should know. False when memory is out. */
static bool print_head(const struct mw_source *source, struct mw_buf *head)
{
	struct mw_text_out *out = malloc(sizeof(*out));
	char digest[MW_TEXT_DIGEST_SIZE], port[32];
	struct mw_buf number = MW_BUF_OVER(port);

	if (out == NULL || !mw_text_out_begin(out, -1)) {
		free(out);
		return false;
	}
	mw_buf_printf(&number, "%u", source->sql.port);
	add_setting(out, source->path);
	for (size_t i = 0; i < source->command.count; i++)
		add_setting(out, source->command.items[i]);
	add_setting(out, source->sql.host);
	add_setting(out, mw_buf_str(&number));
	add_setting(out, source->sql.dbname);
	for (size_t i = 0; i < source->ldap.url.count; i++)
		add_setting(out, source->ldap.url.items[i]);
	/* What other drivers never have stands in no digest of theirs. */
	if (!mw_str_empty(source->ldap.base))
		add_setting(out, source->ldap.base);
	mw_text_out_end(out, digest);
	free(out);
	mw_buf_printf(head, HEAD "%.*s from %s\n", MW_STR_ARG(source->driver), digest);
	return true;
}

/* --- reading */

static char *read_octets(int fd, size_t size)
{
	char *memory = malloc(size + 1);
	size_t done = 0;

	while (memory != NULL && done < size) {
		ssize_t got = read(fd, memory + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			if (got == 0)
				errno = EIO;
			free(memory);
			return NULL;
		}
		done += (size_t)got;
	}
	if (memory != NULL)
		memory[size] = '\0';
	return memory;
}

/* As the folder of the snapshots is believed, so are the copies in it. Close both with close_folders(). */
static bool open_folders(struct folders *folders, const char *folder, const char *path, bool make,
			 struct mw_errors *errors)
{
	bool done;

	folders->inner = (struct mw_folder){ .fd = -1, .lock_fd = -1 };
	if (!mw_folder_open(&folders->outer, folder, false, errors))
		return false;
	mw_folder_enter(&folders->outer);
	done = mw_folder_open_inner(&folders->inner, &folders->outer, path, make, errors);
	mw_folder_leave(&folders->outer);
	return done;
}

static void close_folders(struct folders *folders)
{
	mw_folder_close(&folders->inner);
	mw_folder_close(&folders->outer);
}

static char *read_fit(const struct folders *folders, const char *path, size_t *size_r, struct mw_buf *why)
{
	char *memory = NULL;
	struct stat st;
	int fd;

	mw_folder_enter(&folders->outer);
	fd = mw_folder_open_file(&folders->inner, path, &st, why);
	mw_folder_leave(&folders->outer);
	if (fd < 0)
		return NULL;
	memory = read_octets(fd, (size_t)st.st_size);
	*size_r = (size_t)st.st_size;
	if (memory == NULL)
		mw_buf_printf(why, "%s: %s", path, strerror(errno));
	close(fd);
	return memory;
}

static enum mw_copy_result read_file(const char *folder, const char *path, char **memory_r, size_t *size_r,
				     struct mw_buf *why)
{
	struct mw_errors *errors;
	struct folders folders;
	char *inner;

	*memory_r = NULL;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return MW_COPY_NONE;
	errors = mw_errors_new(1);
	inner = strndup(path, (size_t)(strrchr(path, '/') - path));
	if (errors == NULL || inner == NULL) {
		mw_buf_printf(why, "%s: out of memory", path);
	} else {
		if (open_folders(&folders, folder, inner, false, errors))
			*memory_r = read_fit(&folders, path, size_r, why);
		else
			mw_error_print(mw_errors_get(errors, 0), why);
		close_folders(&folders);
	}
	free(inner);
	mw_errors_free(errors);
	return *memory_r != NULL ? MW_COPY_READ : MW_COPY_BAD;
}

enum mw_copy_result mw_copy_read(struct mw_arena *arena, const char *folder, const struct mw_source *source,
				 struct mw_copy *copy_r, struct mw_buf *why)
{
	char name[NAME_SIZE], memory[HEAD_SIZE];
	struct mw_buf head = MW_BUF_OVER(memory);
	enum mw_copy_result result;

	*copy_r = (struct mw_copy){ 0 };
	if (!file_name(source->name, "", name))
		return MW_COPY_NONE;
	copy_r->path = mw_arena_textf(arena, "%s/" MW_FOLDER_SOURCES "/%s", folder, name);
	result = read_file(folder, copy_r->path, &copy_r->memory, &copy_r->text.len, why);
	if (result != MW_COPY_READ)
		return result;
	copy_r->text.ptr = copy_r->memory;
	copy_r->of_another = !print_head(source, &head) || !mw_str_starts_with(copy_r->text, mw_buf_str(&head));
	return MW_COPY_READ;
}

void mw_copy_free(struct mw_copy *copy)
{
	free(copy->memory);
	*copy = (struct mw_copy){ 0 };
}

void mw_source_state_read(const char *folder, struct mw_str source, struct mw_source_state *state_r)
{
	char name[NAME_SIZE], path[4096], text[512];
	struct mw_buf buf = MW_BUF_OVER(path), why = MW_BUF_OVER(text);
	char *memory;
	size_t size;

	*state_r = (struct mw_source_state){ .source = source };
	if (!file_name(source, ".state", name))
		return;
	mw_buf_printf(&buf, "%s/" MW_FOLDER_SOURCES "/%s", folder, name);
	if (buf.truncated || read_file(folder, path, &memory, &size, &why) != MW_COPY_READ)
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
	if (open_folders(&copies->folders, folder, copies->path, true, errors) && remove_leftovers(copies, errors))
		return copies;
	mw_copies_close(copies);
	return NULL;
}

static void temporary_name(size_t number, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, TEMPORARY "%ld.%zu.tmp", (long)getpid(), number);
}

void mw_copies_close(struct mw_copies *copies)
{
	char name[NAME_SIZE];

	if (copies == NULL)
		return;
	mw_folder_enter(&copies->folders.outer);
	for (size_t i = 0; i < copies->count; i++) {
		temporary_name(copies->items[i].number, name);
		mw_folder_remove(&copies->folders.inner, name);
	}
	mw_folder_leave(&copies->folders.outer);
	close_folders(&copies->folders);
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

static bool fill(int fd, const struct mw_source *source, const struct mw_records *records, uint32_t owner)
{
	struct mw_text_out *out = malloc(sizeof(*out));
	char digest[MW_TEXT_DIGEST_SIZE], memory[HEAD_SIZE];
	struct mw_buf head = MW_BUF_OVER(memory);
	bool done = out != NULL && print_head(source, &head) && mw_text_out_begin(out, fd);

	if (!done) {
		free(out);
		errno = ENOMEM;
		return false;
	}
	mw_text_out_add(out, mw_buf_str(&head));
	done = mw_text_write(out, records, owner);
	errno = mw_text_out_end(out, digest);
	if (!done)
		errno = ENOMEM;
	done = done && errno == 0 && fsync(fd) == 0;
	free(out);
	return done;
}

static bool write_copy(struct mw_copies *copies, const struct mw_source *source, const struct mw_records *records,
		       uint32_t owner, struct mw_errors *errors)
{
	struct written *larger = reallocarray(copies->items, copies->count + 1, sizeof(*larger)), *item;
	char temporary[NAME_SIZE];
	int fd, error;
	bool done;

	if (larger == NULL)
		return fail(errors, copies->path, ENOMEM);
	copies->items = larger;
	item = &larger[copies->count];
	item->number = owner;
	if (!file_name(source->name, "", item->name))
		return fail(errors, copies->path, ENAMETOOLONG);
	temporary_name(item->number, temporary);
	fd = mw_folder_make(&copies->folders.inner, temporary);
	if (fd < 0)
		return fail(errors, copies->path, errno);
	copies->count++;
	done = mw_folder_own(&copies->folders.inner, fd) && fill(fd, source, records, owner);
	error = errno;
	if (done && is_published(copies, item->name, fd)) {
		mw_folder_remove(&copies->folders.inner, temporary);
		copies->count--;
	}
	if (close(fd) != 0 && done) {
		error = errno;
		done = false;
	}
	return done || fail(errors, copies->path, error);
}

bool mw_copies_write(struct mw_copies *copies, const struct mw_source *source, const struct mw_records *records,
		     uint32_t owner, struct mw_errors *errors)
{
	bool done;

	mw_folder_enter(&copies->folders.outer);
	done = write_copy(copies, source, records, owner, errors);
	mw_folder_leave(&copies->folders.outer);
	return done;
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
	char temporary[NAME_SIZE];
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
	char name[NAME_SIZE];

	for (size_t i = 0; i < sources->count; i++) {
		if ((file_name(sources->items[i], "", name) && strcmp(file, name) == 0) ||
		    (file_name(sources->items[i], ".state", name) && strcmp(file, name) == 0))
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
	char name[NAME_SIZE], temporary[NAME_SIZE], memory[STATE_MAX];
	struct mw_buf text = MW_BUF_OVER(memory);
	bool done;
	int fd;

	if (!file_name(state->source, ".state", name))
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

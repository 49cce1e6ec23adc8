/* SPDX-License-Identifier: MIT */
#include "sync/merge/copy_file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "# The last good content of a source, as mailwicket sync published it. Its last line has its digest.\n"
/* Of a copy that has no such line. Nobody can tell whether it is whole; the next good reading replaces it. */
#define HEAD_BEFORE "# The last good content of a source, as mailwicket sync published it. Not to be edited.\n"
#define END "# The end of "

/* The name of a file that any source has: what is no letter, digit, "-" or "_" is %XX, so that none has a ".". */
bool mw_copy_file_name(struct mw_str source, const char *end, char name_r[MW_COPY_NAME_SIZE])
{
	struct mw_buf name = mw_buf_over(name_r, MW_COPY_NAME_SIZE);

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
   arguments of a command may hold what not everybody should know. The url of an LDAP server is left out: all servers of
   a directory have the same entries below a base, with the same keys. `urls`: as earlier versions wrote it, with these.
   False when memory is out. */
static bool add_head(const struct mw_source *source, bool urls, struct mw_buf *head)
{
	struct mw_text_out *out = mw_text_digest_begin();
	char digest[MW_TEXT_DIGEST_SIZE], port[32];
	struct mw_buf number = MW_BUF_OVER(port);

	if (out == NULL)
		return false;
	mw_buf_printf(&number, "%u", source->sql.port);
	add_setting(out, source->path);
	for (size_t i = 0; i < source->command.count; i++)
		add_setting(out, source->command.items[i]);
	add_setting(out, source->sql.host);
	add_setting(out, mw_buf_str(&number));
	add_setting(out, source->sql.dbname);
	for (size_t i = 0; i < source->ldap.url.count && urls; i++)
		add_setting(out, source->ldap.url.items[i]);
	/* What other drivers never have stands in no digest of theirs. */
	if (!mw_str_empty(source->ldap.base))
		add_setting(out, source->ldap.base);
	mw_text_digest_end(out, digest);
	mw_buf_printf(head, HEAD "# Read by %.*s from %s\n", MW_STR_ARG(source->driver), digest);
	return true;
}

bool mw_copy_head(const struct mw_source *source, struct mw_buf *head)
{
	return add_head(source, false, head);
}

/* False when memory is out. */
static bool look_for_head(const struct mw_source *source, bool urls, struct mw_str text, bool *there_r)
{
	char memory[MW_COPY_HEAD_SIZE];
	struct mw_buf head = MW_BUF_OVER(memory);
	struct mw_str expected, first;

	if (!add_head(source, urls, &head))
		return false;
	expected = mw_buf_str(&head);
	/* The first line only says which form it is. */
	*there_r = mw_str_split(&expected, '\n', &first) && mw_str_split(&text, '\n', &first) &&
		mw_str_starts_with(text, expected);
	return true;
}

bool mw_copy_look(const struct mw_source *source, struct mw_str text, bool *of_another_r)
{
	bool now = false, before = false;
	bool done = look_for_head(source, false, text, &now) && look_for_head(source, true, text, &before);

	*of_another_r = !now && !before;
	return done;
}

void mw_copy_end(const char *digest, struct mw_buf *end)
{
	mw_buf_printf(end, END "%s\n", digest);
}

bool mw_copy_is_whole(struct mw_str text)
{
	char digest[MW_TEXT_DIGEST_SIZE], memory[sizeof(END) + MW_TEXT_DIGEST_SIZE];
	struct mw_buf expected = MW_BUF_OVER(memory);
	const size_t size = sizeof(END) - 1 + MW_TEXT_DIGEST_SIZE;
	struct mw_text_out *out;

	if (!mw_str_starts_with(text, MW_STR(HEAD)))
		return mw_str_starts_with(text, MW_STR(HEAD_BEFORE));
	if (text.len < size)
		return false;
	out = mw_text_digest_begin();
	if (out == NULL)
		return false;
	mw_text_out_add(out, mw_str_head(text, text.len - size));
	mw_text_digest_end(out, digest);
	mw_copy_end(digest, &expected);
	return mw_str_equal(mw_str_tail(text, text.len - size), mw_buf_str(&expected));
}

char *mw_copy_read_octets(int fd, size_t size)
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

/* As the folder of the snapshots is believed, so are the copies in it. Close both with mw_copy_close_folders(). */
bool mw_copy_open_folders(struct mw_copy_folders *folders, const char *folder, const char *path, bool make,
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

void mw_copy_close_folders(struct mw_copy_folders *folders)
{
	mw_folder_close(&folders->inner);
	mw_folder_close(&folders->outer);
}

static bool has_more_lines(const char *text, size_t size, size_t most)
{
	const char *end = text + size, *line;

	for (size_t count = 0; (line = memchr(text, '\n', (size_t)(end - text))) != NULL; text = line + 1) {
		if (++count > most)
			return true;
	}
	return false;
}

static bool refuse_size(const char *path, uint64_t most, const char *what, struct mw_buf *why)
{
	mw_buf_printf(why, "%s: it is too large: no more than %llu %s are read", path, (unsigned long long)most, what);
	return false;
}

/* Who has the folder could fill the memory of whoever reads it. */
static bool is_in_bounds(const char *path, const struct stat *st, uint64_t most, struct mw_buf *why)
{
	uint64_t octets = (uint64_t)st->st_size;

	if (most != 0)
		return octets <= most || refuse_size(path, most, "octets", why);
	return !mw_snapshot_is_foreign(st) || octets <= MW_COPY_FOREIGN_MOST ||
		refuse_size(path, MW_COPY_FOREIGN_MOST >> 20, "MB of another user's file", why);
}

static char *read_fit(const struct mw_copy_folders *folders, const char *path, uint64_t most, size_t *size_r,
		      struct mw_buf *why)
{
	char *memory = NULL;
	struct stat st;
	int fd;

	mw_folder_enter(&folders->outer);
	fd = mw_folder_open_file(&folders->inner, path, &st, why);
	mw_folder_leave(&folders->outer);
	if (fd < 0)
		return NULL;
	*size_r = (size_t)st.st_size;
	if (is_in_bounds(path, &st, most, why)) {
		memory = mw_copy_read_octets(fd, (size_t)st.st_size);
		if (memory == NULL)
			mw_buf_printf(why, "%s: %s", path, strerror(errno));
	}
	close(fd);
	if (memory != NULL && mw_snapshot_is_foreign(&st) && has_more_lines(memory, *size_r, MW_COPY_FOREIGN_LINES_MOST)) {
		refuse_size(path, MW_COPY_FOREIGN_LINES_MOST, "lines of another user's file", why);
		free(memory);
		memory = NULL;
	}
	return memory;
}

enum mw_copy_result mw_copy_read_file(const char *folder, const char *path, uint64_t most, char **memory_r,
				     size_t *size_r, struct mw_buf *why)
{
	struct mw_errors *errors;
	struct mw_copy_folders folders;
	char *inner;

	*memory_r = NULL;
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return MW_COPY_NONE;
	errors = mw_errors_new(1);
	inner = strndup(path, (size_t)(strrchr(path, '/') - path));
	if (errors == NULL || inner == NULL) {
		mw_buf_printf(why, "%s: out of memory", path);
	} else {
		if (mw_copy_open_folders(&folders, folder, inner, false, errors))
			*memory_r = read_fit(&folders, path, most, size_r, why);
		else
			mw_error_print(mw_errors_get(errors, 0), why);
		mw_copy_close_folders(&folders);
	}
	free(inner);
	mw_errors_free(errors);
	return *memory_r != NULL ? MW_COPY_READ : MW_COPY_BAD;
}

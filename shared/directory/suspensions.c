/* SPDX-License-Identifier: MIT */
#include "directory/suspensions.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "directory/content.h"
#include "directory/snapshot.h"

#define MAGIC "MWSUSPND"
#define FORMAT_VERSION 2
#define BYTE_ORDER_MARK 0x01020304u
/* A suspension made so many seconds after the rename was seen may have been made in sight of the snapshot before. */
#define FORMER_GRACE 600

/* Before the suspensions. */
struct head {
	char magic[8];
	uint32_t version, byte_order;
	uint64_t count, name_count;
	uint64_t check; /* XXH3-64 of suspensions and names, with that of the head up to here as its seed */
};

_Static_assert(sizeof(struct mw_suspension) == 600 && sizeof(struct mw_suspended_name) == 512 &&
	       sizeof(struct head) == 40, "no padding in the file");

static size_t items_size(const struct head *head)
{
	return (size_t)head->count * sizeof(struct mw_suspension);
}

static size_t names_size(const struct head *head)
{
	return (size_t)head->name_count * sizeof(struct mw_suspended_name);
}

/* `rest` is all behind the head. */
static uint64_t check_of(const struct head *head, const void *rest)
{
	return XXH3_64bits_withSeed(rest, items_size(head) + names_size(head),
				    XXH3_64bits(head, offsetof(struct head, check)));
}

size_t mw_suspensions_size(size_t count, size_t name_count)
{
	return sizeof(struct head) + count * sizeof(struct mw_suspension) +
	       name_count * sizeof(struct mw_suspended_name);
}

void mw_suspensions_write(const struct mw_suspensions *suspensions, void *out)
{
	struct head head = { .version = FORMAT_VERSION, .byte_order = BYTE_ORDER_MARK, .count = suspensions->count,
			     .name_count = suspensions->name_count };
	char *rest = (char *)out + sizeof(head);

	memcpy(head.magic, MAGIC, sizeof(head.magic));
	if (suspensions->count > 0)
		memcpy(rest, suspensions->items, items_size(&head));
	if (suspensions->name_count > 0)
		memcpy(rest + items_size(&head), suspensions->names, names_size(&head));
	head.check = check_of(&head, rest);
	memcpy(out, &head, sizeof(head));
}

static const char *check_head(const struct head *head, size_t octets)
{
	if (octets < sizeof(*head) || memcmp(head->magic, MAGIC, sizeof(head->magic)) != 0)
		return "holds no suspensions, or is cut off";
	if (head->byte_order != BYTE_ORDER_MARK)
		return "was written on a machine with another byte order";
	if (head->version != FORMAT_VERSION)
		return "has a format that this version does not read";
	if (head->count > MW_SUSPENSIONS_MAX || head->name_count > MW_SUSPENDED_NAMES_MAX ||
	    octets != mw_suspensions_size((size_t)head->count, (size_t)head->name_count))
		return "is damaged (length)";
	return NULL;
}

/* The last byte is zero, and so are all bytes after the text. */
static bool is_text(const char *text, size_t size)
{
	for (size_t i = strnlen(text, size); i < size; i++)
		if (text[i] != '\0')
			return false;
	return text[size - 1] == '\0';
}

static int compare(const struct mw_suspension *a, const struct mw_suspension *b)
{
	int order = mw_content_compare_text(mw_str(a->user), mw_str(b->user));

	return order != 0 ? order : (a->what > b->what) - (a->what < b->what);
}

static const char *check_items(const struct mw_suspensions *suspensions)
{
	for (size_t i = 0; i < suspensions->count; i++) {
		const struct mw_suspension *one = &suspensions->items[i];

		if (!is_text(one->user, sizeof(one->user)) || !is_text(one->by, sizeof(one->by)) ||
		    !is_text(one->reason, sizeof(one->reason)) || one->user[0] == '\0' ||
		    (one->what != MW_SUSPENDED_SENDING && one->what != MW_SUSPENDED_ALL) ||
		    (i > 0 && compare(&one[-1], one) >= 0))
			return "is damaged (content)";
	}
	for (size_t i = 0; i < suspensions->name_count; i++) {
		const struct mw_suspended_name *one = &suspensions->names[i];

		if (!is_text(one->login, sizeof(one->login)) || !is_text(one->user, sizeof(one->user)) ||
		    one->login[0] == '\0' ||
		    (i > 0 && mw_content_compare_text(mw_str(one[-1].login), mw_str(one->login)) >= 0))
			return "is damaged (content)";
	}
	return NULL;
}

static enum mw_snapshot_result fail_errno(const char *path, struct mw_buf *why)
{
	mw_buf_printf(why, "%s: %s", path, strerror(errno));
	return MW_SNAPSHOT_FAILED;
}

/* 0 or an errno; EIO for a file that is cut off while it is read. */
static int read_whole(int fd, void *memory, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = pread(fd, (char *)memory + done, size - done, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? errno : EIO;
		done += (size_t)got;
	}
	return 0;
}

static enum mw_snapshot_result read_items(int fd, const char *path, const struct head *head,
					  struct mw_suspensions *suspensions, struct mw_buf *why)
{
	size_t size = mw_suspensions_size((size_t)head->count, (size_t)head->name_count);
	char *memory = malloc(size);
	const char *wrong = NULL;
	enum mw_snapshot_result result = MW_SNAPSHOT_OPEN;

	suspensions->count = (size_t)head->count;
	/* One more than there are, so that it is never NULL. */
	suspensions->items = calloc(suspensions->count + 1, sizeof(suspensions->items[0]));
	suspensions->name_count = (size_t)head->name_count;
	suspensions->names = calloc(suspensions->name_count + 1, sizeof(suspensions->names[0]));
	errno = memory == NULL || suspensions->items == NULL || suspensions->names == NULL ? ENOMEM
		: read_whole(fd, memory, size);
	if (errno != 0) {
		result = fail_errno(path, why);
	} else {
		memcpy(suspensions->items, memory + sizeof(*head), items_size(head));
		memcpy(suspensions->names, memory + sizeof(*head) + items_size(head), names_size(head));
		if (memcmp(memory, head, sizeof(*head)) != 0 || head->check != check_of(head, memory + sizeof(*head)))
			wrong = "is damaged (digest)";
		else
			wrong = check_items(suspensions);
	}
	if (wrong != NULL) {
		mw_buf_printf(why, "%s %s", path, wrong);
		result = MW_SNAPSHOT_BAD;
	}
	free(memory);
	if (result != MW_SNAPSHOT_OPEN)
		mw_suspensions_free(suspensions);
	return result;
}

static enum mw_snapshot_result read_file(int fd, const char *path, const struct stat *st,
					 struct mw_suspensions *suspensions, struct mw_buf *why)
{
	struct head head = { .count = 0 };
	const char *wrong;
	ssize_t got;

	if (!mw_snapshot_file_is_ours(path, st, why))
		return MW_SNAPSHOT_BAD;
	got = pread(fd, &head, sizeof(head), 0);
	if (got < 0)
		return fail_errno(path, why);
	wrong = check_head(&head, got == (ssize_t)sizeof(head) ? (size_t)st->st_size : 0);
	if (wrong == NULL)
		return read_items(fd, path, &head, suspensions, why);
	mw_buf_printf(why, "%s %s", path, wrong);
	return MW_SNAPSHOT_BAD;
}

enum mw_snapshot_result mw_suspensions_read(const char *path, struct mw_suspensions *suspensions_r,
					    struct stat *stat_r, struct mw_buf *why)
{
	enum mw_snapshot_result result;
	/* O_NONBLOCK: a FIFO must not hold us. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*suspensions_r = (struct mw_suspensions){ .count = 0 };
	memset(stat_r, 0, sizeof(*stat_r));
	if (fd < 0 && errno == ENOENT) {
		suspensions_r->items = calloc(1, sizeof(suspensions_r->items[0]));
		return suspensions_r->items != NULL ? MW_SNAPSHOT_OPEN : fail_errno(path, why);
	}
	if (fd < 0 && errno == ELOOP) {
		mw_buf_printf(why, "%s is a symbolic link", path);
		return MW_SNAPSHOT_BAD;
	}
	if (fd < 0)
		return fail_errno(path, why);
	if (fstat(fd, stat_r) != 0)
		result = fail_errno(path, why);
	else
		result = read_file(fd, path, stat_r, suspensions_r, why);
	close(fd);
	return result;
}

void mw_suspensions_free(struct mw_suspensions *suspensions)
{
	free(suspensions->items);
	free(suspensions->names);
	*suspensions = (struct mw_suspensions){ .count = 0 };
}

/* Index of the first of `count` structs of `size` bytes, sorted by the text `at` bytes into each, that is not before
   `text`. */
static size_t find_text(const void *items, size_t count, size_t size, size_t at, struct mw_str text)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mw_content_compare_text(mw_str((const char *)items + middle * size + at), text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t mw_suspensions_find(const struct mw_suspensions *suspensions, struct mw_str user)
{
	return find_text(suspensions->items, suspensions->count, sizeof(suspensions->items[0]),
			 offsetof(struct mw_suspension, user), user);
}

/* Where the name stands, or would. */
static size_t find_name(const struct mw_suspensions *suspensions, struct mw_str login, bool *there_r)
{
	size_t low = find_text(suspensions->names, suspensions->name_count, sizeof(suspensions->names[0]),
			       offsetof(struct mw_suspended_name, login), login);

	*there_r = low < suspensions->name_count && mw_str_equal(mw_str(suspensions->names[low].login), login);
	return low;
}

static unsigned of_user(const struct mw_suspensions *suspensions, struct mw_str user, struct mw_str *user_r)
{
	unsigned what = 0;

	for (size_t i = mw_suspensions_find(suspensions, user);
	     i < suspensions->count && mw_str_equal(mw_str(suspensions->items[i].user), user); i++) {
		what |= suspensions->items[i].what;
		*user_r = mw_str(suspensions->items[i].user);
	}
	return what;
}

unsigned mw_suspensions_of_login(const struct mw_suspensions *suspensions, struct mw_str login, struct mw_str *user_r)
{
	bool there;
	size_t name = find_name(suspensions, login, &there);
	unsigned what = of_user(suspensions, login, user_r);

	return there ? what | of_user(suspensions, mw_str(suspensions->names[name].user), user_r) : what;
}

bool mw_suspension_is_of_former(const struct mw_suspension *suspension, int64_t until, bool is_somebodys)
{
	return !is_somebodys || suspension->since <= until || suspension->since - until <= FORMER_GRACE;
}

bool mw_suspensions_was_listed(const struct mw_suspensions *suspensions, struct mw_str user)
{
	for (size_t i = 0; i < suspensions->name_count; i++) {
		if (mw_str_equal(mw_str(suspensions->names[i].user), user))
			return true;
	}
	return false;
}

bool mw_suspensions_add_name(struct mw_suspensions *suspensions, struct mw_str user, struct mw_str login)
{
	struct mw_suspended_name *name;
	bool there;
	size_t i = find_name(suspensions, login, &there);

	if (user.len >= sizeof(name->user) || login.len >= sizeof(name->login) ||
	    (!there && suspensions->name_count == MW_SUSPENDED_NAMES_MAX))
		return false;
	name = &suspensions->names[i];
	if (!there) {
		memmove(name + 1, name, (suspensions->name_count - i) * sizeof(*name));
		suspensions->name_count++;
	}
	memset(name, 0, sizeof(*name));
	memcpy(name->login, login.ptr, login.len);
	memcpy(name->user, user.ptr, user.len);
	return true;
}

void mw_suspensions_prune_names(struct mw_suspensions *suspensions)
{
	struct mw_str user;
	size_t kept = 0;

	for (size_t i = 0; i < suspensions->name_count; i++) {
		if (of_user(suspensions, mw_str(suspensions->names[i].user), &user) == 0)
			continue;
		if (kept != i)
			suspensions->names[kept] = suspensions->names[i];
		kept++;
	}
	suspensions->name_count = kept;
}

bool mw_suspensions_expire(struct mw_suspensions *suspensions, int64_t now, int64_t *next_r)
{
	size_t kept = 0, before = suspensions->count;

	*next_r = 0;
	for (size_t i = 0; i < before; i++) {
		int64_t until = suspensions->items[i].until;

		if (until != 0 && until <= now)
			continue;
		if (until != 0 && (*next_r == 0 || until < *next_r))
			*next_r = until;
		if (kept != i)
			suspensions->items[kept] = suspensions->items[i];
		kept++;
	}
	suspensions->count = kept;
	return kept != before;
}

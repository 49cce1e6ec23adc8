/* SPDX-License-Identifier: MIT */
/* Snapshots of another user, who is believed in what the directory says, and in nothing else. For root. */
#include "directory_support.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "directory/index.h"
#include "directory/schema.h"

#define OTHER 65534
#define ANOTHER 65533
#define USERS 400
#define MUTATIONS 1500
#define EXCHANGES 1500

static char folder[100], file[120];
static uint8_t *original;
static size_t octets;

static void put(const void *bytes, size_t size)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	ck_assert_int_eq(fchown(fd, OTHER, (gid_t)-1), 0);
	close(fd);
}

/* Users with grants, one of them with so many that they need pages of their own. */
static void write_text(char *text, size_t size)
{
	struct mw_buf out = mw_buf_over(text, size);

	for (int i = 0; i < USERS; i++)
		mw_buf_printf(&out, "user u%d login=l%d address=a%d\n", i, i, i);
	for (int i = 1; i < USERS; i++)
		mw_buf_printf(&out, "grant send-as shared@other.test u%d\ngrant send-as u0 u%d\n", i, i);
	ck_assert(!out.truncated);
}

static void write_original(const char *text)
{
	int fd;

	mw_test_publish(text);
	fd = open(mw_test_path, O_RDONLY | O_CLOEXEC);
	octets = (size_t)lseek(fd, 0, SEEK_END);
	free(original);
	original = malloc(octets);
	ck_assert_int_eq(pread(fd, original, octets, 0), (ssize_t)octets);
	close(fd);
}

static void make(void)
{
	static char text[100000];

	mw_test_make();
	if (geteuid() != 0)
		return;
	write_text(text, sizeof(text));
	write_original(text);
	snprintf(folder, sizeof(folder), "%s/published", mw_test_folder);
	snprintf(file, sizeof(file), "%s/snapshot.mdb", folder);
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	ck_assert_int_eq(chown(folder, OTHER, (gid_t)-1), 0);
	put(original, octets);
}

static void end(void)
{
	chmod(mw_test_folder, 0755);
	unlink(file);
	if (rmdir(folder) != 0)
		unlink(folder);
	free(original);
	original = NULL;
	mw_test_end();
}

static enum mw_lookup look_up(struct mw_directory *directory)
{
	struct mw_principal found;

	return mw_test_login(directory, "l7", &found);
}

enum { RIGHT, FILE_OF_ROOT, FILE_OF_ANOTHER, PARENT_FOR_GROUP, PARENT_FOR_ALL, PARENT_OF_OTHER, FOLDER_FOR_GROUP,
       FOLDER_OF_ROOT, FILE_FOR_GROUP, FILE_FOR_ALL, FILE_LINK, FOLDER_LINK, FILE_FIFO };

static const struct { int what; const char *why; } combinations[] = {
	{ RIGHT, NULL },
	{ FILE_OF_ROOT, NULL },
	{ FILE_OF_ANOTHER, "snapshot.mdb belongs to user 65533" },
	{ PARENT_FOR_GROUP, "published belongs to user 65534" },
	{ PARENT_FOR_ALL, "published belongs to user 65534" },
	{ PARENT_OF_OTHER, "published belongs to user 65534" },
	{ FOLDER_FOR_GROUP, "published is writable by its group" },
	{ FOLDER_OF_ROOT, "snapshot.mdb belongs to user 65534" },
	{ FILE_FOR_GROUP, "snapshot.mdb is writable by its group" },
	{ FILE_FOR_ALL, "snapshot.mdb is writable by everybody" },
	{ FILE_LINK, "snapshot.mdb is a symbolic link" },
	{ FOLDER_LINK, "published is a symbolic link" },
	{ FILE_FIFO, "snapshot.mdb is no regular file" },
};

static int arrange(int what)
{
	char aside[120];

	snprintf(aside, sizeof(aside), "%s/elsewhere", mw_test_folder);
	switch (what) {
	case FILE_OF_ROOT: return chown(file, 0, (gid_t)-1);
	case FILE_OF_ANOTHER: return chown(file, ANOTHER, (gid_t)-1);
	case PARENT_FOR_GROUP: return chmod(mw_test_folder, 0775);
	case PARENT_FOR_ALL: return chmod(mw_test_folder, 01777);
	case PARENT_OF_OTHER: return chown(mw_test_folder, OTHER, (gid_t)-1);
	case FOLDER_FOR_GROUP: return chmod(folder, 0775);
	case FOLDER_OF_ROOT: return chown(folder, 0, (gid_t)-1);
	case FILE_FOR_GROUP: return chmod(file, 0664);
	case FILE_FOR_ALL: return chmod(file, 0646);
	case FILE_LINK: return unlink(file) | symlink(mw_test_path, file);
	case FOLDER_LINK: return unlink(file) | rmdir(folder) | symlink(mw_test_folder, folder);
	case FILE_FIFO: return unlink(file) | mkfifo(file, 0644);
	default: return 0;
	}
}

START_TEST(the_owner_of_the_folder_is_believed_where_its_parent_is_roots)
{
	struct mw_directory *directory;
	const char *why = combinations[_i].why;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(arrange(combinations[_i].what), 0);
	directory = mw_directory_new(folder);
	ck_assert_int_eq(mw_directory_refresh(directory), why == NULL ? MW_DIRECTORY_NEW : MW_DIRECTORY_FAILED);
	ck_assert_int_eq(look_up(directory), why == NULL ? MW_LOOKUP_FOUND : MW_LOOKUP_UNAVAILABLE);
	ck_assert_msg(why == NULL || strstr(mw_directory_error(directory), why) != NULL, "%s", mw_directory_error(directory));
	mw_directory_free(directory);
}
END_TEST

/* A mapping of the file itself would end the process with SIGBUS. */
START_TEST(a_file_that_is_cut_off_or_written_over_kills_no_reader)
{
	struct mw_directory *directory;
	uint8_t *zeros;

	if (geteuid() != 0)
		return;
	directory = mw_directory_new(folder);
	zeros = calloc(1, octets);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	ck_assert_int_eq(truncate(file, 0), 0);
	ck_assert_int_eq(look_up(directory), MW_LOOKUP_FOUND);
	/* It is not what is published any more; what was published before goes on. */
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_FAILED);
	ck_assert_int_eq(look_up(directory), MW_LOOKUP_FOUND);
	put(zeros, octets);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_FAILED);
	ck_assert_int_eq(look_up(directory), MW_LOOKUP_FOUND);
	put(original, octets);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	mw_directory_free(directory);
	free(zeros);
}
END_TEST

static void ignore(void *context, struct mw_str name)
{
	*(size_t *)context += name.len;
}

/* All that a decision or a command reads. */
static void read_all(struct mw_directory *directory)
{
	const struct mw_directory_view *view = mw_directory_view(directory);
	struct mw_principal principal;
	struct mw_grants grants;
	size_t sum = 0;
	char name[60];

	for (int i = 0; i < USERS + 2; i++) {
		snprintf(name, sizeof(name), "l%d", i);
		(void)mw_test_login(directory, name, &principal);
		snprintf(name, sizeof(name), "a%d@example.test", i);
		if (view->by_address(view->context, mw_str(name), &principal, NULL) == MW_LOOKUP_FOUND) {
			for (size_t k = 0; k < principal.grants.send_as.count; k++)
				sum += principal.grants.send_as.items[k];
			ignore(&sum, principal.name);
		}
		(void)view->by_id(view->context, (uint32_t)i, &principal);
	}
	(void)view->complete_domain(view->context, MW_STR("example.test"));
	if (view->grants_on_address(view->context, MW_STR("shared@other.test"), &grants) == MW_LOOKUP_FOUND) {
		for (size_t k = 0; k < grants.send_as.count; k++)
			sum += grants.send_as.items[k];
	}
	(void)mw_directory_each_address(directory, 3, false, ignore, &sum);
	(void)mw_directory_each_login(directory, 3, ignore, &sum);
	ck_assert(sum != 1);
}

/* As somebody who knows the format: the digest is right. */
static void seal(uint8_t *bytes)
{
	struct mw_trailer trailer;
	int fd;

	put(bytes, octets);
	memcpy(&trailer, bytes + octets - sizeof(trailer), sizeof(trailer));
	fd = open(file, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(mw_trailer_digest(fd, trailer.pages_octets, trailer.digest), 0);
	close(fd);
	mw_trailer_seal(&trailer);
	memcpy(bytes + octets - sizeof(trailer), &trailer, sizeof(trailer));
	put(bytes, octets);
}

/* Mostly where a page says how it is to be read. */
static void mutate(uint8_t *bytes)
{
	static const uint16_t values[] = { 0, 1, 2, 3, 7, 8, 15, 16, 17, 4095, 4096, 4097, 0x7fff, 0x8000, 0xffff };
	size_t pages = (octets - sizeof(struct mw_trailer)) / 4096;

	for (long count = 1 + random() % 3; count > 0; count--) {
		size_t within = (size_t)(random() % 3 == 0 ? random() % 4094 : random() % 160);
		size_t at = ((size_t)random() % pages) * 4096 + within;
		uint16_t value = random() % 2 == 0 ? (uint16_t)random() : values[(size_t)random() % MW_COUNT(values)];

		memcpy(bytes + at, &value, sizeof(value));
	}
}

START_TEST(no_file_that_its_owner_can_make_ends_a_reader)
{
	uint8_t *bytes;
	size_t opened = 0, refused = 0;

	if (geteuid() != 0)
		return;
	bytes = malloc(octets);
	srandom(20);
	for (int i = 0; i < MUTATIONS; i++) {
		struct mw_directory *directory = mw_directory_new(folder);

		memcpy(bytes, original, octets);
		mutate(bytes);
		seal(bytes);
		if (mw_directory_refresh(directory) == MW_DIRECTORY_NEW)
			opened++;
		else
			refused++;
		read_all(directory);
		mw_directory_free(directory);
	}
	ck_assert_uint_gt(opened, 0);
	ck_assert_uint_gt(refused, 0);
	free(bytes);
}
END_TEST

/* --- pages that are not what a writer makes */

#define PAGE 4096
#define HEAD 16 /* of a page */
#define NODE 8  /* its head */

static uint16_t get_u16(const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static void put_u16(uint8_t *bytes, uint16_t value)
{
	memcpy(bytes, &value, sizeof(value));
}

/* Finds the entry of a key in a leaf; *place_r: where the page says where it is. */
static uint8_t *find_node(uint8_t *bytes, const struct mw_key *key, uint8_t **page_r, uint8_t **place_r)
{
	for (uint8_t *page = bytes + 2 * PAGE; page + PAGE < bytes + octets; page += PAGE) {
		if (get_u16(page + 10) != 2)
			continue;
		for (uint8_t *place = page + HEAD; place < page + get_u16(page + 12); place += sizeof(uint16_t)) {
			uint8_t *node = page + get_u16(place);

			if (get_u16(node + 6) != key->len || memcmp(node + NODE, key->bytes, key->len) != 0)
				continue;
			*page_r = page;
			*place_r = place;
			return node;
		}
	}
	ck_abort_msg("no such key");
	return NULL;
}

/* LMDB, which halves a page, does not find the first principal; who walks over it does. */
static void exchange_entries(uint8_t *page, uint8_t *place)
{
	uint8_t *other = place == page + HEAD ? place + sizeof(uint16_t) : page + HEAD;
	uint16_t at = get_u16(place);

	put_u16(place, get_u16(other));
	put_u16(other, at);
}

static void repeat_entry(uint8_t *page, uint8_t *place)
{
	put_u16(place == page + HEAD ? place + sizeof(uint16_t) : page + HEAD, get_u16(place));
}

/* The entry that lies first takes all that comes behind it. */
static void cover_entries(uint8_t *page, uint8_t *place)
{
	uint8_t *node = page + get_u16(page + 14);

	(void)place;
	ck_assert_uint_eq(get_u16(node + 4), 0);
	put_u16(node, (uint16_t)(page + PAGE - node - NODE - get_u16(node + 6)));
}

static const struct { void (*change)(uint8_t *page, uint8_t *place); } pages[] = {
	{ exchange_entries }, { repeat_entry }, { cover_entries },
};

START_TEST(pages_that_no_writer_makes_are_refused)
{
	struct mw_directory *directory;
	uint8_t *page, *place;
	struct mw_key key;

	if (geteuid() != 0)
		return;
	mw_key_number(MW_KEY_PRINCIPAL, 1, &key);
	find_node(original, &key, &page, &place);
	pages[_i].change(page, place);
	seal(original);
	directory = mw_directory_new(folder);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_FAILED);
	ck_assert_ptr_nonnull(strstr(mw_directory_error(directory), "is damaged (tree)"));
	ck_assert_int_eq(look_up(directory), MW_LOOKUP_UNAVAILABLE);
	mw_directory_free(directory);
}
END_TEST

/* Suspensions are of principals with a number, so that nothing would hold for this one. */
START_TEST(nobody_is_principal_number_0)
{
	const uint32_t zero[2] = { 0, MW_HELD_PRIMARY };
	struct mw_directory *directory;
	uint8_t *page, *place, *node;
	struct mw_principal found;
	struct mw_key key;

	if (geteuid() != 0)
		return;
	write_original("user u7@example.test login=l7\n");
	mw_key_number(MW_KEY_PRINCIPAL, 1, &key);
	node = find_node(original, &key, &page, &place);
	mw_key_number(MW_KEY_PRINCIPAL, 0, &key);
	memcpy(node + NODE, key.bytes, key.len);
	ck_assert(mw_key_text(MW_KEY_LOGIN, MW_STR("l7"), &key));
	node = find_node(original, &key, &page, &place);
	memcpy(node + NODE + key.len, zero, sizeof(zero[0]));
	ck_assert(mw_key_text(MW_KEY_ADDRESS, MW_STR("u7@example.test"), &key));
	node = find_node(original, &key, &page, &place);
	ck_assert_uint_eq(get_u16(node), sizeof(zero));
	memcpy(node + NODE + key.len, zero, sizeof(zero));
	seal(original);
	directory = mw_directory_new(folder);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	ck_assert_int_eq(look_up(directory), MW_LOOKUP_UNAVAILABLE);
	ck_assert_int_eq(mw_directory_view(directory)->by_address(mw_directory_view(directory)->context,
								  MW_STR("u7@example.test"), &found, NULL),
			 MW_LOOKUP_UNAVAILABLE);
	mw_directory_free(directory);
}
END_TEST

/* The owner of the folder exchanges a file of root's in it all the time for a FIFO, whose open would not end. */
START_TEST(a_fifo_in_the_place_of_what_was_checked_holds_no_reader)
{
	char fifo[140];
	pid_t other;

	if (geteuid() != 0)
		return;
	snprintf(fifo, sizeof(fifo), "%s.fifo", file);
	ck_assert_int_eq(chown(file, 0, (gid_t)-1) | mkfifo(fifo, 0644), 0);
	other = fork();
	if (other == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			renameat2(AT_FDCWD, file, AT_FDCWD, fifo, RENAME_EXCHANGE);
		_exit(0);
	}
	for (int i = 0; i < EXCHANGES; i++) {
		struct mw_directory *directory = mw_directory_new(folder);

		(void)mw_directory_refresh(directory);
		mw_directory_free(directory);
	}
	kill(other, SIGKILL);
	ck_assert_int_eq(waitpid(other, NULL, 0), other);
	unlink(fifo);
}
END_TEST

/* It would say that there is nobody, or that all names are there, or lead out of the file. */
static const int fillings[] = { 0, 0xff, 0x7f };

START_TEST(the_index_of_another_user_is_not_used)
{
	struct mw_directory *directory;
	uint8_t *page, *place, *node, *value;
	struct mw_principal found;
	struct mw_key key;
	uint64_t number;

	if (geteuid() != 0)
		return;
	ck_assert(mw_key_text(MW_KEY_INDEX, MW_INDEX_NAME, &key));
	node = find_node(original, &key, &page, &place);
	ck_assert_uint_eq(get_u16(node + 4), 1); /* its value has pages of its own */
	memcpy(&number, node + NODE + key.len, sizeof(number));
	value = original + number * PAGE + HEAD;
	memset(value + 2 * sizeof(uint64_t), fillings[_i], get_u16(node) + ((size_t)get_u16(node + 2) << 16) -
	       2 * sizeof(uint64_t));
	seal(original);
	directory = mw_directory_new(folder);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	ck_assert_int_eq(look_up(directory), MW_LOOKUP_FOUND);
	ck_assert_int_eq(mw_test_login(directory, "nobody", &found), MW_LOOKUP_NONE);
	read_all(directory);
	mw_directory_free(directory);
}
END_TEST

MW_UNIT_TESTS("snapshots of another user")
{
	tcase_add_checked_fixture(tcase, make, end);
	MW_LOOP(tcase, the_owner_of_the_folder_is_believed_where_its_parent_is_roots, combinations);
	tcase_add_test(tcase, a_file_that_is_cut_off_or_written_over_kills_no_reader);
	tcase_add_test(tcase, no_file_that_its_owner_can_make_ends_a_reader);
	MW_LOOP(tcase, pages_that_no_writer_makes_are_refused, pages);
	tcase_add_test(tcase, a_fifo_in_the_place_of_what_was_checked_holds_no_reader);
	tcase_add_test(tcase, nobody_is_principal_number_0);
	MW_LOOP(tcase, the_index_of_another_user_is_not_used, fillings);
}

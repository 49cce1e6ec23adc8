/* SPDX-License-Identifier: MIT */
#include "directory_support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "directory/suspensions.h"

static char path[100];
static struct mw_errors *errors;

static void make(void)
{
	mw_test_make();
	snprintf(path, sizeof(path), "%s" MW_SUSPENSIONS_FOLDER "/" MW_SUSPENSIONS_NAME, mw_test_folder);
	errors = mw_errors_new(10);
}

static void end(void)
{
	mw_errors_free(errors);
	mw_test_end();
}

static int mkdir_of_list(void)
{
	char folder[100];

	snprintf(folder, sizeof(folder), "%s" MW_SUSPENSIONS_FOLDER, mw_test_folder);
	return mkdir(folder, 0755);
}

static struct mw_suspensions_edit *open_edit(int64_t now)
{
	int error;
	struct mw_suspensions_edit *edit = mw_suspensions_edit_open(mw_test_folder, now, errors, &error);

	ck_assert_msg(edit != NULL, "%s", mw_errors_kept(errors) > 0 ? mw_errors_get(errors, 0)->text : "");
	return edit;
}

static void save(struct mw_suspensions_edit *edit)
{
	int error;

	ck_assert(mw_suspensions_edit_save(edit, errors, &error));
	ck_assert_int_eq(error, 0);
	mw_suspensions_edit_close(edit);
}

static enum mw_snapshot_result read_it(struct mw_suspensions *list, char why[400])
{
	struct mw_buf text = mw_buf_over(why, 400);
	struct stat st;
	enum mw_snapshot_result result = mw_suspensions_read(path, list, &st, &text);

	ck_assert_int_eq(result != MW_SNAPSHOT_OPEN, text.used > 0);
	return result;
}

static enum mw_snapshot_result try_it(char why[400])
{
	struct mw_suspensions list;
	enum mw_snapshot_result result = read_it(&list, why);

	if (result == MW_SNAPSHOT_OPEN)
		mw_suspensions_free(&list);
	return result;
}

START_TEST(without_a_file_nobody_is_suspended)
{
	struct mw_suspensions list;
	char why[400];

	ck_assert_int_eq(read_it(&list, why), MW_SNAPSHOT_OPEN);
	ck_assert_uint_eq(list.count, 0);
	mw_suspensions_free(&list);
}
END_TEST

START_TEST(what_was_saved_reads_back_in_order)
{
	struct mw_suspensions_edit *edit = open_edit(0);
	struct mw_suspension one = mw_test_suspension("mary@example.test", MW_SUSPENDED_ALL, 0);
	struct mw_suspensions list;
	char why[400];

	strcpy(one.reason, "first");
	ck_assert(mw_suspensions_edit_set(edit, &one));
	strcpy(one.reason, "second");
	ck_assert(mw_suspensions_edit_set(edit, &one)); /* in its place */
	one = mw_test_suspension("bob@example.test", MW_SUSPENDED_ALL, 5);
	ck_assert(mw_suspensions_edit_set(edit, &one));
	one = mw_test_suspension("bob@example.test", MW_SUSPENDED_SENDING, 7);
	ck_assert(mw_suspensions_edit_set(edit, &one)); /* beside it */
	save(edit);
	ck_assert_int_eq(read_it(&list, why), MW_SNAPSHOT_OPEN);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(list.items[0].user, "bob@example.test");
	ck_assert_uint_eq(list.items[0].what, MW_SUSPENDED_SENDING);
	ck_assert_int_eq(list.items[0].until, 7);
	ck_assert_uint_eq(list.items[1].what, MW_SUSPENDED_ALL);
	ck_assert_str_eq(list.items[2].reason, "second");
	ck_assert_uint_eq(mw_suspensions_find(&list, MW_STR("mary@example.test")), 2);
	ck_assert_uint_eq(mw_suspensions_find(&list, MW_STR("carol@example.test")), 2);
	mw_suspensions_free(&list);
}
END_TEST

START_TEST(names_go_with_the_last_suspension)
{
	static const char *const bobs[] = { "b", "bobby", NULL }, *const marys[] = { "m", NULL };
	struct mw_suspensions_edit *edit;
	struct mw_suspensions list;
	struct mw_str user;
	char why[400];

	mw_test_suspend_names("bob@example.test", MW_SUSPENDED_ALL, bobs);
	mw_test_suspend_names("bob@example.test", MW_SUSPENDED_SENDING, bobs);
	mw_test_suspend_names("mary@example.test", MW_SUSPENDED_ALL, marys);
	edit = open_edit(0);
	ck_assert(mw_suspensions_edit_remove(edit, MW_STR("bob@example.test"), MW_SUSPENDED_ALL));
	ck_assert(mw_suspensions_edit_remove(edit, MW_STR("mary@example.test"), MW_SUSPENDED_ALL));
	save(edit);
	ck_assert_int_eq(read_it(&list, why), MW_SNAPSHOT_OPEN);
	ck_assert_uint_eq(list.name_count, 2);
	ck_assert_uint_eq(mw_suspensions_of_login(&list, MW_STR("bobby"), &user), MW_SUSPENDED_SENDING);
	ck_assert_slice(user, MW_STR("bob@example.test"));
	ck_assert_uint_eq(mw_suspensions_of_login(&list, MW_STR("m"), &user), 0);
	mw_suspensions_free(&list);
}
END_TEST

START_TEST(one_is_taken_off_and_the_others_stay)
{
	struct mw_suspensions list;
	char why[400];
	struct mw_suspensions_edit *edit;

	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, 0);
	mw_test_suspend("bob@example.test", MW_SUSPENDED_SENDING, 0);
	mw_test_suspend("mary@example.test", MW_SUSPENDED_SENDING, 0);
	edit = open_edit(0);
	ck_assert(!mw_suspensions_edit_remove(edit, MW_STR("mary@example.test"), MW_SUSPENDED_ALL));
	ck_assert(!mw_suspensions_edit_remove(edit, MW_STR("nobody@example.test"), MW_SUSPENDED_SENDING));
	ck_assert(mw_suspensions_edit_remove(edit, MW_STR("bob@example.test"), MW_SUSPENDED_ALL));
	save(edit);
	ck_assert_int_eq(read_it(&list, why), MW_SNAPSHOT_OPEN);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_uint_eq(list.items[0].what, MW_SUSPENDED_SENDING);
	mw_suspensions_free(&list);
}
END_TEST

START_TEST(what_has_ended_is_left_out)
{
	struct mw_suspensions list;
	struct mw_suspensions_edit *edit;
	char why[400];
	int64_t next;

	mw_test_suspend("a@example.test", MW_SUSPENDED_ALL, 100);
	mw_test_suspend("b@example.test", MW_SUSPENDED_ALL, 200);
	mw_test_suspend("c@example.test", MW_SUSPENDED_ALL, 0);
	ck_assert_int_eq(read_it(&list, why), MW_SNAPSHOT_OPEN);
	ck_assert(!mw_suspensions_expire(&list, 99, &next));
	ck_assert(list.count == 3 && next == 100);
	ck_assert(mw_suspensions_expire(&list, 100, &next));
	ck_assert(list.count == 2 && next == 200);
	ck_assert_str_eq(list.items[0].user, "b@example.test");
	ck_assert(mw_suspensions_expire(&list, 5000, &next));
	ck_assert(list.count == 1 && next == 0);
	mw_suspensions_free(&list);
	edit = open_edit(150);
	ck_assert_uint_eq(mw_suspensions_edit_list(edit)->count, 2);
	mw_suspensions_edit_close(edit);
}
END_TEST

START_TEST(a_byte_changed_anywhere_is_noticed)
{
	char why[400];
	struct stat st;
	int fd;

	mw_test_suspend("bob@example.test", MW_SUSPENDED_SENDING, 0);
	ck_assert_int_eq(try_it(why), MW_SNAPSHOT_OPEN);
	fd = open(path, O_RDWR);
	fstat(fd, &st);
	for (off_t at = 0; at < st.st_size; at++) {
		unsigned char byte, changed;

		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		changed = byte ^ 0x40;
		ck_assert_int_eq(pwrite(fd, &changed, 1, at), 1);
		ck_assert_msg(try_it(why) == MW_SNAPSHOT_BAD, "at %ld", (long)at);
		ck_assert_msg(strstr(why, path) != NULL, "%s", why);
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	}
	ck_assert_int_eq(try_it(why), MW_SNAPSHOT_OPEN);
	ck_assert_int_eq(pwrite(fd, "", 1, st.st_size), 1);
	ck_assert_int_eq(try_it(why), MW_SNAPSHOT_BAD);
	for (off_t size = st.st_size - 1; size >= 0; size -= 31) {
		ck_assert_int_eq(ftruncate(fd, size), 0);
		ck_assert_int_eq(try_it(why), MW_SNAPSHOT_BAD);
	}
	close(fd);
}
END_TEST

static void write_file(const struct mw_suspensions *list)
{
	size_t size = mw_suspensions_size(list->count, list->name_count);
	char *bytes = malloc(size);
	int made = mkdir_of_list(), fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert(made == 0 || errno == EEXIST);
	mw_suspensions_write(list, bytes);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	close(fd);
	free(bytes);
}

/* Whole and with the right digest, but nothing that we would have written. */
START_TEST(what_makes_no_sense_is_damage)
{
	struct mw_suspension items[2] = { mw_test_suspension("a@example.test", MW_SUSPENDED_ALL, 0),
					  mw_test_suspension("b@example.test", MW_SUSPENDED_ALL, 0) };
	struct mw_suspensions list = { .items = items, .count = 2 };
	char why[400];

	switch (_i) {
	case 0: items[1] = items[0]; break;
	case 1: strcpy(items[0].user, "z@example.test"); break;
	case 2: items[0].what = 3; break;
	case 3: memset(items[0].user, 0, sizeof(items[0].user)); break;
	case 4: memset(items[1].reason, 'x', sizeof(items[1].reason)); break;
	case 5: items[1].by[50] = 'x'; break;
	}
	write_file(&list);
	ck_assert_int_eq(try_it(why), _i == 6 ? MW_SNAPSHOT_OPEN : MW_SNAPSHOT_BAD);
}
END_TEST

START_TEST(more_than_the_most_are_refused)
{
	struct mw_suspension *items = calloc(MW_SUSPENSIONS_MAX + 1, sizeof(*items));
	struct mw_suspensions list = { .items = items, .count = MW_SUSPENSIONS_MAX + 1 };
	struct mw_suspensions_edit *edit;
	char why[400], name[100];

	for (size_t i = 0; i < list.count; i++) {
		snprintf(name, sizeof(name), "u%05zu@example.test", i);
		items[i] = mw_test_suspension(name, MW_SUSPENDED_SENDING, 0);
	}
	write_file(&list);
	ck_assert_int_eq(try_it(why), MW_SNAPSHOT_BAD);
	list.count--;
	write_file(&list);
	ck_assert_int_eq(try_it(why), MW_SNAPSHOT_OPEN);
	edit = open_edit(0);
	ck_assert(!mw_suspensions_edit_set(edit, &items[list.count]));
	ck_assert(mw_suspensions_edit_set(edit, &items[0]));
	ck_assert(mw_suspensions_edit_remove(edit, mw_str(items[7].user), MW_SUSPENDED_SENDING));
	ck_assert(mw_suspensions_edit_set(edit, &items[list.count]));
	mw_suspensions_edit_close(edit);
	free(items);
}
END_TEST

START_TEST(what_others_may_write_is_refused_with_its_path)
{
	static const char *const whys[] = { "writable by its group", "writable by everybody", "symbolic link",
					    "belongs to user", "no regular file" };
	char why[400], other[100];

	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, 0);
	snprintf(other, sizeof(other), "%s/other", mw_test_folder);
	if (_i < 2)
		chmod(path, _i == 0 ? 0664 : 0646);
	else if (_i == 2)
		ck_assert(rename(path, other) == 0 && symlink("other", path) == 0);
	else if (_i == 3 && chown(path, 65534, (gid_t)-1) != 0)
		return; /* needs root */
	else if (_i == 4)
		ck_assert(unlink(path) == 0 && mkfifo(path, 0600) == 0);
	ck_assert_int_eq(try_it(why), MW_SNAPSHOT_BAD);
	ck_assert_msg(strstr(why, whys[_i]) != NULL && strstr(why, path) != NULL, "%s", why);
}
END_TEST

START_TEST(it_is_as_readable_as_its_folder)
{
	struct stat st;

	chmod(mw_test_folder, 0750);
	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
}
END_TEST

START_TEST(a_damaged_file_is_not_written_over)
{
	int made = mkdir_of_list(), fd = open(path, O_WRONLY | O_CREAT, 0644), error;

	ck_assert_int_eq(made, 0);
	ck_assert_int_eq(write(fd, "damaged", 7), 7);
	close(fd);
	ck_assert_ptr_null(mw_suspensions_edit_open(mw_test_folder, 0, errors, &error));
	ck_assert_int_eq(error, 0);
	ck_assert_ptr_nonnull(strstr(mw_errors_get(errors, 0)->text, path));
	ck_assert_ptr_nonnull(strstr(mw_errors_get(errors, 0)->text, "move it away"));
}
END_TEST

START_TEST(what_a_killed_one_left_is_removed)
{
	char left[100];
	int fd;

	ck_assert_int_eq(mkdir_of_list(), 0);
	snprintf(left, sizeof(left), "%s" MW_SUSPENSIONS_FOLDER "/.suspensions.tmp", mw_test_folder);
	fd = open(left, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, "half", 4), 4);
	close(fd);
	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, 0);
	ck_assert_int_ne(access(left, F_OK), 0);
}
END_TEST

/* As earlier versions left it. */
static void put_into_the_old_place(char old[100])
{
	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, 0);
	snprintf(old, 100, "%s/" MW_SUSPENSIONS_NAME, mw_test_folder);
	ck_assert_int_eq(rename(path, old), 0);
}

static const char *now_at(struct mw_suspensions_place *place)
{
	struct stat st;

	return mw_suspensions_place_look(place, &st);
}

START_TEST(a_list_in_the_old_place_counts_until_it_is_moved)
{
	struct mw_suspensions_place place;
	char old[100], why[400];

	put_into_the_old_place(old);
	ck_assert(mw_suspensions_place_init(&place, mw_test_folder));
	ck_assert_str_eq(now_at(&place), old);
	if (_i == 0)
		ck_assert(mw_suspensions_move(mw_test_folder, 0, errors));
	else
		mw_test_suspend("mary@example.test", MW_SUSPENDED_ALL, 0);
	ck_assert_str_eq(now_at(&place), path);
	ck_assert_int_eq(try_it(why), MW_SNAPSHOT_OPEN);
	ck_assert_int_eq(unlink(old), 0);
	/* What is put there afterwards counts for nothing. */
	ck_assert_int_eq(link(path, old), 0);
	ck_assert_str_eq(now_at(&place), path);
	ck_assert(mw_suspensions_move(mw_test_folder, 0, errors));
	mw_suspensions_place_deinit(&place);
}
END_TEST

START_TEST(in_the_folder_of_another_user_only_what_is_roots_counts)
{
	struct mw_suspensions_place place;
	char old[100];

	if (geteuid() != 0)
		return;
	put_into_the_old_place(old);
	ck_assert(mw_suspensions_place_init(&place, mw_test_folder));
	ck_assert_int_eq(chown(mw_test_folder, 65534, (gid_t)-1), 0);
	ck_assert_str_eq(now_at(&place), old);
	ck_assert_int_eq(chown(old, 65534, (gid_t)-1), 0);
	ck_assert_str_eq(now_at(&place), path);
	/* In a folder of root's it is a fault, not nothing. */
	ck_assert_int_eq(chown(mw_test_folder, 0, (gid_t)-1), 0);
	ck_assert_str_eq(now_at(&place), old);
	mw_suspensions_place_deinit(&place);
}
END_TEST

#define MANY 8

START_TEST(those_who_come_at_once_lose_nothing_of_one_another)
{
	struct mw_suspensions list;
	char why[400], name[100];
	int status;

	for (int i = 0; i < MANY; i++) {
		if (fork() == 0) {
			snprintf(name, sizeof(name), "u%d@example.test", i);
			mw_test_suspend(name, MW_SUSPENDED_ALL, 0);
			_exit(0);
		}
	}
	for (int i = 0; i < MANY; i++)
		ck_assert(wait(&status) > 0 && status == 0);
	ck_assert_int_eq(read_it(&list, why), MW_SNAPSHOT_OPEN);
	ck_assert_uint_eq(list.count, MANY);
	mw_suspensions_free(&list);
}
END_TEST

MW_UNIT_TESTS("suspensions")
{
	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_loop_test(tcase, a_list_in_the_old_place_counts_until_it_is_moved, 0, 2);
	tcase_add_test(tcase, in_the_folder_of_another_user_only_what_is_roots_counts);
	tcase_add_test(tcase, without_a_file_nobody_is_suspended);
	tcase_add_test(tcase, what_was_saved_reads_back_in_order);
	tcase_add_test(tcase, names_go_with_the_last_suspension);
	tcase_add_test(tcase, one_is_taken_off_and_the_others_stay);
	tcase_add_test(tcase, what_has_ended_is_left_out);
	tcase_add_test(tcase, a_byte_changed_anywhere_is_noticed);
	tcase_add_loop_test(tcase, what_makes_no_sense_is_damage, 0, 7);
	tcase_add_test(tcase, more_than_the_most_are_refused);
	tcase_add_loop_test(tcase, what_others_may_write_is_refused_with_its_path, 0, 5);
	tcase_add_test(tcase, it_is_as_readable_as_its_folder);
	tcase_add_test(tcase, a_damaged_file_is_not_written_over);
	tcase_add_test(tcase, what_a_killed_one_left_is_removed);
	tcase_add_test(tcase, those_who_come_at_once_lose_nothing_of_one_another);
}

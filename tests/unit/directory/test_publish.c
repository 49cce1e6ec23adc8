/* SPDX-License-Identifier: MIT */
#include "directory_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct mw_errors *errors;

static void make(void)
{
	mw_test_make();
	errors = mw_errors_new(10);
}

static void end(void)
{
	mw_errors_free(errors);
	mw_test_end();
}

static bool publish(const char *text, bool *published_r)
{
	struct mw_publisher *publisher = mw_publisher_open(mw_test_folder, errors);
	bool done;

	ck_assert_ptr_nonnull(publisher);
	done = mw_publisher_publish(publisher, mw_test_content(text), 1000, errors, published_r);
	mw_publisher_close(publisher);
	return done;
}

START_TEST(the_same_content_is_published_once)
{
	struct stat first, second;
	bool published;

	ck_assert(publish("user bob\nuser mary\n", &published) && published);
	ck_assert_int_eq(stat(mw_test_path, &first), 0);
	ck_assert_int_eq(first.st_mode & 07777, 0644);
	ck_assert(publish("user mary\nuser bob\n", &published) && !published);
	ck_assert_int_eq(stat(mw_test_path, &second), 0);
	ck_assert_uint_eq(first.st_ino, second.st_ino);
	ck_assert(publish("user bob\n", &published) && published);
}
END_TEST

START_TEST(a_snapshot_is_as_readable_as_its_folder)
{
	struct stat st;
	bool published;

	chmod(mw_test_folder, 0750);
	ck_assert(publish("user bob\n", &published));
	ck_assert_int_eq(stat(mw_test_path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
	chmod(mw_test_folder, 0700);
	ck_assert(publish("user bob\n", &published) && published);
	ck_assert_int_eq(stat(mw_test_path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(two_do_not_publish_at_once)
{
	struct mw_publisher *first = mw_publisher_open(mw_test_folder, errors);

	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(mw_publisher_open(mw_test_folder, errors));
	ck_assert_str_eq(mw_errors_get(errors, 0)->text, "another sync is running");
	mw_publisher_close(first);
	first = mw_publisher_open(mw_test_folder, errors);
	ck_assert_ptr_nonnull(first);
	mw_publisher_close(first);
	mw_publisher_close(NULL);
}
END_TEST

START_TEST(what_a_killed_one_left_is_removed)
{
	char left[100];
	bool published;
	int fd;

	snprintf(left, sizeof(left), "%s/.snapshot.4711.tmp", mw_test_folder);
	fd = open(left, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, "half", 4), 4);
	close(fd);
	ck_assert(publish("user bob\n", &published));
	ck_assert_int_ne(access(left, F_OK), 0);
}
END_TEST

START_TEST(a_folder_that_others_may_write_is_refused)
{
	static const struct { mode_t mode; const char *why; } modes[] = {
		{ 0775, "is writable by its group" }, { 0757, "is writable by everybody" }, { 01777, "is writable by" },
	};

	chmod(mw_test_folder, modes[_i].mode);
	ck_assert_ptr_null(mw_publisher_open(mw_test_folder, errors));
	ck_assert_msg(strstr(mw_errors_get(errors, 0)->text, modes[_i].why) != NULL, "%s",
		      mw_errors_get(errors, 0)->text);
	ck_assert_ptr_nonnull(strstr(mw_errors_get(errors, 0)->text, mw_test_folder));
}
END_TEST

START_TEST(contents_are_compared_by_name)
{
	uint64_t added, changed, removed;

	mw_content_compare(mw_test_folder, mw_test_content("user bob\n"), &added, &changed, &removed);
	ck_assert(added == 1 && changed == 0 && removed == 0);
	mw_test_publish("user bob\nuser mary\nuser zoe\n");
	mw_content_compare(mw_test_folder, mw_test_content("user aaa\nuser mary imap=no\nuser zoe\n"), &added, &changed,
			   &removed);
	ck_assert(added == 1 && changed == 1 && removed == 1);
	mw_content_compare(mw_test_folder, mw_test_content(""), &added, &changed, &removed);
	ck_assert(added == 0 && changed == 0 && removed == 3);
}
END_TEST

MW_UNIT_TESTS("publish")
{
	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_test(tcase, the_same_content_is_published_once);
	tcase_add_test(tcase, a_snapshot_is_as_readable_as_its_folder);
	tcase_add_test(tcase, two_do_not_publish_at_once);
	tcase_add_test(tcase, what_a_killed_one_left_is_removed);
	tcase_add_loop_test(tcase, a_folder_that_others_may_write_is_refused, 0, 3);
	tcase_add_test(tcase, contents_are_compared_by_name);
}

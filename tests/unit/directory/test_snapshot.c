/* SPDX-License-Identifier: MIT */
#include "directory_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directory/snapshot.h"

static enum mw_snapshot_result open_it(char why[400])
{
	struct mw_buf text = mw_buf_over(why, 400);
	struct mw_snapshot snapshot;
	enum mw_snapshot_result result = mw_snapshot_open(&snapshot, mw_test_path, &text);

	if (result == MW_SNAPSHOT_OPEN)
		mw_snapshot_close(&snapshot);
	return result;
}

/* One byte in each page and in the trailer, one after the other: never opened. */
START_TEST(a_byte_changed_anywhere_is_noticed)
{
	char why[400];
	struct stat st;
	int fd;

	mw_test_publish("user bob\nuser mary login=m\ngrant send-as bob mary\n");
	ck_assert_int_eq(open_it(why), MW_SNAPSHOT_OPEN);
	fd = open(mw_test_path, O_RDWR);
	fstat(fd, &st);
	for (off_t at = 13; at < st.st_size; at += at < st.st_size - 200 ? 101 : 1) {
		unsigned char byte, changed;

		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		changed = byte ^ 0x40;
		ck_assert_int_eq(pwrite(fd, &changed, 1, at), 1);
		ck_assert_int_eq(open_it(why), MW_SNAPSHOT_BAD);
		ck_assert_msg(strstr(why, mw_test_path) != NULL, "%s", why);
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	}
	ck_assert_int_eq(open_it(why), MW_SNAPSHOT_OPEN);
	for (off_t size = 0; size < st.st_size; size += 1009) {
		int cut = open(mw_test_path, O_RDWR);
		char *whole = malloc((size_t)st.st_size);

		ck_assert_int_eq(pread(cut, whole, (size_t)st.st_size, 0), st.st_size);
		ck_assert_int_eq(ftruncate(cut, size), 0);
		ck_assert_int_eq(open_it(why), MW_SNAPSHOT_BAD);
		ck_assert_int_eq(pwrite(cut, whole, (size_t)st.st_size, 0), st.st_size);
		free(whole);
		close(cut);
	}
	close(fd);
}
END_TEST

/* DIR-08, as any reader sees it. */
START_TEST(what_others_may_write_is_refused_with_its_path)
{
	static const struct { mode_t file, folder; const char *why; } modes[] = {
		{ 0644, 0755, NULL }, { 0600, 0700, NULL }, { 0664, 0755, "writable by its group" },
		{ 0646, 0755, "writable by everybody" },
	};
	char why[400];

	mw_test_publish("user bob\n");
	chmod(mw_test_path, modes[_i].file);
	ck_assert_int_eq(open_it(why), modes[_i].why == NULL ? MW_SNAPSHOT_OPEN : MW_SNAPSHOT_BAD);
	if (modes[_i].why != NULL)
		ck_assert_msg(strstr(why, modes[_i].why) != NULL && strstr(why, mw_test_path) != NULL, "%s", why);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
	char why[400], other[100];

	ck_assert_int_eq(open_it(why), MW_SNAPSHOT_FAILED);
	ck_assert_int_eq(mkfifo(mw_test_path, 0600), 0);
	ck_assert_int_eq(open_it(why), MW_SNAPSHOT_BAD);
	unlink(mw_test_path);
	mw_test_publish("user bob\n");
	snprintf(other, sizeof(other), "%s/other", mw_test_folder);
	ck_assert_int_eq(rename(mw_test_path, other), 0);
	ck_assert_int_eq(symlink("other", mw_test_path), 0);
	ck_assert_int_eq(open_it(why), MW_SNAPSHOT_BAD);
	ck_assert_msg(strstr(why, "symbolic link") != NULL, "%s", why);
}
END_TEST

MW_UNIT_TESTS("snapshot")
{
	tcase_add_checked_fixture(tcase, mw_test_make, mw_test_end);
	tcase_add_test(tcase, a_byte_changed_anywhere_is_noticed);
	tcase_add_loop_test(tcase, what_others_may_write_is_refused_with_its_path, 0, 4);
	tcase_add_test(tcase, what_is_no_file_is_refused);
}

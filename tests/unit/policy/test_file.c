/* SPDX-License-Identifier: MIT */
#include "policy_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define SLOWNESS 2.0 /* seconds for 100 */
#else
#define SLOWNESS 0.1
#endif

static char folder[64], path[128];

static void make_file(void)
{
	FILE *file;

	strcpy(folder, "policy-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/mailwicket.conf", folder);
	file = fopen(path, "w");
	fputs("replies = current\n", file);
	fclose(file);
	chmod(path, 0644);
}

static void remove_file(void)
{
	unlink(path);
	rmdir(folder);
	mw_test_end();
}

static struct mw_policy *read_file(const char *name)
{
	mw_test_end();
	mw_test_errors = mw_errors_new(20);
	return mw_policy_read(name, "mail.example.org", 0, mw_test_errors);
}

static void assert_refused(const char *name, const char *says)
{
	ck_assert_ptr_null(read_file(name));
	ck_assert_msg(strstr(mw_test_messages(), says) != NULL && strstr(mw_test_messages(), name) != NULL, "%s",
		      mw_test_messages());
}

START_TEST(a_file_is_read)
{
	struct mw_policy *policy = read_file(path);

	ck_assert_msg(policy != NULL, "%s", mw_test_messages());
	ck_assert_str_eq(policy->file, path);
	mw_policy_free(policy);
}
END_TEST

/* DIR-08 */
START_TEST(dir_08_an_unsafe_file_is_refused_by_name)
{
	char other[140];

	chmod(path, 0664);
	assert_refused(path, "writable");
	chmod(path, 0646);
	assert_refused(path, "writable");
	chmod(path, 0644);
	snprintf(other, sizeof(other), "%s/other", folder);
	ck_assert_int_eq(symlink("mailwicket.conf", other), 0);
	assert_refused(other, "symbolic link");
	unlink(other);
	ck_assert_int_eq(mkfifo(other, 0644), 0);
	assert_refused(other, "no regular file");
	unlink(other);
	assert_refused(other, "No such file");
	assert_refused("/dev/zero", "no regular file");
	assert_refused(folder, "no regular file");
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 12345, (gid_t)-1), 0);
		assert_refused(path, "12345");
	}
	ck_assert_int_eq(truncate(path, 100 * 1024 * 1024), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown(path, 0, (gid_t)-1), 0);
	assert_refused(path, "too large");
}
END_TEST

START_TEST(a_small_file_takes_less_than_a_millisecond)
{
	struct timespec start, end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	for (int i = 0; i < 100; i++)
		mw_policy_free(read_file(path));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	ck_assert((double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9 < SLOWNESS);
}
END_TEST

START_TEST(the_path_comes_from_the_environment_or_is_the_usual_one)
{
	unsetenv("MAILWICKET_CONFIG");
	ck_assert_str_eq(mw_policy_default_path(), MW_POLICY_PATH);
	setenv("MAILWICKET_CONFIG", "/x", 1);
	ck_assert_str_eq(mw_policy_default_path(), "/x");
}
END_TEST

MW_UNIT_TESTS("file")
{
	tcase_add_checked_fixture(tcase, make_file, remove_file);
	tcase_add_test(tcase, a_file_is_read);
	tcase_add_test(tcase, dir_08_an_unsafe_file_is_refused_by_name);
	tcase_add_test(tcase, a_small_file_takes_less_than_a_millisecond);
	tcase_add_test(tcase, the_path_comes_from_the_environment_or_is_the_usual_one);
}

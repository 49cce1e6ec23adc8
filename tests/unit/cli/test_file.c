/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

static char folder[64], path[128];
static bool interrupted;

/* In place of the C library's: a signal comes while the file is on its way. */
int fsync(int fd)
{
	if (interrupted)
		raise(SIGTERM);
	return (int)syscall(SYS_fsync, fd);
}

static void set_up(void)
{
	strcpy(folder, "/tmp/mailwicket-file.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/policy", folder);
	interrupted = false;
}

static void tear_down(void)
{
	unlink(path);
	rmdir(path);
	ck_assert_int_eq(rmdir(folder), 0);
}

static size_t count_files(void)
{
	DIR *listing = opendir(folder);
	size_t count = 0;

	ck_assert_ptr_nonnull(listing);
	while (readdir(listing) != NULL)
		count++;
	closedir(listing);
	return count - 2;
}

static bool put(void)
{
	return mw_file_put(path, MW_STR("text\n"), 0640, geteuid(), getegid());
}

START_TEST(a_file_is_written_whole_with_its_mode)
{
	struct stat status;

	ck_assert(put());
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_size, 5);
	ck_assert_uint_eq(status.st_mode & 07777, 0640);
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(an_error_leaves_nothing_beside)
{
	/* A folder is not replaced by a file. */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert(!put());
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(a_signal_leaves_nothing_beside)
{
	int status;
	pid_t writer = fork();

	ck_assert_int_ge(writer, 0);
	if (writer == 0) {
		/* Not as Check takes it. */
		signal(SIGTERM, SIG_DFL);
		interrupted = true;
		put();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	ck_assert_uint_eq(count_files(), 1);
	ck_assert_int_eq(access(path, R_OK), 0);
}
END_TEST

MW_UNIT_TESTS("file")
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_file_is_written_whole_with_its_mode);
	tcase_add_test(tcase, an_error_leaves_nothing_beside);
	tcase_add_test(tcase, a_signal_leaves_nothing_beside);
}

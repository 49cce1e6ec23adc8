/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync/file_watch.h"

static char folder[] = "/tmp/mailwicket-test-XXXXXX";
static char inner[64], path[96], other[96];

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void make(void)
{
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(inner, sizeof(inner), "%s/etc", folder);
	snprintf(path, sizeof(path), "%s/users", inner);
	snprintf(other, sizeof(other), "%s/users~", inner);
	mkdir(inner, 0755);
	put(path, "user a@example.test\n");
}

static void end(void)
{
	char aside[80];

	snprintf(aside, sizeof(aside), "%s.old", inner);
	unlink(path);
	unlink(other);
	rmdir(inner);
	ck_assert_int_eq(rename(aside, inner) == 0 ? unlink(path) | rmdir(inner) : 0, 0);
	rmdir(folder);
}

static void edit_in_place(void) { put(path, "user b@example.test\n"); }
static void replace(void) { put(other, "user c@example.test\n"); rename(other, path); }
static void take_away(void) { unlink(path); }
static void shut(void) { chmod(path, 0600); }
static void change_another(void) { put(other, "x"); }
static void nothing(void) { }

static void exchange_folder(void)
{
	char aside[80];

	snprintf(aside, sizeof(aside), "%s.old", inner);
	rename(inner, aside);
	mkdir(inner, 0755);
	put(path, "user d@example.test\n");
}

static const struct { void (*change)(void); bool noticed; } changes[] = {
	{ edit_in_place, true }, { replace, true }, { take_away, true }, { shut, true }, { exchange_folder, true },
	{ change_another, false }, { nothing, false },
};

static bool is_readable(struct mw_file_watch *watch)
{
	struct pollfd one = { .fd = mw_file_watch_fd(watch), .events = POLLIN };

	return poll(&one, 1, 0) == 1;
}

START_TEST(a_change_of_the_file_is_told_once)
{
	struct mw_file_watch *watch = mw_file_watch_open(mw_str(path), NULL);

	ck_assert_ptr_nonnull(watch);
	ck_assert(!is_readable(watch) && !mw_file_watch_ask(watch));
	changes[_i].change();
	ck_assert(is_readable(watch) || !changes[_i].noticed);
	ck_assert(mw_file_watch_ask(watch) == changes[_i].noticed);
	ck_assert(!mw_file_watch_ask(watch));
	/* The watch goes on, on the folder that is there now. */
	put(path, "user e@example.test\n");
	ck_assert(is_readable(watch));
	ck_assert(mw_file_watch_ask(watch) && !mw_file_watch_ask(watch));
	mw_file_watch_close(watch);
}
END_TEST

/* Half of a directory is a directory, too. */
START_TEST(a_file_that_is_being_written_is_not_read_yet)
{
	struct mw_file_watch *watch = mw_file_watch_open(mw_str(path), NULL);
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	ck_assert(!mw_file_watch_ask(watch));
	ck_assert_int_eq(write(fd, "user g@example.test\n", 20), 20);
	ck_assert(!mw_file_watch_ask(watch));
	ck_assert_int_eq(write(fd, "user h@example.test\n", 20), 20);
	close(fd);
	ck_assert(is_readable(watch));
	ck_assert(mw_file_watch_ask(watch) && !mw_file_watch_ask(watch));
	mw_file_watch_close(watch);
}
END_TEST

START_TEST(a_folder_that_comes_later_is_watched_from_then_on)
{
	struct mw_file_watch *watch;

	unlink(path);
	rmdir(inner);
	watch = mw_file_watch_open(mw_str(path), NULL);
	ck_assert(!mw_file_watch_ask(watch));
	mkdir(inner, 0755);
	ck_assert(!mw_file_watch_ask(watch));
	put(path, "user f@example.test\n");
	ck_assert(is_readable(watch) && mw_file_watch_ask(watch));
	mw_file_watch_close(watch);
}
END_TEST

MW_UNIT_TESTS("watch of a file")
{
	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_loop_test(tcase, a_change_of_the_file_is_told_once, 0, MW_COUNT(changes));
	tcase_add_test(tcase, a_file_that_is_being_written_is_not_read_yet);
	tcase_add_test(tcase, a_folder_that_comes_later_is_watched_from_then_on);
}

/* SPDX-License-Identifier: MIT */
#include "directory_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct mw_directory *directory;

static void make(void)
{
	mw_test_make();
	directory = mw_directory_new(mw_test_folder);
}

static void end(void)
{
	mw_directory_free(directory);
	mw_test_end();
}

START_TEST(lookups_answer_what_was_published)
{
	const struct mw_directory_view *view = mw_directory_view(directory);
	struct mw_directory_status status;
	struct mw_principal found;
	struct mw_grants grants;
	enum mw_held held;

	mw_test_publish("user bob login=b address=x pop3=no\nuser mary\ngroup g member=bob senders=bob,mary\n"
			"grant send-as x mary\ngrant send-as a@b.test bob\ngrant send-on-behalf *@c.test g\n");
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_SAME);
	ck_assert_int_eq(mw_test_login(directory, "b", &found), MW_LOOKUP_FOUND);
	ck_assert(found.imap && !found.pop3 && found.groups.count == 1 && found.grants.send_as.count == 1);
	ck_assert_int_eq(mw_test_login(directory, "g@example.test", &found), MW_LOOKUP_NONE);
	ck_assert_int_eq(mw_test_login(directory, "nobody", &found), MW_LOOKUP_NONE);
	ck_assert_int_eq(view->by_address(view->context, MW_STR("x@example.test"), &found, &held), MW_LOOKUP_FOUND);
	ck_assert_slice(found.name, MW_STR("bob@example.test"));
	ck_assert(held == MW_HELD_ALIAS);
	ck_assert_int_eq(view->by_address(view->context, MW_STR("g@example.test"), &found, &held), MW_LOOKUP_FOUND);
	ck_assert(held == MW_HELD_PRIMARY && found.kind == MW_GROUP && found.senders_list.count == 2);
	ck_assert_int_eq(view->by_id(view->context, found.id, &found), MW_LOOKUP_FOUND);
	ck_assert_int_eq(view->by_id(view->context, 99, &found), MW_LOOKUP_NONE);
	ck_assert_int_eq(view->grants_on_address(view->context, MW_STR("a@b.test"), &grants), MW_LOOKUP_FOUND);
	ck_assert(grants.send_as.count == 1 && grants.send_on_behalf.count == 0);
	ck_assert_int_eq(view->grants_on_address(view->context, MW_STR("a@c.test"), &grants), MW_LOOKUP_NONE);
	ck_assert_int_eq(view->grants_on_domain(view->context, MW_STR("c.test"), &grants), MW_LOOKUP_FOUND);
	ck_assert(grants.send_as.count == 0 && grants.send_on_behalf.count == 1);
	mw_directory_status(directory, &status);
	ck_assert(status.open && status.users == 2 && status.groups == 1 && status.written == 1000);
	ck_assert(status.grants == 3 && strlen(status.digest) == 32);
}
END_TEST

START_TEST(without_a_snapshot_nothing_is_known)
{
	struct mw_principal found;
	struct mw_directory_status status;

	ck_assert_int_eq(mw_test_login(directory, "bob", &found), MW_LOOKUP_UNAVAILABLE);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_FAILED);
	ck_assert_msg(strstr(mw_directory_error(directory), mw_test_path) != NULL, "%s", mw_directory_error(directory));
	ck_assert_int_eq(mw_test_login(directory, "bob", &found), MW_LOOKUP_UNAVAILABLE);
	mw_directory_status(directory, &status);
	ck_assert(!status.open);
	mw_test_publish("user bob\n");
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	ck_assert_str_eq(mw_directory_error(directory), "");
	ck_assert_int_eq(mw_test_login(directory, "bob@example.test", &found), MW_LOOKUP_FOUND);
}
END_TEST

START_TEST(a_new_snapshot_replaces_the_old_one)
{
	struct mw_principal found;

	mw_test_publish("user bob\n");
	mw_directory_refresh(directory);
	mw_test_publish("user mary\n");
	ck_assert_int_eq(mw_test_login(directory, "bob@example.test", &found), MW_LOOKUP_FOUND);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	ck_assert_int_eq(mw_test_login(directory, "bob@example.test", &found), MW_LOOKUP_NONE);
	ck_assert_int_eq(mw_test_login(directory, "mary@example.test", &found), MW_LOOKUP_FOUND);
}
END_TEST

static void replace_with(const char *text, size_t size)
{
	char other[100];
	int fd;

	snprintf(other, sizeof(other), "%s/other", mw_test_folder);
	fd = open(other, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ck_assert_int_eq(write(fd, text, size), (ssize_t)size);
	close(fd);
	ck_assert_int_eq(rename(other, mw_test_path), 0);
}

START_TEST(one_that_does_not_open_leaves_the_old_one_serving)
{
	struct mw_principal found;

	mw_test_publish("user bob\n");
	mw_directory_refresh(directory);
	replace_with("nonsense", 8);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_FAILED);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_FAILED);
	ck_assert_ptr_nonnull(strstr(mw_directory_error(directory), mw_test_path));
	ck_assert_int_eq(mw_test_login(directory, "bob@example.test", &found), MW_LOOKUP_FOUND);
	unlink(mw_test_path);
	mw_test_publish("user mary\n");
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	ck_assert_int_eq(mw_test_login(directory, "mary@example.test", &found), MW_LOOKUP_FOUND);
}
END_TEST

/* A sanitizer's own memory is beyond any limit. */
#ifndef __SANITIZE_ADDRESS__
static void limit_address_space(rlim_t more)
{
	struct rlimit limit;
	unsigned long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	ck_assert(file != NULL && fscanf(file, "%lu", &pages) == 1 && fclose(file) == 0);
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = more == RLIM_INFINITY ? limit.rlim_max : pages * (rlim_t)sysconf(_SC_PAGESIZE) + more;
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

START_TEST(one_without_room_leaves_the_old_one_serving_and_opens_when_there_is)
{
	struct mw_principal found;

	mw_test_publish("user bob\n");
	mw_directory_refresh(directory);
	mw_test_publish("user mary\n");
	limit_address_space(1 << 20);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_FAILED);
	limit_address_space(RLIM_INFINITY);
	ck_assert_ptr_nonnull(strstr(mw_directory_error(directory), "snapshot.mdb: no room in memory to open it"));
	ck_assert_int_eq(mw_test_login(directory, "bob@example.test", &found), MW_LOOKUP_FOUND);
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	ck_assert_int_eq(mw_test_login(directory, "mary@example.test", &found), MW_LOOKUP_FOUND);
}
END_TEST
#endif

/* Gone, or in others' hands: what was open serves no longer. */
START_TEST(one_that_may_not_be_trusted_serves_nobody)
{
	struct mw_principal found;

	mw_test_publish("user bob\n");
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_NEW);
	if (_i == 0)
		chmod(mw_test_path, 0666);
	else if (_i == 1)
		unlink(mw_test_path);
	else
		ck_assert_int_eq(truncate(mw_test_path, 100), 0); /* in place: no page may be touched */
	ck_assert_int_eq(mw_directory_refresh(directory), MW_DIRECTORY_FAILED);
	ck_assert_int_eq(mw_test_login(directory, "bob@example.test", &found), MW_LOOKUP_UNAVAILABLE);
}
END_TEST

MW_UNIT_TESTS("reader")
{
	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_test(tcase, lookups_answer_what_was_published);
	tcase_add_test(tcase, without_a_snapshot_nothing_is_known);
	tcase_add_test(tcase, a_new_snapshot_replaces_the_old_one);
	tcase_add_test(tcase, one_that_does_not_open_leaves_the_old_one_serving);
#ifndef __SANITIZE_ADDRESS__
	tcase_add_test(tcase, one_without_room_leaves_the_old_one_serving_and_opens_when_there_is);
#endif
	tcase_add_loop_test(tcase, one_that_may_not_be_trusted_serves_nobody, 0, 3);
}

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

static const struct { mode_t mode; const char *why; } modes[] = {
	{ 0775, "is writable by its group" }, { 0757, "is writable by everybody" }, { 01777, "is writable by" },
};

START_TEST(a_folder_that_others_may_write_is_refused)
{
	chmod(mw_test_folder, modes[_i].mode);
	ck_assert_ptr_null(mw_publisher_open(mw_test_folder, errors));
	ck_assert_msg(strstr(mw_errors_get(errors, 0)->text, modes[_i].why) != NULL, "%s",
		      mw_errors_get(errors, 0)->text);
	ck_assert_ptr_nonnull(strstr(mw_errors_get(errors, 0)->text, mw_test_folder));
}
END_TEST

static struct mw_content_difference difference(const char *text)
{
	struct mw_content_difference found;

	mw_content_compare(mw_test_folder, mw_test_content(text), &found);
	return found;
}

START_TEST(contents_are_compared_by_name)
{
	struct mw_content_difference found = difference("user bob\n");

	ck_assert(found.added == 1 && found.changed == 0 && found.removed == 0 && found.other);
	mw_test_publish("user bob\nuser mary\nuser zoe\n");
	found = difference("user aaa\nuser mary imap=no\nuser zoe\n");
	ck_assert(found.added == 1 && found.changed == 1 && found.removed == 1 && !found.other);
	found = difference("");
	ck_assert(found.added == 0 && found.changed == 0 && found.removed == 3 && !found.other);
}
END_TEST

#define PUBLISHED \
	"user bob login=b address=robert\nuser mary\ngroup sales member=bob\ngrant send-as mary bob\n" \
	"grant send-as list@other.example bob\ngrant send-as *@carol.example bob\n"

/* As many of everything, and still another directory. */
static const struct { const char *text; bool principals, other; } changed_texts[] = {
	{ PUBLISHED, false, false },
	{ "user mary\nuser bob address=robert login=b\ngrant send-as *@carol.example bob\n"
	  "grant send-as list@other.example bob\ngrant send-as mary bob\ngroup sales member=bob\n", false, false },
	{ "user bob login=c address=robert\nuser mary\ngroup sales member=bob\ngrant send-as mary bob\n"
	  "grant send-as list@other.example bob\ngrant send-as *@carol.example bob\n", true, false },
	{ "user bob login=b address=bobby\nuser mary\ngroup sales member=bob\ngrant send-as mary bob\n"
	  "grant send-as list@other.example bob\ngrant send-as *@carol.example bob\n", true, false },
	{ "user bob login=b address=robert\nuser mary smtp=no\ngroup sales member=bob\ngrant send-as mary bob\n"
	  "grant send-as list@other.example bob\ngrant send-as *@carol.example bob\n", true, false },
	{ "user bob login=b address=robert\nuser mary\ngroup sales member=mary\ngrant send-as mary bob\n"
	  "grant send-as list@other.example bob\ngrant send-as *@carol.example bob\n", true, false },
	{ "user bob login=b address=robert\nuser mary\ngroup sales member=bob\ngrant send-on-behalf mary bob\n"
	  "grant send-as list@other.example bob\ngrant send-as *@carol.example bob\n", true, false },
	{ "user bob login=b address=robert\nuser mary\ngroup sales member=bob\ngrant send-as mary bob\n"
	  "grant send-as list@other.example mary\ngrant send-as *@carol.example bob\n", false, true },
	{ "user bob login=b address=robert\nuser mary\ngroup sales member=bob\ngrant send-as mary bob\n"
	  "grant send-as news@other.example bob\ngrant send-as *@carol.example bob\n", false, true },
	{ "user bob login=b address=robert\nuser mary\ngroup sales member=bob\ngrant send-as mary bob\n"
	  "grant send-as list@other.example bob\ngrant send-as *@carol.example mary\n", false, true },
	{ "user bob login=b address=robert\nuser mary\ngroup sales member=bob\ngrant send-as mary bob\n"
	  "grant send-as list@other.example bob\ngrant send-as *@dave.example bob\n", false, true },
};

START_TEST(another_content_with_the_same_counts_differs)
{
	struct mw_content_difference found;

	mw_test_publish(PUBLISHED);
	found = difference(changed_texts[_i].text);
	ck_assert_int_eq(found.added + found.changed + found.removed > 0, changed_texts[_i].principals);
	ck_assert_int_eq(found.other, changed_texts[_i].other);
}
END_TEST

START_TEST(another_complete_domain_differs)
{
	static const struct mw_str domains[] = { MW_STR("example.test"), MW_STR("other.example") };
	struct mw_content *content = mw_test_content("user bob\n");
	struct mw_content_difference found;

	mw_test_publish("user bob\n");
	content->complete_domains = (struct mw_strs){ domains, 2 };
	mw_content_compare(mw_test_folder, content, &found);
	ck_assert(found.added + found.changed + found.removed == 0 && found.other);
}
END_TEST

MW_UNIT_TESTS("publish")
{
	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_test(tcase, the_same_content_is_published_once);
	tcase_add_test(tcase, a_snapshot_is_as_readable_as_its_folder);
	tcase_add_test(tcase, two_do_not_publish_at_once);
	tcase_add_test(tcase, what_a_killed_one_left_is_removed);
	MW_LOOP(tcase, a_folder_that_others_may_write_is_refused, modes);
	tcase_add_test(tcase, contents_are_compared_by_name);
	MW_LOOP(tcase, another_content_with_the_same_counts_differs, changed_texts);
	tcase_add_test(tcase, another_complete_domain_differs);
}

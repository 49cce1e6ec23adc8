/* SPDX-License-Identifier: MIT */
/* Who is suspended, as a reader of the directory sees it. */
#include "directory_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char path[100], list_folder[100];
static struct mw_directory *directory;
static int64_t clock_offset;

/* The clock of this program, so that a test can let time pass. */
time_t time(time_t *result)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += clock_offset;
	if (result != NULL)
		*result = now.tv_sec;
	return now.tv_sec;
}

static void make(void)
{
	mw_test_make();
	snprintf(path, sizeof(path), "%s" MW_SUSPENSIONS_FOLDER "/" MW_SUSPENSIONS_NAME, mw_test_folder);
	snprintf(list_folder, sizeof(list_folder), "%s" MW_SUSPENSIONS_FOLDER, mw_test_folder);
	ck_assert_int_eq(mkdir(list_folder, 0755), 0);
	directory = mw_directory_new(mw_test_folder);
	clock_offset = 0;
}

static void end(void)
{
	mw_directory_free(directory);
	mw_test_end();
}

enum { NOT = 0, SENDING = 1, LOGIN = 2, AWAY = 8 };

static int marks(enum mw_lookup found, const struct mw_principal *principal)
{
	if (found != MW_LOOKUP_FOUND)
		return AWAY;
	return (principal->suspended_sending ? SENDING : 0) | (principal->suspended_login ? LOGIN : 0);
}

static int by_login(const char *login)
{
	struct mw_principal found;

	return marks(mw_test_login(directory, login, &found), &found);
}

static int by_address(const char *address)
{
	const struct mw_directory_view *view = mw_directory_view(directory);
	struct mw_principal found;

	return marks(view->by_address(view->context, mw_str(address), &found, NULL), &found);
}

static void refresh(enum mw_directory_change expected)
{
	ck_assert_int_eq(mw_directory_refresh(directory), expected);
}

START_TEST(a_suspension_marks_the_user_however_it_is_looked_up)
{
	const struct mw_directory_view *view = mw_directory_view(directory);
	struct mw_directory_status status;
	struct mw_principal found;

	mw_test_publish("user bob login=b address=rob\nuser mary\ngroup g member=bob\n");
	mw_test_suspend("bob@example.test", MW_SUSPENDED_SENDING, 0);
	refresh(MW_DIRECTORY_NEW);
	refresh(MW_DIRECTORY_SAME);
	ck_assert_int_eq(by_login("b"), SENDING);
	ck_assert_int_eq(by_address("rob@example.test"), SENDING);
	ck_assert_int_eq(mw_test_login(directory, "b", &found), MW_LOOKUP_FOUND);
	ck_assert_int_eq(marks(view->by_id(view->context, found.id, &found), &found), SENDING);
	ck_assert_int_eq(by_login("mary@example.test"), NOT);
	ck_assert_int_eq(by_address("g@example.test"), NOT);
	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, 0);
	ck_assert_int_eq(by_login("b"), SENDING); /* until it looks */
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_login("b"), SENDING | LOGIN);
	mw_directory_status(directory, &status);
	ck_assert_uint_eq(status.suspended, 2);
	ck_assert_uint_ne(mw_directory_suspended_id(directory, 0), 0);
}
END_TEST

START_TEST(a_new_snapshot_keeps_it)
{
	mw_test_publish("user bob\n");
	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, 0);
	refresh(MW_DIRECTORY_NEW);
	mw_test_publish("user aaa\nuser abc\nuser bob imap=no\n"); /* another id */
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_login("bob@example.test"), LOGIN);
	ck_assert_int_eq(by_login("aaa@example.test"), NOT);
}
END_TEST

/* `since` of a suspension is 1000. */
static const struct { const char *text; int new, other, bob; } formers[] = {
	{ "user new former=spent:9000:bob@example.test\nuser other\n", LOGIN, NOT, AWAY },
	{ "user new former=carried:100:bob@example.test\nuser other former=passed:1:bob@example.test\n", LOGIN, LOGIN, AWAY },
	{ "user new former=passed:1000:bob@example.test\nuser bob\nuser other\n", LOGIN, NOT, LOGIN },
	{ "user new former=passed:400:bob@example.test\nuser bob\nuser other\n", LOGIN, NOT, LOGIN },
	{ "user new former=spent:399:bob@example.test\nuser bob\nuser other former=spent:400:bob@example.test\n",
	  NOT, LOGIN, LOGIN },
	{ "user new former=spent:399:bob@example.test\ngroup bob\nuser other\n", LOGIN, NOT, AWAY },
	{ "user new former=spent:9000:bobby@example.test\nuser other\n", NOT, NOT, AWAY },
};

START_TEST(who_had_the_name_before_is_suspended_as_of_that_time)
{
	mw_test_publish("user bob\n");
	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, 0);
	mw_test_publish(formers[_i].text);
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_login("new@example.test"), formers[_i].new);
	ck_assert_int_eq(by_login("other@example.test"), formers[_i].other);
	ck_assert_int_eq(by_login("bob@example.test"), formers[_i].bob);
	ck_assert_int_eq(mw_directory_suspended_id(directory, 0) != 0,
			 (formers[_i].new | formers[_i].other | formers[_i].bob) % AWAY != 0);
}
END_TEST

START_TEST(a_renamed_user_does_not_slip_out_of_it)
{
	mw_test_publish("user bob\n");
	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, 0);
	mw_test_publish("user robert address=bob\nuser mary\n");
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_login("robert@example.test"), LOGIN);
	ck_assert_int_eq(by_login("mary@example.test"), NOT);
}
END_TEST

START_TEST(a_renamed_user_is_known_by_a_login_name)
{
	static const char *const names[] = { "b", "bob@example.test", NULL };

	mw_test_publish("user bob login=b\nuser mary login=m\n");
	mw_test_suspend_names("bob@example.test", MW_SUSPENDED_ALL, names);
	mw_test_suspend_names("bob@example.test", MW_SUSPENDED_SENDING, names);
	mw_test_publish("user mary login=m\nuser robert login=b\n");
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_login("b"), SENDING | LOGIN);
	ck_assert_int_eq(by_address("robert@example.test"), SENDING | LOGIN);
	ck_assert_int_eq(by_login("m"), NOT);
	/* The address is another user's, and may be that of the same person. */
	mw_test_publish("user bob\nuser mary login=m\nuser robert login=b\n");
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_address("robert@example.test"), SENDING | LOGIN);
	ck_assert_int_eq(by_address("bob@example.test"), SENDING | LOGIN);
	ck_assert_uint_eq(mw_directory_suspended_next(directory, 0, 0), mw_directory_suspended_id(directory, 0));
	ck_assert_uint_eq(mw_directory_suspended_next(directory, 0, 1), 3);
	ck_assert_uint_eq(mw_directory_suspended_next(directory, 1, 3), 0);
	mw_test_publish("user mary login=m\nuser robert\n");
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_address("robert@example.test"), NOT);
	ck_assert_uint_eq(mw_directory_suspended_id(directory, 0), 0);
}
END_TEST

START_TEST(who_is_gone_and_comes_back_is_suspended_still)
{
	mw_test_publish("user bob\nuser mary\n");
	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, 0);
	mw_test_publish("user mary\ngroup bob member=mary\n");
	refresh(MW_DIRECTORY_NEW);
	ck_assert_uint_eq(mw_directory_suspensions(directory)->count, 1);
	ck_assert_uint_eq(mw_directory_suspended_id(directory, 0), 0);
	ck_assert_int_eq(by_address("bob@example.test"), NOT); /* a group */
	mw_test_publish("user bob\nuser mary\n");
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_login("bob@example.test"), LOGIN);
}
END_TEST

START_TEST(it_ends_at_its_time_though_no_file_changes)
{
	struct mw_directory_status status;

	mw_test_publish("user bob\nuser mary\n");
	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, time(NULL) + 1000);
	mw_test_suspend("mary@example.test", MW_SUSPENDED_ALL, time(NULL) + 2000);
	mw_test_suspend("mary@example.test", MW_SUSPENDED_SENDING, 0);
	refresh(MW_DIRECTORY_NEW);
	refresh(MW_DIRECTORY_SAME);
	ck_assert_int_eq(by_login("bob@example.test"), LOGIN);
	clock_offset = 1001;
	refresh(MW_DIRECTORY_NEW);
	refresh(MW_DIRECTORY_SAME);
	ck_assert_int_eq(by_login("bob@example.test"), NOT);
	ck_assert_int_eq(by_login("mary@example.test"), LOGIN | SENDING);
	clock_offset = 2001;
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_login("mary@example.test"), SENDING);
	mw_directory_status(directory, &status);
	ck_assert_uint_eq(status.suspended, 1);
}
END_TEST

static void damage(void)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0644);

	ck_assert_int_eq(write(fd, "nonsense", 8), 8);
	close(fd);
}

/* In place, or in others' hands. */
START_TEST(damage_leaves_what_was_read_before)
{
	mw_test_publish("user bob\nuser mary\n");
	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, time(NULL) + 1000);
	mw_test_suspend("mary@example.test", MW_SUSPENDED_ALL, 0);
	refresh(MW_DIRECTORY_NEW);
	if (_i == 0)
		damage();
	else
		chmod(path, 0666);
	refresh(MW_DIRECTORY_FAILED);
	refresh(MW_DIRECTORY_FAILED);
	ck_assert_ptr_nonnull(strstr(mw_directory_error(directory), path));
	ck_assert_int_eq(by_login("bob@example.test"), LOGIN);
	ck_assert_int_eq(by_login("mary@example.test"), LOGIN);
	/* Snapshots and the clock are followed all the same. */
	mw_test_publish("user aaa\nuser bob\nuser mary\n");
	clock_offset = 1001;
	refresh(MW_DIRECTORY_FAILED);
	ck_assert_int_eq(by_login("aaa@example.test"), NOT);
	ck_assert_int_eq(by_login("bob@example.test"), NOT);
	ck_assert_int_eq(by_login("mary@example.test"), LOGIN);
	unlink(path);
	mw_test_suspend("bob@example.test", MW_SUSPENDED_SENDING, 0);
	refresh(MW_DIRECTORY_NEW);
	ck_assert_str_eq(mw_directory_error(directory), "");
	ck_assert_int_eq(by_login("bob@example.test"), SENDING);
	ck_assert_int_eq(by_login("mary@example.test"), NOT);
}
END_TEST

START_TEST(who_has_read_none_opens_no_door)
{
	struct mw_directory_status status;

	mw_test_publish("user bob\n");
	damage();
	refresh(MW_DIRECTORY_FAILED);
	ck_assert_ptr_nonnull(strstr(mw_directory_error(directory), path));
	ck_assert_int_eq(by_login("bob@example.test"), AWAY);
	ck_assert_int_eq(by_address("bob@example.test"), AWAY);
	ck_assert_ptr_null(mw_directory_suspensions(directory));
	mw_directory_status(directory, &status);
	ck_assert(!status.open);
	unlink(path);
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_login("bob@example.test"), NOT);
}
END_TEST

START_TEST(without_a_snapshot_there_is_a_list_and_no_lookup)
{
	mw_test_suspend("bob@example.test", MW_SUSPENDED_ALL, 0);
	refresh(MW_DIRECTORY_FAILED);
	ck_assert_int_eq(by_login("bob@example.test"), AWAY);
	ck_assert_uint_eq(mw_directory_suspensions(directory)->count, 1);
	ck_assert_uint_eq(mw_directory_suspended_id(directory, 0), 0);
	mw_test_publish("user bob\n");
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_login("bob@example.test"), LOGIN);
	unlink(mw_test_path);
	refresh(MW_DIRECTORY_FAILED);
	ck_assert_int_eq(by_login("bob@example.test"), AWAY);
}
END_TEST

static int held_login(const struct mw_directory_hold *hold, const char *login)
{
	const struct mw_directory_view *view = mw_directory_hold_view(hold);
	struct mw_principal found;

	return marks(view->by_login(view->context, mw_str(login), &found), &found);
}

START_TEST(what_is_held_goes_on_beside_a_new_snapshot)
{
	struct mw_directory_hold *hold, *next;

	mw_test_publish("user bob\n");
	refresh(MW_DIRECTORY_NEW);
	hold = mw_directory_hold(directory);
	mw_test_publish("user mary\n");
	refresh(MW_DIRECTORY_NEW);
	ck_assert(!mw_directory_is_current(hold));
	next = mw_directory_hold(directory);
	ck_assert(mw_directory_is_current(next));
	ck_assert_int_eq(held_login(hold, "bob@example.test"), NOT);
	ck_assert_int_eq(held_login(hold, "mary@example.test"), AWAY);
	ck_assert_int_eq(by_login("mary@example.test"), NOT);
	mw_directory_release(next);
	mw_directory_free(directory);
	directory = NULL;
	ck_assert_int_eq(held_login(hold, "bob@example.test"), NOT);
	mw_directory_hold_look_again(hold);
	mw_directory_release(hold);
}
END_TEST

START_TEST(who_is_suspended_by_now_counts_for_what_is_held)
{
	struct mw_directory_hold *hold;

	mw_test_publish("user bob\n");
	refresh(MW_DIRECTORY_NEW);
	hold = mw_directory_hold(directory);
	mw_test_publish("user aaa\nuser abc\nuser bob\n"); /* another id */
	refresh(MW_DIRECTORY_NEW);
	mw_test_suspend("bob@example.test", MW_SUSPENDED_SENDING, 0);
	ck_assert_int_eq(held_login(hold, "bob@example.test"), NOT);
	mw_directory_hold_look_again(hold);
	ck_assert_int_eq(held_login(hold, "bob@example.test"), SENDING);
	/* Whoever follows the directory is told of it all the same. */
	ck_assert_int_eq(by_login("bob@example.test"), NOT);
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(by_login("bob@example.test"), SENDING);
	refresh(MW_DIRECTORY_SAME);
	mw_directory_release(hold);
}
END_TEST

START_TEST(what_is_no_longer_fit_answers_nobody)
{
	struct mw_directory_hold *hold;

	mw_test_publish("user bob\n");
	refresh(MW_DIRECTORY_NEW);
	hold = mw_directory_hold(directory);
	unlink(mw_test_path);
	refresh(MW_DIRECTORY_FAILED);
	ck_assert_int_eq(held_login(hold, "bob@example.test"), AWAY);
	mw_directory_release(hold);
}
END_TEST

static void add_name(void *context, struct mw_str login)
{
	size_t used = strlen(context);

	snprintf((char *)context + used, 100 - used, "%.*s ", MW_STR_ARG(login));
}

static int by_name(const char *login)
{
	const struct mw_directory_view *view = mw_directory_view(directory);
	struct mw_principal found = { .id = 0 };
	enum mw_lookup lookup = view->suspended(view->context, mw_str(login), &found);

	ck_assert_int_ne(lookup, marks(MW_LOOKUP_FOUND, &found) == NOT ? MW_LOOKUP_FOUND : MW_LOOKUP_NONE);
	return lookup == MW_LOOKUP_UNAVAILABLE ? AWAY : marks(MW_LOOKUP_FOUND, &found);
}

START_TEST(a_login_name_is_known_without_a_snapshot)
{
	static const char *const bobs[] = { "b", "bobby@example.test", NULL }, *const none[] = { NULL };

	mw_test_suspend_names("bob@example.test", MW_SUSPENDED_SENDING, bobs);
	mw_test_suspend_names("mary@example.test", MW_SUSPENDED_ALL, none);
	refresh(MW_DIRECTORY_FAILED); /* the snapshot */
	ck_assert_int_eq(by_login("b"), AWAY);
	ck_assert_int_eq(by_name("b"), SENDING);
	ck_assert_int_eq(by_name("bobby@example.test"), SENDING);
	ck_assert_int_eq(by_name("bob@example.test"), SENDING);
	ck_assert_int_eq(by_name("mary@example.test"), LOGIN);
	ck_assert_int_eq(by_name("bo"), NOT);
	ck_assert_int_eq(by_name("zoe@example.test"), NOT);
	mw_test_suspend_names("bob@example.test", MW_SUSPENDED_ALL, bobs);
	refresh(MW_DIRECTORY_FAILED);
	ck_assert_int_eq(by_name("b"), SENDING | LOGIN);
}
END_TEST

START_TEST(nobody_tells_who_is_suspended_while_no_list_was_read)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_int_eq(write(fd, "no list", 7), 7);
	close(fd);
	refresh(MW_DIRECTORY_FAILED);
	ck_assert_int_eq(by_name("bob@example.test"), AWAY);
}
END_TEST

START_TEST(in_a_folder_that_is_not_there_nobody_is_suspended)
{
	mw_directory_free(directory);
	directory = mw_directory_new("/nonexistent/directory");
	refresh(MW_DIRECTORY_FAILED);
	ck_assert_int_eq(by_name("bob@example.test"), NOT);
}
END_TEST

START_TEST(the_logins_of_a_user_are_those_that_lead_to_it)
{
	struct mw_principal bob;
	char names[100] = "";

	mw_test_publish("user bob login=b,bobby\nuser mary login=bo\n");
	refresh(MW_DIRECTORY_NEW);
	ck_assert_int_eq(mw_test_login(directory, "b", &bob), MW_LOOKUP_FOUND);
	ck_assert(mw_directory_each_login(directory, bob.id, add_name, names));
	ck_assert_str_eq(names, "b bob@example.test bobby ");
	unlink(mw_test_path);
	refresh(MW_DIRECTORY_FAILED);
	ck_assert(!mw_directory_each_login(directory, bob.id, add_name, names));
}
END_TEST

MW_UNIT_TESTS("overlay")
{
	tcase_add_test(tcase, a_login_name_is_known_without_a_snapshot);
	tcase_add_test(tcase, nobody_tells_who_is_suspended_while_no_list_was_read);
	tcase_add_test(tcase, in_a_folder_that_is_not_there_nobody_is_suspended);
	tcase_add_test(tcase, the_logins_of_a_user_are_those_that_lead_to_it);
	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_test(tcase, a_suspension_marks_the_user_however_it_is_looked_up);
	tcase_add_test(tcase, a_new_snapshot_keeps_it);
	tcase_add_test(tcase, a_renamed_user_does_not_slip_out_of_it);
	MW_LOOP(tcase, who_had_the_name_before_is_suspended_as_of_that_time, formers);
	tcase_add_test(tcase, a_renamed_user_is_known_by_a_login_name);
	tcase_add_test(tcase, who_is_gone_and_comes_back_is_suspended_still);
	tcase_add_test(tcase, it_ends_at_its_time_though_no_file_changes);
	tcase_add_loop_test(tcase, damage_leaves_what_was_read_before, 0, 2);
	tcase_add_test(tcase, who_has_read_none_opens_no_door);
	tcase_add_test(tcase, without_a_snapshot_there_is_a_list_and_no_lookup);
	tcase_add_test(tcase, what_is_held_goes_on_beside_a_new_snapshot);
	tcase_add_test(tcase, who_is_suspended_by_now_counts_for_what_is_held);
	tcase_add_test(tcase, what_is_no_longer_fit_answers_nobody);
}

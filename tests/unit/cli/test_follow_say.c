/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "follow/say.h"

static FILE *log_file;
static int old_standard_error;

static void take_standard_error(void)
{
	log_file = tmpfile();
	ck_assert_ptr_nonnull(log_file);
	old_standard_error = dup(STDERR_FILENO);
	dup2(fileno(log_file), STDERR_FILENO);
}

static void give_it_back(void)
{
	dup2(old_standard_error, STDERR_FILENO);
	close(old_standard_error);
	fclose(log_file);
}

/* How many lines of the log have the words. */
static size_t count(const char *words)
{
	char line[1000];
	size_t found = 0;

	rewind(log_file);
	while (fgets(line, sizeof(line), log_file) != NULL)
		found += strstr(line, words) != NULL;
	return found;
}

static void say(struct mw_say *say, const char *error, int64_t now)
{
	struct mw_sync_process_result result = { .done = error == NULL, .lines = calloc(1, sizeof(char *)) };

	ck_assert_ptr_nonnull(result.lines);
	if (error != NULL) {
		result.lines[0] = strdup(error);
		result.errors = result.count = 1;
	}
	mw_say_result(say, &result, "/folder", now);
}

START_TEST(a_source_that_is_good_and_bad_in_turn_fills_no_log)
{
	struct mw_say one = { .lines = NULL };
	int64_t now = 1000000;

	for (int i = 0; i < 60; i++, now += 150)
		say(&one, i % 2 == 0 ? "error: bad" : NULL, now);
	ck_assert_uint_eq(count(""), 90);
	for (int i = 0; i < 7; i++, now += 100)
		say(&one, i % 2 == 0 ? "error: bad" : NULL, now);
	ck_assert_uint_eq(count(""), 100);
	mw_say_tick(&one, now);
	ck_assert_uint_eq(count(""), 100);
	/* The rest is a number, once the time is over. */
	now += 10000;
	mw_say_tick(&one, now);
	ck_assert_uint_eq(count("1 lines of the last"), 1);
	say(&one, NULL, now);
	ck_assert_uint_eq(count("all sources are read again"), 34);
	mw_say_free(&one);
}
END_TEST

START_TEST(another_sync_is_told_after_a_minute_and_once)
{
	struct mw_say one = { .lines = NULL };
	int64_t now = 1000000;

	for (int i = 0; i < 60; i++, now += 1000)
		ck_assert(!mw_say_busy(&one, "another sync is running", now));
	ck_assert_uint_eq(count(""), 0);
	for (int i = 0; i < 60; i++, now += 1000)
		ck_assert(mw_say_busy(&one, "another sync is running", now));
	ck_assert_uint_eq(count("another sync is running, for more than a minute"), 1);
	say(&one, NULL, now);
	ck_assert_uint_eq(count("the other sync has ended"), 1);
	/* And it counts from the beginning. */
	ck_assert(!mw_say_busy(&one, "another sync is running", now));
	mw_say_free(&one);
}
END_TEST

MW_UNIT_TESTS("follow_say")
{
	tcase_add_checked_fixture(tcase, take_standard_error, give_it_back);
	tcase_add_test(tcase, a_source_that_is_good_and_bad_in_turn_fills_no_log);
	tcase_add_test(tcase, another_sync_is_told_after_a_minute_and_once);
}

/* SPDX-License-Identifier: MIT */
#include "directory_support.h"

#include <stdio.h>
#include <unistd.h>

#include "directory/watch.h"

static struct mw_directory *directory;
static struct mw_directory_watch watch;
static char said[1024];

static void make(void)
{
	mw_test_make();
	directory = mw_directory_new(mw_test_folder);
	memset(&watch, 0, sizeof(watch));
}

static void end(void)
{
	mw_directory_free(directory);
	mw_test_end();
}

static enum mw_directory_word look(int64_t now)
{
	struct mw_buf line = MW_BUF_OVER(said);
	enum mw_directory_change change = mw_directory_refresh(directory);

	return mw_directory_watch(&watch, directory, change, now, &line);
}

static void ends_with(const char *text)
{
	ck_assert_msg(strlen(said) >= strlen(text) && strcmp(said + strlen(said) - strlen(text), text) == 0, "%s", said);
}

START_TEST(trouble_is_said_at_once_and_each_minute_with_its_age)
{
	mw_test_publish("user bob\n"); /* at 1000 */
	ck_assert_int_eq(look(1000), MW_DIRECTORY_READ);
	ck_assert_int_eq(look(1001), MW_DIRECTORY_QUIET);
	ck_assert_int_eq(truncate(mw_test_path, 100), 0);
	ck_assert_int_eq(look(1002), MW_DIRECTORY_TROUBLE);
	ends_with("; no request can be answered");
	ck_assert_int_eq(look(1061), MW_DIRECTORY_QUIET);
	ck_assert_int_eq(look(1062), MW_DIRECTORY_TROUBLE);
	ck_assert_int_eq(look(10), MW_DIRECTORY_TROUBLE); /* the clock was set back */
	ck_assert_int_eq(look(11), MW_DIRECTORY_QUIET);
	unlink(mw_test_path);
	ck_assert_int_eq(look(12), MW_DIRECTORY_TROUBLE); /* another trouble */
	mw_test_publish("user mary\n");
	ck_assert_int_eq(look(13), MW_DIRECTORY_HEALED);
	ck_assert_str_eq(watch.error, "");
	ck_assert_int_eq(look(14), MW_DIRECTORY_QUIET);
}
END_TEST

static const struct { int64_t now; const char *age; } ages[] = {
	{ 900, "0 seconds old" },	{ 1001, "1 second old" },  { 1119, "119 seconds old" }, { 1120, "2 minutes old" },
	{ 8199, "119 minutes old" },	{ 8200, "2 hours old" },   { 173799, "47 hours old" },  { 173800, "2 days old" },
	{ 86401000, "1000 days old" },
};

START_TEST(an_age_is_told_in_its_unit)
{
	char other[100], expected[100];
	FILE *file;

	mw_test_publish("user bob\n");
	look(1000);
	snprintf(other, sizeof(other), "%s/other", mw_test_folder);
	file = fopen(other, "w");
	ck_assert(fputs("nonsense", file) >= 0 && fclose(file) == 0 && rename(other, mw_test_path) == 0);
	ck_assert_int_eq(look(ages[_i].now), MW_DIRECTORY_TROUBLE);
	snprintf(expected, sizeof(expected), "; still using the previous one, written 1970-01-01T00:16:40Z, %s",
		 ages[_i].age);
	ends_with(expected);
}
END_TEST

MW_UNIT_TESTS("watch")
{
	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_test(tcase, trouble_is_said_at_once_and_each_minute_with_its_age);
	MW_LOOP(tcase, an_age_is_told_in_its_unit, ages);
}

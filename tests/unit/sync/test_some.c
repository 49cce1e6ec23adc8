/* SPDX-License-Identifier: MIT */
/* A sync in which a source rests: its last good copy stands in, and it is not asked. */
#include "sync_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "policy/read.h"

static char folder[] = "/tmp/mailwicket-test-XXXXXX";
static struct mw_policy *policy;
static struct mw_errors *errors;
static struct mw_sync_report report;

static void write_file(const char *name, const char *text)
{
	char path[80];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
	chmod(path, 0644);
}

/* "listed" is read by a program and has a copy, "text" has none. */
static void make(void)
{
	char text[800];

	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	write_file("listed", "user bob\nuser mary\n");
	write_file("text", "user eve\n");
	snprintf(text, sizeof(text),
		 "default_domain = \"example.test\"\n"
		 "accepted_domain \"example.test\" { }\n"
		 "directory {\n path = \"%s/out\"\n source \"listed\" { driver = exec command = { \"/bin/cat\", \"%s/listed\" } }\n"
		 " source \"text\" { driver = text path = \"%s/text\" } }\n", folder, folder, folder);
	errors = mw_errors_new(20);
	policy = mw_policy_read_text("test.conf", mw_str(text), "mx", 0, errors);
	ck_assert_msg(policy != NULL, "%s", mw_errors_kept(errors) > 0 ? mw_errors_get(errors, 0)->text : "");
}

static void end(void)
{
	static const char *const names[] = { "out/sources/listed", "out/sources/listed.state", "out/snapshot.mdb",
					     "out/.lock", "listed", "text" };
	static const char *const folders[] = { "out/sources", "out", "." };
	char path[80];

	for (size_t i = 0; i < MW_COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
	for (size_t i = 0; i < MW_COUNT(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
		remove(i + 1 < MW_COUNT(folders) ? path : folder);
	}
	mw_policy_free(policy);
	mw_errors_free(errors);
}

static bool sync_with(bool rest, bool *failed_r)
{
	struct mw_source_turn turns[] = { { .rest = rest }, { .rest = rest } };
	bool done = mw_sync_some(policy, turns, errors, &report);

	*failed_r = turns[0].failed;
	return done;
}

START_TEST(who_rests_is_not_read_and_the_others_are)
{
	bool failed;

	ck_assert(sync_with(true, &failed)); /* it has no copy yet */
	ck_assert_uint_eq(report.users, 3);
	write_file("listed", "user bob\n");
	write_file("text", "user eve\nuser adam\n");
	ck_assert(sync_with(true, &failed));
	ck_assert(!failed && report.users == 4 && report.added == 1 && report.removed == 0);
	ck_assert(sync_with(false, &failed));
	ck_assert(!failed && report.users == 3 && report.removed == 1);
	ck_assert_uint_eq(mw_errors_kept(errors), 0);
}
END_TEST

static unsigned count_lines(const char *text)
{
	unsigned count = 0;

	for (unsigned i = 0; i < mw_errors_kept(errors); i++)
		count += strstr(mw_errors_get(errors, i)->text, text) != NULL;
	return count;
}

START_TEST(who_failed_and_rests_is_told_as_failing_and_not_asked)
{
	bool failed;

	char path[80];

	ck_assert(sync_with(false, &failed));
	snprintf(path, sizeof(path), "%s/listed", folder);
	remove(path);
	ck_assert(sync_with(false, &failed));
	ck_assert(failed && report.old_sources == 1 && count_lines("cannot be read; its content of") == 1);
	write_file("listed", "user bob\nuser mary\n");
	ck_assert(sync_with(true, &failed));
	ck_assert(failed && report.users == 3 && report.old_sources == 1 &&
		  count_lines("cannot be read; its content of") == 2);
	ck_assert(sync_with(false, &failed));
	ck_assert(!failed && report.old_sources == 0);
}
END_TEST

START_TEST(a_policy_that_names_another_program_reads_that_one)
{
	struct mw_source sources[2] = { policy->directory.sources[0], policy->directory.sources[1] };
	struct mw_str words[] = { sources[0].command.items[0], MW_STR_EMPTY };
	char path[80];
	bool failed;

	ck_assert(sync_with(false, &failed));
	write_file("text", "user bob\n");
	snprintf(path, sizeof(path), "%s/text", folder);
	words[1] = mw_str(path);
	sources[0].command.items = words;
	policy->directory.sources = sources;
	policy->directory.source_count = 1;
	ck_assert(sync_with(true, &failed));
	ck_assert(!failed && report.users == 1);
}
END_TEST

MW_UNIT_TESTS("some of the sources")
{
	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_test(tcase, who_rests_is_not_read_and_the_others_are);
	tcase_add_test(tcase, who_failed_and_rests_is_told_as_failing_and_not_asked);
	tcase_add_test(tcase, a_policy_that_names_another_program_reads_that_one);
}

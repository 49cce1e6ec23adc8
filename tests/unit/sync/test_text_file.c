/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/mailwicket-test-XXXXXX";
static char path[64], other[64];

static void make(void)
{
	FILE *file;

	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/users", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	file = fopen(path, "w");
	fputs("user bob@example.test\n", file);
	fclose(file);
	chmod(path, 0644);
}

static void end(void)
{
	unlink(path);
	unlink(other);
	rmdir(other);
	rmdir(folder);
}

static size_t read_it(const char *name, struct mw_errors *errors)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_records records;
	size_t count;

	mw_records_init(&records, arena, errors);
	mw_text_read_file(&records, name, MW_STR("example.test"));
	count = records.count;
	mw_records_deinit(&records);
	mw_arena_free(arena);
	return count;
}

START_TEST(only_a_file_that_can_be_trusted_is_read)
{
	static const struct { int what; const char *why; } faults[] = {
		{ 0, NULL }, { 1, "writable" }, { 2, "writable" }, { 3, "symbolic link" }, { 4, "no regular file" },
		{ 5, "No such file" }, { 6, "no regular file" },
	};
	struct mw_errors *errors = mw_errors_new(5);
	const char *name = faults[_i].what >= 3 ? other : path;
	size_t count;

	if (faults[_i].what == 1 || faults[_i].what == 2)
		chmod(path, faults[_i].what == 1 ? 0664 : 0646);
	else if (faults[_i].what == 3)
		ck_assert_int_eq(symlink(path, other), 0);
	else if (faults[_i].what == 4)
		mkdir(other, 0755);
	else if (faults[_i].what == 6)
		mkfifo(other, 0600);
	count = read_it(name, errors);
	ck_assert_uint_eq(count, faults[_i].why == NULL);
	ck_assert_uint_eq(mw_errors_count(errors, MW_ERROR), faults[_i].why != NULL);
	if (faults[_i].why != NULL) {
		ck_assert_str_eq(mw_errors_get(errors, 0)->file, name);
		ck_assert_msg(strstr(mw_errors_get(errors, 0)->text, faults[_i].why) != NULL, "%s",
			      mw_errors_get(errors, 0)->text);
	}
	mw_errors_free(errors);
}
END_TEST

TCase *mw_test_text_file_case(void)
{
	TCase *tcase = tcase_create("text files");

	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_loop_test(tcase, only_a_file_that_can_be_trusted_is_read, 0, 7);
	return tcase;
}

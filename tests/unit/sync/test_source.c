/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/setting.h"

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

static size_t read_it(const char *driver, const char *name, struct mw_errors *errors)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_records records;
	size_t count;

	mw_records_init(&records, arena, errors);
	mw_source_read(&records, &(struct mw_source){ .name = MW_STR("s"), .driver = mw_str(driver), .path = mw_str(name) },
		       MW_STR("example.test"));
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
	count = read_it("text", name, errors);
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

/* The words of the policy and the drivers here are one list. */
START_TEST(each_word_that_the_policy_takes_has_its_driver_and_no_other)
{
	for (size_t i = 0; i < mw_source_drivers.count; i++) {
		const struct mw_word *word = &mw_source_drivers.words[i];
		const struct mw_source_driver *driver = mw_source_driver_find(mw_str(word->word));

		ck_assert_msg((driver != NULL) == (word->value == 0), "%s", word->word);
		if (driver == NULL)
			continue;
		ck_assert_str_eq(driver->name, word->word);
		ck_assert(driver->open != NULL && driver->next != NULL && driver->close != NULL);
		ck_assert((driver->watch_open == NULL) == (driver->watch_fd == NULL) &&
			  (driver->watch_open == NULL) == (driver->watch_ask == NULL) &&
			  (driver->watch_open == NULL) == (driver->watch_close == NULL) && driver->interval > 0);
	}
	ck_assert_ptr_eq(mw_source_driver_find(MW_STR("TEXT")), &mw_source_text);
	ck_assert_ptr_null(mw_source_driver_find(MW_STR("tex")));
	ck_assert_ptr_null(mw_source_driver_find(MW_STR_EMPTY));
}
END_TEST

START_TEST(a_driver_that_nobody_has_is_an_error)
{
	struct mw_errors *errors = mw_errors_new(5);

	ck_assert_uint_eq(read_it("oracle", path, errors), 0);
	ck_assert_uint_eq(mw_errors_count(errors, MW_ERROR), 1);
	ck_assert_str_eq(mw_errors_get(errors, 0)->text, "source \"s\": unknown driver \"oracle\"");
	mw_errors_free(errors);
}
END_TEST

START_TEST(a_source_is_read_record_by_record)
{
	static const char more[] = "\n# nothing\nusr x\nuser mary@example.test";
	struct mw_errors *errors = mw_errors_new(5);
	struct mw_arena *arena = mw_arena_new(0);
	FILE *file = fopen(path, "a");
	struct mw_source source = { .driver = MW_STR("text"), .path = mw_str(path) };
	/* How many records there are after each step. */
	static const size_t counts[] = { 1, 1, 1, 1, 2 };
	struct mw_records records;
	void *opened;

	fputs(more, file);
	fclose(file);
	mw_records_init(&records, arena, errors);
	opened = mw_source_text.open(&records, &source, MW_STR("example.test"));
	ck_assert_ptr_nonnull(opened);
	ck_assert_uint_eq(records.count, 0);
	for (size_t i = 0; i < MW_COUNT(counts); i++) {
		ck_assert(mw_source_text.next(opened));
		ck_assert_uint_eq(records.count, counts[i]);
	}
	ck_assert(!mw_source_text.next(opened) && !mw_source_text.next(opened));
	mw_source_text.close(opened);
	ck_assert_uint_eq(mw_errors_count(errors, MW_ERROR), 1);
	ck_assert_uint_eq(mw_errors_get(errors, 0)->line, 4);
	ck_assert_uint_eq(records.items[1].origin.line, 5);
	mw_records_deinit(&records);
	mw_arena_free(arena);
	mw_errors_free(errors);
}
END_TEST

MW_UNIT_TESTS("sources")
{
	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_loop_test(tcase, only_a_file_that_can_be_trusted_is_read, 0, 7);
	tcase_add_test(tcase, each_word_that_the_policy_takes_has_its_driver_and_no_other);
	tcase_add_test(tcase, a_driver_that_nobody_has_is_an_error);
	tcase_add_test(tcase, a_source_is_read_record_by_record);
}

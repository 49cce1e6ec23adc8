/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "report/daemon_status.h"

static const struct mw_daemon_status full = {
	.version = "1.2.3", .process = 77, .user = 998, .policy = "0123456789abcdef", .policy_read = 1000, .reload_failed = 1,
	.enforces = 1, .asked_in_audit = 1, .directory = "00112233445566778899aabbccddeeff", .directory_written = 2000,
	.directory_failed = 1,
};

static struct mw_str written(char memory[MW_DAEMON_STATUS_MOST])
{
	struct mw_buf out = mw_buf_over(memory, MW_DAEMON_STATUS_MOST);

	mw_daemon_status_write(&full, &out);
	ck_assert(!out.truncated);
	return mw_buf_str(&out);
}

START_TEST(what_is_written_reads_back)
{
	char memory[MW_DAEMON_STATUS_MOST];
	struct mw_daemon_status back;

	ck_assert(mw_daemon_status_read(written(memory), &back));
	ck_assert_mem_eq(&back, &full, sizeof(full));
}
END_TEST

START_TEST(more_than_we_know_is_passed_over)
{
	char memory[2 * MW_DAEMON_STATUS_MOST] = "weather=fine\n";
	struct mw_daemon_status back;
	struct mw_str text = written(memory + 13);

	ck_assert(mw_daemon_status_read((struct mw_str){ memory, text.len + 13 }, &back));
	ck_assert_uint_eq(back.process, 77);
}
END_TEST

static const char *const others[] = { "", "\n", "action=DUNNO\n\n", "version=1\n", "process=many\n" };

START_TEST(what_is_no_such_answer_is_none)
{
	struct mw_daemon_status back;

	ck_assert(!mw_daemon_status_read(mw_str(others[_i]), &back));
}
END_TEST

START_TEST(an_answer_that_was_cut_is_none)
{
	char memory[MW_DAEMON_STATUS_MOST];
	struct mw_daemon_status back;
	struct mw_str text = written(memory);

	ck_assert(!mw_daemon_status_read(mw_str_head(text, mw_str_find_last(text, 'd')), &back));
}
END_TEST

MW_UNIT_TESTS("daemon status")
{
	tcase_add_test(tcase, what_is_written_reads_back);
	tcase_add_test(tcase, more_than_we_know_is_passed_over);
	MW_LOOP(tcase, what_is_no_such_answer_is_none, others);
	tcase_add_test(tcase, an_answer_that_was_cut_is_none);
}

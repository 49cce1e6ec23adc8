/* SPDX-License-Identifier: MIT */
#include "server/log.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/log_lines.h"
#include "unit.h"

#define PATTERN "/tmp/mailwicket-log-XXXXXX"

static int reader = -1, saved;
static char path[] = PATTERN;
static char text[1 << 20];

/* Standard error is this descriptor from now on. */
static void log_to(int fd)
{
	saved = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
	close(fd);
}

/* Check prints its own there. What a test left unwritten goes nowhere: the next one may be in the same process. */
static void restore(void)
{
	int nowhere = open("/dev/null", O_WRONLY);

	ck_assert_int_ge(dup2(nowhere, STDERR_FILENO), 0);
	close(nowhere);
	mw_log_flush();
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	close(saved);
	if (reader >= 0)
		close(reader);
	unlink(path);
	memcpy(path, PATTERN, sizeof(PATTERN));
}

/* O_DIRECT: each read gives what one write wrote. */
static void log_to_pipe(int flags)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, flags), 0);
	reader = ends[0];
	ck_assert_int_eq(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
	log_to(ends[1]);
}

static void log_to_socket(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	reader = ends[0];
	ck_assert_int_eq(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
	log_to(ends[1]);
}

static void log_to_file(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	reader = open(path, O_RDONLY);
	log_to(fd);
}

/* The line of a decision, `len` octets with its newline; its number comes first. */
static bool log_decision(unsigned number, size_t len)
{
	struct mw_buf line;

	if (!mw_log_decision_begin(MW_LOG_INFO, &line))
		return false;
	mw_buf_printf(&line, "v=%06u ", number);
	while (line.used + sizeof("mailwicket: ") < len)
		mw_buf_add_char(&line, 'x');
	mw_log_decision_end(&line);
	return true;
}

/* What one read gives; or all that there is. */
static struct mw_str take(void)
{
	ssize_t got = read(reader, text, sizeof(text));

	return (struct mw_str){ text, got > 0 ? (size_t)got : 0 };
}

static struct mw_str take_all(void)
{
	size_t all = 0;
	ssize_t got;

	while ((got = read(reader, text + all, sizeof(text) - all)) > 0)
		all += (size_t)got;
	return (struct mw_str){ text, all };
}

/* Decisions alone, each whole, numbered from `first`. Returns how many. */
static unsigned check_lines(struct mw_str lines, unsigned first, size_t len)
{
	unsigned count = 0;
	char begin[32];

	for (; lines.len > 0; lines = mw_str_tail(lines, len), count++) {
		struct mw_str line = mw_str_head(lines, mw_str_find(lines, '\n'));

		snprintf(begin, sizeof(begin), "mailwicket: v=%06u ", first + count);
		ck_assert_msg(mw_str_starts_with(line, mw_str(begin)), "%.*s instead of %s", MW_STR_ARG(line), begin);
		ck_assert_uint_eq(line.len + 1, len);
	}
	return count;
}

START_TEST(decisions_wait_and_go_out_in_one_write)
{
	log_to_socket();
	for (unsigned i = 0; i < 60; i++)
		ck_assert(log_decision(i, 700));
	ck_assert_uint_eq(take_all().len, 0);
	mw_log_flush();
	ck_assert_uint_eq(check_lines(take_all(), 0, 700), 60);
	mw_log_flush();
	ck_assert_uint_eq(take_all().len, 0);
}
END_TEST

START_TEST(so_many_writes_a_second_are_done_at_once)
{
	unsigned number = 0;
	double now = 5000;

	log_to_socket();
	ck_assert(mw_log_flush_paced(now));
	/* One for each, as long as they last. */
	for (; number < MW_LOG_WRITES; number++) {
		ck_assert(log_decision(number, 100));
		ck_assert(mw_log_flush_paced(now));
		ck_assert_uint_eq(check_lines(take_all(), number, 100), 1);
	}
	/* Then they wait for each other. */
	for (unsigned i = 0; i < 3; i++) {
		for (unsigned j = 0; j < 20; j++) {
			ck_assert(log_decision(number + j, 100));
			ck_assert(!mw_log_flush_paced(now));
		}
		ck_assert_uint_eq(take_all().len, 0);
		now += 1.01 * MW_LOG_PAUSE;
		ck_assert(mw_log_flush_paced(now));
		ck_assert_uint_eq(check_lines(take_all(), number, 100), 20);
		number += 20;
	}
	/* A message takes them along. */
	ck_assert(log_decision(number, 100));
	ck_assert(!mw_log_flush_paced(now));
	mw_log(MW_LOG_INFO, "a");
	ck_assert_slice(mw_str_tail(take_all(), 100), MW_STR("mailwicketd: a\n"));
	/* A second later there are as many again, and after a day no more than that. */
	now += 86400;
	for (number = 0; number < MW_LOG_WRITES; number++) {
		ck_assert(log_decision(number, 100));
		ck_assert(mw_log_flush_paced(now));
		(void)take_all();
	}
	ck_assert(log_decision(number, 100));
	ck_assert(!mw_log_flush_paced(now));
}
END_TEST

START_TEST(a_message_goes_out_at_once_behind_the_decisions)
{
	log_to_pipe(0);
	ck_assert(log_decision(7, 50));
	mw_log(MW_LOG_INFO, "a\nb");
	ck_assert_slice(mw_str_tail(take_all(), 50), MW_STR("mailwicketd: a?b\n"));
}
END_TEST

START_TEST(a_pipe_gets_whole_lines_in_pieces_that_it_takes_at_once)
{
	unsigned count = 0;
	struct mw_str piece;

	log_to_pipe(O_DIRECT);
	for (unsigned i = 0; i < 20; i++)
		ck_assert(log_decision(i, 1300));
	mw_log_flush();
	while ((piece = take()).len > 0) {
		ck_assert_uint_le(piece.len, PIPE_BUF);
		count += check_lines(piece, count, 1300);
	}
	ck_assert_uint_eq(count, 20);
}
END_TEST

/* Takes what comes, flushing in between. */
static unsigned take_slowly(unsigned first, size_t len)
{
	unsigned count = 0, more;

	do {
		more = check_lines(take_all(), first + count, len);
		count += more;
		mw_log_flush();
	} while (more > 0);
	return count;
}

START_TEST(a_full_pipe_loses_what_there_is_no_room_for_and_nothing_else)
{
	unsigned asked = 0, kept = 0;
	char told[64];

	log_to_pipe(0);
	for (; asked < 300; asked++) {
		kept += log_decision(asked, 1000);
		mw_log_flush();
	}
	/* More than the pipe alone has room for: what waits is kept too. */
	ck_assert_uint_ge(kept, (size_t)fcntl(STDERR_FILENO, F_GETPIPE_SZ) / 1000 + 30);
	ck_assert_uint_lt(kept, asked);
	ck_assert_uint_eq(take_slowly(0, 1000), kept);
	mw_log_tick();
	snprintf(told, sizeof(told), "mailwicketd: %u log lines were dropped: nothing reads the log\n", asked - kept);
	ck_assert_slice(take_all(), mw_str(told));
	ck_assert(log_decision(asked, 1000));
	mw_log_tick();
	ck_assert_uint_eq(check_lines(take_all(), asked, 1000), 1);
}
END_TEST

static void let_files_grow_to(rlim_t octets)
{
	struct rlimit limit;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = octets;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* As a full disk. */
START_TEST(a_line_that_a_file_took_in_part_is_finished_first)
{
	log_to_file();
	let_files_grow_to(2500);
	for (unsigned i = 0; i < 5; i++)
		ck_assert(log_decision(i, 1000));
	mw_log_flush();
	ck_assert_uint_eq(take_all().len, 2500);
	mw_log_flush();
	ck_assert_uint_eq(take_all().len, 0);
	let_files_grow_to(RLIM_INFINITY);
	ck_assert(log_decision(5, 1000));
	mw_log_flush();
	ck_assert_int_eq(lseek(reader, 0, SEEK_SET), 0);
	ck_assert_uint_eq(check_lines(take_all(), 0, 1000), 6);
}
END_TEST

START_TEST(a_full_socket_takes_the_rest_later)
{
	unsigned asked = 0;

	log_to_socket();
	/* Until it takes no more. */
	while (log_decision(asked, 1000)) {
		asked++;
		mw_log_flush();
	}
	ck_assert_uint_eq(take_slowly(0, 1000), asked);
}
END_TEST

START_TEST(the_longest_line_is_whole)
{
	struct mw_buf line;

	log_to_pipe(0);
	ck_assert(mw_log_decision_begin(MW_LOG_INFO, &line));
	while (!line.truncated)
		mw_buf_add_char(&line, 'x');
	mw_log_decision_end(&line);
	ck_assert(log_decision(1, 100));
	mw_log_flush();
	ck_assert_uint_eq(mw_str_find(take_all(), '\n'), MW_LOG_LINE_MAX - 1);
	ck_assert_uint_eq(check_lines((struct mw_str){ text + MW_LOG_LINE_MAX, 100 }, 1, 100), 1);
}
END_TEST

MW_UNIT_TESTS("log")
{
	tcase_add_checked_fixture(tcase, NULL, restore);
	tcase_add_test(tcase, decisions_wait_and_go_out_in_one_write);
	tcase_add_test(tcase, so_many_writes_a_second_are_done_at_once);
	tcase_add_test(tcase, a_message_goes_out_at_once_behind_the_decisions);
	tcase_add_test(tcase, a_pipe_gets_whole_lines_in_pieces_that_it_takes_at_once);
	tcase_add_test(tcase, a_full_pipe_loses_what_there_is_no_room_for_and_nothing_else);
	tcase_add_test(tcase, a_line_that_a_file_took_in_part_is_finished_first);
	tcase_add_test(tcase, a_full_socket_takes_the_rest_later);
	tcase_add_test(tcase, the_longest_line_is_whole);
}

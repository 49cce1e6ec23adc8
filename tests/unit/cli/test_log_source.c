/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <zlib.h>

#include "logs/input.h"
#include "logs/source.h"

static char folder[64], path[128], said[4096];

static void set_up(void)
{
	strcpy(folder, "/tmp/mailwicket-log.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/mail.log", folder);
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "/bin/rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static void write_file(const char *name, const void *bytes, size_t len, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, mode);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

static void write_gzip(const char *text, size_t len, const char *mode)
{
	gzFile file = gzopen(path, mode);

	ck_assert_int_eq(gzwrite(file, text, (unsigned)len), (int)len);
	ck_assert_int_eq(gzclose(file), Z_OK);
}

/* Standard error goes into a file until hear() reads it. */
static int listen_in(void)
{
	int saved = dup(STDERR_FILENO), fd;
	char name[128];

	snprintf(name, sizeof(name), "%s/said", folder);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return saved;
}

static void hear(int saved)
{
	ssize_t count = pread(STDERR_FILENO, said, sizeof(said) - 1, 0);

	dup2(saved, STDERR_FILENO);
	close(saved);
	said[count > 0 ? count : 0] = '\0';
}

static void ck_assert_one_line(const char *part)
{
	ck_assert_msg(strstr(said, part) != NULL, "\"%s\" is not in \"%s\"", part, said);
	ck_assert_msg(strchr(said, '\n') == said + strlen(said) - 1, "not one line: \"%s\"", said);
}

static void ck_assert_refused(const char *name, int wanted, const char *part)
{
	int saved = listen_in(), code = -1;
	struct mw_log_source *source = mw_log_source_open(name, 0, &code);

	hear(saved);
	ck_assert_ptr_null(source);
	ck_assert_int_eq(code, wanted);
	ck_assert_one_line(part);
}

static struct mw_log_source *open_good(const char *name)
{
	int code;
	struct mw_log_source *source = mw_log_source_open(name, 0, &code);

	ck_assert_ptr_nonnull(source);
	return source;
}

static void ck_assert_line(struct mw_log_source *source, const char *wanted)
{
	struct mw_str line;

	ck_assert(mw_log_source_next(source, &line));
	ck_assert_slice(line, mw_str(wanted));
}

static void ck_assert_ends(struct mw_log_source *source, int code)
{
	struct mw_str line;

	ck_assert(!mw_log_source_next(source, &line));
	ck_assert(!mw_log_source_next(source, &line));
	ck_assert_int_eq(mw_log_source_close(source), code);
}

START_TEST(lines_come_without_their_ends_and_the_last_needs_none)
{
	struct mw_log_source *source;

	write_file(path, "one\n\ntwo\r\nthree", 15, 0600);
	source = open_good(path);
	ck_assert_line(source, "one");
	ck_assert_line(source, "");
	ck_assert_line(source, "two\r");
	ck_assert_line(source, "three");
	ck_assert_ends(source, EX_OK);
}
END_TEST

START_TEST(an_empty_file_has_no_line)
{
	write_file(path, "", 0, 0600);
	ck_assert_ends(open_good(path), EX_OK);
}
END_TEST

START_TEST(a_zero_byte_is_part_of_its_line)
{
	struct mw_log_source *source;
	struct mw_str line;

	write_file(path, "a\0b\n", 4, 0600);
	source = open_good(path);
	ck_assert(mw_log_source_next(source, &line));
	ck_assert_slice(line, ((struct mw_str){ "a\0b", 3 }));
	ck_assert_ends(source, EX_OK);
}
END_TEST

/* Line N is N bytes of a letter that N chooses, N up to 3,000: 4.5 MB, lines across every end of the buffer. */
static char *many_lines(size_t *len_r)
{
	char *text = malloc(5000000), *at = text;

	for (size_t n = 0; n < 3000; n++) {
		memset(at, (int)('a' + n % 26), n);
		at[n] = '\n';
		at += n + 1;
	}
	*len_r = (size_t)(at - text);
	return text;
}

static void ck_assert_many_lines(struct mw_log_source *source)
{
	struct mw_str line;
	char wanted[3000];
	size_t n;

	/* One assertion: Check keeps a message of each until the test ends. */
	for (n = 0; n < 3000 && mw_log_source_next(source, &line); n++) {
		memset(wanted, (int)('a' + n % 26), n);
		if (!mw_str_equal(line, (struct mw_str){ wanted, n }))
			break;
	}
	ck_assert_uint_eq(n, 3000);
}

START_TEST(no_line_is_lost_between_two_reads)
{
	size_t len;
	char *text = many_lines(&len);
	struct mw_log_source *source;

	write_file(path, text, len, 0600);
	free(text);
	source = open_good(path);
	ck_assert_many_lines(source);
	ck_assert_ends(source, EX_OK);
}
END_TEST

START_TEST(gzip_is_unpacked_and_files_that_were_joined_too)
{
	size_t len;
	char *text = many_lines(&len);
	struct mw_log_source *source;

	write_gzip(text, len, "w");
	write_gzip(text, len, "a");
	free(text);
	source = open_good(path);
	ck_assert_many_lines(source);
	ck_assert_many_lines(source);
	ck_assert_ends(source, EX_OK);
}
END_TEST

START_TEST(what_follows_gzip_data_is_passed_over)
{
	struct mw_log_source *source;

	write_gzip("one\n", 4, "w");
	write_file(path, "\0\0\0rubbish", 10, 0600);
	source = open_good(path);
	ck_assert_line(source, "one");
	ck_assert_ends(source, EX_OK);
}
END_TEST

START_TEST(gzip_that_ends_too_early_is_an_error_after_what_was_read)
{
	struct mw_log_source *source;
	struct mw_str line;
	struct stat status;
	int saved;

	write_gzip("one\ntwo\n", 8, "w");
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(truncate(path, status.st_size - 4), 0);
	source = open_good(path);
	ck_assert_line(source, "one");
	ck_assert_line(source, "two");
	ck_assert(!mw_log_source_next(source, &line));
	saved = listen_in();
	ck_assert_int_eq(mw_log_source_close(source), EX_DATAERR);
	hear(saved);
	ck_assert_one_line("mail.log: damaged or incomplete gzip data");
}
END_TEST

START_TEST(gzip_with_a_wrong_byte_is_an_error)
{
	struct mw_log_source *source;
	struct mw_str line;
	size_t len;
	char *text = many_lines(&len);
	int fd, saved;

	write_gzip(text, len, "w");
	free(text);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "\xff\xff\xff\xff\xff\xff", 6, 200), 6);
	close(fd);
	source = open_good(path);
	while (mw_log_source_next(source, &line))
		;
	saved = listen_in();
	ck_assert_int_eq(mw_log_source_close(source), EX_DATAERR);
	hear(saved);
	ck_assert_one_line("damaged");
}
END_TEST

/* Shorter than the buffer, and several times as long; both with a line behind them. */
static const size_t long_lines[] = { MW_LOG_LINE_MAX + 1, 100000, MW_LOG_INPUT_SIZE, 3 * MW_LOG_INPUT_SIZE + 17 };

START_TEST(a_line_too_long_is_cut_and_the_next_is_whole)
{
	size_t len = long_lines[_i];
	char *text = malloc(len);
	struct mw_log_source *source;
	struct mw_str line;

	memset(text, 'x', len);
	write_file(path, "before\n", 7, 0600);
	write_file(path, text, len, 0600);
	write_file(path, "\nafter\n", 7, 0600);
	write_file(path, text, len, 0600);
	free(text);
	source = open_good(path);
	ck_assert_line(source, "before");
	ck_assert(mw_log_source_next(source, &line));
	ck_assert_uint_eq(line.len, MW_LOG_LINE_MAX);
	ck_assert_line(source, "after");
	ck_assert(mw_log_source_next(source, &line));
	ck_assert_uint_eq(line.len, MW_LOG_LINE_MAX);
	ck_assert_ends(source, EX_OK);
}
END_TEST

START_TEST(a_line_of_the_greatest_length_is_whole)
{
	char *text = malloc(MW_LOG_LINE_MAX + 1);
	struct mw_log_source *source;
	struct mw_str line;

	memset(text, 'x', MW_LOG_LINE_MAX);
	text[MW_LOG_LINE_MAX] = '\n';
	write_file(path, text, MW_LOG_LINE_MAX + 1, 0600);
	write_file(path, "after\n", 6, 0600);
	free(text);
	source = open_good(path);
	ck_assert(mw_log_source_next(source, &line));
	ck_assert_uint_eq(line.len, MW_LOG_LINE_MAX);
	ck_assert_line(source, "after");
	ck_assert_ends(source, EX_OK);
}
END_TEST

START_TEST(standard_input_is_read_byte_by_byte_as_it_comes)
{
	struct mw_log_source *source;
	int ends[2];
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		for (const char *at = "one\ntwo\nthree\n"; *at != '\0'; at++) {
			if (write(ends[1], at, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	source = open_good("-");
	ck_assert_line(source, "one");
	ck_assert_line(source, "two");
	ck_assert_line(source, "three");
	ck_assert_ends(source, EX_OK);
}
END_TEST

START_TEST(gzip_on_standard_input_is_unpacked)
{
	struct mw_log_source *source;
	int fd;

	write_gzip("one\n", 4, "w");
	fd = open(path, O_RDONLY);
	dup2(fd, STDIN_FILENO);
	close(fd);
	source = open_good("-");
	ck_assert_line(source, "one");
	ck_assert_ends(source, EX_OK);
}
END_TEST

static const struct { const char *bytes; size_t len; const char *said; } foreign[] = {
	{ "\x04\x22\x4d\x18....", 8, "compressed with lz4" },
	{ "PK\x03\x04....", 8, "compressed with zip" },
	{ "LPKSHHRH........", 16, "systemd journal" },
};

START_TEST(other_compressed_files_are_refused_and_named)
{
	write_file(path, foreign[_i].bytes, foreign[_i].len, 0600);
	ck_assert_refused(path, EX_DATAERR, foreign[_i].said);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_refused)
{
	ck_assert_refused("/nonexistent/mail.log", EX_NOINPUT, "/nonexistent/mail.log: No such file or directory");
}
END_TEST

START_TEST(a_folder_is_refused)
{
	ck_assert_refused(folder, EX_NOINPUT, "a folder");
}
END_TEST

START_TEST(a_file_of_somebody_else_is_refused)
{
	int saved = listen_in(), code;

	write_file(path, "one\n", 4, 0);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_ptr_null(mw_log_source_open(path, 0, &code));
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	hear(saved);
	ck_assert_int_eq(code, EX_NOPERM);
	ck_assert_one_line("mail.log: Permission denied");
}
END_TEST

START_TEST(a_name_cannot_drive_the_terminal)
{
	ck_assert_refused("/nonexistent/\033[2J", EX_NOINPUT, "/nonexistent/\\x1b[2J: ");
}
END_TEST

static void set_journalctl(const char *script)
{
	char program[128];

	snprintf(program, sizeof(program), "%s/journalctl", folder);
	write_file(program, script, strlen(script), 0700);
	setenv("PATH", folder, 1);
}

START_TEST(the_journal_is_asked_for_mail_since_a_time)
{
	struct mw_log_source *source;
	int code;

	set_journalctl("#!/bin/sh\necho \"$@\"\n");
	source = mw_log_source_open("journal", 1795564800, &code);
	ck_assert_ptr_nonnull(source);
	ck_assert_line(source, "--no-pager -q -o short-iso --facility=mail --since=@1795564800");
	ck_assert_ends(source, EX_OK);
	source = open_good("journal");
	ck_assert_line(source, "--no-pager -q -o short-iso --facility=mail");
	ck_assert_ends(source, EX_OK);
}
END_TEST

START_TEST(journalctl_that_fails_is_one_line)
{
	struct mw_log_source *source;
	int saved;

	set_journalctl("#!/bin/sh\necho one\necho 'No journal for you' >&2\necho more >&2\nexit 1\n");
	source = open_good("journal");
	ck_assert_line(source, "one");
	saved = listen_in();
	ck_assert_ends(source, EX_UNAVAILABLE);
	hear(saved);
	ck_assert_one_line("journal: journalctl: No journal for you");
}
END_TEST

START_TEST(no_journalctl_is_one_line)
{
	setenv("PATH", folder, 1);
	ck_assert_refused("journal", EX_UNAVAILABLE, "journal: journalctl: No such file or directory");
}
END_TEST

START_TEST(a_journal_left_before_its_end_is_no_error)
{
	struct mw_log_source *source;

	set_journalctl("#!/bin/sh\nwhile :; do echo line; done\n");
	source = open_good("journal");
	ck_assert_line(source, "line");
	ck_assert_int_eq(mw_log_source_close(source), EX_OK);
}
END_TEST

MW_UNIT_TESTS("log source")
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, lines_come_without_their_ends_and_the_last_needs_none);
	tcase_add_test(tcase, an_empty_file_has_no_line);
	tcase_add_test(tcase, a_zero_byte_is_part_of_its_line);
	tcase_add_test(tcase, no_line_is_lost_between_two_reads);
	tcase_add_test(tcase, gzip_is_unpacked_and_files_that_were_joined_too);
	tcase_add_test(tcase, what_follows_gzip_data_is_passed_over);
	tcase_add_test(tcase, gzip_that_ends_too_early_is_an_error_after_what_was_read);
	tcase_add_test(tcase, gzip_with_a_wrong_byte_is_an_error);
	MW_LOOP(tcase, a_line_too_long_is_cut_and_the_next_is_whole, long_lines);
	tcase_add_test(tcase, a_line_of_the_greatest_length_is_whole);
	tcase_add_test(tcase, standard_input_is_read_byte_by_byte_as_it_comes);
	tcase_add_test(tcase, gzip_on_standard_input_is_unpacked);
	MW_LOOP(tcase, other_compressed_files_are_refused_and_named, foreign);
	tcase_add_test(tcase, a_file_that_is_not_there_is_refused);
	tcase_add_test(tcase, a_folder_is_refused);
	tcase_add_test(tcase, a_file_of_somebody_else_is_refused);
	tcase_add_test(tcase, a_name_cannot_drive_the_terminal);
	tcase_add_test(tcase, the_journal_is_asked_for_mail_since_a_time);
	tcase_add_test(tcase, journalctl_that_fails_is_one_line);
	tcase_add_test(tcase, no_journalctl_is_one_line);
	tcase_add_test(tcase, a_journal_left_before_its_end_is_no_error);
}

/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/input.h"
#include "logs/source.h"

#define ROOM (MW_LOG_INPUT_SIZE + MW_LOG_LINE_MAX) /* the most that is asked for at once */

/* Packed by the formats' own programs. */
static const struct {
	const char *name, *command;
	bool passes_over; /* what follows the compressed data */
} formats[] = {
	{ "gzip", "gzip -c", true },
	{ "bzip2", "bzip2 -c", true },
	{ "xz", "xz -c", false },
	{ "xz", "xz -c --check=none", false },
	{ "zstd", "zstd -qc", false },
	{ "zstd", "zstd -qc --no-check", false },
};

static char folder[64], path[128], *text, *got;
static size_t text_len, got_len;
static enum mw_log_input_state state;

static void set_up(void)
{
	strcpy(folder, "/tmp/mailwicket-unpack.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/mail.log", folder);
	text = malloc(4 * ROOM);
	got = malloc(9 * ROOM);
	text_len = 0;
}

static void tear_down(void)
{
	char command[128];

	free(text);
	free(got);
	snprintf(command, sizeof(command), "/bin/rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static void make_text(size_t len)
{
	for (text_len = 0; text_len + 12 < len;)
		text_len += (size_t)sprintf(text + text_len, "%zu\n", text_len * text_len % 9973);
	memset(text + text_len, 'x', len - text_len);
	text_len = len;
}

static void append(const char *name, const void *bytes, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

/* Appends the text to the log, packed. Returns the log's size. */
static size_t pack(size_t format)
{
	char command[400];
	struct stat status;

	snprintf(command, sizeof(command), "%s/text", folder);
	append(command, text, text_len);
	snprintf(command, sizeof(command), "%s <%s/text >>%s && rm %s/text", formats[format].command, folder, path, folder);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(stat(path, &status), 0);
	return (size_t)status.st_size;
}

static void read_fd(int fd)
{
	struct mw_log_input *input = mw_log_input_new(fd);
	size_t count;
	int error;

	ck_assert_ptr_null(mw_log_input_kind(input));
	got_len = 0;
	while ((count = mw_log_input_read(input, got + got_len, ROOM)) > 0)
		got_len += count;
	ck_assert_uint_eq(mw_log_input_read(input, got + got_len, ROOM), 0);
	state = mw_log_input_state(input, &error);
	mw_log_input_free(input);
}

static void read_log(void)
{
	read_fd(open(path, O_RDONLY));
}

static bool is_beginning(void)
{
	return got_len <= text_len && memcmp(got, text, got_len) == 0;
}

/* Around what is asked for at once, too: what is left when the room is full comes with the next read. */
static const size_t lengths[] = { 0, 1, 200, ROOM - 1, ROOM, ROOM + 1, 2 * ROOM, 3 * ROOM + 5 };

START_TEST(a_compressed_log_is_read_whole)
{
	for (size_t i = 0; i < MW_COUNT(lengths); i++) {
		make_text(lengths[i]);
		pack((size_t)_i);
		read_log();
		ck_assert_int_eq(state, MW_LOG_INPUT_GOOD);
		ck_assert_uint_eq(got_len, text_len);
		ck_assert(is_beginning());
		unlink(path);
	}
}
END_TEST

START_TEST(files_that_were_joined_are_read_one_after_the_other)
{
	make_text(2 * ROOM);
	pack((size_t)_i);
	pack((size_t)_i);
	read_log();
	ck_assert_int_eq(state, MW_LOG_INPUT_GOOD);
	ck_assert_uint_eq(got_len, 2 * text_len);
	ck_assert_mem_eq(got, text, text_len);
	ck_assert_mem_eq(got + text_len, text, text_len);
}
END_TEST

START_TEST(a_pipe_may_give_octet_by_octet)
{
	size_t size, twice;
	int ends[2], fd;
	pid_t child;

	make_text(300);
	size = pack((size_t)_i);
	twice = pack((size_t)_i);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		char octet;

		while (read(fd, &octet, 1) == 1)
			if (write(ends[1], &octet, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	close(fd);
	read_fd(ends[0]);
	ck_assert_uint_eq(twice, 2 * size);
	ck_assert_int_eq(state, MW_LOG_INPUT_GOOD);
	ck_assert_uint_eq(got_len, 2 * text_len);
}
END_TEST

START_TEST(wherever_it_was_cut_it_is_damaged_after_what_could_be_unpacked)
{
	size_t size;

	make_text(400);
	for (size = pack((size_t)_i) - 1; size > 5; size--) {
		ck_assert_int_eq(truncate(path, (off_t)size), 0);
		read_log();
		ck_assert_msg(state == MW_LOG_INPUT_DAMAGED, "cut to %zu octets", size);
		ck_assert(is_beginning());
	}
}
END_TEST

START_TEST(the_second_of_two_that_was_cut_is_damaged_too)
{
	size_t first, size;

	make_text(400);
	first = pack((size_t)_i);
	for (size = pack((size_t)_i) - 1; size > first + 5; size--) {
		ck_assert_int_eq(truncate(path, (off_t)size), 0);
		read_log();
		ck_assert_msg(state == MW_LOG_INPUT_DAMAGED, "cut to %zu octets, the first %zu", size, first);
		ck_assert_uint_ge(got_len, text_len);
	}
}
END_TEST

START_TEST(of_a_long_one_all_but_the_last_block_is_read)
{
	make_text(3 * ROOM);
	ck_assert_int_eq(truncate(path, (off_t)pack((size_t)_i) - 10), 0);
	read_log();
	ck_assert_int_eq(state, MW_LOG_INPUT_DAMAGED);
	ck_assert_uint_ge(got_len, text_len - 900000);
	ck_assert(is_beginning());
}
END_TEST

START_TEST(octets_that_were_changed_are_found)
{
	size_t size;
	int fd;

	make_text(ROOM);
	size = pack((size_t)_i);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "\xff\xff\xff\xff\xff\xff", 6, (off_t)size / 2), 6);
	close(fd);
	read_log();
	/* Without a check what was unpacked may be wrong, and nobody can know. */
	if (strstr(formats[_i].command, "check") == NULL)
		ck_assert_int_eq(state, MW_LOG_INPUT_DAMAGED);
}
END_TEST

START_TEST(what_follows_is_passed_over_or_damage_as_for_the_formats_own_program)
{
	static const char *const rests[] = { "rubbish\n", "r", "\x1f", "BZ", "B" };

	make_text(400);
	for (size_t i = 0; i < MW_COUNT(rests); i++) {
		pack((size_t)_i);
		append(path, rests[i], strlen(rests[i]));
		read_log();
		ck_assert_uint_eq(got_len, text_len);
		ck_assert_msg(state == (formats[_i].passes_over ? MW_LOG_INPUT_GOOD : MW_LOG_INPUT_DAMAGED), "%s", rests[i]);
		unlink(path);
	}
}
END_TEST

START_TEST(padding_of_xz_is_nothing)
{
	make_text(400);
	pack(2);
	append(path, "\0\0\0\0", 4);
	pack(2);
	append(path, "\0\0\0\0\0\0\0\0", 8);
	read_log();
	ck_assert_int_eq(state, MW_LOG_INPUT_GOOD);
	ck_assert_uint_eq(got_len, 2 * text_len);
}
END_TEST

MW_UNIT_TESTS("log unpack")
{
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	MW_LOOP(tcase, a_compressed_log_is_read_whole, formats);
	MW_LOOP(tcase, files_that_were_joined_are_read_one_after_the_other, formats);
	MW_LOOP(tcase, a_pipe_may_give_octet_by_octet, formats);
	MW_LOOP(tcase, wherever_it_was_cut_it_is_damaged_after_what_could_be_unpacked, formats);
	MW_LOOP(tcase, the_second_of_two_that_was_cut_is_damaged_too, formats);
	MW_LOOP(tcase, of_a_long_one_all_but_the_last_block_is_read, formats);
	MW_LOOP(tcase, octets_that_were_changed_are_found, formats);
	MW_LOOP(tcase, what_follows_is_passed_over_or_damage_as_for_the_formats_own_program, formats);
	tcase_add_test(tcase, padding_of_xz_is_nothing);
}

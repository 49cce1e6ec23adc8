/* SPDX-License-Identifier: MIT */
#include "ui/process.h"
#include "base/child.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "ui/output.h"
#include "ui/program.h"

#define TIME_OUT 60 /* seconds */
#define OUTPUT_MOST ((size_t)16 * 1024 * 1024)
#define ERRORS_MOST 4096
#define STEP 65536

struct reading {
	int out, err;
	char *memory; /* errors first, then the output */
	size_t size, output_used, errors_used;
	int64_t deadline;
};

static bool make_room(struct reading *reading)
{
	size_t needed = ERRORS_MOST + reading->output_used + STEP + 1;
	char *larger;

	if (needed <= reading->size)
		return true;
	larger = realloc(reading->memory, needed * 2);
	if (larger == NULL)
		return false;
	reading->memory = larger;
	reading->size = needed * 2;
	return true;
}

/* The older half, in whole lines: what a program fails of it says last, behind its warnings. */
static void drop_oldest(struct reading *reading)
{
	struct mw_str later = mw_str_tail((struct mw_str){ reading->memory, reading->errors_used }, ERRORS_MOST / 2);
	size_t line = mw_str_find(later, '\n') + 1;

	later = mw_str_tail(later, line <= later.len ? line : 0);
	reading->errors_used = later.len;
	memmove(reading->memory, later.ptr, later.len);
}

static void take_errors(struct reading *reading)
{
	char text[STEP];
	ssize_t got = read(reading->err, text, sizeof(text));

	if (got <= 0) {
		close(reading->err);
		reading->err = -1;
		return;
	}
	for (ssize_t i = 0; i < got; i++) {
		if (reading->errors_used + 1 == ERRORS_MOST)
			drop_oldest(reading);
		reading->memory[reading->errors_used++] = text[i];
	}
}

static const char *take_output(struct reading *reading)
{
	ssize_t got;

	if (!make_room(reading))
		return "out of memory";
	got = read(reading->out, reading->memory + ERRORS_MOST + reading->output_used, STEP);
	if (got > 0) {
		reading->output_used += (size_t)got;
		return reading->output_used > OUTPUT_MOST ? "printed more than 16 MB" : NULL;
	}
	close(reading->out);
	reading->out = -1;
	return NULL;
}

/* Until both ends are closed. NULL, or what went wrong. */
static const char *read_all(struct reading *reading)
{
	while (reading->out >= 0 || reading->err >= 0) {
		struct pollfd polled[] = { { reading->out, POLLIN, 0 }, { reading->err, POLLIN, 0 } };
		int64_t left = reading->deadline - mw_clock_milliseconds();
		const char *why = NULL;

		if (left <= 0)
			return "took more than 60 s";
		if (poll(polled, 2, (int)left) < 0 && errno != EINTR)
			return "cannot be waited for";
		if (reading->out >= 0 && polled[0].revents != 0)
			why = take_output(reading);
		if (reading->err >= 0 && polled[1].revents != 0)
			take_errors(reading);
		if (why != NULL)
			return why;
	}
	return NULL;
}

static void finish(struct reading *reading, pid_t pid, struct mw_run *run)
{
	int status;

	if (run->why != NULL)
		kill(pid, SIGKILL);
	if (reading->out >= 0)
		close(reading->out);
	if (reading->err >= 0)
		close(reading->err);
	if (!mw_child_wait(pid, &status) && run->why == NULL)
		run->why = "ended, and how is not known";
	reading->memory[reading->errors_used] = '\0';
	reading->memory[ERRORS_MOST + reading->output_used] = '\0';
	run->memory = reading->memory;
	run->errors = mw_str_trim((struct mw_str){ reading->memory, reading->errors_used });
	run->output = (struct mw_str){ reading->memory + ERRORS_MOST, reading->output_used };
	if (run->why == NULL && WIFEXITED(status))
		run->status = WEXITSTATUS(status);
	else if (run->why == NULL)
		run->why = "was killed by a signal";
}

/* Both pipes or none. */
static bool make_pipes(int out[2], int err[2])
{
	if (pipe2(out, O_CLOEXEC) < 0)
		return false;
	if (pipe2(err, O_CLOEXEC) == 0)
		return true;
	close(out[0]);
	close(out[1]);
	return false;
}

/* How the program is started. */
struct start {
	int input; /* -1: nothing to read */
	bool (*prepare)(void *context);
	void *context;
};

static bool run(const char *const *argv, const struct start *start, struct mw_run *run_r)
{
	struct reading reading = { .out = -1, .err = -1, .deadline = mw_clock_milliseconds() + TIME_OUT * 1000 };
	int out[2], err[2];
	pid_t pid = -1;

	*run_r = (struct mw_run){ .status = -1, .output = MW_STR_EMPTY, .errors = MW_STR_EMPTY, .why = "cannot be started" };
	if (!make_room(&reading) || !make_pipes(out, err)) {
		free(reading.memory);
		return false;
	}
	pid = start->input >= 0 ? mw_program_start_fed(argv, start->input, out[1], err[1])
				: mw_program_start_in(argv, out[1], err[1], 0, start->prepare, start->context);
	run_r->missing = pid < 0 && errno == ENOENT;
	close(out[1]);
	close(err[1]);
	reading.out = out[0];
	reading.err = err[0];
	if (pid < 0) {
		close(out[0]);
		close(err[0]);
		free(reading.memory);
		return false;
	}
	run_r->why = read_all(&reading);
	finish(&reading, pid, run_r);
	return run_r->status == 0;
}

bool mw_run_program(const char *const *argv, struct mw_run *run_r)
{
	return run(argv, &(struct start){ .input = -1 }, run_r);
}

bool mw_run_program_fed(const char *const *argv, int input, struct mw_run *run_r)
{
	return run(argv, &(struct start){ .input = input }, run_r);
}

bool mw_run_program_in(const char *const *argv, struct mw_run *run_r, bool (*prepare)(void *context), void *context)
{
	return run(argv, &(struct start){ -1, prepare, context }, run_r);
}

static bool has_word(struct mw_str line, struct mw_str word)
{
	for (size_t i = 0; i + word.len <= line.len; i++)
		if (mw_str_equal_nocase(mw_str_head(mw_str_tail(line, i), word.len), word))
			return true;
	return false;
}

struct mw_str mw_run_said(const struct mw_run *run)
{
	const struct mw_str words[] = { MW_STR("fatal"), MW_STR(" error: ") };
	struct mw_str line;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct mw_str errors = run->errors;

		while (mw_str_split(&errors, '\n', &line))
			if (has_word(line, words[i]) && !has_word(line, MW_STR("raw backtrace")))
				return line;
	}
	return mw_str_tail(run->errors, mw_str_find_last(run->errors, '\n') < run->errors.len
						? mw_str_find_last(run->errors, '\n') + 1
						: 0);
}

int mw_run_complain(const struct mw_run *run, const char *program, const char *package)
{
	if (run->missing) {
		mw_complain("there is no %s on this machine: install the Debian package %s", program, package);
		return EX_UNAVAILABLE;
	}
	if (run->why != NULL)
		mw_complain("%s: %s", program, run->why);
	else if (mw_str_empty(run->errors))
		mw_complain("%s: exit status %d", program, run->status);
	else
		mw_complain("%.*s", MW_STR_ARG(mw_run_said(run)));
	return EX_CONFIG;
}

void mw_run_free(struct mw_run *run)
{
	free(run->memory);
	run->memory = NULL;
}

/* SPDX-License-Identifier: MIT */
/* A program that prints directory text. It is started without a shell and with a clean environment. Nothing that it
   started is left when it has ended or taken too long, or when this process is gone (exec_keeper.h). Its text counts
   only where it ended with status 0, the last line is the one that the policy says, and where it says none its output
   has ended too. */
#include "sync/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "sync/exec_keeper.h"
#include "sync/text/field.h"
#include "sync/text/text.h"

#define OUTPUT_MAX ((size_t)1 << 30)
#define SAID_MAX 400 /* of its standard error */
#define STEP ((size_t)1 << 20)

struct exec_source {
	struct mw_text_reader reader;
	char *memory;
	size_t used, size;
};

struct run {
	struct exec_source *exec;
	struct mw_exec_keeper keeper;
	bool ended; /* the program itself, whatever it started */
	int output, errors; /* -1: closed */
	int status;
	char said[SAID_MAX];
	size_t said_len;
	const char *why; /* NULL: nothing went wrong */
};

static void add_error(struct mw_records *records, const struct mw_source *source, const char *why, struct mw_str said)
{
	mw_errors_add(records->errors, MW_ERROR, source->place.file, 0, 0, NULL, "source \"%.*s\": %.*s %s%s%.*s",
		      MW_STR_ARG(source->name), MW_STR_ARG(source->command.items[0]), why,
		      mw_str_empty(said) ? "" : ": ", MW_STR_ARG(mw_text_shown(said)));
}

/* --- the program */

static bool belongs_to_us(const struct stat *st)
{
	return st->st_uid == 0 || st->st_uid == geteuid();
}

static bool is_ours(const struct stat *st)
{
	return belongs_to_us(st) && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* NULL when it may be run: whoever can write it, or put another in its place, could do all that we can. */
static const char *why_unfit(const char *path)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (stat(path, &st) != 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
		return "is no program that may be run";
	if (!is_ours(&st))
		return "can be written by others than root and the user that runs it";
	snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - path), path);
	if (stat(folder, &st) != 0 || !belongs_to_us(&st) || (!is_ours(&st) && (st.st_mode & S_ISVTX) == 0))
		return "is in a folder that others than root and the user that runs it can write to";
	return NULL;
}

static char **words_of(struct mw_arena *arena, const struct mw_source *source)
{
	char **words = MW_ARENA_ARRAY(arena, char *, source->command.count + 1);

	for (size_t i = 0; words != NULL && i < source->command.count; i++)
		words[i] = (char *)(uintptr_t)mw_arena_text(arena, source->command.items[i]);
	return words;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool start(struct run *run, char *const *words)
{
	int output[2] = { -1, -1 }, errors[2] = { -1, -1 };
	bool started = pipe2(output, O_CLOEXEC) == 0 && pipe2(errors, O_CLOEXEC) == 0 &&
		       mw_exec_keeper_start(&run->keeper, words, output[1], errors[1]);

	run->why = started ? NULL : strerror(errno);
	close_one(&output[1]);
	close_one(&errors[1]);
	run->output = output[0];
	run->errors = errors[0];
	return started;
}

/* --- what it says */

static void take_output(struct run *run)
{
	struct exec_source *exec = run->exec;
	ssize_t got;

	if (exec->size - exec->used < STEP) {
		size_t size = exec->size + exec->size / 2 + 2 * STEP;
		char *larger = realloc(exec->memory, size);

		if (larger == NULL) {
			run->why = "prints more than there is memory for";
			return;
		}
		exec->memory = larger;
		exec->size = size;
	}
	got = read(run->output, exec->memory + exec->used, STEP);
	if (got > 0)
		exec->used += (size_t)got;
	else if (got == 0 || errno != EINTR)
		close_one(&run->output);
	if (exec->used > OUTPUT_MAX)
		run->why = "prints more than 1 GB";
}

static void take_errors(struct run *run)
{
	char chunk[4096];
	ssize_t got = read(run->errors, chunk, sizeof(chunk));
	size_t room = sizeof(run->said) - run->said_len;

	if (got > 0) {
		size_t len = (size_t)got < room ? (size_t)got : room;

		memcpy(run->said + run->said_len, chunk, len);
		run->said_len += len;
	} else if (got == 0 || errno != EINTR) {
		close_one(&run->errors);
	}
}

/* All ends with it. Its last words may not have been read. */
static void end(struct run *run, struct mw_records *records, const struct mw_source *source)
{
	struct pollfd errors = { run->errors, POLLIN, 0 };

	if (!mw_exec_keeper_end(&run->keeper))
		mw_errors_add(records->errors, MW_WARNING, source->place.file, 0, 0, NULL,
			      "source \"%.*s\": what %.*s started may still run: it could not be ended", MW_STR_ARG(source->name),
			      MW_STR_ARG(source->command.items[0]));
	while (run->errors >= 0 && run->said_len < sizeof(run->said) && poll(&errors, 1, 0) > 0)
		take_errors(run);
}

/* It has ended. What it started may still print, but nothing that counts where it failed. */
static void note_end(struct run *run)
{
	run->ended = true;
	if (!mw_exec_keeper_ended(&run->keeper, &run->status))
		run->why = "ended, and how is not known";
	else if (!WIFEXITED(run->status) || WEXITSTATUS(run->status) != 0)
		close_one(&run->output);
}

/* The last one that is not empty. */
static struct mw_str last_line(const struct exec_source *exec)
{
	struct mw_str rest = { exec->memory, exec->used }, line = MW_STR_EMPTY;

	while (rest.len > 0 && mw_str_empty(line)) {
		size_t end = mw_str_find_last(rest, '\n');

		line = end == rest.len ? rest : mw_str_tail(rest, end + 1);
		rest = mw_str_head(rest, end == rest.len ? 0 : end);
		if (mw_str_ends_with(line, MW_STR("\r")))
			line.len--;
		line = mw_str_trim(line);
	}
	return line;
}

static bool ends_as_told(const struct exec_source *exec, struct mw_str told)
{
	return !mw_str_empty(told) && exec->used > 0 && exec->memory[exec->used - 1] == '\n' &&
	       mw_str_equal(last_line(exec), told);
}

/* Until it has ended and its output has: by its last line, where the policy has it, whoever still holds the pipe. */
static void follow(struct run *run, const struct mw_source *source)
{
	int64_t end = mw_clock_milliseconds() + (int64_t)source->timeout * 1000;

	while (run->why == NULL && (run->output >= 0 || !run->ended)) {
		int process = run->ended ? -1 : run->keeper.told;
		struct pollfd fds[] = { { run->output, POLLIN, 0 }, { run->errors, POLLIN, 0 },
					{ process, POLLIN, 0 } };
		int64_t left = end - mw_clock_milliseconds();
		bool whole = run->ended && ends_as_told(run->exec, source->last_line);
		int ready;

		if (left <= 0) {
			run->why = !run->ended ? "took too long" :
				"took too long: a program that it started still has its output open; "
				"start that one with >/dev/null";
			return;
		}
		ready = poll(fds, 3, whole ? 0 : left > 1000 ? 1000 : (int)left);
		if (ready == 0 && whole)
			return;
		if (ready <= 0)
			continue;
		if (fds[0].revents != 0)
			take_output(run);
		if (fds[1].revents != 0)
			take_errors(run);
		if (fds[2].revents != 0)
			note_end(run);
	}
}

static void judge(struct run *run, const struct mw_source *source, char *text, size_t size)
{
	const struct exec_source *exec = run->exec;

	if (run->why != NULL)
		return;
	run->why = text;
	if (WIFSIGNALED(run->status))
		snprintf(text, size, "was ended by signal %d", WTERMSIG(run->status));
	else if (WEXITSTATUS(run->status) != 0)
		snprintf(text, size, "ended with status %d", WEXITSTATUS(run->status));
	else if (exec->used > 0 && exec->memory[exec->used - 1] != '\n')
		run->why = "was cut off: its output does not end with a line end";
	else if (!mw_str_empty(source->last_line) && !mw_str_equal(last_line(exec), source->last_line))
		snprintf(text, size, "was cut off: its last line is not \"%.*s\"", MW_STR_ARG(source->last_line));
	else
		run->why = NULL;
}

/* False with an error. */
static bool run_program(struct exec_source *exec, struct mw_records *records, const struct mw_source *source)
{
	struct run run = { .exec = exec, .output = -1, .errors = -1 };
	char **words = words_of(records->arena, source), text[256];
	struct mw_str said = MW_STR_EMPTY, rest;

	if (words == NULL)
		return false;
	run.why = why_unfit(words[0]);
	if (run.why == NULL && start(&run, words)) {
		follow(&run, source);
		end(&run, records, source);
		judge(&run, source, text, sizeof(text));
	}
	close_one(&run.output);
	close_one(&run.errors);
	if (run.why == NULL)
		return true;
	rest = (struct mw_str){ run.said, run.said_len };
	mw_str_split(&rest, '\n', &said);
	add_error(records, source, run.why, said);
	return false;
}

/* --- the driver */

static void exec_close(void *opened)
{
	struct exec_source *exec = opened;

	free(exec->memory);
	free(exec);
}

static void *exec_open(struct mw_records *records, const struct mw_source *source, struct mw_str default_domain)
{
	struct exec_source *exec = calloc(1, sizeof(*exec));

	if (exec == NULL) {
		add_error(records, source, "was not started: out of memory", MW_STR_EMPTY);
		return NULL;
	}
	if (!run_program(exec, records, source)) {
		exec_close(exec);
		return NULL;
	}
	mw_text_begin(&exec->reader, records,
		      mw_arena_textf(records->arena, "source \"%.*s\"", MW_STR_ARG(source->name)),
		      (struct mw_str){ exec->memory == NULL ? "" : exec->memory, exec->used }, default_domain);
	return exec;
}

static bool exec_next(void *opened)
{
	struct exec_source *exec = opened;

	return mw_text_next_line(&exec->reader);
}

const struct mw_source_driver mw_source_exec = {
	.name = "exec",
	.open = exec_open,
	.next = exec_next,
	.close = exec_close,
	.interval = 300,
};

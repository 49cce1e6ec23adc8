/* SPDX-License-Identifier: MIT */
#include "follow/reading.h"

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

#include "base/child.h"
#include "base/clock.h"
#include "ui/own_command.h"

#define STEP 65536
#define REST_WAIT 4000 /* milliseconds; a service has five seconds to end */

/* What the process writes: this, the turn of each source, and then the messages, each with its NUL. */
struct head {
	bool done;
	struct mw_sync_report report;
	size_t errors, count, more;
};

static bool write_all(int fd, const void *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t put = write(fd, (const char *)bytes + done, size - done);

		if (put < 0 && errno != EINTR)
			return false;
		done += put < 0 ? 0 : (size_t)put;
	}
	return true;
}

static bool write_lines(int fd, const struct mw_errors *errors, enum mw_severity severity, size_t *room)
{
	for (unsigned i = 0; i < mw_errors_kept(errors) && *room > 0; i++) {
		char line[16384];
		struct mw_buf out = MW_BUF_OVER(line);

		if (mw_errors_get(errors, i)->severity != severity)
			continue;
		mw_error_print(mw_errors_get(errors, i), &out);
		mw_own_commands(&out, 0);
		if (!write_all(fd, line, out.used + 1))
			return false;
		(*room)--;
	}
	return true;
}

static int sync_and_tell(const struct mw_policy *policy, const struct mw_source_turn *turns, int fd)
{
	size_t count = policy->directory.source_count, turns_size = count * sizeof(turns[0]);
	struct mw_source_turn *filled = malloc(turns_size + 1);
	struct mw_errors *errors = mw_errors_new(1000);
	struct head head = { .done = false };
	size_t all, room;

	if (errors == NULL || filled == NULL)
		return EX_OSERR;
	memcpy(filled, turns, turns_size);
	head.done = mw_sync_some(policy, filled, errors, &head.report);
	mw_errors_sort(errors);
	head.errors = mw_errors_count(errors, MW_ERROR);
	all = head.errors + mw_errors_count(errors, MW_WARNING);
	head.count = room = all < MW_SYNC_PROCESS_LINES ? all : MW_SYNC_PROCESS_LINES;
	head.more = all - head.count;
	if (head.errors > head.count)
		head.errors = head.count;
	return write_all(fd, &head, sizeof(head)) && write_all(fd, filled, turns_size) &&
	       write_lines(fd, errors, MW_ERROR, &room) && write_lines(fd, errors, MW_WARNING, &room) ? EX_OK : EX_IOERR;
}

bool mw_sync_process_start(struct mw_sync_process *reading, const struct mw_policy *policy,
			   const struct mw_source_turn *turns)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	fflush(NULL);
	reading->process = mw_child_fork();
	if (reading->process < 0) {
		close(ends[0]);
		close(ends[1]);
		reading->process = 0;
		return false;
	}
	if (reading->process == 0) {
		mw_child_hold(ends[1]);
		_exit(sync_and_tell(policy, turns, ends[1]));
	}
	close(ends[1]);
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	reading->fd = ends[0];
	reading->sources = policy->directory.source_count;
	reading->used = 0;
	return true;
}

/* True: the other end is closed, or nothing can be taken any more. */
static bool take_bytes(struct mw_sync_process *reading)
{
	for (;;) {
		ssize_t got;

		if (reading->room - reading->used < STEP) {
			char *more = realloc(reading->bytes, reading->room + STEP);

			if (more == NULL)
				return true;
			reading->bytes = more;
			reading->room += STEP;
		}
		got = read(reading->fd, reading->bytes + reading->used, reading->room - reading->used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 || errno != EAGAIN;
		reading->used += (size_t)got;
	}
}

static int wait_for(struct mw_sync_process *reading)
{
	int status;

	(void)mw_child_wait(reading->process, &status);
	close(reading->fd);
	reading->fd = -1;
	reading->process = 0;
	return status;
}

static bool read_lines(const struct mw_sync_process *reading, struct mw_sync_process_result *result)
{
	size_t turns_size = reading->sources * sizeof(result->turns[0]), at = sizeof(struct head) + turns_size;
	struct head head;

	if (reading->used < at)
		return false;
	memcpy(&head, reading->bytes, sizeof(head));
	result->turns = malloc(turns_size + 1);
	if (result->turns == NULL)
		return false;
	memcpy(result->turns, reading->bytes + sizeof(head), turns_size);
	for (size_t i = 0; i < reading->sources; i++)
		result->rested = result->rested || result->turns[i].rest;
	result->lines = calloc(head.count + 1, sizeof(result->lines[0]));
	result->done = head.done;
	result->report = head.report;
	result->errors = head.errors;
	result->more = head.more;
	for (; result->lines != NULL && result->count < head.count && at < reading->used; result->count++) {
		result->lines[result->count] = strndup(reading->bytes + at, reading->used - at);
		if (result->lines[result->count] == NULL)
			return false;
		at += strlen(result->lines[result->count]) + 1;
	}
	return result->lines != NULL && result->count == head.count;
}

static void tell_end(struct mw_sync_process_result *result, int status)
{
	mw_sync_process_result_free(result);
	*result = (struct mw_sync_process_result){ .broke = true, .lines = calloc(1, sizeof(result->lines[0])) };
	if (result->lines != NULL &&
	    asprintf(&result->lines[0], "error: the process that reads the sources ended with %s %d",
		     WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)) > 0)
		result->count = result->errors = 1;
}

bool mw_sync_process_take(struct mw_sync_process *reading, struct mw_sync_process_result *result_r)
{
	int status;

	if (reading->process == 0 || !take_bytes(reading))
		return false;
	status = wait_for(reading);
	*result_r = (struct mw_sync_process_result){ .done = false };
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EX_OK || !read_lines(reading, result_r))
		tell_end(result_r, status);
	return true;
}

/* Until what it started for its sources has ended too: nothing of that is left then. */
static void wait_for_rest(struct mw_sync_process *reading)
{
	struct pollfd end = { .fd = reading->fd, .events = POLLIN };
	int64_t deadline = mw_clock_milliseconds() + REST_WAIT, left;

	do {
		reading->used = 0;
		if (take_bytes(reading))
			return;
		left = deadline - mw_clock_milliseconds();
	} while (left > 0 && poll(&end, 1, (int)left) != 0);
}

void mw_sync_process_stop(struct mw_sync_process *reading)
{
	if (reading->process != 0) {
		kill(reading->process, SIGKILL);
		wait_for_rest(reading);
		(void)wait_for(reading);
	}
	free(reading->bytes);
	reading->bytes = NULL;
	reading->used = reading->room = 0;
}

void mw_sync_process_result_free(struct mw_sync_process_result *result)
{
	for (size_t i = 0; i < result->count; i++)
		free(result->lines[i]);
	free(result->lines);
	free(result->turns);
	result->lines = NULL;
	result->turns = NULL;
	result->count = result->errors = 0;
}

/* SPDX-License-Identifier: MIT */
#include "servers/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "servers/files.h"
#include "ui/output.h"

#define END_WAIT 10000 /* milliseconds */
#define STEP 20

/* Another one's process and, where it is the first of a namespace, all others there. */
static void end_process(int process)
{
	struct pollfd ended = { .fd = process, .events = POLLIN };

	if (process >= 0 && pidfd_send_signal(process, SIGKILL, NULL, 0) == 0)
		(void)poll(&ended, 1, END_WAIT);
}

/* What is not in a namespace may write a little longer than the process that was ended. */
static void remove_folder(const char *folder)
{
	int64_t deadline = mw_clock_milliseconds() + END_WAIT;

	for (mw_changes_unstage(folder); access(folder, F_OK) == 0 && mw_clock_milliseconds() < deadline;
	     mw_changes_unstage(folder))
		poll(NULL, 0, STEP);
}

/* Waits for the end of the pipe. A terminal's signals do not reach it, and nobody waits for its output. */
static _Noreturn void keep_guard(int pipe, const char *folder)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), process = -1;
	pid_t told;
	ssize_t got;

	setsid();
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	do {
		got = read(pipe, &told, sizeof(told));
		if (got != (ssize_t)sizeof(told))
			continue;
		if (process >= 0)
			close(process);
		process = told > 0 ? pidfd_open(told, 0) : -1;
	} while (got > 0 || (got < 0 && errno == EINTR));
	end_process(process);
	remove_folder(folder);
	_exit(0);
}

bool mw_guard_start(struct mw_guard *guard)
{
	sigset_t before;
	int pipes[2];
	bool made;

	*guard = (struct mw_guard){ .process = -1, .pipe = -1, .folder = "/tmp/mailwicket-setup-XXXXXX" };
	if (pipe2(pipes, O_CLOEXEC) < 0) {
		mw_complain("no pipe can be made for what guards the trial's folder: %s", strerror(errno));
		return false;
	}
	/* An interruption comes before the folder is there, or when it is guarded. */
	mw_signals_hold(&before);
	made = mkdtemp(guard->folder) != NULL;
	if (!made)
		mw_complain("%s: cannot be created: %s", guard->folder, strerror(errno));
	else
		guard->process = fork();
	if (guard->process == 0) {
		close(pipes[1]);
		keep_guard(pipes[0], guard->folder);
	}
	if (made && guard->process < 0) {
		mw_complain("%s: no process can be started to guard it: %s", guard->folder, strerror(errno));
		rmdir(guard->folder);
	}
	mw_signals_release(&before);
	close(pipes[0]);
	guard->pipe = pipes[1];
	return guard->process > 0;
}

void mw_guard_process(const struct mw_guard *guard, pid_t process)
{
	if (write(guard->pipe, &process, sizeof(process)) != (ssize_t)sizeof(process))
		mw_complain("%s: is not guarded any more, and stays where this command is killed: %s", guard->folder,
			    strerror(errno));
}

void mw_guard_end(struct mw_guard *guard)
{
	int status;

	if (guard->pipe >= 0)
		close(guard->pipe);
	if (guard->process > 0)
		(void)mw_child_wait(guard->process, &status);
	guard->process = -1;
	guard->pipe = -1;
}

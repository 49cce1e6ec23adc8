/* SPDX-License-Identifier: MIT */
#include "sync/exec_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"

#define GIVES_UP_AFTER 3000 /* milliseconds in which nothing more ends */
#define STEP 20
#define LEFT 1 /* exit status: something could not be ended */

/* --- the program */

static _Noreturn void become(char *const *words, int output, int errors, pid_t keeper)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C.UTF-8";
	static char *const environment[] = { path, locale, NULL };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	/* What it sends to its own group does not reach the keeper. */
	(void)setsid();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (getppid() == keeper && null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
	    dup2(errors, STDERR_FILENO) >= 0 && chdir("/") == 0)
		execve(words[0], words, environment);
	_exit(126);
}

/* --- the keeper */

struct keeping {
	pid_t program; /* 0: it has ended */
	int children; /* readable when a child has ended */
	int told;     /* for the program's status */
};

static int compare_numbers(const void *left, const void *right)
{
	int a = *(const int *)left, b = *(const int *)right;

	return (a > b) - (a < b);
}

/* A lock, or a pipe whose end somebody waits for, is not to be held longer than by the one that reads. */
static void close_all_but(int *kept, size_t count)
{
	unsigned next = 0;

	qsort(kept, count, sizeof(kept[0]), compare_numbers);
	for (size_t i = 0; i < count; i++) {
		if (kept[i] < 0)
			continue;
		if ((unsigned)kept[i] > next)
			(void)close_range(next, (unsigned)kept[i] - 1, 0);
		next = (unsigned)kept[i] + 1;
	}
	(void)close_range(next, UINT_MAX, 0);
}

/* How many have ended. *none_r: there is no child any more. */
static unsigned reap(struct keeping *keeping, bool *none_r)
{
	unsigned ended = 0;
	pid_t process;
	int status;

	while ((process = waitpid(-1, &status, WNOHANG)) > 0) {
		ended++;
		if (process != keeping->program)
			continue;
		keeping->program = 0;
		(void)!write(keeping->told, &status, sizeof(status));
	}
	*none_r = process < 0 && errno == ECHILD;
	return ended;
}

/* With its group, in which nobody can be born meanwhile. A number is nobody else's until it is reaped here. */
static void kill_one(pid_t process)
{
	pid_t group = getpgid(process);

	if (group > 1 && group != getpgrp())
		(void)kill(-group, SIGKILL);
	(void)kill(process, SIGKILL);
}

/* What a child that ended had started is a child then. */
static void kill_children(const struct keeping *keeping)
{
	char path[64], text[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)getpid(), (int)getpid());
	file = fopen(path, "re");
	if (file == NULL && keeping->program > 0)
		kill_one(keeping->program);
	while (file != NULL && fscanf(file, "%31s", text) == 1)
		kill_one((pid_t)strtol(text, NULL, 10));
	if (file != NULL)
		fclose(file);
}

static bool end_all(struct keeping *keeping)
{
	int64_t last = mw_clock_milliseconds();
	bool none = false;

	for (;;) {
		struct pollfd ended = { .fd = keeping->children, .events = POLLIN };
		struct signalfd_siginfo info;
		unsigned count;

		kill_children(keeping);
		count = reap(keeping, &none);
		if (none)
			return true;
		if (count > 0)
			last = mw_clock_milliseconds();
		else if (mw_clock_milliseconds() - last > GIVES_UP_AFTER)
			return false;
		else if (poll(&ended, 1, STEP) > 0)
			(void)!read(keeping->children, &info, sizeof(info));
	}
}

static sigset_t only(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	return set;
}

static _Noreturn void keep(char *const *words, int output, int errors, int told, int hold)
{
	struct keeping keeping = { .told = told };
	int kept[] = { -1, told, hold, mw_child_held() };
	sigset_t children = only(SIGCHLD);
	pid_t self = getpid();

	(void)signal(SIGCHLD, SIG_DFL);
	/* Nobody who ends the one that reads by its name or group is to end this one too. */
	(void)setsid();
	(void)prctl(PR_SET_NAME, "source-keeper");
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	keeping.children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	keeping.program = keeping.children < 0 ? -1 : fork();
	if (keeping.program == 0)
		become(words, output, errors, self);
	if (keeping.program < 0)
		_exit(EXIT_SUCCESS);
	kept[0] = keeping.children;
	close_all_but(kept, sizeof(kept) / sizeof(kept[0]));
	for (;;) {
		struct pollfd fds[] = { { .fd = hold, .events = POLLIN },
					{ .fd = keeping.children, .events = POLLIN } };
		struct signalfd_siginfo info;
		bool none;

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[0].revents != 0)
			_exit(end_all(&keeping) ? EXIT_SUCCESS : LEFT);
		(void)!read(keeping.children, &info, sizeof(info));
		(void)reap(&keeping, &none);
	}
}

/* --- from outside */

static void close_end(int fd)
{
	int number = errno;

	if (fd >= 0)
		close(fd);
	errno = number;
}

bool mw_exec_keeper_start(struct mw_exec_keeper *keeper_r, char *const *words, int output, int errors)
{
	int told[2] = { -1, -1 }, hold[2] = { -1, -1 };
	sigset_t all, before;

	keeper_r->process = -1;
	sigfillset(&all);
	/* The keeper has no moment in which a signal ends it. */
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	if (pipe2(told, O_CLOEXEC) == 0 && pipe2(hold, O_CLOEXEC) == 0)
		keeper_r->process = fork();
	if (keeper_r->process == 0) {
		close(hold[1]);
		keep(words, output, errors, told[1], hold[0]);
	}
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	close_end(told[1]);
	close_end(hold[0]);
	keeper_r->told = told[0];
	keeper_r->hold = hold[1];
	if (keeper_r->process > 0)
		return true;
	close_end(told[0]);
	close_end(hold[1]);
	return false;
}

bool mw_exec_keeper_ended(const struct mw_exec_keeper *keeper, int *status_r)
{
	ssize_t got;

	do
		got = read(keeper->told, status_r, sizeof(*status_r));
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(*status_r);
}

bool mw_exec_keeper_end(struct mw_exec_keeper *keeper)
{
	int status;

	close(keeper->hold);
	(void)mw_child_wait(keeper->process, &status);
	close(keeper->told);
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT */
#include "daemonize.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/child.h"

static _Noreturn void wait_for(pid_t child, int ready)
{
	char byte;
	ssize_t got;
	int status;

	do
		got = read(ready, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		_exit(EX_OK);
	(void)mw_child_wait(child, &status);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EX_SOFTWARE);
}

int mw_daemonize(void)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	child = fork();
	if (child < 0) {
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (child > 0) {
		close(ends[1]);
		wait_for(child, ends[0]);
	}
	close(ends[0]);
	(void)setsid();
	return ends[1];
}

void mw_daemonize_done(int parent)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* "/" keeps no file system busy; the paths of policy and directory are absolute. */
	(void)!chdir("/");
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	(void)!write(parent, "", 1);
	close(parent);
}

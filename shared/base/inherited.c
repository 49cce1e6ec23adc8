/* SPDX-License-Identifier: MIT */
#include "base/inherited.h"

#include <fcntl.h>
#include <signal.h>
#include <sysexits.h>
#include <unistd.h>

static void open_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* open(2) gives the lowest free number, which is this one. */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(EX_OSFILE);
	}
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void mw_inherited_reset(void)
{
	open_standard_files();
	reset_signals();
}

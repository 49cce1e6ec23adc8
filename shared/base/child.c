/* SPDX-License-Identifier: MIT */
#include "base/child.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

pid_t mw_child_fork(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM };
	pid_t parent = getpid(), process = fork();

	if (process != 0)
		return process;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)signal(signals[i], SIG_DFL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have ended meanwhile: then nobody is there to hear what this one has to say. */
	if (getppid() != parent)
		_exit(0);
	return 0;
}

static int held = -1;

void mw_child_hold(int fd)
{
	held = fd;
}

int mw_child_held(void)
{
	return held;
}

bool mw_child_wait(pid_t process, int *status_r)
{
	pid_t ended;

	do
		ended = waitpid(process, status_r, 0);
	while (ended < 0 && errno == EINTR);
	if (ended < 0)
		*status_r = W_EXITCODE(EX_OSERR, 0);
	return ended == process;
}

void mw_child_end(pid_t process)
{
	int status;

	(void)kill(process, SIGKILL);
	(void)mw_child_wait(process, &status);
}

/* SPDX-License-Identifier: MIT */
#include "base/standard_files.h"

#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

void mw_standard_files_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* open(2) gives the lowest free number, which is this one. */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(EX_OSFILE);
	}
}

/* Processes of this machine, by their ids, as servers and the kernel write them. */
#ifndef MW_CLI_PID_H
#define MW_CLI_PID_H

#include <stdint.h>

/* The id in the first line of a server's pid file, as Postfix's and Dovecot's master.pid have it; 0: none. */
uint64_t mw_pid_in(const char *path);

/* The process that started this one; 0: it is gone. */
uint64_t mw_pid_parent(uint64_t process);

#endif

/* A process that does one thing for this one, whose program it runs: what may take long, or break. */
#ifndef MW_BASE_CHILD_H
#define MW_BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* fork(). In the new process, where it returns 0, the signals that end or reload a program are its own again, and it does not
   outlive the other one. */
pid_t mw_child_fork(void);
/* The end of a pipe of this process: what may outlive it for a moment keeps that open meanwhile, so that who has the
   other end knows when all has ended. -1, and at the start: none. */
void mw_child_hold(int fd);
int mw_child_held(void);
/* Waits for the end of a process that this one started; *status_r is as waitpid(2) has it. False: how it ended cannot be known,
   which is never a success: *status_r is then that of a process that exited with EX_OSERR. */
bool mw_child_wait(pid_t process, int *status_r);
/* Ends it at once, and waits for that. */
void mw_child_end(pid_t process);

#endif

/* A process that does one thing for this one, whose program it runs: what may take long, or break. */
#ifndef MW_BASE_CHILD_H
#define MW_BASE_CHILD_H

#include <sys/types.h>

/* fork(). In the new process, where it returns 0, the signals that end or reload a program are its own again, and it does not
   outlive the other one. */
pid_t mw_child_fork(void);
/* Ends it at once, and waits for that. */
void mw_child_end(pid_t process);

#endif

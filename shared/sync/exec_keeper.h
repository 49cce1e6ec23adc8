/* The process between the one that reads a source and the program that it runs for it. All that the program starts
   stays below this one (PR_SET_CHILD_SUBREAPER), also what has a session of its own. It ends all of that when it is
   told to, and when the one that reads is gone, however it went. */
#ifndef MW_SYNC_EXEC_KEEPER_H
#define MW_SYNC_EXEC_KEEPER_H

#include <stdbool.h>
#include <sys/types.h>

struct mw_exec_keeper {
	pid_t process;
	int told; /* readable when there is something for mw_exec_keeper_ended() */
	int hold; /* its end is the keeper's word to end all */
};

/* Starts words[0] with these two descriptors, nothing on its standard input and a clean environment. False with
   errno. */
bool mw_exec_keeper_start(struct mw_exec_keeper *keeper_r, char *const *words, int output, int errors);
/* How the program ended, as waitpid(2) has it. False: that cannot be known any more. */
bool mw_exec_keeper_ended(const struct mw_exec_keeper *keeper, int *status_r);
/* Ends the program and all that it started, and waits for that. False: something is left that cannot be ended: it runs
   as another user, or the kernel waits for a device. */
bool mw_exec_keeper_end(struct mw_exec_keeper *keeper);

#endif

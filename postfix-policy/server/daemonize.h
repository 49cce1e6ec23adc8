/* Going into the background; the parent exits with the status of the start. */
#ifndef MW_POSTFIX_DAEMONIZE_H
#define MW_POSTFIX_DAEMONIZE_H

/* Returns in the child alone, with a descriptor for mw_daemonize_done(), or -1. The parent waits until the child says
   that it serves, or ended, and exits with its status. */
int mw_daemonize(void);
/* The child serves: it leaves the terminal, and the parent exits. */
void mw_daemonize_done(int parent);

#endif

/* Going into the background, with the exit status of the start kept for whoever started it. */
#ifndef MW_POSTFIX_DAEMONIZE_H
#define MW_POSTFIX_DAEMONIZE_H

/* Returns in the child alone, with a descriptor for mw_daemonize_done(), or -1. The parent waits until the child says
   that it serves, or ended, and exits with its status. */
int mw_daemonize(void);
/* It serves: leaves the terminal and lets the parent go. */
void mw_daemonize_done(int parent);

#endif
